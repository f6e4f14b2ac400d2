use std::sync::{Arc, Mutex, PoisonError};

use suanpan_journal::{Hash, SegmentId};
use suanpan_ledger::{Cursor, KeptFeed, QueryError, Refusal, SyncState};
use suanpan_sync::{Ack, Kept, Memory, Scope, SegmentStatus, StoresError};

use super::trust::KnownKey;

/// Under this name the newest ack is remembered.
const ACK: &str = "ack";

/// Under this name what was told of as lost.
const TOLD: &str = "lost_told";

/// Under this name the receipts that the hub has not heard to be let go.
const LET_GO: &str = "let_go";

/// Under this name hosts and the TLS keys that they showed are remembered.
const TLS_KEYS: &str = "tls_keys";

/// So many of them, the newest: hubs behind one name may each have their own, and a next one.
const TLS_KEYS_MAX: usize = 8;

/// So many of them, the newest: the hub keeps no more for one station, and none for long.
const LET_GO_MAX: usize = 50;

/// What the station remembers of the hub, in its file.
#[derive(Clone, Debug)]
pub(super) struct Remembered(Arc<Mutex<SyncState>>);

impl Remembered {
    pub(super) fn new(state: SyncState) -> Remembered {
        Remembered(Arc::new(Mutex::new(state)))
    }

    pub(super) fn cursors(&self) -> Result<Vec<Cursor>, QueryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cursors()
    }

    /// Receipts that the hub is to hear of: this station lets them go.
    pub(super) fn let_go(&self) -> Vec<String> {
        let kept = self.with(|state| state.value(LET_GO)).ok().flatten();
        kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Notes one of them, or that there is nothing to hear of it any more. What cannot be noted the hub lets go in time.
    pub(super) fn note_let_go(&self, number: &str, is_due: bool) {
        let mut numbers = self.let_go();
        let before = numbers.len();
        numbers.retain(|it| it != number);
        if is_due {
            numbers.push(number.to_owned());
            numbers.drain(..numbers.len().saturating_sub(LET_GO_MAX));
        }
        if is_due || numbers.len() != before {
            let bytes = serde_json::to_vec(&numbers).unwrap_or_default();
            if let Err(error) = self.with(|state| state.set_value(LET_GO, &bytes)) {
                tracing::warn!(error.code = error.code, error.what = error.what, "sync.let_go");
            }
        }
    }

    fn tls_keys(&self) -> Vec<(String, Hash)> {
        let kept = self.with(|state| state.value(TLS_KEYS)).ok().flatten();
        kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut SyncState) -> Result<T, QueryError>) -> Result<T, StoresError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut state).map_err(|error| StoresError { code: error.code(), what: error.to_string() })
    }
}

impl KnownKey for Remembered {
    fn is_known(&self, host: &str, key: Hash) -> bool {
        self.tls_keys().iter().any(|(named, known)| named == host && *known == key)
    }

    fn note(&self, host: &str, key: Hash) {
        if self.is_known(host, key) {
            return;
        }
        let mut keys = self.tls_keys();
        keys.push((host.to_owned(), key));
        keys.drain(..keys.len().saturating_sub(TLS_KEYS_MAX));
        let bytes = serde_json::to_vec(&keys).unwrap_or_default();
        if let Err(error) = self.with(|state| state.set_value(TLS_KEYS, &bytes)) {
            tracing::warn!(error.code = error.code, error.what = error.what, "sync.tls_key");
        }
    }
}

impl Memory for Remembered {
    fn cursors(&self) -> Result<Vec<SegmentStatus>, StoresError> {
        let status = |Cursor { segment, acked_seq, epoch, .. }| SegmentStatus {
            segment,
            head_seq: 0,
            acked_seq,
            epoch,
        };
        self.with(|state| Ok(state.cursors()?.into_iter().map(status).collect()))
    }

    fn ack(&self) -> Result<Option<Ack>, StoresError> {
        let ack = self.with(|state| state.value(ACK))?;
        Ok(ack.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn save_cursor(&self, status: &SegmentStatus, ack: Option<&Ack>) -> Result<(), StoresError> {
        let SegmentStatus { segment, acked_seq, epoch, .. } = *status;
        let ack = ack.and_then(|ack| serde_json::to_vec(ack).ok());
        self.with(|state| {
            state.save_cursor(&Cursor { segment, acked_seq, epoch, ack: None })?;
            state.accepted(segment)?;
            ack.map_or(Ok(()), |ack| state.set_value(ACK, &ack))
        })
    }

    fn refuse(&self, segment: SegmentId, from_seq: u64, code: &str, at_ms: i64) -> Result<(), StoresError> {
        let refusal = Refusal { segment, from_seq, code: code.to_owned(), at_ms };
        self.with(|state| state.refuse(&refusal))
    }

    fn keep(&self, entries: &[Kept], forget_before_ms: i64) -> Result<(), StoresError> {
        let row = |it: &Kept| {
            let Kept { scope, version, at_ms, entry } = it.clone();
            KeptFeed { scope: scope.to_string(), version, at_ms, entry }
        };
        let rows: Vec<KeptFeed> = entries.iter().map(row).collect();
        self.with(|state| state.keep_feed(&rows, forget_before_ms))
    }

    fn kept(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Vec<u8>>, StoresError> {
        let kept = self.with(|state| state.kept_feed(&scope.to_string(), after, limit))?;
        Ok(kept.into_iter().map(|kept| kept.entry).collect())
    }

    fn told(&self) -> Result<Option<Vec<u8>>, StoresError> {
        self.with(|state| state.value(TOLD))
    }

    fn set_told(&self, told: &[u8]) -> Result<(), StoresError> {
        self.with(|state| state.set_value(TOLD, told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_receipts_that_were_let_go_the_newest_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let lock = suanpan_ledger::Lock::acquire(folder.path()).unwrap();
        let memory = Remembered::new(SyncState::open(&lock).unwrap());
        for number in 0..60 {
            memory.note_let_go(&number.to_string(), true);
        }
        let newest: Vec<String> = (10..60).map(|number: u32| number.to_string()).collect();
        assert_eq!(memory.let_go(), newest);
        memory.note_let_go("59", false);
        assert_eq!(memory.let_go().len(), 49);
    }
}
