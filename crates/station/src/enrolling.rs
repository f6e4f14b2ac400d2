//! Becoming a station of a site: the hub is asked without the mutex, then the folder is opened as that station's.

use std::sync::{Mutex, MutexGuard, PoisonError};

use suanpan_contract::Code;
use suanpan_journal::SigningKey;
use suanpan_ledger::Lock;

use crate::cause;
use crate::identity::Identity;
use crate::newcomer::Newcomer;
use crate::role::Role;
use crate::say::Say;
use crate::start::{self, Phase, StationConfig};
use crate::sync::{EnrolError, enrol};
use crate::trial::Trial;

/// Enrols with a one-time code and becomes that station; true when it did. Waits for the hub.
pub(crate) fn become_station<R: Role>(
    phase: &Mutex<Phase<R>>,
    config: &StationConfig,
    hub_url: &str,
    code: &str,
) -> bool {
    if !matches!(*locked(phase), Phase::New(_)) {
        return false;
    }
    let hub_url = hub_url.trim();
    let done = Trial::begin(&config.data_dir)
        .map_err(|error| failed(&error))
        .and_then(|trial| ask(hub_url, code.trim(), trial, config.clock.now_ms()))
        .and_then(|identity| match identity.save(&config.data_dir) {
            Ok(()) => Ok(identity),
            Err(error) => Err(failed(&error)),
        });
    let mut phase = locked(phase);
    let identity = match done {
        Ok(identity) => identity,
        Err(say) => {
            tracing::warn!(error.code = say.code.text(), error.args = ?say.args, "station.enrol");
            if let Phase::New(newcomer) = &mut *phase {
                newcomer.tell(&say);
            }
            return false;
        }
    };
    Trial::end(&config.data_dir);
    let Phase::New(newcomer) = std::mem::replace(&mut *phase, Phase::Closed) else { return false };
    let Newcomer { lock, now_ms, revision, sequence, .. } = *newcomer;
    let opened = start::core::<R>(config, lock, &identity).map(|mut core| {
        // The screen goes on from the picture it shows.
        core.revision = revision.saturating_add(1);
        core.sequence = core.sequence.saturating_add(sequence);
        core
    });
    let became = opened.is_ok();
    *phase = match opened {
        Ok(core) => Phase::Ready(Box::new(core)),
        Err(error) => match Lock::acquire(&config.data_dir) {
            Ok(lock) => {
                let mut newcomer = Newcomer::new(lock, now_ms);
                newcomer.tell(&Say::new(error.code()));
                Phase::New(Box::new(newcomer))
            }
            Err(_) => Phase::Closed,
        },
    };
    became
}

fn ask(hub_url: &str, code: &str, trial: Trial, now_ms: i64) -> Result<Identity, Say> {
    let key = SigningKey::from_seed(&trial.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let reply = runtime.block_on(enrol(hub_url, code, trial.station, &key));
    let reply = reply.map_err(|error| match error {
        EnrolError::Call(error) => cause::of(&error, hub_url, now_ms),
        EnrolError::Certificate => failed(&error),
    })?;
    Ok(Identity::new(trial.seed, reply.certificate, reply.hub_key, hub_url.to_owned()))
}

fn failed(error: &dyn std::fmt::Display) -> Say {
    Say::new(Code::EnrolFailed).with("reason", error)
}

/// A turn that panicked decided on a copy: what is behind the mutex is whole.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
