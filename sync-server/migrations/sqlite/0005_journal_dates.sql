-- The newest business date of what a branch holds up to a seq, by the till's clock: a day is proven from these, whenever it
-- came. Null, or of another seq than the head: an older hub appended there.

alter table branch add column last_date integer;
alter table branch add column dated_seq integer;
