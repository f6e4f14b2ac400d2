-- Changes that tills applied and this hub lost in a restore: published again by a person, or let go.

create table lost_feed (
  scope text collate "C" not null,
  tbl text collate "C" not null,
  key text collate "C" not null,
  epoch bigint not null, -- when it was published
  version bigint not null,
  effective_at_ms bigint not null,
  body text collate "C", -- null: deleted
  site text collate "C" not null, -- whose till showed it first
  till bigint not null,
  seen_at_ms bigint not null,
  decision text collate "C", -- published, dropped; null while nobody has decided
  by_user text collate "C",
  decided_at_ms bigint,
  primary key (scope, tbl, key) -- of a row's changes the newest
);
