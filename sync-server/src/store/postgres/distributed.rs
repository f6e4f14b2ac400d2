//! Tables that lie on several servers, by Citus: what tills write goes by station, what reports add up by site.
//!
//! Each push then asks the one server that has its station, and what a station's writer asks of more is refused. Everything
//! else, small beside these, stays on the server that hubs connect to, the coordinator.

use std::collections::BTreeMap;

use crate::store::error::StoreError;
use crate::store::sql::{Sql, values};
use crate::store::threads::Connection;

/// What every server has whole.
const EVERYWHERE: [&str; 1] = ["site"];

/// The table that is spread when any is.
const FIRST: &str = "station";

/// What tills write, by the station; the first decides where the others' rows lie.
const BY_STATION: [&str; 9] =
    [FIRST, "branch", "batch", "pending", "held", "hole", "fork", "parked", "parked_count"];

/// What reports read most of, by the site.
const BY_SITE: [&str; 3] = ["total", "document", "numbering"];

/// They count rows beside them on the server that has them, whatever that session's search path is.
const COUNTING: [&str; 3] = ["branch_in", "parked_in", "parked_out"];

/// A commit over several servers that was broken off in the middle holds its till up for as long, ms.
const IN_DOUBT_MS_MAX: i64 = 10_000;

/// Commits over several servers that may be under way at once: a writer of each of some hubs.
const PREPARED_MIN: u32 = 100;

/// What a session of spread tables wants: one connection to each server, on which all that it reads is of one moment.
pub(super) const SESSION: &str = "set citus.max_adaptive_executor_pool_size = 1";

/// Begins what a station writes: it asks the one server that has the station, or is refused. One that stands still is given
/// up, because others wait behind it.
pub(super) const BEGIN: &str =
    "begin; set local citus.multi_task_query_log_level = 'error'; set local statement_timeout = '3s'";

/// The same for what is read at once.
pub(super) const GIVES_UP: &str = "set local statement_timeout = '3s'";

/// Commits what may lie on several servers: nobody begins to read while one has it and another does not.
pub(super) const COMMIT: &str = "select pg_advisory_xact_lock(1397778531); commit";

/// Begins a read that every server has begun before anybody commits on several.
pub(super) fn in_one_moment(begin: &str, patience: &str) -> Vec<String> {
    let each = "set local statement_timeout = '3s'; select 1 from numbering limit 1";
    // The first by itself: a transaction reads what was there when it began.
    vec![
        "select pg_advisory_lock_shared(1397778531)".to_owned(),
        format!("{begin}; {each}; select pg_advisory_unlock_shared(1397778531); {patience}"),
    ]
}

/// Lets sessions on every server give up on a lock as soon as here. Before any table is spread, in a session of its own.
///
/// *Errors:* `Servers` without Citus, and the database's.
pub(super) fn prepare(connection: &dyn Connection) -> Result<(), StoreError> {
    if !has_citus(connection)? {
        return Err(servers("the database does not have the extension citus"));
    }
    connection.script(
        "do $$ begin execute format('alter database %I set lock_timeout = ''5s''', current_database()); end $$",
    )
}

/// Spreads the tables that are not yet over the servers that the database knows. Gives the number of servers that have a part
/// of them.
///
/// *Errors:* `Servers` and the database's.
pub(super) fn distribute(connection: &dyn Connection) -> Result<u64, StoreError> {
    check_servers(connection)?;
    spread(connection)?;
    // Of tables that are spread no older hub knows.
    connection.script("update migration set older_may_open = 0 where id = 14")?;
    let parts = "select count(*) from pg_dist_node where shouldhaveshards and isactive";
    (connection as &dyn Sql).only(parts, values![], |row| row.get(0))
}

/// Sees, where tables are spread, that all are that should be, those of a new release too, and that every server keeps what
/// it promised.
pub(super) fn check(connection: &dyn Connection) -> Result<(), StoreError> {
    if !is_spread(connection)? {
        return Ok(());
    }
    spread(connection)?;
    check_servers(connection)
}

