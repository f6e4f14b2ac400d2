use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use suanpan_journal::{SigningKey, SiteCode, VerifyingKey};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::User;
use crate::admin::COMMAND;
use crate::app::App;
use crate::clock::now_ms;
use crate::config::{Config, Tls};
use crate::dictionary::Trained;
use crate::door::{Caller, Door, Entrance, STALLED};
use crate::error::HubError;
use crate::store::{BackedUp, KeyRights, Store, StoreError, back_up, copy_to_postgres, distribute};
use crate::{admin, dictionary, files, http, identity, project, supply};

/// A client sends its headers within this, or the connection is closed.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest header of a request, and what is read or written of a body at once, in bytes.
const BUFFER_MAX: usize = 64 * 1024;

/// Connections that wait to be accepted; the system may allow fewer.
const CONNECTIONS_WAITING_MAX: u32 = 4_096;

/// Requests in progress get this long to finish when the hub stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A hub: its folder and key, opened. Administration works on it whether or not it serves.
#[derive(Debug)]
pub struct Hub {
    store: Arc<Store>,
    key: SigningKey,
    config: Config,
}

impl Hub {
    /// Opens a hub's database, or makes it, with the signing key. A new key is made only while no station knows one: a hub
    /// with another key is another hub to every station.
    ///
    /// *Errors:* `Key`, `Random`, `Store`.
    pub fn open(config: Config) -> Result<Hub, HubError> {
        Hub::open_with(config, false)
    }

    /// The same, and makes a new key if there is none, whoever knew the former one: those stations enrol again.
    ///
    /// *Errors:* `Key`, `Random`, `Store`.
    pub fn init(config: Config) -> Result<Hub, HubError> {
        Hub::open_with(config, true)
    }

