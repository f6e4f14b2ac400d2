//! What a sale weighs on a till's line once its hub has learnt what the chain's sales have in common.

use std::time::Instant;

use suanpan_domain::catalogue::PushDictionary;
use suanpan_sync::{Dictionary, Scope};

use super::line::Line;
use super::stations::Station;
use super::{PUSH, Rig, acked};
use crate::report::Bench;

/// Stations whose sales the hub learns from, and then as many whose sales are weighed.
const STATIONS: u16 = 100;
const BATCH: u32 = 100;

/// Whole request bodies per sale, in batches of a hundred and alone; each is sent, and acked.
pub(crate) fn measure() -> Vec<Bench> {
    let (mut known, mut weighed): (Vec<_>, Vec<_>) =
        (0..2 * STATIONS).map(Station::new).partition(|station| station.number() < STATIONS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let rig = Rig::start(&[known.as_slice(), weighed.as_slice()].concat(), None).await;
        let mut line = Line::open(rig.running.url()).await;
        for station in &mut known {
            let body = station.push(BATCH);
            acked(&mut line, &station.request(PUSH, &body)).await;
        }
        let start = Instant::now();
        let learnt = rig.running.hub().train_dictionary().await.expect("enough to learn from");
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("  learnt from {} sales in {seconds:.1} s", learnt.records);
        let body = rig.running.hub().store().row(Scope::Chain, "dictionary", "push".into()).await;
        let body = body.expect("a row").expect("a dictionary");
        let body: PushDictionary = serde_json::from_str(&body).expect("a dictionary");
        let dictionary = Dictionary::from_hex(&body.zstd).expect("a dictionary");
        let mut benches = Vec::new();
        for (name, sales, goal) in [("wire_bytes_batch100", BATCH, 50.0), ("wire_bytes_single", 1, 250.0)] {
            let (mut plain, mut packed, pushes) = (0, 0, weighed.len() as f64 * f64::from(sales));
            for station in &mut weighed {
                let (without, with) = station.push_by(sales, &dictionary);
                acked(&mut line, &station.request(PUSH, &with)).await;
                (plain, packed) = (plain + without.len(), packed + with.len());
            }
            let [plain, packed] = [plain, packed].map(|bytes| bytes as f64 / pushes);
            eprintln!("  {sales} at a time: {plain:.0} bytes a sale without it");
            benches.push(Bench::beside(name, packed, "B", goal, packed / plain, "without a dictionary"));
        }
        benches
    })
}
