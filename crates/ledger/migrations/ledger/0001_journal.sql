-- What happened at this station. Rows are written once and never changed.
-- id = ord << 32 | seq: the ord of the segment, then the seq of the entry; seq 0 is the segment's opening.
create table segment (
  ord integer primary key,
  segment_id blob not null unique,
  parent_segment blob not null,
  parent_seq integer not null,
  parent_hash blob not null
) strict;

create table entry (
  id integer primary key,
  at_ms integer not null,          -- station clock, ms since 1970-01-01 UTC
  business_date integer not null,  -- yyyymmdd
  kind integer not null,           -- 0 for the opening, whose payload repeats the segment's row
  payload blob not null,
  hash blob not null               -- SHA-256 over the entry before, the header and the payload
) strict;

create trigger segment_is_never_updated before update on segment
begin
  select raise(abort, 'a segment is never updated');
end;

create trigger segment_is_never_deleted before delete on segment
begin
  select raise(abort, 'a segment is never deleted');
end;

create trigger entry_is_never_updated before update on entry
begin
  select raise(abort, 'an entry is never updated');
end;

create trigger entry_is_never_deleted before delete on entry
begin
  select raise(abort, 'an entry is never deleted');
end;

-- Entries that a salvage could not read and the hub has not yet given back.
create table hole (
  segment_id blob not null,
  from_seq integer not null,
  to_seq integer,                  -- null when the end is not known
  to_hash blob,                    -- hash of entry to_seq, which the entry after it proved
  primary key (segment_id, from_seq)
) strict, without rowid;

-- How far reading back has come: 'tail' at start, 'scrub' in the background.
create table mark (
  name text primary key,
  entry_id integer not null
) strict, without rowid;
