-- Everything here is folded from entries, can be dropped, and is built again by the same code.
-- Keys lead with the business date or an id that grows with time, so that a sale appends to few pages.
create table document (
  business_date integer not null,  -- yyyymmdd
  number integer not null,         -- printed, from 1 a date
  entry_id integer not null,
  document_id blob not null,
  primary key (business_date, number, entry_id)
) strict, without rowid;

-- Not unique: a restored copy of a lost tail may bring back a sale that was rung again.
create index document_by_id on document (document_id);

create table total (
  business_date integer not null,  -- yyyymmdd
  shift_id blob not null,
  dimension integer not null,      -- domain::totals::Dimension
  key text not null,
  count integer not null,          -- documents or lines
  fen integer not null,
  grams integer not null,
  pieces integer not null,
  primary key (business_date, shift_id, dimension, key)
) strict, without rowid;

create table refunded (
  sale_id blob not null,
  entry_id integer not null,
  primary key (sale_id, entry_id)
) strict, without rowid;

create table cited (
  number text not null,            -- as printed on another till's receipt
  entry_id integer not null,
  primary key (number, entry_id)
) strict, without rowid;

create table copies (
  document_id blob primary key,
  count integer not null           -- reprints
) strict, without rowid;

create table shift (
  shift_id blob primary key,
  no integer not null,
  business_date integer not null,  -- yyyymmdd
  cashier text not null,
  float_fen integer not null,
  opened_at_ms integer not null,
  closed_at_ms integer
) strict, without rowid;

create index shift_open on shift (shift_id) where closed_at_ms is null;

create table day (
  business_date integer primary key,  -- yyyymmdd
  closed_at_ms integer
) strict;

create table parked (
  basket_id blob primary key,
  entry_id integer not null
) strict, without rowid;

create table lockout (
  staff text primary key,
  tries integer not null,          -- wrong PINs in a row
  locked_until_ms integer
) strict, without rowid;

-- Working state: not in the journal, not rebuilt.
create table open_basket (
  one integer primary key check (one = 1),
  basket blob not null
) strict;

create table print_job (
  job_id blob primary key,
  document_id blob not null,
  copy integer not null,           -- 0 the first, then 补打第 n 次
  state integer not null,          -- ledger::PrintState
  at_ms integer not null
) strict, without rowid;
