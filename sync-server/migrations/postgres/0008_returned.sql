-- Receipts of which something came back, and what is wrong with that. Made anew with the figures. What an older hub
-- projects is judged when the figures are made anew.

create table returned (
  number text collate "C" primary key, -- the receipt's, as refunds cite it
  site text collate "C" not null default '', -- of the number, in capitals
  business_date bigint not null default 0,
  till bigint not null default 0,
  due bigint not null, -- 1: to be judged
  wrong text collate "C", -- unknown, double, differs; null: nothing
  paid_fen bigint not null default 0,
  refunded_fen bigint not null default 0,
  gseq bigint not null default 0 -- of the newest refund
);

create index returned_due on returned (number) where due = 1;
create index returned_unknown on returned (site, business_date, till) where wrong = 'unknown';
create index returned_wrong on returned (gseq) where wrong is not null;

insert into returned (number, due) select distinct cites, 1 from document where cites is not null;
