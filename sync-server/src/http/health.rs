//! For machines that watch the hub.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Problem;
use crate::app::{App, PUSHES_MAX, WAKES_MAX};
use crate::clock::now_ms;
use crate::store::Gauges;

/// The hub is there, and in order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    /// Servers of the database that do not answer: their tills wait, HQ's figures stand still, and all other tills go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    down: Vec<String>,
}

/// Says that the hub is there, to a station that has heard nothing for a while: it touches no database.
pub(super) async fn ping() -> Json<Status> {
    Json(Status { status: "ok", version: None, down: Vec::new() })
}

pub(super) async fn health(State(app): State<App>) -> Result<Json<Status>, Problem> {
    app.store.health()?;
    let down = app.store.servers_down().await?;
    if let (true, Some(standstill)) = (down.is_empty(), app.store.headway.standstill(now_ms())) {
        return Err(Problem::Standstill(standstill));
    }
    Ok(Json(Status { status: "ok", version: Some(env!("CARGO_PKG_VERSION")), down }))
}

pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let down = app.store.servers_down().await?;
    let gauges = match app.store.gauges().await {
        // They are read from every server.
        Err(_) if !down.is_empty() => None,
        gauges => Some(gauges?),
    };
    let metrics = &app.metrics;
    let mut all = Families::default();
    let count = |counter: &std::sync::atomic::AtomicU64| {
        i64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
    };
    let used = |max: usize, free: usize| i64::try_from(max.saturating_sub(free)).unwrap_or(i64::MAX);
    let pushes = [
        ("{outcome=\"stored\"}", count(&metrics.pushes_stored)),
        ("{outcome=\"same\"}", count(&metrics.pushes_same)),
        ("{outcome=\"recut\"}", count(&metrics.pushes_recut)),
        ("{outcome=\"refused\"}", count(&metrics.pushes_refused)),
    ];
    all.add("suanpan_pushes_total", "counter", "Pushes by outcome.", &pushes);
    let by_dictionary = [("", count(&metrics.pushes_by_dictionary))];
    all.add(
        "suanpan_pushes_by_dictionary_total",
        "counter",
        "Pushes packed by the dictionary.",
        &by_dictionary,
    );
    all.add("suanpan_entries_total", "counter", "Entries stored.", &[("", count(&metrics.entries))]);
    all.add("suanpan_busy_total", "counter", "Pushes turned away unread.", &[("", count(&metrics.busy))]);
    let sign_ins = [("", count(&metrics.sign_ins_refused))];
    all.add("suanpan_sign_ins_refused_total", "counter", "Wrong names or passwords.", &sign_ins);
    let others = [("", count(&metrics.other_sites_receipts))];
    all.add(
        "suanpan_other_sites_receipts_total",
        "counter",
        "Receipts that a station of another site looked up.",
        &others,
    );
    let codes = [("", count(&metrics.codes_refused))];
    all.add("suanpan_codes_refused_total", "counter", "Wrong one-time codes.", &codes);
    let in_progress = used(PUSHES_MAX, app.pushes.available_permits());
    all.add("suanpan_pushes_in_progress", "gauge", "Pushes in progress.", &[("", in_progress)]);
    let waiting = used(WAKES_MAX, app.wakes.available_permits());
    all.add("suanpan_wakes_waiting", "gauge", "Stations that wait for a wake-up.", &[("", waiting)]);
    let failing = app.store.headway.failing();
    let failing_s = failing.map_or(0, |it| now_ms().saturating_sub(it.since_ms).max(1_000) / 1_000);
    let help = "Seconds for which every round of the projector has failed.";
    all.add("suanpan_projector_failing_seconds", "gauge", help, &[("", failing_s)]);
    let servers = [("", i64::try_from(down.len()).unwrap_or(i64::MAX))];
    let help = "Servers of the database that do not answer.";
    all.add("suanpan_database_servers_down", "gauge", help, &servers);
    gauges.iter().for_each(|gauges| of_store(&mut all, gauges));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], all.0).into_response())
}

/// What stands in the database, all of it.
fn of_store(all: &mut Families, gauges: &Gauges) {
    all.add("suanpan_epoch", "gauge", "The hub's epoch.", &[("", gauges.epoch)]);
    all.add("suanpan_stations", "gauge", "Enrolled stations.", &[("", gauges.stations)]);
    let help = "Batches that wait for the projector.";
    all.add("suanpan_batches_pending", "gauge", help, &[("", gauges.pending)]);
    all.add("suanpan_entries_parked", "gauge", "Entries that are in no figure.", &[("", gauges.parked)]);
    all.add("suanpan_gseq", "counter", "The last stamped entry.", &[("", gauges.gseq)]);
}

/// Metrics as Prometheus reads them.
#[derive(Default)]
struct Families(String);

impl Families {
    fn add(&mut self, name: &str, kind: &str, help: &str, samples: &[(&str, i64)]) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, sample) in samples {
            let _ = writeln!(self.0, "{name}{labels} {sample}");
        }
    }
}