/// The servers over which the tables are spread: none where they are not.
pub(super) fn all(sql: &dyn Sql) -> Result<Vec<(String, i64)>, StoreError> {
    if !is_spread(sql)? {
        return Ok(Vec::new());
    }
    let all = "select nodename, cast(nodeport as bigint) from pg_dist_node where isactive and groupid > 0 order by nodeid";
    sql.all(all, values![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Whether one of them answers at once. What is asked of others afterwards is asked in another transaction.
///
/// *Errors:* `Late`, and the database's.
pub(super) fn answers(sql: &dyn Sql, (name, port): (&str, i64)) -> Result<bool, StoreError> {
    sql.execute("set local statement_timeout = 1500", values![])?;
    sql.only(
        "select cast(success as int) from master_run_on_worker(array[?], array[cast(? as int)], array['select 1'], false)",
        values![name, port],
        |row| row.get(0),
    )
}

/// Whether this database's tables are spread.
pub(super) fn is_spread(sql: &dyn Sql) -> Result<bool, StoreError> {
    Ok(has_citus(sql)? && lying(sql)?.contains_key(FIRST))
}

fn has_citus(sql: &dyn Sql) -> Result<bool, StoreError> {
    let found = sql.one("select 1 from pg_extension where extname = 'citus'", values![], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The tables that are spread, each with the column that it goes by; empty for one that every server has.
fn lying(sql: &dyn Sql) -> Result<BTreeMap<String, String>, StoreError> {
    let found = sql.all(
        "select cast(c.relname as text), coalesce(cast(column_to_column_name(p.logicalrelid, p.partkey) as text), '')
         from pg_dist_partition p join pg_class c on c.oid = p.logicalrelid
         where c.relnamespace = cast(current_schema() as regnamespace) and p.partmethod in ('h', 'n')
           and p.repmodel in ('s', 't')",
        values![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.into_iter().collect())
}

fn spread(connection: &dyn Connection) -> Result<(), StoreError> {
    let lying = lying(connection)?;
    let all = EVERYWHERE.iter().chain(&BY_STATION).chain(&BY_SITE);
    let has_all = all.clone().all(|table| lying.contains_key(*table));
    let lay = |table: &str, by: &str, how: String| match lying.get(table) {
        Some(it) if it == by => Ok(()),
        Some(it) => Err(servers(&format!("the table {table} goes by '{it}', not by '{by}'"))),
        None => connection.script(&how),
    };
    for table in EVERYWHERE {
        lay(table, "", format!("select create_reference_table('{table}')"))?;
    }
    // A server that is down hears of no change: where there is none, it costs its own tills alone.
    for function in COUNTING.iter().filter(|_| !has_all) {
        connection.script(&format!(
            "do $$ begin execute format('alter function {function}() set search_path = %I', current_schema()); end $$"
        ))?;
    }
    if !has_all {
        connection.script("set local citus.enable_unsafe_triggers = on")?;
    }
    for (tables, by) in [(BY_STATION.as_slice(), "station"), (BY_SITE.as_slice(), "site")] {
        let first = tables.first().copied().unwrap_or_default();
        for table in tables {
            let with = if *table == first { "none" } else { first };
            let how =
                format!("select create_distributed_table('{table}', '{by}', colocate_with => '{with}')");
            lay(table, by, how)?;
        }
    }
    Ok(())
}

/// What an ack promises, every server has to keep.
fn check_servers(sql: &dyn Sql) -> Result<(), StoreError> {
    let told = sql.all(
        "select n.nodename || ':' || n.nodeport, cast(r.success as int), r.result
         from run_command_on_all_nodes(
           $$select concat_ws(' ', current_setting('synchronous_commit'), current_setting('max_prepared_transactions'),
             current_setting('lock_timeout'))$$) r
         join pg_dist_node n on n.nodeid = r.nodeid order by 1",
        values![],
        |row| Ok((row.get::<String>(0)?, row.get::<bool>(1)?, row.get::<String>(2)?)),
    )?;
    for (server, answers, said) in told {
        let [commits, prepared, lock] = said.split(' ').collect::<Vec<_>>()[..] else {
            // One that is down costs its own tills alone.
            tracing::warn!(server, answers, said, "a server of the database does not answer");
            continue;
        };
        if !["on", "remote_apply"].contains(&commits) {
            return Err(servers(&format!("{server} has synchronous_commit = {commits}: set it on")));
        }
        if prepared.parse().unwrap_or(0) < PREPARED_MIN {
            return Err(servers(&format!(
                "{server} has max_prepared_transactions = {prepared}: set at least {PREPARED_MIN}"
            )));
        }
        if lock == "0" {
            return Err(servers(&format!("{server} has no lock_timeout: set 5s for the database")));
        }
    }
    let doubt = "select cast(setting as bigint) from pg_settings where name = 'citus.recover_2pc_interval'";
    let doubt_ms: i64 = sql.only(doubt, values![], |row| row.get(0))?;
    if !(0..=IN_DOUBT_MS_MAX).contains(&doubt_ms) {
        return Err(servers(&format!(
            "citus.recover_2pc_interval is {doubt_ms} ms: set 5s, or a till stands still as long when a server dies"
        )));
    }
    Ok(())
}

fn servers(why: &str) -> StoreError {
    StoreError::Servers(why.to_owned())
}
