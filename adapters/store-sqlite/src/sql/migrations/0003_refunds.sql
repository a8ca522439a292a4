-- Work lists of approvers: the refunds in a state, oldest first.
CREATE INDEX refund_state ON refund (hosp, st, id);
