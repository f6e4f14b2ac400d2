-- Who refunds which receipt now, so that hubs agree that share the database, and one that starts again still knows. A hub
-- that does not know this table keeps its own in memory.

create table reserved (
  number text collate "C" primary key, -- the receipt's, as printed
  station bytea not null, -- who has it
  till bigint not null, -- the station's
  name text collate "C" not null, -- goes into the refund's entry, which ends it
  until_ms bigint not null
);

create index reserved_station on reserved (station);
create index reserved_until on reserved (until_ms);

-- Receipts of another store that a station asked for, by business date.
create table looked_up (
  business_date bigint not null,
  station bytea not null,
  site text collate "C" not null, -- the receipts'
  receipts bigint not null,
  primary key (business_date, station, site)
);

-- 1: a refund that was paid out while the hub was not heard. All receipts are judged again, which notes it of refunds that
-- an older hub added up.
alter table document add column offline bigint not null default 0;
create index document_offline on document (business_date) where offline = 1;
update returned set due = 1;
