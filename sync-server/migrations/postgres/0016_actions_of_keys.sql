-- What a key is good for, with a comma between; nothing: reports and how the hub is, and journals if it may read those.
alter table api_key add column actions text collate "C";
