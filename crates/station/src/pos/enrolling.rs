//! Becoming a till of a site: the hub is asked without the mutex, then the folder is opened as that till's.

use suanpan_contract::Code;
use suanpan_journal::SigningKey;
use suanpan_ledger::Lock;

use super::newcomer::Newcomer;
use super::say::Say;
use super::start::{self, Phase};
use super::till::{Inner, StationConfig};
use super::trial::Trial;
use crate::identity::Identity;
use crate::sync::enrol;

/// Enrols with a one-time code and becomes that till; true when it did. Waits for the hub.
pub(crate) fn become_till(inner: &Inner, config: &StationConfig, hub_url: &str, code: &str) -> bool {
    if !matches!(*inner.lock(), Phase::New(_)) {
        return false;
    }
    let done = Trial::begin(&config.data_dir)
        .map_err(|error| error.to_string())
        .and_then(|trial| ask(hub_url, code, trial));
    let mut phase = inner.lock();
    let identity = match done {
        Ok(identity) => identity,
        Err(reason) => {
            tell(&mut phase, reason);
            return false;
        }
    };
    if let Err(error) = identity.save(&config.data_dir) {
        tell(&mut phase, error.to_string());
        return false;
    }
    Trial::end(&config.data_dir);
    let Phase::New(newcomer) = std::mem::replace(&mut *phase, Phase::Closed) else { return false };
    let Newcomer { lock, now_ms, revision, sequence, .. } = *newcomer;
    let opened = start::core(config, lock, &identity).map(|mut core| {
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

fn ask(hub_url: &str, code: &str, trial: Trial) -> Result<Identity, String> {
    let key = SigningKey::from_seed(&trial.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let reply =
        runtime.block_on(enrol(hub_url, code, trial.station, &key)).map_err(|error| error.to_string())?;
    Ok(Identity::new(trial.seed, reply.certificate, reply.hub_key, hub_url.to_owned()))
}

fn tell(phase: &mut Phase, reason: String) {
    tracing::warn!(error.what = reason, "till.enrol");
    if let Phase::New(newcomer) = phase {
        newcomer.tell(&Say::new(Code::EnrolFailed).with("reason", reason));
    }
}
