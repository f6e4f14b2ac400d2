-- Changes that tills applied and this hub lost in a restore: published again by a person, or let go.

create table lost_feed (
  scope text not null,
  tbl text not null,
  key text not null,
  epoch integer not null, -- when it was published
  version integer not null,
  effective_at_ms integer not null,
  body text, -- null: deleted
  site text not null, -- whose till showed it first
  till integer not null,
  seen_at_ms integer not null,
  decision text, -- published, dropped; null while nobody has decided
  by_user text,
  decided_at_ms integer,
  primary key (scope, tbl, key) -- of a row's changes the newest
) strict, without rowid;
