-- How a station stands: active; retired, which delivers what it has and gets nothing; or revoked, whose deliveries are kept
-- until a person accepts them. An older hub knows no such thing.
alter table station add column standing text not null default 'active';

-- Batches of revoked stations.
create table held (
  station blob not null,
  batch integer not null,
  primary key (station, batch)
) strict, without rowid;
