//! Enrolled stations, remembered for a moment: every request names one, and few of them ever change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use suanpan_journal::StationId;

use crate::store::{Station, Store, StoreError};

/// What changes in the database, such as the zone of a site, holds after this at the latest.
const REMEMBERED: Duration = Duration::from_secs(5);

/// See the module. Bounded by the stations that are enrolled.
#[derive(Debug, Default)]
pub(crate) struct StationCache {
    known: Mutex<HashMap<StationId, (Instant, Station)>>,
}

impl StationCache {
    /// The station of an id; `None` if it is not enrolled, which is never remembered.
    ///
    /// *Errors:* the store's.
    pub(crate) async fn find(&self, store: &Store, id: StationId) -> Result<Option<Station>, StoreError> {
        let now = Instant::now();
        let fresh = |(since, station): &(Instant, Station)| {
            (now.duration_since(*since) < REMEMBERED).then(|| station.clone())
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id).and_then(fresh);
        if known.is_some() {
            return Ok(known);
        }
        let found = store.station(id).await?;
        if let Some(station) = &found {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(id, (now, station.clone()));
        }
        Ok(found)
    }
}
