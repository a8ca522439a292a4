-- A notice is about a suspension or an invoice; which of both, its body says.
ALTER TABLE notice RENAME COLUMN suspension_id TO subject_id;
