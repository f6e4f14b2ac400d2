-- A document is found by site, date, till and number, which its printed number says. The index of printed numbers was a
-- sixth of what the projector writes. An older hub finds without it too, only slower.

drop index document_printed;