    fn open_with(config: Config, may_make: bool) -> Result<Hub, HubError> {
        let store = match &config.database {
            Some(url) => Store::connect(url, config.reports.as_deref(), now_ms())?,
            None => Store::open(&config.data_dir, now_ms())?,
        };
        // On a thread of its own: this one may belong to a runtime, inside which no other may run.
        let key = std::thread::scope(|scope| {
            let key = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                let runtime = runtime.map_err(|_| HubError::Store(StoreError::Stopped))?;
                runtime.block_on(signing_key(&store, &config.key_file, may_make))
            });
            key.join().unwrap_or(Err(HubError::Store(StoreError::Panicked)))
        })?;
        Ok(Hub { store, key, config })
    }

    /// Copies the database of a stopped hub's folder into an empty one on PostgreSQL. Gives the number of batches.
    ///
    /// *Errors:* `Store`; then nothing was copied.
    pub fn migrate_store(folder: &Path, database: &str) -> Result<u64, HubError> {
        Ok(copy_to_postgres(folder, database, now_ms())?)
    }

    /// Spreads the tables of a PostgreSQL database over the servers of its Citus cluster. Gives how many have a part of them.
    ///
    /// *Errors:* `Store`; then nothing was moved.
    pub fn distribute(database: &str) -> Result<u64, HubError> {
        Ok(distribute(database, now_ms())?)
    }

    /// Copies the database of a folder, whose hub may be serving, into a new file, or into a folder under the time's name.
    ///
    /// *Errors:* `Rejected` for a PostgreSQL database; `Store`, and then nothing is there under the name.
    pub fn back_up(config: &Config, to: &Path) -> Result<BackedUp, HubError> {
        if config.database.is_some() {
            return Err(HubError::Rejected("PostgreSQL backs itself up: use pg_basebackup or pg_dump"));
        }
        Ok(back_up(&config.data_dir, to, now_ms())?)
    }

    /// Opens and serves.
    ///
    /// *Errors:* those of [`Hub::open`] and [`Hub::serve`].
    pub async fn start(config: Config) -> Result<RunningHub, HubError> {
        Hub::open(config)?.serve().await
    }

    /// The key by which stations know this hub.
    #[must_use]
    pub fn public_key(&self) -> VerifyingKey {
        self.key.public()
    }

    /// Makes a one-time code for a till.
    ///
    /// *Errors:* `UnknownSite`, `Rejected`, `Random`, `Store`.
    pub async fn enrol_code(&self, site: &SiteCode, till: u16) -> Result<String, HubError> {
        admin::enrol_code(&self.store, (site, till), false, COMMAND).await
    }

    /// Makes one for the machine that replaces a till's.
    ///
    /// *Errors:* `UnknownSite`, `Rejected`, `NumberTaken`, `Random`, `Store`.
    pub async fn replacement_code(&self, site: &SiteCode, till: u16) -> Result<String, HubError> {
        admin::enrol_code(&self.store, (site, till), true, COMMAND).await
    }

    /// Makes an API key for reports and shows it once.
    ///
    /// *Errors:* `Rejected`, `Random`, `Store`.
    pub async fn api_key(&self, name: &str) -> Result<String, HubError> {
        admin::api_key(&self.store, name, KeyRights::reports(), COMMAND).await
    }

    /// Makes an API key for reports and journals, as `suanpan prove` needs it, and shows it once.
    ///
    /// *Errors:* `Rejected`, `Random`, `Store`.
    pub async fn journal_key(&self, name: &str) -> Result<String, HubError> {
        admin::api_key(&self.store, name, KeyRights::journals(), COMMAND).await
    }

    /// Adds or changes a person; gives the password if it was made here.
    ///
    /// *Errors:* `Rejected`, `UnknownSite`, `UnknownZone`, `Random`, `Store`.
    pub async fn put_user(&self, user: User, password: Option<String>) -> Result<Option<String>, HubError> {
        admin::put_user(&self.store, user, password, COMMAND).await
    }

    /// Publishes a catalogue from a file or folder.
    ///
    /// *Errors:* `Import`, `Random`, `Store`.
    pub async fn import(&self, path: &Path) -> Result<admin::Imported, HubError> {
        admin::import(&self.store, path, admin::Manner::default(), COMMAND).await
    }

    /// Makes a dictionary of the newest sales, by which tills pack what they send, and publishes it.
    ///
    /// *Errors:* `Rejected`, `Store`.
    pub async fn train_dictionary(&self) -> Result<Trained, HubError> {
        dictionary::train(&self.store, COMMAND).await
    }

    /// Has the figures added up anew from the stored entries while a hub serves. Reports say how much they lack meanwhile.
    ///
    /// *Errors:* `Store`.
    pub async fn rebuild(&self) -> Result<(), HubError> {
        Ok(self.store.rebuild(COMMAND.to_owned()).await?)
    }

    /// Adds up what waits, unless another hub does.
    pub(crate) async fn add_up(&self) -> Result<(), HubError> {
        while project::project_pending(&self.store).await? > 0 {}
        Ok(self.store.resign().await?)
    }

    /// The store, for what has no use case of its own.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Listens and serves until it is stopped.
    ///
    /// *Errors:* `PlainOnNetwork`, `Tls`, `Listen`, `Pages`.
    pub async fn serve(self) -> Result<RunningHub, HubError> {
        let listen = self.config.listen;
        if let Some(dir) = self.config.ui_dir.as_ref().filter(|dir| !dir.join(http::HQ_PAGE).is_file()) {
            return Err(HubError::Pages(dir.display().to_string()));
        }
        if self.config.tls.is_none() && !listen.ip().is_loopback() {
            return Err(HubError::PlainOnNetwork { listen: listen.to_string() });
        }
        let tls = match &self.config.tls {
            Some(files) => Some(tls_config(files).await?),
            None => None,
        };
        let error =
            |why: std::io::Error| HubError::Listen { listen: listen.to_string(), why: why.to_string() };
        let room = files::allow(self.store.gauges().await.map_or(0, |gauges| gauges.stations));
        let listener = bind(listen).map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        let entrance = Entrance { listener, door: Door::new(room, STALLED, self.config.proxies.clone()) };
        let (stop, stopped) = watch::channel(false);
        let app = App::new(self.store.clone(), self.key.clone(), tls.is_some(), stopped.clone());
        tokio::spawn(supply::follow(self.store.clone(), stopped.clone()));
        if self.config.database.is_none()
            && let Err(error) =
                admin::local::listen(&self.config.data_dir, self.store.clone(), stopped.clone())
        {
            tracing::warn!(code = "HUB-ADM-007", %error, "no orders are taken while this hub serves: stop it for them");
        }
        let projector = tokio::spawn(project::run(self.store.clone(), stopped));
        let handle = Handle::new();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let router = http::router(app, self.config.ui_dir.as_deref());
        let server = listen_on(entrance, tls, router, handle.clone());
        let url = format!("{scheme}://{address}");
        tracing::info!(hub.url = url, hub.key = %self.key.public(), "the hub serves");
        Ok(RunningHub { url, hub: self, stop, handle, server, projector })
    }
}

