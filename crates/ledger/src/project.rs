//! Folds entries into projections. Commit, rebuild and salvage all run this, so they cannot disagree.

use rusqlite::Connection;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::totals::{Posting, item_postings, postings};

use crate::rows::Row;

/// Every projection and the order that makes two of them comparable row by row.
pub(crate) const PROJECTIONS: [(&str, &str); 9] = [
    ("document", "business_date, number, entry_id"),
    ("total", "business_date, shift_id, dimension, key"),
    ("refunded", "sale_id, entry_id"),
    ("cited", "number, entry_id"),
    ("copies", "document_id"),
    ("shift", "shift_id"),
    ("day", "business_date"),
    ("parked", "basket_id"),
    ("lockout", "staff"),
];

/// Where an entry stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) id: i64,
    pub(crate) at_ms: i64,
    pub(crate) business_date: u32,
}

/// Folds a stored row. One that this version cannot read is kept in the journal and projected by a later version.
pub(crate) fn project_row(conn: &Connection, row: &Row) -> rusqlite::Result<()> {
    let at = At { id: row.id, at_ms: row.at_ms, business_date: row.business_date };
    match Entry::decode(row.kind, &row.payload) {
        Ok(entry) => project(conn, at, &entry),
        Err(_) => Ok(()),
    }
}

/// Folds one entry.
pub(crate) fn project(conn: &Connection, at: At, entry: &Entry) -> rusqlite::Result<()> {
    match entry {
        Entry::Sale(sale) => {
            document(conn, at, sale.number, sale.id)?;
            total(conn, at, sale.shift, entry)
        }
        Entry::Refund(refund) => {
            document(conn, at, refund.number, refund.id)?;
            refunded(conn, at, refund)?;
            total(conn, at, refund.shift, entry)
        }
        Entry::CashMoved(moved) => total(conn, at, moved.shift, entry),
        Entry::ShiftOpened(shift) => {
            run(
                conn,
                "insert into shift values (?1, ?2, ?3, ?4, ?5, ?6, null) on conflict do nothing",
                (shift.id.0, shift.no, at.business_date, &shift.cashier, shift.float.0, at.at_ms),
            )?;
            // A closed date that a supervisor opened again is closed again.
            run(
                conn,
                "insert into day values (?1, null) on conflict do update set closed_at_ms = null",
                [at.business_date],
            )?;
            total(conn, at, shift.id, entry)
        }
        Entry::ShiftRelieved(relief) => {
            run(conn, "update shift set cashier = ?2 where shift_id = ?1", (relief.shift.0, &relief.to))
        }
        Entry::ShiftClosed(close) => {
            run(conn, "update shift set closed_at_ms = ?2 where shift_id = ?1", (close.shift.0, at.at_ms))
        }
        Entry::DayClosed(close) => run(
            conn,
            "insert into day values (?1, ?2) on conflict do update set closed_at_ms = ?2",
            (close.date, at.at_ms),
        ),
        Entry::BasketParked(parked) => run(
            conn,
            "insert into parked values (?1, ?2) on conflict do update set entry_id = ?2",
            (parked.basket.id.0, at.id),
        ),
        Entry::BasketRecalled(recalled) => {
            run(conn, "delete from parked where basket_id = ?1", [recalled.basket.0])
        }
        Entry::Reprinted(print) => run(
            conn,
            "insert into copies values (?1, ?2) on conflict do update set count = max(count, ?2)",
            (print.document.0, print.copy),
        ),
        Entry::SignInFailed(failed) => run(
            conn,
            "insert into lockout values (?1, ?2, ?3) on conflict do update set tries = ?2, locked_until_ms = ?3",
            (&failed.staff, failed.tries, failed.locked_until_ms),
        ),
        Entry::SignedIn(signed) => run(conn, "delete from lockout where staff = ?1", [&signed.staff]),
        // An approval proves its giver as a sign-in does; tries count only in a row.
        Entry::Approved(approved) => run(conn, "delete from lockout where staff = ?1", [&approved.by]),
        Entry::LockoutLifted(lifted) => run(conn, "delete from lockout where staff = ?1", [&lifted.staff]),
        Entry::ShiftAudited(_)
        | Entry::LineRemoved(_)
        | Entry::QuantityLowered(_)
        | Entry::BasketVoided(_)
        | Entry::TendersCleared(_)
        | Entry::DrawerOpened(_)
        | Entry::ClockMoved(_)
        | Entry::LedgerReplaced(_) => Ok(()),
    }
}

fn document(conn: &Connection, at: At, number: u32, id: Id) -> rusqlite::Result<()> {
    run(conn, "insert into document values (?1, ?2, ?3, ?4)", (at.business_date, number, at.id, id.0))
}

fn refunded(conn: &Connection, at: At, refund: &Refund) -> rusqlite::Result<()> {
    match &refund.origin {
        Origin::Sale { sale, .. } => run(conn, "insert into refunded values (?1, ?2)", (sale.0, at.id)),
        Origin::Cited { number, .. } => run(conn, "insert into cited values (?1, ?2)", (number, at.id)),
    }
}

fn total(conn: &Connection, at: At, shift: Id, entry: &Entry) -> rusqlite::Result<()> {
    let sql = "insert into total values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do update \
               set count = count + ?5, fen = fen + ?6, grams = grams + ?7, pieces = pieces + ?8";
    let mut statement = conn.prepare_cached(sql)?;
    for Posting { dimension, key, count, fen, grams, pieces } in
        postings(entry).iter().chain(&item_postings(entry))
    {
        let dimension = *dimension as u8;
        statement.execute((at.business_date, shift.0, dimension, key, count, fen.0, grams.0, pieces.0))?;
    }
    Ok(())
}

fn run(conn: &Connection, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute(parameters)?;
    Ok(())
}
