-- Where a person's role holds: chain, zone:CODE or site:CODE.
alter table "user" add column scope text not null default 'chain';
