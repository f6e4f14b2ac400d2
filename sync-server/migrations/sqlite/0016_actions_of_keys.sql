-- What a key is good for, as a JSON list of actions; nothing: reports, and journals if it may read those.
alter table api_key add column actions text;
