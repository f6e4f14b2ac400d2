-- Counted as it happens: what a bad till may do without end nobody counts when somebody looks. An older hub's writes are
-- counted too.

-- Parked entries, by what is asked for, and where the newest of them stands.
create table parked_count (
  station blob not null,
  business_date integer not null,
  code text not null,
  entries integer not null,
  segment blob not null,
  seq integer not null,
  primary key (station, business_date, code)
) strict, without rowid;

insert into parked_count (station, business_date, code, entries, segment, seq)
select g.station, g.business_date, g.code, g.entries, p.segment, p.seq from (
  select station, business_date, code, count(*) as entries, max(gseq) as newest from parked
  group by station, business_date, code
) g join parked p on p.station = g.station and p.business_date = g.business_date and p.code = g.code and p.gseq = g.newest
where true on conflict do nothing;

create trigger parked_in after insert on parked begin
  insert into parked_count (station, business_date, code, entries, segment, seq)
  values (new.station, new.business_date, new.code, 1, new.segment, new.seq)
  on conflict (station, business_date, code) do update
  set entries = entries + 1, segment = excluded.segment, seq = excluded.seq;
end;

create trigger parked_out after delete on parked begin
  update parked_count set entries = entries - 1
  where station = old.station and business_date = old.business_date and code = old.code;
end;

-- Branches that a station has opened, in all of its segments.
alter table station add column branches integer not null default 0;

update station set branches = (select count(*) from branch b where b.station = station.station);

create trigger branch_in after insert on branch begin
  update station set branches = branches + 1 where station = new.station;
end;

create index shift_open on shift (business_date, site, till) where closed_at_ms is null;
