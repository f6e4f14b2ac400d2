-- What the upload and the download remember. Losing this file costs a resend, never a sale.
create table cursor (
  segment_id blob primary key,
  acked_seq integer not null,
  epoch integer not null,          -- of the ack
  ack blob                         -- as it was signed
) strict, without rowid;

create table refused (
  segment_id blob not null,
  from_seq integer not null,
  code text not null,              -- the hub's stable code
  at_ms integer not null,          -- station clock, ms since 1970-01-01 UTC
  primary key (segment_id, from_seq)
) strict, without rowid;

-- Signed feed entries of the last weeks, for a hub that was restored from before them.
create table feed (
  scope text not null,
  version integer not null,
  at_ms integer not null,          -- when it arrived
  entry blob not null,
  primary key (scope, version)
) strict, without rowid;

create table value (
  name text primary key,
  value blob not null
) strict, without rowid;
