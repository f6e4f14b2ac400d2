//! Use cases of the upload: push, hole, fetch.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use suanpan_journal::SegmentId;
use suanpan_sync::limits::WINDOW_BYTES;
use suanpan_sync::{Ack, CheckedPush, Dictionary, Hole, Push, PushReply, Verdict, encode_entries};

use crate::app::App;
use crate::clock::now_ms;
use crate::refusal::Refusal;
use crate::store::{Ingest, Ingested, Station};

/// Pushes of at most this many bytes are checked where they are read: some 50 µs, less than a change of threads costs.
const CHECKED_AT_ONCE: usize = 2 * 1024;

/// Seconds after which a station that opened more than a till can is asked to come back.
const OVER_QUOTA_S: u64 = 60;

/// Takes a push: checked, decided, durable, and only then acked.
///
/// *Errors:* `Wire`, `Store`, `TooManyBranches`, `OverQuota`.
pub(crate) async fn push(app: &App, station: &Station, body: &[u8]) -> Result<PushReply, Refusal> {
    let push = Push::decode(body)?;
    let dictionary = match push.container.dictionary() {
        Some((id, _)) => Some(app.dictionaries.get(&app.store, id).await?),
        None => None,
    };
    app.metrics.pushes_by_dictionary.fetch_add(u64::from(dictionary.is_some()), Ordering::Relaxed);
    // An ack that this hub's key did not sign proves nothing and is dropped.
    let shown = push.shown.clone().filter(|ack| ack.verify(&app.key.public(), station.station).is_ok());
    let (checked, body) = check(station, push, dictionary, body.len()).await?;
    let what = (checked.segment, checked.to_seq(), checked.head_hash());
    let count = checked.hashes.len() as u64;
    // Each push is charged, whatever becomes of it: a till sends none for nothing.
    app.limits
        .entries
        .take_many(station.station, count)
        .map_err(|seconds| over_quota(app, station, seconds))?;
    let kilobytes = (body.len() as u64).div_ceil(1024);
    app.limits
        .kilobytes
        .take_many(station.station, kilobytes)
        .map_err(|seconds| over_quota(app, station, seconds))?;
    let ingest = Ingest { station: station.station, push: checked, body, shown, now_ms: now_ms() };
    let ingested = app.store.ingest(ingest).await?;
    if ingested.is_over_quota {
        return Err(over_quota(app, station, OVER_QUOTA_S));
    }
    count_push(app, &ingested, count);
    match ingested.verdict {
        Verdict::Append { .. } | Verdict::Fill { .. } | Verdict::Branch { .. } | Verdict::Same => {
            let at = (ingested.epoch, ingested.arrival);
            let ack = Ack::sign(&app.key, station.station, at, what, WINDOW_BYTES, 0);
            let Ingested { lost_tail, re_enrol, lacking, .. } = ingested;
            Ok(PushReply::Ack { ack, lost_tail, re_enrol, lacking })
        }
        Verdict::Have { head, cut_at } => Ok(PushReply::Have { head, cut_at }),
        Verdict::Gap(have) => Ok(PushReply::Gap { have }),
        Verdict::TooManyBranches => Err(Refusal::TooManyBranches),
    }
}

/// A station sends more than a till can: it is told to come later, and IT is told.
fn over_quota(app: &App, station: &Station, seconds: u64) -> Refusal {
    let (site, till) = (station.site.as_str(), station.till);
    if let Some(left_out) = app.told.due("HUB-PSH-002", station.station) {
        tracing::warn!(code = "HUB-PSH-002", station = %station.station, site, till, left_out, "a station sends more than a till can");
    }
    Refusal::OverQuota(seconds)
}

/// Unpacks and chains the records, many of them away from the threads that serve sockets. Gives the body to keep, which
/// takes no dictionary.
async fn check(
    station: &Station,
    push: Push,
    dictionary: Option<Arc<Dictionary>>,
    bytes: usize,
) -> Result<(CheckedPush, Vec<u8>), Refusal> {
    let (id, key) = (station.station, station.public_key);
    let work = move || {
        let push = match dictionary {
            Some(dictionary) => push.packed_without(&dictionary)?,
            None => push,
        };
        let checked = push.check(id, &key)?;
        let kept = Push { shown: None, ..push }.encode();
        Ok::<_, Refusal>((checked, kept))
    };
    if bytes <= CHECKED_AT_ONCE {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Internal)?
}

