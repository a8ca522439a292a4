-- Journals of a day, for reconciliation.
CREATE INDEX journal_day ON journal (hosp, biz_date, batch_id, idx);
