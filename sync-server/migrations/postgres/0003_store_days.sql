-- Store-days: who has closed, what was published as version 1, 2, …, and whom a person excused.
-- Older binaries would close no day.

-- One row a site and business date of which anything came.
create table store_day (
  site text collate "C" not null,
  business_date bigint not null,
  closing bigint not null default 0, -- 1: a close or an excuse came, so that whatever comes later is looked at
  look_at_ms bigint, -- when to judge it again; null: when something comes
  standing text collate "C", -- json, as last judged
  primary key (site, business_date)
);

create index store_day_look on store_day (look_at_ms) where look_at_ms is not null;
create index store_day_date on store_day (business_date);

-- What was published; never changed.
create table store_day_version (
  site text collate "C" not null,
  business_date bigint not null,
  version bigint not null,
  epoch bigint not null, -- the hub's, which a restored hub begins anew
  made_at_ms bigint not null,
  figures text collate "C" not null, -- json: fen and counts by name
  primary key (site, business_date, version)
);

create table excuse (
  site text collate "C" not null,
  business_date bigint not null,
  till bigint not null,
  by_user text collate "C" not null,
  reason text collate "C" not null,
  at_ms bigint not null,
  primary key (site, business_date, till)
);

create index station_site on station (site);

alter table day_close add column station bytea not null default '';
update day_close set station = coalesce(
  (select station from stamp where stamp.gseq <= day_close.gseq order by stamp.gseq desc limit 1), '');

alter table parked add column business_date bigint not null default 0; -- 0: not known

alter table api_key add column journal bigint not null default 0; -- 1: may read journals too

insert into store_day (site, business_date, closing, look_at_ms)
select distinct site, business_date, 0, 0 from total;
update store_day set closing = 1
where exists (select 1 from day_close c where c.site = store_day.site and c.business_date = store_day.business_date);
