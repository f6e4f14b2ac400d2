use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use suanpan_sync::{Backoff, Download, Line, NoAnswer, Step, StoresError, Upload};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::cause::CallError;
use super::client::HubClient;
use super::link::{Link, random};
use super::memory::Remembered;
use super::reach::Away;

/// The stores are looked at this often although nothing was heard of a commit.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Pause after the station's own store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// What the network line says. Counts are receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkState {
    /// The hub has everything.
    Online {
        /// The first receipt of the business date; 0 while there is none.
        received_from: u32,
        /// The last.
        received_to: u32,
        /// Entries that neither side has.
        missing: u64,
    },
    /// What was held is on its way.
    CatchingUp {
        /// Receipts left.
        left: u64,
    },
    /// The hub cannot be reached.
    Offline {
        /// When it was heard last, by the station's clock; `None` if it was not since the start.
        since_ms: Option<i64>,
        /// Receipts held here.
        held: u64,
        /// What came of asking it.
        why: Option<CallError>,
    },
    /// The hub refused something.
    Refused {
        /// Receipt number, or 0 when it is not a receipt.
        number: u32,
    },
}

/// Uploads for ever. A store that fails costs a pause.
pub(super) async fn upload(link: &Arc<Link>, committed: &Notify, tell: &dyn Fn(NetworkState)) {
    loop {
        let Err(error) = upload_until_it_fails(link, committed, tell).await;
        rest_after(&error).await;
    }
}

async fn upload_until_it_fails(
    link: &Arc<Link>,
    committed: &Notify,
    tell: &dyn Fn(NetworkState),
) -> Result<Infallible, StoresError> {
    let me = link.me.clone();
    let ((), mut upload) = link.turn((), |(), here| Upload::start(me, here)).await?;
    let mut away = link.client.reach().away();
    let (mut cuts, mut failing) = (0, None);
    loop {
        let step;
        let applied = link.cuts.load(Ordering::Relaxed);
        let is_new = std::mem::replace(&mut cuts, applied) != applied;
        let has_address = link.client.has_address();
        (upload, step) = link
            .turn(upload, move |upload, here| {
                is_new.then(|| upload.cut_applied());
                // Nothing is packed that can go nowhere.
                if has_address { upload.next(here) } else { Ok(Step::Idle) }
            })
            .await?;
        let wait = match step {
            Step::Call(call) => {
                let answer = link.call(&call).await;
                let why = answer.as_ref().err().cloned();
                let answer = answer.map_err(|error| NoAnswer::from(&error));
                (upload, ()) = link.turn(upload, |upload, here| upload.hear(here, answer)).await?;
                failing = failing.filter(|_| upload.is_failing()).or_else(|| {
                    let why = why.or(Some(CallError::Garbage("not a reply to a push")));
                    upload.is_failing().then(|| Away { since_ms: link.client.reach().last_ms(), why })
                });
                None
            }
            Step::Wait { ms } => Some(Duration::from_millis(ms).min(LOOK_EVERY)),
            Step::Idle => Some(LOOK_EVERY),
        };
        let line;
        (upload, line) = link.turn(upload, |upload, here| upload.line(here.stores)).await?;
        link.held.store(line.receipts.unsent, Ordering::Relaxed);
        let state = state(&line, failing.clone().or_else(|| away.borrow().clone()));
        link.has_sent_all.send_replace(matches!(state, NetworkState::Online { .. }));
        tell(state);
        if let Some(wait) = wait {
            // A commit ends an idle wait, and during a pause it only changes what the line counts.
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = committed.notified() => {}
                _ = away.changed() => {}
            }
        }
    }
}

fn state(Line { refused, receipts }: &Line, away: Option<Away>) -> NetworkState {
    match (*refused, away) {
        (Some(number), _) => NetworkState::Refused { number },
        (None, Some(Away { since_ms, why })) => {
            NetworkState::Offline { since_ms, held: receipts.unsent, why }
        }
        (None, None) if receipts.unsent > 0 => NetworkState::CatchingUp { left: receipts.unsent },
        (None, None) => NetworkState::Online {
            received_from: receipts.last_number.min(1),
            received_to: receipts.last_number,
            missing: receipts.missing,
        },
    }
}

/// Downloads for ever.
pub(super) async fn download(link: &Arc<Link>) {
    loop {
        let Err(error) = download_until_it_fails(link).await;
        rest_after(&error).await;
    }
}

async fn download_until_it_fails(link: &Arc<Link>) -> Result<Infallible, StoresError> {
    let mut download = Download::new(link.me.clone());
    loop {
        let step;
        (download, step) = link.turn(download, |download, here| download.next(here)).await?;
        match step {
            Step::Call(call) => {
                let (answer, written) =
                    tokio::join!(link.call(&call), link.turn(download, |it, _| it.write()));
                (download, ()) = written?;
                let answer = answer.map_err(|error| NoAnswer::from(&error));
                (download, ()) = link.turn(download, |download, here| download.hear(here, answer)).await?;
            }
            Step::Wait { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
            Step::Idle => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Tells the hub of receipts that it has not heard to be let go, for ever. A refund of one is there before.
pub(super) async fn let_go(link: &Link) {
    let mut has_sent_all = link.has_sent_all.subscribe();
    loop {
        if has_sent_all.wait_for(|all| *all).await.is_err() {
            return;
        }
        for number in link.memory.let_go() {
            let_one_go(&link.client, &link.memory, &number).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tells the hub of one, if that is still so.
pub(super) async fn let_one_go(client: &HubClient, memory: &Remembered, number: &str) {
    // It may have been asked for again.
    if !memory.let_go().iter().any(|due| due == number) {
        return;
    }
    match client.release_refund(number).await {
        // A hub of 0.1.0 refuses, and lets it go in time.
        Ok(()) | Err(CallError::Refused { .. }) => memory.note_let_go(number, false),
        Err(error) => tracing::info!(error.what = %error, "sync.let_go"),
    }
}

async fn rest_after(error: &StoresError) {
    tracing::error!(error.code = error.code, error.what = error.what, "sync.store");
    tokio::time::sleep(STORE_PAUSE).await;
}

/// Asks a quiet hub whether it is there, for ever.
pub(super) async fn watch(link: &Link, tell: &dyn Fn(NetworkState)) {
    let reach = link.client.reach();
    let mut backoff = Backoff::new(link.me.site_hash);
    loop {
        reach.is_due().await;
        if reach.away().borrow().is_none() {
            backoff.reset();
        }
        let asked = Instant::now();
        match link.client.ping().await {
            Ok(()) => {}
            // Another call was answered meanwhile.
            Err(_) if reach.last() > asked => {}
            Err(why) => {
                tracing::info!(error.what = %why, "sync.away");
                reach.is_away(why.clone());
                tell(NetworkState::Offline {
                    since_ms: reach.last_ms(),
                    held: link.held.load(Ordering::Relaxed),
                    why: Some(why),
                });
                tokio::time::sleep(Duration::from_millis(backoff.pause_ms(random()))).await;
            }
        }
    }
}
