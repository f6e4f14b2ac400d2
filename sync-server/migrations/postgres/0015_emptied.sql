-- How often a model was emptied to be filled anew: what somebody read of it before that is no beginning to read on from.
alter table model add column emptied bigint not null default 0;
