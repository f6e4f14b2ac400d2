-- Whether whoever uses a code takes the number of a till that is there.
alter table enrol_code add column replaces bigint not null default 0;
