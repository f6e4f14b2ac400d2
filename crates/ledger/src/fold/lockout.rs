use rusqlite::Connection;
use suanpan_domain::entry::Entry;

use super::projection::{At, Projection, run};

/// Wrong PINs in a row.
pub(super) struct Lockouts;

impl Projection for Lockouts {
    fn table(&self) -> &'static str {
        "lockout"
    }

    fn order(&self) -> &'static str {
        "staff"
    }

    fn fold(&self, conn: &Connection, _: At, entry: &Entry) -> rusqlite::Result<()> {
        let right = match entry {
            Entry::SignInFailed(failed) => {
                return run(
                    conn,
                    "insert into lockout values (?1, ?2, ?3) on conflict do update set tries = ?2, locked_until_ms = ?3",
                    (&failed.staff, failed.tries, failed.locked_until_ms),
                );
            }
            Entry::SignedIn(signed) => &signed.staff,
            // An approval proves its giver as a sign-in does; tries count only in a row.
            Entry::Approved(approved) => &approved.by,
            Entry::LockoutLifted(lifted) => &lifted.staff,
            _ => return Ok(()),
        };
        run(conn, "delete from lockout where staff = ?1", [right])
    }
}
