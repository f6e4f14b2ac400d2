//! A till's days, told through its real parts: ledger, catalogue, printer on TCP, scale on a serial line.

mod authority;
mod clocks;
mod damage;
mod devices;
mod folder;
mod hub;
mod journal;
mod people;
mod random;
mod receipts;
mod refunds;
mod scanning;
mod selling;
mod shifts;
