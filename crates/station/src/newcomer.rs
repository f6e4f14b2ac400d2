//! A machine that is not enrolled yet: it can be asked for its picture, its language, and to enrol.

use suanpan_contract::{Code, MessageView};
use suanpan_ledger::Lock;

use crate::role::{Basic, Role, Unenrolled};
use crate::say::Say;
use crate::settings::{Loaded, MachineSettings, change};

/// See the module.
pub(crate) struct Newcomer {
    /// Handed on to the station it becomes.
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
            newcomer.tell(&change::fault(&fault));
        }
        newcomer
    }

    /// Carries a command out; true when the app may close.
    pub(crate) fn dispatch(&mut self, command: &Basic<'_>) -> bool {
        self.revision += 1;
        match command {
            Basic::View => {}
            Basic::Clear => self.message = None,
            Basic::Quit => return true,
            Basic::SetLanguage(language) => {
                self.settings.language = *language;
                if let Err(error) = self.settings.save(self.lock.dir()) {
                    tracing::warn!(error.what = %error, "station.settings_not_saved");
                }
            }
            Basic::Enrol { .. } | Basic::Other => self.tell(&Say::new(Code::NotEnrolled)),
        }
        false
    }

    pub(crate) fn tell(&mut self, say: &Say) {
        self.sequence += 1;
        let (sequence, level, code, args) = (self.sequence, say.code.level(), say.code, say.args.clone());
        self.message = Some(MessageView { sequence, level, code, args, refused: 0 });
    }

    pub(crate) fn view<R: Role>(&self) -> R::View {
        R::unenrolled(Unenrolled {
            revision: self.revision,
            now_ms: self.now_ms,
            language: self.settings.language,
            message: self.message.clone(),
        })
    }
}
