-- One station's replica of what HQ published. Rows of every scope and of the future are kept; reading resolves them.
create table head (
  scope text primary key,
  version integer not null,
  hash blob not null,
  signed blob not null,            -- the head as the hub signed it
  applied_at_ms integer not null
) strict, without rowid;

create table row_version (
  kind text not null,              -- domain::catalogue::Table
  key text not null,
  rank integer not null,           -- 0 chain, 1 zone, 2 site
  effective_at_ms integer not null,
  version integer not null,
  body text,                       -- JSON; null for a deletion
  check_sum blob not null,         -- of everything above, so that a changed bit never becomes a price
  primary key (kind, key, rank, effective_at_ms, version)
) strict, without rowid;

-- Codes that find an item: barcodes, PLUs. From every stored row; the item decides when it is read.
create table code (
  code text not null,
  item text not null,
  primary key (code, item)
) strict, without rowid;

create index code_of_item on code (item);

create index row_to_come on row_version (effective_at_ms);

-- Entries of a cut that is still being downloaded.
create table staged (
  scope text not null,
  version integer not null,
  kind text not null,
  key text not null,
  effective_at_ms integer not null,
  body text,
  primary key (scope, version)
) strict, without rowid;
