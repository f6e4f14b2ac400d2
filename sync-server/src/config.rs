use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// What a hub is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of `hub.db` and `hub.lock`.
    pub data_dir: PathBuf,
    /// A PostgreSQL database instead of that file, as `postgres://user@host/name`. Several hubs may share it; they
    /// share the signing key too.
    pub database: Option<String>,
    /// A replica of it from which reports read, so that they hold up no till. They are as old as the replica is behind;
    /// while it does not answer they read the database itself.
    pub reports: Option<String>,
    /// The signing key's file; made while no station knows the hub. Escrow it: with it and a backup, or with it alone and
    /// the stations, a burnt hub comes back.
    pub key_file: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// TLS certificate chain and key, PEM. Without them the hub listens on loopback only.
    pub tls: Option<Tls>,
    /// Addresses of the proxies in front of this hub: who comes through one is known by the last address in its
    /// `X-Forwarded-For`. Without them everybody behind a proxy shares its address.
    pub proxies: Vec<IpAddr>,
    /// Folder of HQ's pages.
    pub ui_dir: Option<PathBuf>,
}

/// PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Config {
    /// A hub of this folder on a free loopback port, as tests and `--hub embedded` want it.
    #[must_use]
    pub fn embedded(data_dir: impl Into<PathBuf>) -> Config {
        let data_dir = data_dir.into();
        Config {
            key_file: data_dir.join("hub.key"),
            data_dir,
            database: None,
            reports: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            proxies: Vec::new(),
            ui_dir: None,
        }
    }
}
