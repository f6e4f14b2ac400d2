//! Runs stations and a hub through everything that can happen to them, on virtual time and from one seed.
//!
//! The decisions are the real ones of `suanpan-sync`; disks, lines and clocks are made here, so that they can fail. The
//! list of printed receipts is kept outside of all that. When the faults end, every run must heal: the hub has every sale
//! of which a copy was left, each once, with the same sums, and nothing waits.
//!
//! Deliberately absent: files, sockets, clocks, threads. The same seed is the same run.
//!
//! Start reading at [`run`].

mod damage;
mod desk;
mod dice;
mod faults;
mod feed;
mod headquarters;
mod holes;
mod hub;
mod journal;
mod keys;
mod loops;
mod lost;
mod options;
mod oracle;
mod packing;
mod serve;
mod till;
mod world;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use options::Options;
pub use oracle::Count;
use world::{REST_WITHIN, World};

/// What one run did and how it ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// The options, expanded.
    pub options: Options,
    /// How often each thing went wrong.
    pub faults: BTreeMap<&'static str, u64>,
    /// What was sold, and what the hub has of it.
    pub count: Count,
    /// What must never be; empty if all is well.
    pub breaches: Vec<String>,
}

impl Report {
    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let Count { sales, printed, lost, fen, parked } = self.count;
        json!({
            "options": self.options.json(), "faults": self.faults, "sales": sales, "printed": printed,
            "lost_without_a_copy": lost, "hub_fen": fen, "parked": parked, "breaches": self.breaches,
            "verdict": if self.breaches.is_empty() { "healed and drained" } else { "breach" },
        })
    }
}

/// Runs a seed to its end.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut world = World::new(options);
    let end = world.now + i64::from(options.days) * world::DAY + REST_WITHIN;
    while let Some(at) = world.step() {
        if at > end {
            world.oracle.breach("the upload does not come to rest");
            break;
        }
    }
    world.judge();
    let count = world.oracle.compare(world.hub.disk.sales());
    Report {
        options: world.options,
        faults: world.counts,
        count,
        breaches: world.oracle.breaches.into_iter().collect(),
    }
}

impl World {
    /// Looks at the stations after the end: nothing waits, and their catalogues are the hub's.
    fn judge(&mut self) {
        if self.hub.disk.has_wrong_hole() {
            self.oracle.breach("a hole is on record where the hub has the entries");
        }
        for till in &mut self.tills {
            let line = till.turn(self.now, 0, |app, here| app.upload.line(here.stores));
            match line {
                None => self.oracle.breach("a till does not run"),
                Some((Ok(line), _)) if line.receipts.unsent == 0 && line.refused.is_none() => {}
                Some(_) => self.oracle.breach("a till still has something to send"),
            }
            if !till.disk.catalogue.equals(&self.hub.disk.feeds, &till.scopes) {
                self.oracle.breach("a till's catalogue is not the hub's");
            }
            if let Some(wrong) = self.headquarters.check(&till.disk.catalogue, &till.scopes) {
                self.oracle.breach(wrong);
            }
        }
    }
}
