-- Counted as it happens: what a bad till may do without end nobody counts when somebody looks. An older hub's writes are
-- counted too.

-- Parked entries, by what is asked for, and where the newest of them stands.
create table parked_count (
  station bytea not null,
  business_date bigint not null,
  code text collate "C" not null,
  entries bigint not null,
  segment bytea not null,
  seq bigint not null,
  primary key (station, business_date, code)
);

insert into parked_count (station, business_date, code, entries, segment, seq)
select g.station, g.business_date, g.code, g.entries, p.segment, p.seq from (
  select station, business_date, code, count(*) as entries, max(gseq) as newest from parked
  group by station, business_date, code
) g join parked p on p.station = g.station and p.business_date = g.business_date and p.code = g.code and p.gseq = g.newest
where true on conflict do nothing;

create function parked_in() returns trigger language plpgsql as $$ begin
  insert into parked_count as c (station, business_date, code, entries, segment, seq)
  values (new.station, new.business_date, new.code, 1, new.segment, new.seq)
  on conflict (station, business_date, code) do update
  set entries = c.entries + 1, segment = excluded.segment, seq = excluded.seq;
  return null;
end $$;

create function parked_out() returns trigger language plpgsql as $$ begin
  update parked_count set entries = entries - 1
  where station = old.station and business_date = old.business_date and code = old.code;
  return null;
end $$;

create trigger parked_in after insert on parked for each row execute function parked_in();
create trigger parked_out after delete on parked for each row execute function parked_out();

-- Branches that a station has opened, in all of its segments.
alter table station add column branches bigint not null default 0;

update station set branches = (select count(*) from branch b where b.station = station.station);

create function branch_in() returns trigger language plpgsql as $$ begin
  update station set branches = branches + 1 where station = new.station;
  return null;
end $$;

create trigger branch_in after insert on branch for each row execute function branch_in();

create index shift_open on shift (business_date, site, till) where closed_at_ms is null;
