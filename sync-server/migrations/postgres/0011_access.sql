-- Who changed what, each row sealed with the one before it. Nothing is ever changed or deleted here.
create table audit (
  seq bigint primary key, -- from 1, without a gap
  at_ms bigint not null,
  actor text collate "C" not null, -- person NAME, command, code, certificate
  action text collate "C" not null,
  object text collate "C" not null,
  before text collate "C", -- JSON; nothing where there was none
  after text collate "C", -- the same
  hash bytea not null
);

create function audit_kept() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only';
end $$;

create trigger audit_kept before update or delete on audit for each row execute function audit_kept();

insert into meta (key, value) values ('audit', '0');

-- Whoever is disabled has no password or key that fits, so that an older hub lets them in no more either.
alter table "user" add column disabled_at_ms bigint;

-- A key of some sites, or one that ends, is stored under another hash than an older hub looks for: it would take it for more.
alter table api_key add column sites text collate "C"; -- with a comma around each; nothing for the whole chain
alter table api_key add column expires_at_ms bigint;
alter table api_key add column used_at_ms bigint;
alter table api_key add column disabled_at_ms bigint;

-- When the person last did something; 0 in a session that an older hub opened.
alter table session add column used_at_ms bigint not null default 0;

-- Wrong passwords, by the hash of address and name.
create table guess (
  who bytea primary key,
  failures bigint not null,
  last_ms bigint not null,
  until_ms bigint not null -- locked until then
);

create index guess_last on guess (last_ms);

-- Over and short of the shifts of a date.
create index shift_day on shift (business_date, site);
