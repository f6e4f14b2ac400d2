use crate::store::StoreError;

/// Says why the hub could not start, stop or be set up.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key's file.
    #[error("signing key {path}: {why}")]
    Key {
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random numbers")]
    Random,
    /// Plain HTTP is for this machine only.
    #[error("{listen} is reachable from the network: give a TLS certificate and key, or listen on 127.0.0.1")]
    PlainOnNetwork {
        /// The address.
        listen: String,
    },
    /// The TLS files.
    #[error("TLS: {0}")]
    Tls(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}: {why}")]
    Listen {
        /// The address.
        listen: String,
        /// What the system says.
        why: String,
    },
    /// A folder of HQ's pages that has none.
    #[error("there is no hq.html in {0}: name the folder of HQ's built pages, such as ui/dist")]
    Pages(String),
    /// Files to import: what is wrong with them, and where, for their author.
    #[error("{0}")]
    Import(String),
    /// There is no such site.
    #[error("there is no site {0}: import its settings first")]
    UnknownSite(String),
    /// No site is in the zone.
    #[error("no site is in the zone {zone}: there is {known} (stores.json puts a site into one)")]
    UnknownZone {
        /// Which.
        zone: String,
        /// Those that there are, in words.
        known: String,
    },
    /// A till's number has an active station.
    #[error("{0}")]
    NumberTaken(String),
    /// A name, role or password that the hub does not take.
    #[error("{0}")]
    Rejected(&'static str),
}

impl HubError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            HubError::Store(error) => error.code(),
            HubError::Key { .. } => "HUB-RUN-001",
            HubError::Random => "HUB-RUN-002",
            HubError::PlainOnNetwork { .. } => "HUB-RUN-003",
            HubError::Tls(_) => "HUB-RUN-004",
            HubError::Listen { .. } => "HUB-RUN-005",
            HubError::Pages(_) => "HUB-RUN-009",
            HubError::Import(_) => "HUB-ADM-001",
            HubError::UnknownSite(_) => "HUB-ADM-002",
            HubError::Rejected(_) => "HUB-ADM-003",
            HubError::UnknownZone { .. } => "HUB-ADM-008",
            HubError::NumberTaken(_) => "HUB-ADM-011",
        }
    }
}