/// The key by which the database's stations know their hub.
async fn signing_key(store: &Store, path: &Path, may_make: bool) -> Result<SigningKey, HubError> {
    let signer = store.signer().await?;
    let known = signer.key().map_or("another key".to_owned(), |key| format!("the key {key}"));
    let error = |why| HubError::Key { path: path.display().to_string(), why };
    let key = match identity::load(path)? {
        Some(key) if signer.is_other(key.public()) => {
            let put_back = "put that one back, the copy in the safe";
            return Err(error(format!(
                "it is the key {}, and this hub's stations know {known}: {put_back}",
                key.public()
            )));
        }
        Some(key) => key,
        None if signer.is_known() && !may_make => {
            return Err(error(format!(
                "it is missing; this hub's stations know {known}: put it back, the copy in the safe. If there is none, \
                 `init` makes a new key, and every till must enrol again"
            )));
        }
        None => identity::make(path)?,
    };
    if signer.key() != Some(key.public()) {
        store.put_signer(key.public()).await?;
    }
    Ok(key)
}

/// Listens with room for a chain that comes back at once: who finds none asks again a second later.
fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(CONNECTIONS_WAITING_MAX)
}

fn listen_on(
    entrance: Entrance,
    tls: Option<RustlsConfig>,
    router: axum::Router,
    handle: Handle<Caller>,
) -> JoinHandle<std::io::Result<()>> {
    let service = router.into_make_service_with_connect_info::<Caller>();
    let mut server = Server::<Caller>::from_listener(entrance).handle(handle);
    let mut builder = server.http_builder().http1();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(BUFFER_MAX);
    match tls {
        Some(tls) => tokio::spawn(server.acceptor(RustlsAcceptor::new(tls)).http1_only().serve(service)),
        None => tokio::spawn(server.http1_only().serve(service)),
    }
}

async fn tls_config(files: &Tls) -> Result<RustlsConfig, HubError> {
    // Another part of the process may have installed it: then it is the same ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    RustlsConfig::from_pem_chain_file(&files.cert, &files.key).await.map_err(|source| {
        HubError::Tls(format!("{} or {}: {source}", files.cert.display(), files.key.display()))
    })
}

/// A hub that serves.
#[derive(Debug)]
pub struct RunningHub {
    url: String,
    hub: Hub,
    stop: watch::Sender<bool>,
    handle: Handle<Caller>,
    server: JoinHandle<std::io::Result<()>>,
    projector: JoinHandle<()>,
}

impl RunningHub {
    /// Where it serves, such as `http://127.0.0.1:8787`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where people at HQ sign in, if it serves their pages.
    #[must_use]
    pub fn hq_url(&self) -> Option<String> {
        self.hub.config.ui_dir.as_ref().map(|_| format!("{}/{}", self.url, http::HQ_PAGE))
    }

    /// Its administration.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Stops: no new connections, what is in progress finishes, and whatever is not durable by then is not acked.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.handle.graceful_shutdown(Some(STOP_TIMEOUT));
        drop(self.server.await);
        drop(self.projector.await);
        let store = self.hub.store.clone();
        drop(tokio::task::spawn_blocking(move || store.stop()).await);
    }
}
