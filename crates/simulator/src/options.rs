use serde_json::{Value, json};

use crate::dice::Dice;

/// Stations of one run: more cost time and show nothing that a few do not.
const STATIONS_MAX: u32 = 500;

/// Days of one run.
const DAYS_MAX: u32 = 365;

/// What can go wrong beside the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    KillTill,
    PowerCut,
    LoseSyncFile,
    CopyLedger,
    RestoreLedger,
    CloneDisk,
    DamageLedger,
    OlderRelease,
    NewerRelease,
    OlderHub,
    TillClock,
    TillDiskFull,
    LineDown,
    KillHub,
    BackUpHub,
    RestoreHub,
    LoseHub,
    HubClock,
    HubDiskFull,
    HubBusy,
}

impl Fault {
    /// Every kind, with its name and its weight among the others.
    pub(crate) const ALL: [(Fault, &'static str, u64); 20] = [
        (Fault::KillTill, "till killed", 6),
        (Fault::PowerCut, "till without power", 4),
        (Fault::LoseSyncFile, "sync file lost", 1),
        (Fault::CopyLedger, "ledger copied", 3),
        (Fault::RestoreLedger, "ledger restored from a copy", 2),
        (Fault::CloneDisk, "disk cloned", 1),
        (Fault::DamageLedger, "ledger damaged", 3),
        (Fault::OlderRelease, "older release on a till", 1),
        (Fault::NewerRelease, "newer release on a till", 1),
        (Fault::OlderHub, "older release at the hub", 2),
        (Fault::TillClock, "till's clock jumped", 2),
        (Fault::TillDiskFull, "till's disk full", 2),
        (Fault::LineDown, "line down", 4),
        (Fault::KillHub, "hub killed", 3),
        (Fault::BackUpHub, "hub backed up", 5),
        (Fault::RestoreHub, "hub restored from a backup", 4),
        (Fault::LoseHub, "hub lost", 1),
        (Fault::HubClock, "hub's clock jumped", 2),
        (Fault::HubDiskFull, "hub's disk full", 2),
        (Fault::HubBusy, "hub busy", 2),
    ];
}

/// What one run does. Everything else follows from the seed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// Stations, clones not counted.
    pub stations: u32,
    /// Days of trade.
    pub days: u32,
    /// Messages lost, in each direction, of a thousand.
    pub(crate) lost: u64,
    /// Requests that arrive twice, of a thousand.
    pub(crate) doubled: u64,
    /// Messages that come minutes late, of a thousand.
    pub(crate) late: u64,
    /// Commits of the hub during which it is killed, of a thousand.
    pub(crate) killed_in_commit: u64,
    /// Faults a day.
    pub(crate) faults_per_day: u64,
    /// The weight of each kind; each run leaves some out, so that others are not hidden behind them.
    pub(crate) weights: Vec<(Fault, &'static str, u64)>,
}

impl Options {
    /// Expands a seed; sizes that are given are kept.
    #[must_use]
    pub fn expand(seed: u64, stations: Option<u32>, days: Option<u32>) -> Options {
        let dice = &mut Dice::new(seed ^ 0x0507_1045);
        let own = (dice.between(1, 3) as u32, dice.between(1, 2) as u32);
        let mut rate = |most: u64| if dice.chance(300) { 0 } else { dice.between(1, most) };
        Options {
            seed,
            stations: stations.unwrap_or(own.0).clamp(1, STATIONS_MAX),
            days: days.unwrap_or(own.1).clamp(1, DAYS_MAX),
            lost: rate(150),
            doubled: rate(150),
            late: rate(150),
            killed_in_commit: rate(50),
            faults_per_day: rate(40),
            weights: Fault::ALL.iter().filter(|_| !dice.chance(250)).copied().collect(),
        }
    }

    /// The names of every kind of fault, as a report counts them.
    pub fn kinds_of_fault() -> impl Iterator<Item = &'static str> {
        Fault::ALL.iter().map(|(_, name, _)| *name)
    }

    pub(crate) fn json(&self) -> Value {
        let faults: Vec<&str> = self.weights.iter().map(|(_, name, _)| *name).collect();
        json!({
            "seed": self.seed, "stations": self.stations, "days": self.days,
            "lost_per_mille": self.lost, "doubled_per_mille": self.doubled, "late_per_mille": self.late,
            "killed_in_commit_per_mille": self.killed_in_commit, "faults_per_day": self.faults_per_day,
            "kinds_of_fault": faults,
        })
    }
}
