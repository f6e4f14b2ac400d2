//! What a chain's sales have in common: made of what its tills sent, published to them, and taken into account when they
//! send by it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use suanpan_domain::catalogue::{DICTIONARY_KEY, PushDictionary, Table};
use suanpan_journal::{Records, push_record};
use suanpan_sync::{Dictionary, DictionaryId, FeedChange, Push, Scope, WireError};

use crate::error::HubError;
use crate::refusal::Refusal;
use crate::store::{NewRow, Store, StoreError};

/// Records of which a dictionary is made: the newest, as many as take seconds.
const RECORDS_MAX: u32 = 20_000;

/// Records from which a dictionary can be told to be worth its while.
const RECORDS_MIN: usize = 500;

/// One record in so many is not learned from: it shows what the dictionary is worth.
const KEPT_BACK: usize = 10;

/// What a dictionary saves.
#[derive(Debug, Clone, Copy)]
pub struct Trained {
    /// Records it was made of.
    pub records: usize,
    /// Bytes of an average record that travels alone, packed without it.
    pub bytes_without: usize,
    /// The same with it.
    pub bytes_with: usize,
}

/// Makes a dictionary of the newest records and publishes it to every station.
///
/// *Errors:* `Rejected` when there are too few, or when it would save nothing; `Store`.
pub(crate) async fn train(store: &Store, by: &str) -> Result<Trained, HubError> {
    let bodies = store.newest_bodies(RECORDS_MAX).await?;
    let made = tokio::task::spawn_blocking(move || make(&bodies)).await;
    let (dictionary, trained) = made.unwrap_or(Err(HubError::Rejected("the training was broken off")))?;
    let body = PushDictionary { zstd: dictionary.to_hex() };
    let body = serde_json::to_string(&body).unwrap_or_default();
    let row = NewRow {
        scope: Scope::Chain,
        table: Table::Dictionary.name().to_owned(),
        key: DICTIONARY_KEY.to_owned(),
        effective_at_ms: 0,
        change: FeedChange::Put { body },
    };
    store.publish_with(Vec::new(), [row].into(), by.to_owned()).await?;
    Ok(trained)
}

fn make(bodies: &[Vec<u8>]) -> Result<(Dictionary, Trained), HubError> {
    let (mut learned, mut kept_back) = (Vec::new(), Vec::new());
    for (nth, record) in bodies.iter().flat_map(|body| records(body)).enumerate() {
        if nth.checked_rem(KEPT_BACK) == Some(0) { kept_back.push(record) } else { learned.push(record) }
    }
    let too_few = HubError::Rejected("too few sales to learn from: try again when tills have sold for a day");
    if learned.len() < RECORDS_MIN {
        return Err(too_few);
    }
    let dictionary = Dictionary::train(&learned).ok_or(too_few)?;
    let mean = |packed: usize| packed.checked_div(kept_back.len()).unwrap_or(0);
    let packed = |record: &Vec<u8>| dictionary.packed_len(record);
    let (without, with) = kept_back.iter().map(packed).fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let trained = Trained { records: learned.len(), bytes_without: mean(without), bytes_with: mean(with) };
    if trained.bytes_with >= trained.bytes_without {
        return Err(HubError::Rejected("a dictionary would save nothing here"));
    }
    Ok((dictionary, trained))
}

/// The records of a stored push, each by itself.
fn records(body: &[u8]) -> Vec<Vec<u8>> {
    let Ok(push) = Push::decode(body) else { return Vec::new() };
    let Ok(run) = push.container.unpack() else { return Vec::new() };
    let alone = |record: suanpan_journal::Record<'_>| {
        let mut bytes = Vec::new();
        push_record(&mut bytes, &record.header, record.payload);
        bytes
    };
    Records::new(&run).flatten().map(alone).collect()
}

/// The dictionaries that were published here, by name. Few: one is made by a person.
#[derive(Debug, Default)]
pub(crate) struct Dictionaries {
    known: Mutex<HashMap<DictionaryId, Arc<Dictionary>>>,
}

impl Dictionaries {
    /// The dictionary of a name.
    ///
    /// *Errors:* `Wire` if it was not published here, `Store`.
    pub(crate) async fn get(&self, store: &Store, id: DictionaryId) -> Result<Arc<Dictionary>, Refusal> {
        if let Some(known) = self.known(id) {
            return Ok(known);
        }
        self.read(store).await?;
        Ok(self.known(id).ok_or(WireError::Dictionary)?)
    }

    fn known(&self, id: DictionaryId) -> Option<Arc<Dictionary>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Learns of what was published, by another hub of this database too.
    async fn read(&self, store: &Store) -> Result<(), StoreError> {
        let bodies = store.row_history(Scope::Chain, Table::Dictionary.name(), DICTIONARY_KEY).await?;
        let read = tokio::task::spawn_blocking(move || -> Vec<Dictionary> {
            let published =
                bodies.iter().filter_map(|body| serde_json::from_str::<PushDictionary>(body).ok());
            published.filter_map(|it| Dictionary::from_hex(&it.zstd).ok()).collect()
        });
        let read = read.await.unwrap_or_default();
        let read = read.into_iter().map(|it| (it.id(), Arc::new(it))).collect();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}
