-- Store-days: who has closed, what was published as version 1, 2, …, and whom a person excused.
-- Older binaries would close no day.

-- One row a site and business date of which anything came.
create table store_day (
  site text not null,
  business_date integer not null,
  closing integer not null default 0, -- 1: a close or an excuse came, so that whatever comes later is looked at
  look_at_ms integer, -- when to judge it again; null: when something comes
  standing text, -- json, as last judged
  primary key (site, business_date)
) strict, without rowid;

create index store_day_look on store_day (look_at_ms) where look_at_ms is not null;
create index store_day_date on store_day (business_date);

-- What was published; never changed.
create table store_day_version (
  site text not null,
  business_date integer not null,
  version integer not null,
  epoch integer not null, -- the hub's, which a restored hub begins anew
  made_at_ms integer not null,
  figures text not null, -- json: fen and counts by name
  primary key (site, business_date, version)
) strict, without rowid;

create table excuse (
  site text not null,
  business_date integer not null,
  till integer not null,
  by_user text not null,
  reason text not null,
  at_ms integer not null,
  primary key (site, business_date, till)
) strict, without rowid;

create index station_site on station (site);

alter table day_close add column station blob not null default x'';
update day_close set station = coalesce(
  (select station from stamp where stamp.gseq <= day_close.gseq order by stamp.gseq desc limit 1), x'');

alter table parked add column business_date integer not null default 0; -- 0: not known

alter table api_key add column journal integer not null default 0; -- 1: may read journals too

insert into store_day (site, business_date, closing, look_at_ms)
select distinct site, business_date, 0, 0 from total;
update store_day set closing = 1
where exists (select 1 from day_close c where c.site = store_day.site and c.business_date = store_day.business_date);
