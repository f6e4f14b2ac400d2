-- How a station stands: active; retired, which delivers what it has and gets nothing; or revoked, whose deliveries are kept
-- until a person accepts them. An older hub knows no such thing.
alter table station add column standing text collate "C" not null default 'active';

-- Batches of revoked stations.
create table held (
  station bytea not null,
  batch bigint not null,
  primary key (station, batch)
);
