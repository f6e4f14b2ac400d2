//! A till that is not enrolled yet: it can be asked for its picture, its language, and to enrol.

use std::collections::BTreeMap;

use suanpan_contract::{
    BasketView, Code, Command, DiskView, Found, Language, MessageView, NetworkView, PayView, PrinterView,
    Reply, Screen, StatusView, TillView,
};
use suanpan_ledger::Lock;

use super::say::Say;
use crate::settings::{Loaded, MachineSettings};

/// See the module.
pub(crate) struct Newcomer {
    /// Handed on to the till it becomes.
    pub(crate) lock: Lock,
    pub(crate) now_ms: i64,
    settings: MachineSettings,
    message: Option<MessageView>,
    pub(crate) sequence: u64,
    pub(crate) revision: u64,
}

impl Newcomer {
    pub(crate) fn new(lock: Lock, now_ms: i64) -> Newcomer {
        let Loaded { settings, fault } = MachineSettings::load(lock.dir());
        let mut newcomer = Newcomer { lock, now_ms, settings, message: None, sequence: 0, revision: 0 };
        if let Some(fault) = fault {
            newcomer.tell(&super::settings::fault(&fault));
        }
        newcomer
    }

    pub(crate) fn dispatch(&mut self, command: &Command) -> Reply {
        self.revision += 1;
        let mut found = None;
        match command {
            Command::View => {}
            Command::Clear => self.message = None,
            Command::Quit => found = Some(Found::MayQuit),
            Command::SetLanguage { language } => {
                self.settings.language = *language;
                if let Err(error) = self.settings.save(self.lock.dir()) {
                    tracing::warn!(error.what = %error, "till.settings_not_saved");
                }
            }
            _ => self.tell(&Say::new(Code::NotEnrolled)),
        }
        Reply { view: self.view(), found }
    }

    pub(crate) fn tell(&mut self, say: &Say) {
        self.sequence += 1;
        let (sequence, level, code) = (self.sequence, say.code.level(), say.code);
        self.message =
            Some(MessageView { sequence, level, code, args: BTreeMap::clone(&say.args), refused: 0 });
    }

    pub(crate) fn view(&self) -> TillView {
        let message = self.message.clone();
        TillView { revision: self.revision, language: self.settings.language, message, ..blank(self.now_ms) }
    }
}

/// The picture of no till.
pub(crate) fn blank(now_ms: i64) -> TillView {
    TillView {
        revision: 0,
        language: Language::default(),
        screen: Screen::Enrol,
        status: StatusView {
            store: String::new(),
            till: 0,
            cashier: None,
            is_supervisor: false,
            shift_no: None,
            shift_cashier: None,
            business_date: None,
            prices_as_of: None,
            now_ms,
            utc_offset_min: 480,
            printer: PrinterView::None,
            network: NetworkView::Offline { since: String::new(), held: 0, why: None },
            to_come: None,
            disk: DiskView::Enough,
        },
        basket: BasketView::default(),
        last_item: None,
        pay: PayView::default(),
        closed: None,
        refund: None,
        message: None,
        prompt: None,
        parked: vec![],
        quick_tabs: vec![],
        bags: vec![],
        tenders: vec![],
        last_document: None,
        scale: None,
    }
}
