//! `sync-server`: the hub as a program.

use std::io::{IsTerminal, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use suanpan_journal::SiteCode;
use suanpan_sync::Scope;
use sync_server::access::{Action, Role};
use sync_server::admin::{Deed, Manner, Order, Refused};
use sync_server::{Config, Hub, HubError, Tls};

/// The hub of a chain: takes sales from tills, adds them up for HQ, publishes items and prices.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    folder: Folder,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Folder {
    /// Folder of the hub's database.
    #[arg(long, env = "SUANPAN_HUB_DATA", default_value = "hub-data", global = true)]
    data_dir: PathBuf,
    /// A PostgreSQL database instead, such as postgres://hub@localhost/suanpan; several hubs may share it. On another
    /// machine it must be reached through something that encrypts.
    #[arg(long, env = "SUANPAN_DATABASE_URL", hide_env_values = true, global = true)]
    database: Option<String>,
    /// A replica of that database, from which reports read.
    #[arg(long, env = "SUANPAN_REPORTS_URL", hide_env_values = true, requires = "database", global = true)]
    reports: Option<String>,
    /// File of the signing key; hub.key in the folder unless said otherwise. Keep a copy in a safe, away from the
    /// backups: with it, a burnt hub comes back from any backup or from none.
    #[arg(long, env = "SUANPAN_HUB_KEY", global = true)]
    key_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Make the folder and the signing key, and print the hub's public key. A key that is there stays; tills that know one
    /// that is lost must enrol again.
    Init,
    /// Publish a catalogue: a folder of items.csv, prices.csv, stores.json and so on, or one of its files. All of it is
    /// published, or nothing; docs/import.md says what each column holds. A hub that serves reads the files itself.
    Import {
        /// File or folder.
        path: PathBuf,
        /// Publish nothing: say what would change.
        #[arg(long)]
        dry_run: bool,
        /// Withdraw items, prices, staff, quick tabs and label layouts that are published and that their file does not list.
        #[arg(long)]
        complete: bool,
    },
    /// Print a one-time code with which a till enrols.
    EnrolCode {
        /// Site code.
        #[arg(long)]
        site: SiteCode,
        /// Till number, from 1.
        #[arg(long)]
        till: u16,
        /// The machine that has the number is replaced: it delivers what it has, and gets nothing any more.
        #[arg(long)]
        replace: bool,
    },
    /// Make an API key for reports and print it once. The former key of the same name stops working.
    ApiKey {
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// It may read journals too, as `suanpan prove` does: every line of every receipt.
        #[arg(long, conflicts_with = "may")]
        journal: bool,
        /// What it is good for, and nothing else: read_figures, read_days, read_journals or watch. May be repeated.
        #[arg(long, value_parser = action)]
        may: Vec<Action>,
        /// It reads of this site alone; again for each. Without one it reads of the whole chain.
        #[arg(long = "site")]
        sites: Vec<SiteCode>,
        /// Days after which it stops working.
        #[arg(long)]
        days: Option<u16>,
    },
    /// Let a person or a key in no more, at once. `user` or `api-key` of the same name lets them in again.
    #[group(required = true, multiple = false)]
    Disable {
        /// Name of a person.
        #[arg(long)]
        user: Option<String>,
        /// Name of a key.
        #[arg(long)]
        key: Option<String>,
    },
    /// List who may sign in and which keys there are, with what each may and when a key was last used.
    Access,
    /// List the stations: id, store and till, how each stands, when it was last heard.
    Stations,
    /// Take a station out of use, or into use again. What it sold is taken from it in any case.
    Station {
        /// What its id begins with.
        id: String,
        /// What to do.
        #[arg(value_enum)]
        deed: Deed,
    },
    /// List who changed what, oldest first. Each line ends with the seal of all lines before it; a row that is missing or was
    /// altered is refused.
    Audit {
        /// Number of the line after which to begin.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Add a person at HQ, or give one a new role and password. The password is read from standard input; on a terminal one
    /// is made and printed once.
    User {
        /// Name to sign in with.
        #[arg(long)]
        name: String,
        /// operations (figures; excuses a till that does not close), it (figures; what a restore lost), auditor (figures and
        /// journals) or manager (figures of a store or zone). May be repeated.
        #[arg(long = "role", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// Of a manager: site:CODE or zone:CODE.
        #[arg(long, default_value = "chain", value_parser = scope)]
        scope: Scope,
    },
    /// Copy the folder's database into the empty PostgreSQL database that --database names. Stop the hub first; start it
    /// with --database afterwards, and tills go on where they were.
    MigrateStore,
    /// Spread the large tables of the PostgreSQL database that --database names over the servers of its Citus cluster. Tills may
    /// sell meanwhile; start every hub again afterwards. Once more changes nothing.
    Distribute,
    /// Copy the folder's database while its hub serves. The copy is verified, and is under its name only when it is whole.
    /// The signing key is not in it.
    Backup {
        /// A new file, or a folder in which to make one named by the time.
        #[arg(long)]
        to: PathBuf,
    },
    /// Learn from the newest sales how tills may pack what they send, and tell them: a sale that travels alone is then
    /// half as long. Worth repeating when the assortment has changed.
    Dictionary,
    /// Have all figures added up anew from the stored entries by the hub that serves; reports say what they lack meanwhile, and
    /// acks wait while the former figures are dropped. An upgrade needs none: it reads by itself what it understands.
    Rebuild,
    /// Serve until interrupted.
    Serve {
        /// Address to listen on. Without TLS it must be this machine's own.
        #[arg(long, env = "SUANPAN_HUB_LISTEN", default_value = "127.0.0.1:8787")]
        listen: SocketAddr,
        /// TLS certificate chain, PEM.
        #[arg(long, requires = "tls_key")]
        tls_cert: Option<PathBuf>,
        /// TLS private key, PEM.
        #[arg(long, requires = "tls_cert")]
        tls_key: Option<PathBuf>,
        /// Address of a proxy in front of this hub; again for each. Who comes through it is then known by the last address
        /// in X-Forwarded-For, which it must set.
        #[arg(long, env = "SUANPAN_HUB_PROXIES", value_delimiter = ',')]
        proxy: Vec<IpAddr>,
        /// Folder of HQ's pages, with hq.html in it.
        #[arg(long)]
        ui: Option<PathBuf>,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "expected operations, it, auditor or manager".to_owned())
}

fn action(text: &str) -> Result<Action, String> {
    let expected = || Action::OF_KEYS.map(Action::name).join(", ");
    Action::from_name(text)
        .filter(|it| Action::OF_KEYS.contains(it))
        .ok_or_else(|| format!("expected one of {}", expected()))
}

fn scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|_| "expected site:CODE or zone:CODE".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Refused> {
    let mut config = Config::embedded(cli.folder.data_dir);
    config.database = cli.folder.database;
    config.reports = cli.folder.reports;
    if let Some(key_file) = cli.folder.key_file {
        config.key_file = key_file;
    }
    match cli.command {
        Command::Init => say(&Hub::init(config)?.public_key().to_string()),
        Command::Import { path, dry_run, complete } => {
            // Another process may read it, from another folder.
            let path = std::path::absolute(&path).unwrap_or(path);
            order(Order::Import { path, manner: Manner { dry_run, complete } }, config).await?;
        }
        Command::EnrolCode { site, till, replace } => {
            order(Order::EnrolCode { site, till, replace }, config).await?;
        }
        Command::ApiKey { name, journal, may, sites, days } => {
            order(Order::ApiKey { name, journal, actions: may, sites, days }, config).await?;
        }
        Command::Disable { user, key } => {
            let person = user.map(|name| Order::DisableUser { name });
            if let Some(disable) = person.or(key.map(|name| Order::DisableKey { name })) {
                order(disable, config).await?;
            }
        }
        Command::Access => order(Order::Access, config).await?,
        Command::Stations => order(Order::Stations, config).await?,
        Command::Station { id, deed } => order(Order::Station { id, deed }, config).await?,
        Command::Audit { after } => order(Order::Audit { after }, config).await?,
        Command::User { name, roles, scope } => {
            order(Order::User { name, roles, scope, password: piped_password()? }, config).await?;
        }
        Command::Dictionary => order(Order::Dictionary, config).await?,
        Command::MigrateStore => say(&format!("{} batches copied", migrate_store(&config)?)),
        Command::Distribute => say(&format!("{} servers have a part", distribute(&config)?)),
        Command::Backup { to } => {
            let made = Hub::back_up(&config, &to)?;
            say(&format!("{}: {} batches", made.file.display(), made.batches));
        }
        Command::Rebuild => order(Order::Rebuild, config).await?,
        Command::Serve { listen, tls_cert, tls_key, proxy, ui } => {
            config.listen = listen;
            config.tls = tls_cert.zip(tls_key).map(|(cert, key)| Tls { cert, key });
            config.proxies = proxy;
            config.ui_dir = ui;
            let running = Hub::start(config).await?;
            say(running.url());
            running.hq_url().iter().for_each(|url| say(&format!("HQ: {url}")));
            interrupted().await;
            running.stop().await;
        }
    }
    Ok(())
}

async fn order(order: Order, config: Config) -> Result<(), Refused> {
    let done = order.give(config).await?;
    done.notes.iter().for_each(|note| eprintln!("{note}"));
    done.lines.iter().for_each(|line| say(line));
    Ok(())
}

fn migrate_store(config: &Config) -> Result<u64, HubError> {
    let database = config.database.as_ref().ok_or(HubError::Rejected("name the new database: --database"))?;
    Hub::migrate_store(&config.data_dir, database)
}

fn distribute(config: &Config) -> Result<u64, HubError> {
    let database = config.database.as_ref().ok_or(HubError::Rejected("name the database: --database"))?;
    Hub::distribute(database)
}

fn say(line: &str) {
    // Whoever reads may have gone; that is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn piped_password() -> Result<Option<String>, HubError> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    input
        .lock()
        .take(1024)
        .read_to_string(&mut text)
        .map_err(|_| HubError::Rejected("the password is not UTF-8"))?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(Some(password.to_owned())),
        // A script whose secret is missing must not get a person whose password is in its log.
        _ => Err(HubError::Rejected("a password is expected on standard input; on a terminal one is made")),
    }
}

#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}
