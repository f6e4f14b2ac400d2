//! kill -9, of the replay and of the hub. Every moment is chosen by what is seen, none by the clock.

use std::process::{Child, Stdio};
use std::time::Duration;

use suanpan_cli::replay::{Args, Session};
use suanpan_station::replay::ReplayTill;
use suanpan_station::sync::NetworkState;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::data::Week;
use crate::hub::{Counts, HubProcess, LocalHub};
use crate::runs::{check_exact, command, run_exact, verify};

/// Nothing that is waited for takes longer, on the slowest machine.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often something that cannot be waited on is looked at.
const LOOK: Duration = Duration::from_millis(2);

#[test]
fn a_replay_killed_again_and_again_ends_exact() {
    let (week, hub) = (Week::any(), LocalHub::start());
    let folder = tempfile::tempdir().unwrap();
    let code = hub.code(1);
    for kill in 1..=6 {
        let mut replay = command(&week, folder.path(), hub.url());
        replay.args(["--rate", "500/s", "--enrol-code", &code]).stdout(Stdio::null());
        kill_at(&hub, &mut replay.spawn().unwrap(), kill * 90);
    }
    run_exact(&week, &mut command(&week, folder.path(), hub.url()));
    let counts = hub.runtime.block_on(hub.counts());
    assert_eq!(counts, Counts { entries: verify(&week, folder.path()), parked: 0 });
}

/// Kills the replay once the hub has so many entries.
fn kill_at(hub: &LocalHub, replay: &mut Child, entries: u64) {
    hub.runtime.block_on(until(async || hub.counts().await.entries >= entries));
    replay.kill().unwrap();
    let ended = replay.wait().unwrap();
    assert!(!ended.success(), "killed, not finished");
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let seen = timeout(WAIT_MAX, async {
        let mut look = interval(LOOK);
        while !is_so().await {
            look.tick().await;
        }
    });
    seen.await.expect("seen in time");
}

/// Tries to kill the hub; not every one lands before the ack.
const KILLS: usize = 36;
/// Kills that must land while the till has entries that the hub has not acked.
const LANDED_MIN: usize = 20;
/// The hub comes back with this document after the one it was killed on.
const DOWN: u64 = 4;

#[test]
fn a_hub_killed_on_unacked_entries_again_and_again_ends_exact() {
    let week = Week::any();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut hub, code) = HubProcess::new(&runtime);
    hub.start();
    let folder = tempfile::tempdir().unwrap();
    let session = Session::open(&Args {
        items: week.items.clone(),
        sales: week.sales.clone(),
        data_dir: folder.path().to_owned(),
        hub: hub.url(),
        enrol_code: Some(code),
        rate: Some(200),
        json: true,
    });
    let session = session.unwrap_or_else(|why| panic!("{why}"));
    let every = session.documents() as u64 / (KILLS as u64 + 1);
    let network = session.till().network().unwrap();
    let mut killer = Killer { hub, runtime, network, kills: 0, landed: 0 };
    session
        .sell(|till, nth| match nth % every {
            0 => killer.wait_for_answers(),
            1 => killer.kill(till),
            DOWN => killer.hub_is_up(),
            _ => {}
        })
        .unwrap();
    killer.hub_is_up();
    let outcome = session.finish().unwrap();
    println!("{} of {} kills landed on unacked entries", killer.landed, killer.kills);
    assert!(killer.landed >= LANDED_MIN, "only {} of {} kills landed", killer.landed, killer.kills);
    assert!(outcome.agrees(), "{outcome:?}");
    check_exact(&week, &serde_json::to_value(&outcome).unwrap());
    let Killer { hub, runtime, .. } = killer;
    assert_eq!(hub.counts(&runtime), Counts { entries: verify(&week, folder.path()), parked: 0 });
}

struct Killer {
    hub: HubProcess,
    runtime: Runtime,
    network: watch::Receiver<NetworkState>,
    kills: usize,
    landed: usize,
}

impl Killer {
    fn hub_is_up(&mut self) {
        if !self.hub.is_up() {
            self.hub.start();
        }
    }

    /// The driver has heard of this hub since it was started.
    fn wait_for_answers(&mut self) {
        let network = self.network.clone();
        self.look(|| !is_offline(&network));
    }

    /// Kills the hub right after a document was committed, by turns at once and while the hub writes it down. The kill
    /// landed if the hub has signed for less than was written before it, once the driver has noticed: then no answer is
    /// on its way any more.
    fn kill(&mut self, till: &ReplayTill) {
        if self.kills % 2 == 1 {
            let before = self.hub.written_at();
            self.look(|| self.hub.written_at() != before || !is_unacked(till));
        }
        self.hub.kill();
        self.kills += 1;
        let mut landed = false;
        let network = self.network.clone();
        self.look(|| {
            let is_noticed = is_offline(&network);
            landed = is_unacked(till);
            is_noticed || !landed
        });
        self.landed += usize::from(landed);
    }

    fn look(&self, mut is_so: impl FnMut() -> bool) {
        self.runtime.block_on(until(async || is_so()));
    }
}

fn is_offline(network: &watch::Receiver<NetworkState>) -> bool {
    matches!(*network.borrow(), NetworkState::Offline { .. })
}

fn is_unacked(till: &ReplayTill) -> bool {
    let upload = till.upload().unwrap();
    upload.acked < upload.written
}
