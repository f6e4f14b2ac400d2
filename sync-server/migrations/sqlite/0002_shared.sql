-- What PostgreSQL needs to distribute the tables and to share them among hubs, here too: the statements are the same.
-- Older binaries would leave the station out.

alter table pending add column station blob not null default x'';
update pending set station = (select station from batch where id = pending.batch);

alter table stamp add column station blob not null default x'';
update stamp set station = (select station from batch where id = stamp.batch);

-- Who may project: every projecting transaction checks the token.
create table lease (
  name text primary key,
  holder blob not null,
  token integer not null, -- counts the holders
  expires_at_ms integer not null
) strict, without rowid;
