//! The composition root: opens the folder and puts a station together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use suanpan_contract::{Code, NetworkView, PrinterView};
use suanpan_journal::SegmentId;
use suanpan_ledger::{Catalogue, CutHead, Damage, Ledger, Lock, OpenError, PrintJob, PrintState, QueryError};
use suanpan_sync::FeedHead;

use crate::book::Book;
use crate::clock::{Clock, SystemClock};
use crate::core::Core;
use crate::desk::Desk;
use crate::files::name_of;
use crate::identity::{Identity, IdentityError};
use crate::newcomer::Newcomer;
use crate::role::Role;
use crate::say::Say;
use crate::scale::Pan;
use crate::settings::{Loaded as MachineLoaded, MachineSettings, change};
use crate::shop::{Network, Shop};

/// Steps in which a start reads the journal again, a million entries: the next start goes on from there.
const SCRUBS_MAX: u32 = 500;

/// How a station is started.
#[derive(Clone)]
pub struct StationConfig {
    /// The station's folder; made when absent.
    pub data_dir: PathBuf,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How the ledger is opened.
    pub ledger: suanpan_ledger::Options,
    /// Starts the printer and the scale of the machine's settings.
    pub with_devices: bool,
    /// Talks to the hub.
    pub with_sync: bool,
}

impl StationConfig {
    /// A station with everything, on the machine's clock.
    pub fn new(data_dir: impl Into<PathBuf>) -> StationConfig {
        StationConfig {
            data_dir: data_dir.into(),
            clock: Arc::new(SystemClock),
            ledger: suanpan_ledger::Options::default(),
            with_devices: true,
            with_sync: true,
        }
    }
}

/// Why a station did not start. Its files are as they were.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder's ledger or catalogue cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger opened and cannot be read.
    #[error(transparent)]
    Read(#[from] QueryError),
    /// The station's identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The system has no thread to give.
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

impl StartError {
    /// The code of the screen that tells it.
    pub fn code(&self) -> Code {
        match self {
            StartError::Open(OpenError::AlreadyRunning { .. }) => Code::AlreadyRunning,
            StartError::Open(OpenError::NewerVersion { .. }) => Code::LedgerTooNew,
            StartError::Open(error) if error.is_disk_full() => Code::DiskFull,
            StartError::Open(OpenError::Io { .. }) | StartError::Identity(IdentityError::Io { .. }) => {
                Code::FolderUnusable
            }
            StartError::Identity(IdentityError::Damaged { .. }) => Code::IdentityDamaged,
            StartError::Open(_) | StartError::Read(_) | StartError::Thread(_) => Code::LedgerFailed,
        }
    }

    /// The values of its sentences.
    pub fn args(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("what".to_owned(), self.to_string())])
    }
}

/// A station before and after it is enrolled.
pub(crate) enum Phase<R: Role> {
    New(Box<Newcomer>),
    Ready(Box<Core<R>>),
    /// The station was stopped: its folder is free.
    Closed,
}

/// Opens the folder.
pub(crate) fn open<R: Role>(config: &StationConfig) -> Result<Phase<R>, StartError> {
    let lock = Lock::acquire(&config.data_dir)?;
    lock.keep_private();
    match Identity::open(&config.data_dir)? {
        Some(identity) => Ok(Phase::Ready(Box::new(core(config, lock, &identity)?))),
        None => Ok(Phase::New(Box::new(Newcomer::new(lock, config.clock.now_ms())))),
    }
}

/// Opens everything that an enrolled station needs.
pub(crate) fn core<R: Role>(
    config: &StationConfig,
    lock: Lock,
    identity: &Identity,
) -> Result<Core<R>, StartError> {
    let opened = Ledger::open(&lock, identity.station(), config.ledger, Box::new(mint_segment))?;
    let catalogue = Catalogue::open_own(&lock, &|heads| is_own(identity, heads))?;
    let MachineLoaded { settings, fault } = MachineSettings::load(&config.data_dir);
    let shop = shop(opened.ledger, catalogue.catalogue, identity, config, settings)?;
    let mut core = Core {
        shop,
        desk: Desk::default(),
        clock: Arc::clone(&config.clock),
        hub_url: identity.hub_url.clone(),
        queue: None,
        sequence: 0,
        revision: 0,
        scale_shown: None,
        next_cut: None,
        work_unsaved: false,
        effects: vec![],
        scrubs_left: SCRUBS_MAX,
        spared_at_ms: None,
        lock,
    };
    restore(&mut core)?;
    if let Some(fault) = fault {
        core.tell(&change::fault(&fault));
    }
    match catalogue.damage {
        Some(Damage::Anothers) => {
            core.tell(&Say::new(Code::CatalogueAnothers).with("what", name_of(catalogue.kept.as_deref())));
        }
        Some(_) => core.tell_code(Code::CatalogueDamaged),
        None => {}
    }
    if let Some(replacement) = opened.report.replaced {
        core.note_replacement(&replacement);
    }
    Ok(core)
}

