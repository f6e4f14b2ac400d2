-- Positions are for ever: a stamp is never changed or taken back. What a later release understands of a batch is announced
-- at the end, by a stamp of its own, whose batch is below zero: an older hub, which would take another entry for it, finds none.
alter table stamp add column seq integer; -- of the first of these entries; 0: the batch's first; nothing: an older hub's, the same

create index stamp_again on stamp (batch) where seq > 0;

-- Batches that are parked whole.
create index parked_whole on parked (gseq) where seq = 0;

-- What reports read, subject by subject. A subject that is new here, or has another version, is filled from the stored
-- batches while the others stand.
create table model (
  name text primary key,
  version integer not null,
  through integer -- the last position that is in it; nothing: all of them
) strict, without rowid;

insert into model (name, version, through)
values ('document', 1, null), ('total', 1, null), ('shift', 1, null), ('day_close', 1, null);

create trigger stamp_kept before update on stamp begin
  select raise(abort, 'positions are for ever');
end;

create trigger stamp_left before delete on stamp begin
  select raise(abort, 'positions are for ever');
end;

-- An older hub adds to the subjects above and knows no other: those are filled later, and it adds nothing while one of its
-- own is being filled. Subjects that come later are none of its own: they are never added here.
create trigger stamp_of_older before insert on stamp
when new.seq is null and exists (
  select 1 from model where through is not null and name in ('document', 'total', 'shift', 'day_close')
) begin
  select raise(abort, 'a newer hub fills the figures');
end;

create trigger stamp_by_older after insert on stamp when new.seq is null begin
  delete from meta where key = 'reader'; -- what it parks is tried again
  update model set through = new.gseq - 1
  where through is null and name not in ('document', 'total', 'shift', 'day_close');
end;

-- A drawer that was counted while its shift went on.
create table drawer_count (
  site text not null,
  business_date integer not null,
  till integer not null,
  gseq integer not null,
  shift blob not null,
  cashier text not null, -- whose drawer it was; empty: not told
  by_staff text not null, -- who counted
  at_ms integer not null,
  over_short_fen integer not null,
  primary key (site, business_date, till, gseq)
) strict, without rowid;

create index drawer_count_day on drawer_count (business_date, site);
