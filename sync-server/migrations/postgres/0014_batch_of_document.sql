-- In which of its station's batches a document came, so that a receipt is read without a look at the positions. Nothing in
-- what an older hub added.
alter table document add column batch bigint;
