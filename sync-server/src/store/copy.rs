//! Moves a hub from its folder to PostgreSQL: stop it, copy, compare, start it there. Stations then send what they have
//! as after any pause; figures are added up anew.

use std::path::Path;

use super::sql::{Sql, Value, values};
use super::threads::Connection;
use super::{StoreError, models, postgres, sqlite};

/// What is copied, by table and columns. What reports read is projected again, sessions and reservations end, and
/// snapshots are made when somebody asks.
const TABLES: [(&str, &str); 20] = [
    ("meta", "key, value"),
    ("site", "site, zone, name, utc_offset_min, day_starts_min"),
    ("station", "station, site, till, public_key, enrolled_at_ms, last_seen_ms, re_enrol, standing"),
    ("enrol_code", "code_sha256, site, till, expires_at_ms, replaces, station, certificate"),
    (
        "branch",
        "station, segment, branch, from_branch, at_seq, root, parent_segment, parent_seq, parent_hash, head_seq,
         head_hash, last_date, dated_seq",
    ),
    (
        "batch",
        "id, station, segment, branch, from_seq, to_seq, prev_hash, head_hash, received_at_ms, body",
    ),
    ("pending", "station, batch"),
    ("held", "station, batch"),
    ("stamp", "gseq, station, batch, entries, seq"),
    ("hole", "station, segment, branch, from_seq, to_seq, to_hash, declared_at_ms, signature"),
    (
        "fork",
        "station, segment, at_seq, old_branch, child_segment, child_branch, old_head_seq, old_side_grew, fetched,
         seen_at_ms",
    ),
    ("scope_head", "scope, version, hash"),
    ("feed", "scope, version, epoch, tbl, key, effective_at_ms, body, hash"),
    ("\"user\"", "name, role, scope, password_hash, created_at_ms, disabled_at_ms"),
    ("api_key", "name, key_sha256, created_at_ms, actions, journal, sites, expires_at_ms, used_at_ms, disabled_at_ms"),
    ("audit", "seq, at_ms, actor, action, object, before, after, hash"),
    ("excuse", "site, business_date, till, by_user, reason, at_ms"),
    ("store_day", "site, business_date, closing, look_at_ms, standing"),
    (
        "lost_feed",
        "scope, tbl, key, epoch, version, effective_at_ms, body, site, till, seen_at_ms, decision, by_user,
         decided_at_ms",
    ),
    ("store_day_version", "site, business_date, version, epoch, made_at_ms, figures"),
];

/// What must be the same afterwards: what every till and every feed was promised, and that it is all there.
const PROMISES: [&str; 5] = [
    "select station, segment, branch, head_seq, head_hash from branch order by station, segment, branch",
    "select scope, version, hash from scope_head order by scope",
    "select site, business_date, version, figures from store_day_version order by site, business_date, version",
    "select seq, hash from audit order by seq",
    "select count(*), cast(coalesce(sum(id), 0) as bigint), cast(coalesce(sum(length(body)), 0) as bigint) from batch",
];

/// Copies a folder's database into an empty one on PostgreSQL, in one transaction. Gives the number of batches.
///
/// *Errors:* `Locked` while a hub serves the folder, `NotEmpty`, `Differs`, and the databases'. Then nothing was copied.
pub fn copy_to_postgres(folder: &Path, url: &str, now_ms: i64) -> Result<u64, StoreError> {
    let (folder, url) = (folder.to_owned(), url.to_owned());
    // On a thread of its own: this one may belong to a runtime, inside which no other may run.
    let copied = std::thread::spawn(move || {
        let (source, _lock) = sqlite::single(&folder, now_ms)?;
        let target = postgres::single(&url, now_ms)?;
        target.begin(false)?;
        let batches = copy(&source, &target)?;
        target.commit()?;
        Ok(batches)
    });
    copied.join().unwrap_or(Err(StoreError::Panicked))
}

/// Brings a PostgreSQL database up to date and spreads its tables over the servers that Citus has for it: once, or again for
/// the tables of a new release. Tills may sell meanwhile; hubs are started again afterwards. Gives how many servers have a
/// part of them.
///
/// *Errors:* `Servers` and the database's. Then nothing was moved.
pub fn distribute(url: &str, now_ms: i64) -> Result<u64, StoreError> {
    let url = url.to_owned();
    // On a thread of its own, as above.
    let done = std::thread::spawn(move || postgres::distribute(&url, now_ms));
    done.join().unwrap_or(Err(StoreError::Panicked))
}

fn copy(source: &dyn Connection, target: &dyn Connection) -> Result<u64, StoreError> {
    let (from, to): (&dyn Sql, &dyn Sql) = (source, target);
    let used = "select (select count(*) from station) + (select count(*) from scope_head)";
    if to.only(used, values![], |row| row.get::<u64>(0))? > 0 {
        return Err(StoreError::NotEmpty);
    }
    to.execute("delete from meta", values![])?;
    for (table, columns) in TABLES {
        let width = columns.split(',').count();
        let marks = vec!["?"; width].join(", ");
        let insert = format!("insert into {table} ({columns}) values ({marks})");
        from.each(&format!("select {columns} from {table}"), values![], &mut |row| {
            let values: Vec<Value<'_>> =
                (0..width).map(|column| row.0.value(column)).collect::<Result<_, _>>()?;
            to.execute(&insert, &values).map(drop)
        })?;
    }
    models::clear_all(to)?;
    target.script(
        "select setval(pg_get_serial_sequence('batch', 'id'), coalesce(max(id), 0) + 1, false) from batch",
    )?;
    if promises(source)? != promises(target)? {
        return Err(StoreError::Differs);
    }
    to.only("select count(*) from batch", values![], |row| row.get(0))
}

/// What a store promised to tills, as texts to compare.
pub(super) fn promises(sql: &dyn Sql) -> Result<Vec<Vec<String>>, StoreError> {
    PROMISES.iter().map(|promise| text(sql, promise)).collect()
}

fn text(sql: &dyn Sql, query: &str) -> Result<Vec<String>, StoreError> {
    sql.all(query, values![], |row| {
        let columns = (0..).map_while(|column| row.0.value(column).ok());
        Ok(columns.map(|value| format!("{value:?} ")).collect())
    })
}