fn count_push(app: &App, ingested: &Ingested, entries: u64) {
    let metrics = &app.metrics;
    let counter = match ingested.verdict {
        Verdict::Append { .. } | Verdict::Fill { .. } | Verdict::Branch { .. } => {
            metrics.entries.fetch_add(entries, Ordering::Relaxed);
            &metrics.pushes_stored
        }
        Verdict::Same => &metrics.pushes_same,
        Verdict::Have { .. } | Verdict::Gap(_) => &metrics.pushes_recut,
        Verdict::TooManyBranches => &metrics.pushes_refused,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Records a hole.
///
/// *Errors:* `Wire`, `Store`, `OverQuota`.
pub(crate) async fn hole(app: &App, station: &Station, hole: Hole) -> Result<PushReply, Refusal> {
    hole.check(station.station, &station.public_key)?;
    let to_seq = hole.to_seq;
    match app.store.declare_hole(station.station, hole, now_ms()).await? {
        true => Ok(PushReply::HoleRecorded { to_seq }),
        false => Err(over_quota(app, station, OVER_QUOTA_S)),
    }
}

/// Gives a station its own entries back, from a seq on. An empty answer says that there are no more, and that
/// the station has them all.
///
/// *Errors:* `Store`.
pub(crate) async fn entries(
    app: &App,
    station: &Station,
    segment: SegmentId,
    from_seq: u64,
) -> Result<Vec<u8>, Refusal> {
    let bodies = app.store.entries(station.station, segment, from_seq).await?;
    if bodies.is_empty() {
        app.store.tail_fetched(station.station, segment, from_seq.saturating_sub(1)).await?;
    }
    Ok(encode_entries(bodies.iter().map(Vec::as_slice)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Standing, Store};
    use suanpan_journal::{CertificateId, Chain, Enrolment, Parent, SigningKey, StationId, push_record};
    use suanpan_sync::Start;

    /// A station and a push of its first entries.
    fn push_of(seed: u8, entries: u32, bytes: usize) -> (Station, Vec<u8>) {
        let (key, id, segment) =
            (SigningKey::from_seed(&[seed; 32]), StationId([seed; 16]), SegmentId([9; 16]));
        let mut chain = Chain::open(id, segment, &Parent::ROOT);
        let mut records = Vec::new();
        for number in 0..entries {
            // What does not pack.
            let mut dice = u64::from(number).wrapping_add(1);
            let noise = std::iter::repeat_with(|| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                dice.to_be_bytes()[0]
            });
            let payload: Vec<u8> = noise.take(bytes).collect();
            let header = chain.append(0, 20_230_616, 999, &payload).unwrap();
            push_record(&mut records, &header, &payload);
        }
        let push = Push::seal(&key, id, segment, Start::Opening(Parent::ROOT), &records).unwrap();
        let site = "HT01".parse().unwrap();
        (
            Station {
                station: id,
                site,
                zone: None,
                till: 1,
                public_key: key.public(),
                standing: Standing::Active,
            },
            push.encode(),
        )
    }

    #[tokio::test]
    async fn a_station_has_its_quota_of_entries_and_of_kibibytes_and_takes_none_of_anothers() {
        let folder = tempfile::tempdir().unwrap();
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let store = Store::open(folder.path(), 0).unwrap();
        let app = App::new(store, SigningKey::from_seed(&[1; 32]), false, stopped);
        let enrol = async |of: &Station| {
            let (station, site, public_key) = (of.station, of.site.clone(), of.public_key);
            let id = CertificateId(station.0);
            let enrolment = Enrolment { id, station, site, till: 1, public_key, issued_at_ms: 0 };
            assert!(app.store.introduce(enrolment, 0).await.unwrap());
        };
        // So many that a slow machine does not earn them back meanwhile.
        for (seed, entries, bytes) in [(2, 500, 10), (3, 4, 220_000)] {
            let (station, body) = push_of(seed, entries, bytes);
            enrol(&station).await;
            let kilobytes = (body.len() as u64).div_ceil(1024);
            // All of one allowance but for this push.
            match bytes {
                10 => app.limits.entries.take_many(station.station, 1_000_000 - u64::from(entries)),
                _ => app.limits.kilobytes.take_many(station.station, 1_000_000 - kilobytes),
            }
            .unwrap();
            let taken = push(&app, &station, &body).await.unwrap();
            assert!(matches!(taken, PushReply::Ack { .. }), "{taken:?}");
            let refused = push(&app, &station, &body).await.unwrap_err();
            assert!(matches!(refused, Refusal::OverQuota(1..)), "{refused:?}");
            assert_eq!(refused.code(), "HUB-PSH-002");
            let (other, body) = push_of(seed + 10, entries, bytes);
            enrol(&other).await;
            assert!(matches!(push(&app, &other, &body).await.unwrap(), PushReply::Ack { .. }));
        }
    }
}
