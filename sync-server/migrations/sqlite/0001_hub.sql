-- The hub's first schema. Older binaries may not open a file with it: there are none.
-- Ids, hashes and keys are blobs; times are ms since 1970-01-01 UTC; money is fen, weight grams.

create table meta (
  key text primary key,
  value text not null
) strict, without rowid;

create table site (
  site text primary key,
  zone text,
  name text not null,
  utc_offset_min integer not null,
  day_starts_min integer not null
) strict, without rowid;

create table station (
  station blob primary key,
  site text not null,
  till integer not null,
  public_key blob not null,
  enrolled_at_ms integer not null,
  last_seen_ms integer not null,
  re_enrol integer not null default 0 -- 1: two disks write as this station
) strict, without rowid;

create table enrol_code (
  code_sha256 blob primary key,
  site text not null,
  till integer not null,
  expires_at_ms integer not null,
  station blob, -- who used it
  certificate text -- what it got; given again to the same key
) strict, without rowid;

-- One row a branch of a segment. Branch 0 and branches of another opening carry root and parent.
create table branch (
  station blob not null,
  segment blob not null,
  branch integer not null,
  from_branch integer, -- the branch it leaves
  at_seq integer not null, -- the last entry in common
  root blob, -- hash before entry 1; null while only a hole is known
  parent_segment blob,
  parent_seq integer,
  parent_hash blob,
  head_seq integer not null,
  head_hash blob not null,
  primary key (station, segment, branch)
) strict, without rowid;

create index branch_parent on branch (station, parent_segment, parent_seq) where parent_segment is not null;

-- Pushes as they came, without the ack they showed.
create table batch (
  id integer primary key,
  station blob not null,
  segment blob not null,
  branch integer not null,
  from_seq integer not null,
  to_seq integer not null,
  prev_hash blob not null,
  head_hash blob not null,
  received_at_ms integer not null,
  body blob not null
) strict;

create unique index batch_place on batch (station, segment, branch, from_seq);

-- Batches that the projector has not stamped yet.
create table pending (
  batch integer primary key
) strict;

-- The global sequence: gseq is that of the batch's first entry.
create table stamp (
  gseq integer primary key,
  batch integer not null,
  entries integer not null
) strict;

create table hole (
  station blob not null,
  segment blob not null,
  branch integer not null,
  from_seq integer not null, -- of what is still missing
  to_seq integer not null,
  to_hash blob not null,
  declared_at_ms integer not null,
  signature blob not null,
  primary key (station, segment, branch, to_seq)
) strict, without rowid;

create table fork (
  station blob not null,
  segment blob not null, -- where two histories part
  at_seq integer not null, -- last entry in common
  old_branch integer not null,
  child_segment blob not null, -- the new side; the same segment for a branch
  child_branch integer not null,
  old_head_seq integer not null, -- of the old side when the fork was seen
  old_side_grew integer not null default 0,
  fetched integer not null default 0,
  seen_at_ms integer not null,
  primary key (station, segment, at_seq, child_segment, child_branch)
) strict, without rowid;

create table scope_head (
  scope text primary key,
  version integer not null,
  hash blob not null
) strict, without rowid;

create table feed (
  scope text not null,
  version integer not null,
  epoch integer not null,
  tbl text not null,
  key text not null,
  effective_at_ms integer not null,
  body text, -- null: deleted
  hash blob not null,
  primary key (scope, version)
) strict, without rowid;

create index feed_row on feed (scope, tbl, key, effective_at_ms, version);

create table snapshot (
  scope text not null,
  version integer not null,
  chunks text not null, -- json
  made_at_ms integer not null,
  primary key (scope, version)
) strict, without rowid;

create table chunk (
  hash blob primary key,
  scope text not null,
  version integer not null,
  bytes blob not null
) strict;

-- What follows can be dropped and projected again.

create table document (
  gseq integer primary key,
  id blob not null,
  kind integer not null, -- 1 sale, 2 refund
  site text not null,
  till integer not null,
  business_date integer not null,
  number integer not null,
  printed text not null,
  at_ms integer not null,
  station blob not null,
  segment blob not null,
  seq integer not null,
  cashier text not null,
  shift blob not null,
  lines integer not null,
  fen integer not null, -- paid, or paid out
  cites text -- printed number of the sale that a refund returns
) strict;

create index document_id on document (id);
create index document_number on document (site, business_date, till, number);
create index document_printed on document (printed);
create index document_cites on document (cites) where cites is not null;

create table total (
  site text not null,
  business_date integer not null,
  till integer not null,
  hour integer not null, -- site's clock, 0 to 23
  dimension integer not null,
  key text not null,
  count integer not null,
  fen integer not null,
  grams integer not null,
  pieces integer not null,
  primary key (site, business_date, till, dimension, key, hour)
) strict, without rowid;

-- One row a till and day: its printed numbers run from 1 without gaps.
create table numbering (
  site text not null,
  business_date integer not null,
  till integer not null,
  received integer not null, -- different numbers
  last_number integer not null,
  last_at_ms integer not null,
  primary key (site, business_date, till)
) strict, without rowid;

create table shift (
  id blob primary key,
  site text not null,
  till integer not null,
  business_date integer not null,
  no integer not null, -- 0 while only its end is known
  cashier text not null,
  opened_at_ms integer,
  closed_at_ms integer,
  over_short_fen integer
) strict, without rowid;

create table day_close (
  site text not null,
  business_date integer not null,
  till integer not null,
  gseq integer not null,
  last_number integer not null,
  sums text not null, -- json, as the till recorded them
  primary key (site, business_date, till, gseq)
) strict, without rowid;

create table parked (
  station blob not null,
  segment blob not null,
  branch integer not null,
  seq integer not null,
  gseq integer not null,
  kind integer not null,
  code text not null,
  primary key (station, segment, branch, seq)
) strict, without rowid;

-- HQ's people and scripts.

create table user (
  name text primary key,
  role text not null,
  password_hash text not null,
  created_at_ms integer not null
) strict, without rowid;

create table session (
  token_sha256 blob primary key,
  user text not null,
  expires_at_ms integer not null
) strict, without rowid;

create table api_key (
  name text primary key,
  key_sha256 blob not null,
  created_at_ms integer not null
) strict, without rowid;

create unique index api_key_hash on api_key (key_sha256);

insert into meta (key, value) values ('epoch', '1'), ('next_gseq', '1');
