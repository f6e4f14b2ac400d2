-- Positions are for ever: a stamp is never changed or taken back. What a later release understands of a batch is announced
-- at the end, by a stamp of its own, whose batch is below zero: an older hub, which would take another entry for it, finds none.
alter table stamp add column seq bigint; -- of the first of these entries; 0: the batch's first; nothing: an older hub's, the same

create index stamp_again on stamp (batch) where seq > 0;

-- Batches that are parked whole.
create index parked_whole on parked (gseq) where seq = 0;

-- What reports read, subject by subject. A subject that is new here, or has another version, is filled from the stored
-- batches while the others stand.
create table model (
  name text collate "C" primary key,
  version bigint not null,
  through bigint -- the last position that is in it; nothing: all of them
);

insert into model (name, version, through)
values ('document', 1, null), ('total', 1, null), ('shift', 1, null), ('day_close', 1, null);

create function stamp_kept() returns trigger language plpgsql as $$
begin
  raise exception 'positions are for ever';
end $$;

create trigger stamp_kept before update or delete on stamp for each row execute function stamp_kept();

-- An older hub adds to the subjects above and knows no other: those are filled later, and it adds nothing while one of its
-- own is being filled. Subjects that come later are none of its own: they are never added here.
create function stamp_by_older() returns trigger language plpgsql as $$
begin
  if exists (
    select 1 from model where through is not null and name in ('document', 'total', 'shift', 'day_close')
  ) then
    raise exception 'a newer hub fills the figures';
  end if;
  delete from meta where key = 'reader'; -- what it parks is tried again
  update model set through = new.gseq - 1
  where through is null and name not in ('document', 'total', 'shift', 'day_close');
  return new;
end $$;

create trigger stamp_by_older before insert on stamp for each row when (new.seq is null)
execute function stamp_by_older();

-- A drawer that was counted while its shift went on.
create table drawer_count (
  site text collate "C" not null,
  business_date bigint not null,
  till bigint not null,
  gseq bigint not null,
  shift bytea not null,
  cashier text collate "C" not null, -- whose drawer it was; empty: not told
  by_staff text collate "C" not null, -- who counted
  at_ms bigint not null,
  over_short_fen bigint not null,
  primary key (site, business_date, till, gseq)
);

create index drawer_count_day on drawer_count (business_date, site);
