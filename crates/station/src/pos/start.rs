//! The composition root: opens the folder and puts a till together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use suanpan_contract::{Code, NetworkView, PrinterView};
use suanpan_journal::SegmentId;
use suanpan_ledger::{
    Catalogue, CutHead, Damage, Ledger, Lock, OpenBasket, OpenError, PrintJob, PrintState, QueryError,
};

use suanpan_sync::FeedHead;

use super::book::Book;
use super::core::Core;
use super::desk::Desk;
use super::foreign::Told;
use super::newcomer::Newcomer;
use super::picture::Keys;
use super::say::Say;
use super::scale::Counter;
use super::settings;
use super::shop::{Network, Shop};
use super::till::StationConfig;
use crate::identity::{Identity, IdentityError};
use crate::settings::{Loaded as MachineLoaded, MachineSettings};

/// Why a till did not start. Its files are as they were.
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

/// A till before and after it is enrolled.
pub(crate) enum Phase {
    New(Box<Newcomer>),
    Ready(Box<Core>),
    /// The till was stopped: its folder is free.
    Closed,
}

/// Opens the folder.
pub(crate) fn open(config: &StationConfig) -> Result<Phase, StartError> {
    let lock = Lock::acquire(&config.data_dir)?;
    lock.keep_private();
    match Identity::load(&config.data_dir)? {
        Some(identity) => Ok(Phase::Ready(Box::new(core(config, lock, &identity)?))),
        None => Ok(Phase::New(Box::new(Newcomer::new(lock, config.clock.now_ms())))),
    }
}

/// Opens everything that an enrolled till needs.
pub(crate) fn core(config: &StationConfig, lock: Lock, identity: &Identity) -> Result<Core, StartError> {
    let opened = Ledger::open(&lock, identity.station(), config.ledger, Box::new(mint_segment))?;
    let catalogue = Catalogue::open_own(&lock, &|heads| is_own(identity, heads))?;
    let MachineLoaded { settings, fault } = MachineSettings::load(&config.data_dir);
    let shop = shop(opened.ledger, catalogue.catalogue, identity, config, settings)?;
    let keys = Keys::read(&shop, config.clock.now_ms());
    let mut core = Core {
        shop,
        desk: Desk::default(),
        clock: Arc::clone(&config.clock),
        hub_url: identity.hub_url.clone(),
        queue: None,
        sequence: 0,
        revision: 0,
        drop_asked: None,
        keys,
        scale_shown: None,
        next_cut: None,
        question: None,
        basket_unsaved: false,
        committed: false,
        devices_changed: false,
        rebuilds_index: false,
        tidies: false,
        scrubs_left: super::background::SCRUBS_MAX,
        spared_at_ms: None,
        lock,
    };
    restore(&mut core)?;
    if let Some(fault) = fault {
        core.tell(&settings::fault(&fault));
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

/// A file's name, for a sentence.
pub(crate) fn name_of(file: Option<&Path>) -> String {
    file.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

fn mint_segment() -> SegmentId {
    let mut id = [0; 16];
    // A segment's id must be new in the world: without randomness nothing may be written.
    getrandom::fill(&mut id).expect("the system gives random bytes");
    SegmentId(id)
}

fn shop(
    ledger: Ledger,
    catalogue: Catalogue,
    identity: &Identity,
    config: &StationConfig,
    machine: MachineSettings,
) -> Result<Shop, StartError> {
    let enrolment = &identity.certificate.enrolment;
    let last_at_ms = ledger.last_at_ms()?.unwrap_or(enrolment.issued_at_ms);
    let prices_at_ms = catalogue.applied_at_ms()?;
    let latest_ms = last_at_ms.max(enrolment.issued_at_ms).max(prices_at_ms.unwrap_or(0));
    let prices_change_at_ms = catalogue.next_change_ms(latest_ms.max(config.clock.now_ms()))?;
    let book = Book::read(&catalogue, latest_ms.max(config.clock.now_ms()))?;
    let mut shop = Shop {
        ledger,
        catalogue,
        book,
        bags: vec![],
        prices_at_ms,
        prices_change_at_ms,
        scale: Counter::default(),
        index: None,
        paper: settings::paper(&machine.devices),
        folder: config.data_dir.clone(),
        settings: machine,
        site: enrolment.site.as_str().to_owned(),
        till: enrolment.till,
        enrolled_at_ms: enrolment.issued_at_ms,
        has_printer: false,
        printer: PrinterView::None,
        shift: None,
        parked: vec![],
        jobs: vec![],
        last: None,
        newest: None,
        last_at_ms,
        latest_ms,
        network: Network {
            view: NetworkView::Offline { since: String::new(), held: 0, why: None },
            unsent: 0,
        },
        told: Told::default(),
    };
    shop.reread()?;
    Ok(shop)
}

/// Brings the open basket back, and looks at what was on its way to the printer.
fn restore(core: &mut Core) -> Result<(), StartError> {
    let uncertain: Vec<PrintJob> =
        core.shop.jobs.iter().filter(|job| job.state == PrintState::Queued).copied().collect();
    for job in &uncertain {
        // It may have printed before the power went. It is never repeated unasked.
        let job = PrintJob { state: PrintState::Unknown, ..*job };
        if let Err(error) = core.shop.ledger.set_print_job(job) {
            tracing::warn!(error.code = error.code(), "till.print_state_not_saved");
        }
    }
    core.shop.reread()?;
    let last = core.shop.last.as_ref().map(|last| last.document.clone());
    if uncertain.iter().any(|job| Some(job.document.to_string()) == last) {
        core.tell_code(Code::PrintUncertain);
    }
    let Some(bytes) = core.shop.ledger.open_basket()? else { return Ok(()) };
    match serde_json::from_slice::<suanpan_domain::sale::Basket>(&bytes) {
        Ok(basket) if !basket.is_empty() => {
            core.tell(&Say::new(Code::BasketRestored).with("lines", basket.lines.len()));
            core.desk.selected = basket.lines.last().map(|line| line.id);
            core.desk.priced_at_ms = Some(core.shop.pricing_time(basket.opened_at_ms));
            core.desk.basket = Some(basket);
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(error.what = %error, "till.basket_unreadable");
            if let Err(error) = core.shop.ledger.save_basket(OpenBasket::Clear) {
                tracing::warn!(error.code = error.code(), "till.basket_not_cleared");
            }
        }
    }
    Ok(())
}
