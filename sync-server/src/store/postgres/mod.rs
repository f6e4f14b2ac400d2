//! The store on PostgreSQL: a database that several hubs share, a few threads that write and a few that read.
//!
//! Each thread drives its own connection; a pool would hand connections to threads that have one already.

mod distributed;
mod statements;
mod types;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::error::{Cause, StoreError};
use super::migrations::{Migration, migrate, step};
use super::sql::{Insert, Row, Sql, Value};
use super::threads::{Connection, Threads, Use};

const MIGRATIONS: &[Migration] = &[
    step(1, include_str!("../../../migrations/postgres/0001_hub.sql"), false),
    step(3, include_str!("../../../migrations/postgres/0003_store_days.sql"), false),
    step(4, include_str!("../../../migrations/postgres/0004_lost.sql"), true),
    step(5, include_str!("../../../migrations/postgres/0005_journal_dates.sql"), true),
    step(6, include_str!("../../../migrations/postgres/0006_found_by_number.sql"), true),
    step(7, include_str!("../../../migrations/postgres/0007_counted.sql"), true),
    step(8, include_str!("../../../migrations/postgres/0008_returned.sql"), true),
    step(9, include_str!("../../../migrations/postgres/0009_refunds.sql"), true),
    step(10, include_str!("../../../migrations/postgres/0010_scope.sql"), true),
    step(11, include_str!("../../../migrations/postgres/0011_access.sql"), true),
    step(12, include_str!("../../../migrations/postgres/0012_models.sql"), true),
    step(13, include_str!("../../../migrations/postgres/0013_standing.sql"), true),
    step(14, include_str!("../../../migrations/postgres/0014_batch_of_document.sql"), true),
    step(15, include_str!("../../../migrations/postgres/0015_emptied.sql"), true),
    step(16, include_str!("../../../migrations/postgres/0016_actions_of_keys.sql"), true),
    step(17, include_str!("../../../migrations/postgres/0017_one_a_number.sql"), true),
];

/// Threads that write. While one waits for the server's disk, others send; the last takes what is no station's.
const WRITERS: usize = 5;

/// Threads that read: each waits for the server most of its time.
const READERS: usize = 4;

/// Rows that one statement inserts, so that there are few texts of it.
const ROWS_OF_A_STATEMENT: [usize; 3] = [64, 8, 1];

/// A server that does not answer by then is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A server that is gone without a word is given up after this.
const GONE_TIMEOUT: Duration = Duration::from_secs(30);

/// Nobody may keep others waiting: a lock is given up on after 5 s, and a hub that stops in the middle of a
/// transaction loses it after 10. No statement is worth compiling. A commit that the server's owner made lax is made durable
/// again.
const SESSION: &str =
    "set lock_timeout = '5s'; set idle_in_transaction_session_timeout = '10s'; set jit = off;
    select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') not in ('on', 'remote_apply')";

/// Whoever writes or reads a little asks by a key. Where a table is empty the server would rather read all of it, and keep to
/// that way for minutes while it fills.
const BY_KEY: &str = "set enable_seqscan = off";

/// Hubs that start together migrate one after the other.
const MIGRATION_LOCK: &str = "select pg_advisory_xact_lock(1397778530)";

/// Connects, brings the database up to date and starts the threads.
pub(super) fn open(url: &str, now_ms: i64) -> Result<Threads, StoreError> {
    let config = address(url)?;
    let url = url.to_owned();
    // On a thread of its own: this one may belong to a runtime, inside which no other may run.
    let migrated = std::thread::spawn(move || single(&url, now_ms).map(drop));
    migrated.join().unwrap_or(Err(StoreError::Panicked))?;
    Threads::start(WRITERS, READERS, move |_: Use| Postgres::new(config.clone()))
}

/// Starts threads that read a database, or a replica, when they are asked something: they connect no sooner, because a
/// hub that serves tills does not need them.
pub(super) fn open_reports(url: &str) -> Result<Threads, StoreError> {
    let config = address(url)?;
    Threads::start(0, READERS, move |_: Use| Postgres::unconnected(config.clone(), ""))
}

/// Connects for this thread alone, and brings the database up to date.
pub(super) fn single(url: &str, now_ms: i64) -> Result<Postgres, StoreError> {
    let connection = Postgres::new(address(url)?)?;
    bring_up_to_date(&connection, now_ms)?;
    Ok(connection)
}

fn address(url: &str) -> Result<Config, StoreError> {
    let mut config: Config = url.parse().map_err(|error| StoreError::Address(Arc::new(error)))?;
    refuse_plain(&config)?;
    config.connect_timeout(CONNECT_TIMEOUT);
    config.tcp_user_timeout(GONE_TIMEOUT).keepalives_idle(GONE_TIMEOUT);
    if config.get_application_name().is_none() {
        config.application_name("suanpan-hub");
    }
    Ok(config)
}

