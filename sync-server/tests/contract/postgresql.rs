//! Servers for the tests: one that they start and stop themselves, and whichever server `SUANPAN_TEST_PG_URL` names.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::NoTls;

#[path = "../../../tests/support/postgres.rs"]
#[allow(dead_code, unreachable_pub)]
mod server;

use server::Server;

/// Set for the run of the stories on PostgreSQL: the server, and what the names of their schemas begin with.
const SERVER: &str = "SUANPAN_CONTRACT_SERVER";
const PREFIX: &str = "SUANPAN_CONTRACT_PREFIX";

/// Set where that server is the coordinator of a Citus cluster: the tables of each schema are spread over its workers.
const SPREAD: &str = "SUANPAN_CONTRACT_SPREAD";

/// The database that belongs to a hub's folder, or none where the stories run on SQLite. A folder opened again has
/// the same.
pub(crate) fn database_of(folder: &Path) -> Option<String> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var(SERVER).ok()?;
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join("schema");
    let schema = std::fs::read_to_string(&file).unwrap_or_else(|_| {
        let prefix = std::env::var(PREFIX).unwrap();
        let schema = format!("{prefix}{}", COUNTER.fetch_add(1, Ordering::Relaxed));
        run_sql(&server, &format!("create schema {schema}"));
        if is_spread() {
            spread(&in_schema(&server, &schema));
        }
        std::fs::write(&file, &schema).unwrap();
        schema
    });
    Some(in_schema(&server, &schema))
}

/// Whether tables lie on several servers.
pub(crate) fn is_spread() -> bool {
    std::env::var_os(SPREAD).is_some()
}

/// Spreads an empty schema's tables over the workers, and sees that they are: twice, since a second time changes nothing.
fn spread(database: &str) {
    for _ in 0..2 {
        assert!(sync_server::store::distribute(database, 0).unwrap() > 1, "more servers than one");
    }
    let spread = "select cast(count(*) as text) from citus_shards
        where table_name in ('batch'::regclass, 'document'::regclass) group by nodeport";
    assert!(rows_in(database, spread).len() > 1, "each has a part");
}

fn in_schema(server: &str, schema: &str) -> String {
    let is_url = server.starts_with("postgres://") || server.starts_with("postgresql://");
    let joint = if server.contains('?') { '&' } else { '?' };
    match is_url {
        true => format!("{server}{joint}application_name={schema}&options=-c%20search_path%3D{schema}"),
        false => format!("{server} application_name={schema} options='-c search_path={schema}'"),
    }
}

/// Runs a text on the database of a hub's folder, whichever it is.
pub(crate) fn run_on(folder: &Path, text: &str) {
    match database_of(folder) {
        Some(database) => run_sql(&database, text),
        None => rusqlite::Connection::open(folder.join("hub.db")).unwrap().execute_batch(text).unwrap(),
    }
}

/// What the first column of a query gives there.
pub(crate) fn rows_of(folder: &Path, query: &str) -> Vec<String> {
    let Some(database) = database_of(folder) else {
        let file = rusqlite::Connection::open(folder.join("hub.db")).unwrap();
        let mut statement = file.prepare(query).unwrap();
        return statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    };
    rows_in(&database, query)
}

pub(crate) fn rows_in(database: &str, query: &str) -> Vec<String> {
    let (database, query) = (database.to_owned(), query.to_owned());
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&database, NoTls).await.unwrap();
            tokio::spawn(async move { drop(connection.await) });
            let rows = client.query(&query, &[]).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        })
    });
    done.join().unwrap()
}

/// Keeps a hub's database from writing pushes until what it gives is dropped.
pub(crate) async fn hold_writes(folder: &Path) -> Box<dyn std::any::Any> {
    let Some(database) = database_of(folder) else {
        let file = rusqlite::Connection::open(folder.join("hub.db")).unwrap();
        file.execute_batch("begin immediate").unwrap();
        return Box::new(file);
    };
    let (client, connection) = tokio_postgres::connect(&database, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client.batch_execute("begin; lock table branch in access exclusive mode").await.unwrap();
    Box::new(client)
}

/// Runs a text on a thread of its own: the story's may belong to a runtime.
fn run_sql(database: &str, text: &str) {
    let (database, text) = (database.to_owned(), text.to_owned());
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&database, NoTls).await.unwrap();
            tokio::spawn(async move { drop(connection.await) });
            client.batch_execute(&text).await.unwrap();
        });
    });
    done.join().unwrap();
}

