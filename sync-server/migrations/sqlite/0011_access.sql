-- Who changed what, each row sealed with the one before it. Nothing is ever changed or deleted here.
create table audit (
  seq integer primary key, -- from 1, without a gap
  at_ms integer not null,
  actor text not null, -- person NAME, command, code, certificate
  action text not null,
  object text not null,
  before text, -- JSON; nothing where there was none
  after text, -- the same
  hash blob not null
) strict;

create trigger audit_kept before update on audit begin select raise(abort, 'the audit log is append-only'); end;
create trigger audit_stays before delete on audit begin select raise(abort, 'the audit log is append-only'); end;

insert into meta (key, value) values ('audit', '0');

-- Whoever is disabled has no password or key that fits, so that an older hub lets them in no more either.
alter table "user" add column disabled_at_ms integer;

-- A key of some sites, or one that ends, is stored under another hash than an older hub looks for: it would take it for more.
alter table api_key add column sites text; -- with a comma around each; nothing for the whole chain
alter table api_key add column expires_at_ms integer;
alter table api_key add column used_at_ms integer;
alter table api_key add column disabled_at_ms integer;

-- When the person last did something; 0 in a session that an older hub opened.
alter table session add column used_at_ms integer not null default 0;

-- Wrong passwords, by the hash of address and name.
create table guess (
  who blob primary key,
  failures integer not null,
  last_ms integer not null,
  until_ms integer not null -- locked until then
) strict, without rowid;

create index guess_last on guess (last_ms);

-- Over and short of the shifts of a date.
create index shift_day on shift (business_date, site);