/// Whether a catalogue is of this station's site, and from its hub. What is not signed at all is not proven another's.
fn is_own(identity: &Identity, heads: &[CutHead]) -> bool {
    heads.iter().all(|head| {
        let site = head.scope.strip_prefix("site:");
        let is_here = site.is_none_or(|site| site == identity.certificate.enrolment.site.as_str());
        let signed = serde_json::from_slice::<FeedHead>(&head.signed);
        is_here && signed.map_or(true, |signed| signed.verify(&identity.hub_key).is_ok())
    })
}

fn mint_segment() -> SegmentId {
    let mut id = [0; 16];
    // A segment's id must be new in the world: without randomness nothing may be written.
    getrandom::fill(&mut id).expect("the system gives random bytes");
    SegmentId(id)
}

fn shop<R: Role>(
    ledger: Ledger,
    catalogue: Catalogue,
    identity: &Identity,
    config: &StationConfig,
    machine: MachineSettings,
) -> Result<Shop<R>, StartError> {
    let enrolment = &identity.certificate.enrolment;
    let last_at_ms = ledger.last_at_ms()?.unwrap_or(enrolment.issued_at_ms);
    let prices_at_ms = catalogue.applied_at_ms()?;
    let latest_ms = last_at_ms.max(enrolment.issued_at_ms).max(prices_at_ms.unwrap_or(0));
    let prices_change_at_ms = catalogue.next_change_ms(latest_ms.max(config.clock.now_ms()))?;
    let at_ms = latest_ms.max(config.clock.now_ms());
    let book = Book::read(&catalogue, at_ms)?;
    let mut shop = Shop {
        ledger,
        catalogue,
        book,
        prices_at_ms,
        prices_change_at_ms,
        scale: Pan::default(),
        index: None,
        paper: change::paper(&machine.devices),
        folder: config.data_dir.clone(),
        settings: machine,
        site: enrolment.site.as_str().to_owned(),
        till: enrolment.till,
        enrolled_at_ms: enrolment.issued_at_ms,
        has_printer: false,
        printer: PrinterView::None,
        jobs: vec![],
        last_at_ms,
        latest_ms,
        network: Network {
            view: NetworkView::Offline { since: String::new(), held: 0, why: None },
            unsent: 0,
        },
        own: R::Shop::default(),
    };
    R::reread(&mut shop, None)?;
    R::read_catalogue(&mut shop, at_ms)?;
    Ok(shop)
}

/// Brings back what was in hand, and looks at what was on its way to the printer.
fn restore<R: Role>(core: &mut Core<R>) -> Result<(), StartError> {
    let uncertain: Vec<PrintJob> =
        core.shop.jobs.iter().filter(|job| job.state == PrintState::Queued).copied().collect();
    for job in &uncertain {
        // It may have printed before the power went. It is never repeated unasked.
        let job = PrintJob { state: PrintState::Unknown, ..*job };
        if let Err(error) = core.shop.ledger.set_print_job(job) {
            tracing::warn!(error.code = error.code(), "station.print_state_not_saved");
        }
    }
    R::reread(&mut core.shop, None)?;
    let last = R::last_print(&core.shop).map(|(document, _)| document);
    if uncertain.iter().any(|job| Some(job.document) == last) {
        core.tell_code(Code::PrintUncertain);
    }
    match core.shop.ledger.open_basket()? {
        Some(bytes) => R::restore(core, &bytes),
        None => R::resume(core),
    }
    Ok(())
}