/// There is no TLS here: what is not on this machine goes through something that encrypts.
fn refuse_plain(config: &Config) -> Result<(), StoreError> {
    let far = |host: &str| {
        let address = host.parse::<std::net::IpAddr>();
        !(host == "localhost" || address.is_ok_and(|address| address.is_loopback()))
    };
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(_) => "localhost".to_owned(),
    });
    let addresses = config.get_hostaddrs().iter().map(std::net::IpAddr::to_string);
    match hosts.chain(addresses).find(|host| far(host)) {
        Some(host) => Err(StoreError::PlainDatabase(host)),
        None => Ok(()),
    }
}

fn bring_up_to_date(connection: &Postgres, now_ms: i64) -> Result<(), StoreError> {
    connection.begin(false)?;
    connection.script(MIGRATION_LOCK)?;
    connection.script(
        "create table if not exists migration (
           id bigint primary key,
           sha256 text not null,
           older_may_open bigint not null,
           applied_at_ms bigint not null
         )",
    )?;
    migrate(connection, MIGRATIONS, now_ms)?;
    distributed::check(connection)?;
    connection.commit()
}

/// The servers over which the tables are spread: none where they are not.
pub(super) fn servers(sql: &dyn Sql) -> Result<Vec<(String, i64)>, StoreError> {
    distributed::all(sql)
}

/// Whether one of them answers at once.
pub(super) fn answers(sql: &dyn Sql, server: (&str, i64)) -> Result<bool, StoreError> {
    distributed::answers(sql, server)
}

/// Brings a database up to date and spreads its tables over several servers. Gives how many have a part of them.
pub(super) fn distribute(url: &str, now_ms: i64) -> Result<u64, StoreError> {
    distributed::prepare(&single(url, now_ms)?)?;
    // A new session has, on every server, what was just set.
    let connection = Postgres::new(address(url)?)?;
    connection.begin(false)?;
    connection.script(MIGRATION_LOCK)?;
    let parts = distributed::distribute(&connection)?;
    connection.commit()?;
    Ok(parts)
}

/// One connection, with the runtime that drives it; connected anew when the server went away.
pub(super) struct Postgres {
    runtime: Runtime,
    config: Config,
    /// What a session begins with beside what all do.
    begins_with: &'static str,
    session: RefCell<Option<Rc<Session>>>,
    /// The transaction that writes now is a station's.
    of_stations: Cell<bool>,
}

struct Session {
    client: Client,
    /// Its tables lie on several servers.
    is_spread: Cell<bool>,
    /// By text. The texts are those of this module: some hundred.
    statements: RefCell<HashMap<String, Statement>>,
}

impl Postgres {
    fn new(config: Config) -> Result<Postgres, StoreError> {
        let postgres = Postgres::unconnected(config, BY_KEY)?;
        postgres.connect()?;
        Ok(postgres)
    }

    fn unconnected(config: Config, begins_with: &'static str) -> Result<Postgres, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| StoreError::Database(Arc::new(source)))?;
        Ok(Postgres {
            runtime,
            config,
            begins_with,
            session: RefCell::new(None),
            of_stations: Cell::new(false),
        })
    }

    fn connect(&self) -> Result<Rc<Session>, StoreError> {
        let client = self.runtime.block_on(async {
            let (client, connection) = self.config.connect(NoTls).await?;
            // Ends with the client; what goes wrong shows at the client.
            tokio::spawn(async move { drop(connection.await) });
            client.batch_execute(SESSION).await?;
            client.batch_execute(self.begins_with).await?;
            Ok::<_, tokio_postgres::Error>(client)
        })?;
        let session = Session { client, is_spread: Cell::new(false), statements: RefCell::default() };
        let session = Rc::new(session);
        self.session.replace(Some(session.clone()));
        let known = distributed::is_spread(self).and_then(|is_spread| {
            session.is_spread.set(is_spread);
            if is_spread { self.script(distributed::SESSION) } else { Ok(()) }
        });
        match known {
            Ok(()) => Ok(session),
            Err(error) => {
                self.session.replace(None);
                Err(error)
            }
        }
    }

    fn session(&self) -> Result<Rc<Session>, StoreError> {
        let session = self.session.borrow().clone();
        session.map_or_else(|| self.connect(), Ok)
    }

    /// Begins; on a connection that broke since, once more on a new one.
    fn begin_as(&self, begin: &dyn Fn(bool) -> Vec<String>) -> Result<(), StoreError> {
        let run = |session: Rc<Session>| {
            let texts = begin(session.is_spread.get());
            let sent = |text: &String| self.runtime.block_on(session.client.batch_execute(text));
            texts.iter().try_for_each(sent).map_err(StoreError::from)
        };
        let done = run(self.session()?).or_else(|_| run(self.connect()?));
        if done.is_err() {
            // What it has begun or locked ends with it.
            self.session.replace(None);
        }
        done
    }

