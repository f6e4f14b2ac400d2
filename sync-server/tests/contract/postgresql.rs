//! Servers for the tests: PostgreSQL as Debian installs it, started in a folder of its own and gone with the test, and
//! whichever server `SUANPAN_TEST_PG_URL` names.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Set for the run of the stories on PostgreSQL: the server, and what the names of their schemas begin with.
const SERVER: &str = "SUANPAN_CONTRACT_SERVER";
const PREFIX: &str = "SUANPAN_CONTRACT_PREFIX";

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
        std::fs::write(&file, &schema).unwrap();
        schema
    });
    Some(in_schema(&server, &schema))
}

fn in_schema(server: &str, schema: &str) -> String {
    let is_url = server.starts_with("postgres://") || server.starts_with("postgresql://");
    let joint = if server.contains('?') { '&' } else { '?' };
    match is_url {
        true => format!("{server}{joint}application_name={schema}&options=-c%20search_path%3D{schema}"),
        false => format!("{server} application_name={schema} options='-c search_path={schema}'"),
    }
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

/// A server that ends with this process, however that ends.
struct Server {
    shell: Child,
    folder: TempDir,
}

/// Runs until its standard input closes: then the test is over, or was killed.
const SCRIPT: &str = r#"
"$1/initdb" -D "$2/data" -U suanpan -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 &&
"$1/pg_ctl" -D "$2/data" -w -l "$2/log" -o "-k $2 -c listen_addresses='' -c fsync=off" start >>"$2/log" 2>&1 &&
echo ready && cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >>"$2/log" 2>&1
"#;

impl Server {
    /// Starts the newest server that is installed, if any is.
    fn start() -> Option<Server> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
        let programs = programs.into_iter().filter(|bin| bin.join("postgres").exists()).max()?;
        let folder = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "server"]).arg(programs).arg(folder.path()).current_dir("/");
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            let (user, group) = somebody_else();
            chown(folder.path(), Some(user), Some(group)).unwrap();
            shell.uid(user).gid(group);
        }
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert_eq!(line, "ready\n", "PostgreSQL does not start: {log}");
        Some(Server { shell, folder })
    }

    fn address(&self) -> String {
        format!("host={} user=suanpan dbname=postgres", self.folder.path().display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

/// The server refuses to run as root: its own user, or nobody.
fn somebody_else() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
        numbers.next().zip(numbers.next())
    };
    find("postgres").or_else(|| find("nobody")).unwrap()
}

/// Runs this program again, every story on a server.
fn run_stories_on(server: &str) {
    let prefix = format!("suanpan_test_{}_", std::process::id());
    let stories = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "postgresql::", "--test-threads", "4"])
        .env(SERVER, server)
        .env(PREFIX, &prefix)
        .status();
    let schemas = format!(
        "do $$ declare it text; begin
           for it in select nspname from pg_namespace where starts_with(nspname, '{prefix}') loop
             execute format('drop schema %I cascade', it);
           end loop;
         end $$"
    );
    run_sql(server, &schemas);
    assert!(stories.unwrap().success(), "on {server}");
}

#[test]
fn every_story_is_the_same_on_postgresql() {
    match Server::start() {
        Some(server) => run_stories_on(&server.address()),
        None => println!("Skipped: PostgreSQL is not installed."),
    }
}

#[test]
fn every_story_is_the_same_on_the_server_that_is_named() {
    match std::env::var("SUANPAN_TEST_PG_URL") {
        Ok(server) => run_stories_on(&server),
        Err(_) => println!("Skipped: SUANPAN_TEST_PG_URL names no server."),
    }
}
