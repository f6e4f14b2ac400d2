//! Fetches back what this station wrote, lost, and the hub has. Every byte comes with the station's own signature.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use suanpan_journal::{Parent, SegmentId};
use suanpan_sync::limits::FETCH_MAX;
use suanpan_sync::{LostTail, Start, decode_entries};

use super::client::Call;
use super::driver::Link;
use super::stores::{DOES_NOT_FIT, StoresError};

/// A fetch and its answer: 4 MiB on a line of 1 Mbit/s.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);

/// Fetches of one segment: at 4 MiB each, more than a segment of a year.
const FETCHES_MAX: u32 = 1_000;

/// Fetches the tail of a segment that this disk no longer has, and confirms that it is here again. Says whether it is.
pub(super) async fn lost_tail(
    link: &Link,
    tail: &LostTail,
    parent: Option<Parent>,
) -> Result<bool, StoresError> {
    tracing::warn!(segment = %tail.segment, tail.from = tail.from_seq, tail.to = tail.to_seq, "sync.lost_tail");
    fetch(link, tail.segment, tail.from_seq, parent).await
}

/// Asks for everything that a salvage could not read. Says whether all was asked for.
pub(super) async fn missing(link: &Link, parents: &HashMap<SegmentId, Parent>) -> Result<bool, StoresError> {
    for lost in link.ask(|stores| stores.missing()).await? {
        let segment = lost.segment;
        if !fetch(link, segment, lost.from, parents.get(&segment).copied()).await? {
            return Ok(false);
        }
        if lost.to.is_none() {
            link.ask(move |stores| stores.close_open_end(segment)).await?;
        }
    }
    Ok(true)
}

/// Fetches a segment from a seq to its end. Says whether the hub answered to the end and all of it was taken: the last
/// question tells the hub that it is here.
async fn fetch(
    link: &Link,
    segment: SegmentId,
    mut from: u64,
    mut parent: Option<Parent>,
) -> Result<bool, StoresError> {
    for _ in 0..FETCHES_MAX {
        let path = format!("/api/v1/entries?segment={segment}&from={from}");
        let call = Call {
            method: &Method::GET,
            path: &path,
            body: &[],
            response_max: FETCH_MAX,
            timeout: FETCH_TIMEOUT,
        };
        let answer = match link.client.call(&call).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::info!(error.what = %error, "sync.fetch");
                return Ok(false);
            }
        };
        let Ok(entries) = decode_entries(&answer) else {
            tracing::error!(error.code = "SYN-DRV-004", "sync.fetch: not entries");
            return Ok(false);
        };
        let before = from;
        for push in entries.pushes {
            let Ok(checked) = push.check(link.station, &link.key.public()) else {
                tracing::error!(error.code = "SYN-DRV-004", "sync.fetch: not ours");
                return Ok(false);
            };
            if checked.segment != segment {
                return Ok(false);
            }
            if let Start::Opening(opening) = push.start {
                parent = Some(opening);
            }
            let (hangs_on, to_seq) = (parent.unwrap_or(Parent::ROOT), checked.to_seq());
            match link.ask(move |stores| stores.restore(segment, &hangs_on, &checked.records)).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(false),
                // They stay at the hub, which must not offer them for ever; uploads go on.
                Err(error) if error.code == DOES_NOT_FIT => {
                    tracing::warn!(error.code = error.code, error.what = error.what, "sync.fetch");
                }
                Err(error) => return Err(error),
            }
            from = from.max(to_seq.saturating_add(1));
        }
        if from == before {
            return Ok(true);
        }
    }
    Ok(true)
}