/// Cuts the connections of the hubs of a schema, which go by its name.
pub(crate) fn cut_connections(database: &str, schema: &str) {
    let theirs = format!("pid <> pg_backend_pid() and application_name = '{schema}'");
    run_sql(
        database,
        &format!(
            "do $$ begin perform pg_terminate_backend(pid) from pg_stat_activity where {theirs}; end $$"
        ),
    );
}

/// Makes it look as if a released migration had been edited.
pub(crate) fn change_a_migration(database: &str) {
    run_sql(database, "do $$ begin update migration set sha256 = 'changed'; end $$");
}

/// Where everything has to be there, a missing server is a failure.
fn no_server() {
    assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
    println!("Skipped: PostgreSQL is not installed.");
}

/// Runs this program again, every story on a server.
fn run_stories_on(server: &str, spread: bool) {
    let prefix = format!("suanpan_test_{}_", std::process::id());
    let told = |which: &[&str]| {
        let mut stories = Command::new(std::env::current_exe().unwrap());
        stories.args(which).env(SERVER, server).env(PREFIX, &prefix).envs(spread.then_some((SPREAD, "")));
        stories.status().unwrap().success()
    };
    let stories = told(&["--skip", "postgresql::", "--skip", "spread::", "--test-threads", "4"])
        && (!spread || told(&["spread::", "--test-threads", "1"]));
    let schemas = format!(
        "do $$ declare it text; begin
           for it in select nspname from pg_namespace where starts_with(nspname, '{prefix}') loop
             execute format('drop schema %I cascade', it);
             commit; -- each by itself: all together need more locks than a server has
           end loop;
         end $$"
    );
    run_sql(server, &schemas);
    assert!(stories, "on {server}");
}

/// The processes of a server: the postmaster and those that it started.
fn processes(server: &Server) -> Vec<rustix::process::Pid> {
    let named = std::fs::read_to_string(server.folder().join("data/postmaster.pid")).unwrap();
    processes_of(named.lines().next().unwrap().parse().unwrap())
}

/// A postmaster and what it started.
pub(crate) fn processes_of(postmaster: i32) -> Vec<rustix::process::Pid> {
    let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
    let children = children.split_whitespace().map(|pid| pid.parse().unwrap());
    children.chain([postmaster]).filter_map(rustix::process::Pid::from_raw).collect()
}

#[tokio::test]
async fn while_the_server_is_frozen_everybody_is_told_to_come_later_and_nothing_is_acked() {
    use crate::support::*;
    use reqwest::{Method, StatusCode};
    use rustix::process::{Signal, kill_process};
    let Some(server) = Server::start("-c fsync=off") else { return no_server() };
    let folder = tempfile::tempdir().unwrap();
    let mut config = sync_server::Config::embedded(folder.path());
    config.database = Some(server.address());
    let hub = TestHub::start_as(config, folder).await;
    let mut till = hub.till("HT01", 1).await;
    till.sell(100, 80);
    let body = till.push_of(0, 1, 1).encode();
    let frozen = processes(&server);
    frozen.iter().for_each(|pid| kill_process(*pid, Signal::STOP).unwrap());
    let http = client_at("127.0.0.1");
    let health = http.get(hub.url("/health")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
    let auth = till.signed(&Method::POST, "/api/v1/push", &body, None).header();
    let push = http.post(hub.url("/api/v1/push")).header("authorization", auth).body(body.clone());
    let push = push.send().await.unwrap();
    assert_eq!(push.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(push.headers().contains_key("retry-after"));
    frozen.iter().for_each(|pid| kill_process(*pid, Signal::CONT).unwrap());
    let (status, _) = till.send(&hub, Method::POST, "/api/v1/push", &body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(hub.day().await[0]["sales"], 1);
}

#[test]
fn every_story_is_the_same_on_postgresql() {
    // Four stories at once, of up to three hubs with nine connections each.
    match Server::start("-c fsync=off -c max_connections=200") {
        Some(server) => run_stories_on(&server.address(), false),
        None => no_server(),
    }
}

#[test]
fn every_story_is_the_same_on_the_server_that_is_named() {
    match std::env::var("SUANPAN_TEST_PG_URL") {
        Ok(server) => run_stories_on(&server, false),
        Err(_) => println!("Skipped: SUANPAN_TEST_PG_URL names no server."),
    }
}

#[test]
fn every_story_is_the_same_on_tables_spread_over_servers() {
    match std::env::var("SUANPAN_TEST_CITUS") {
        Ok(coordinator) => run_stories_on(&coordinator, true),
        Err(_) => println!("Skipped: SUANPAN_TEST_CITUS names no coordinator."),
    }
}
