-- Where a person's role holds: chain, zone:CODE or site:CODE.
alter table "user" add column scope text collate "C" not null default 'chain';