    /// Runs a text and asks once for its statement.
    fn prepared(&self, session: &Session, text: &str, values: &[Value<'_>]) -> Result<Statement, StoreError> {
        if let Some(statement) = session.statements.borrow().get(text) {
            return Ok(statement.clone());
        }
        let types: Vec<Type> = values.iter().map(types::of).collect();
        let numbered = types::numbered(text);
        let statement = self.runtime.block_on(session.client.prepare_typed(&numbered, &types))?;
        session.statements.borrow_mut().insert(text.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Sql for Postgres {
    fn execute(&self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let session = self.session()?;
        let statement = self.prepared(&session, statement, values)?;
        Ok(self.runtime.block_on(session.client.execute(&statement, &parameters(values)))?)
    }

    /// Sends many rows a statement, and the statements one behind the other without waiting for an answer between them.
    fn insert(&self, insert: Insert<'_>, rows: &[&[Value<'_>]]) -> Result<u64, StoreError> {
        let (session, mut rest, mut all) = (self.session()?, rows, Vec::new());
        for size in ROWS_OF_A_STATEMENT {
            let text = insert.text(size);
            while let Some((now, later)) = rest.split_at_checked(size) {
                let values = now.concat();
                all.push((self.prepared(&session, &text, &values)?, values));
                rest = later;
            }
        }
        let all: Vec<_> = all.iter().map(|(statement, values)| (statement, parameters(values))).collect();
        let sent = all.iter().map(|(statement, values)| session.client.execute(*statement, values));
        Ok(self.runtime.block_on(try_join_all(sent))?.into_iter().sum())
    }

    fn each(
        &self,
        statement: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let session = self.session()?;
        let statement = self.prepared(&session, statement, values)?;
        let rows = self.runtime.block_on(session.client.query(&statement, &parameters(values)))?;
        rows.iter().try_for_each(|next| row(&Row(next)))
    }

    fn try_lock(&self, query: &str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        let mut is_locked = false;
        self.each(&format!("{query} for update skip locked"), values, &mut |_| {
            is_locked = true;
            Ok(())
        })?;
        Ok(is_locked)
    }

    fn lock(&self, query: &str, values: &[Value<'_>]) -> Result<(), StoreError> {
        self.each(&format!("{query} for update"), values, &mut |_| Ok(()))
    }
}

impl Connection for Postgres {
    fn script(&self, text: &str) -> Result<(), StoreError> {
        let session = self.session()?;
        for statement in statements::statements(text) {
            self.runtime.block_on(session.client.batch_execute(statement))?;
        }
        Ok(())
    }

    fn begin(&self, of_stations: bool) -> Result<(), StoreError> {
        self.of_stations.set(of_stations);
        self.begin_as(&|spread| {
            vec![if spread && of_stations { distributed::BEGIN } else { "begin" }.to_owned()]
        })
    }

    fn begin_read(&self, patience: Option<Duration>) -> Result<(), StoreError> {
        const BEGIN: &str = "begin isolation level repeatable read read only";
        self.begin_as(&|spread| match patience {
            None if spread => vec![format!("{BEGIN}; {}", distributed::GIVES_UP)],
            None => vec![BEGIN.to_owned()],
            Some(most) => {
                let patience = format!("set local statement_timeout = {}", most.as_millis());
                match spread {
                    true => distributed::in_one_moment(BEGIN, &patience),
                    false => vec![format!("{BEGIN}; {patience}")],
                }
            }
        })
    }

    fn commit(&self) -> Result<(), StoreError> {
        let session = self.session()?;
        let is_shared = session.is_spread.get() && !self.of_stations.get();
        let commit = if is_shared { distributed::COMMIT } else { "commit" };
        let committed = self.runtime.block_on(session.client.batch_execute(commit));
        committed.map_err(|error| match error.as_db_error() {
            Some(_) => StoreError::from(error),
            None => StoreError::Outcome(Arc::new(error)),
        })
    }

    fn rollback(&self) -> Result<(), StoreError> {
        self.script("rollback")
    }

    /// The server reads its own log after a failure, and a station that got no ack sends again.
    fn outlives_outcome(&self) -> bool {
        true
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> StoreError {
        let state = error.code();
        if state == Some(&SqlState::DISK_FULL) {
            return StoreError::DiskFull;
        }
        if state == Some(&SqlState::QUERY_CANCELED) {
            return StoreError::Late;
        }
        let passing = [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::UNIQUE_VIOLATION,
        ];
        if state.is_some_and(|state| passing.contains(state)) {
            tracing::warn!(%error, "another hub came first");
            return StoreError::Busy;
        }
        let own = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<StoreError>());
        if let Some(own) = own {
            return own.clone();
        }
        // Data exceptions, constraints, and what is too long for an index.
        let is_data =
            state.is_some_and(|state| ["22", "23", "54"].contains(&state.code().get(..2).unwrap_or("")));
        let said: Cause = match error.as_db_error() {
            Some(said) => Arc::new(said.clone()),
            None => Arc::new(error),
        };
        if is_data { StoreError::Data(said) } else { StoreError::Database(said) }
    }
}
