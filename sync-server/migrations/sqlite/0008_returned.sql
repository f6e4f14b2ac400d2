-- Receipts of which something came back, and what is wrong with that. Made anew with the figures. What an older hub
-- projects is judged when the figures are made anew.

create table returned (
  number text primary key, -- the receipt's, as refunds cite it
  site text not null default '', -- of the number, in capitals
  business_date integer not null default 0,
  till integer not null default 0,
  due integer not null, -- 1: to be judged
  wrong text, -- unknown, double, differs; null: nothing
  paid_fen integer not null default 0,
  refunded_fen integer not null default 0,
  gseq integer not null default 0 -- of the newest refund
) strict, without rowid;

create index returned_due on returned (number) where due = 1;
create index returned_unknown on returned (site, business_date, till) where wrong = 'unknown';
create index returned_wrong on returned (gseq) where wrong is not null;

insert into returned (number, due) select distinct cites, 1 from document where cites is not null;
