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

/// The hub is there, and in order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Status {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
}

/// Says that the hub is there, to a station that has heard nothing for a while: it touches no database.
pub(super) async fn ping() -> Json<Status> {
    Json(Status { status: "ok", version: None })
}

pub(super) async fn health(State(app): State<App>) -> Result<Json<Status>, Problem> {
    app.store.health()?;
    app.store.gauges().await?;
    if let Some(standstill) = app.store.headway.standstill(now_ms()) {
        return Err(Problem::Standstill(standstill));
    }
    Ok(Json(Status { status: "ok", version: Some(env!("CARGO_PKG_VERSION")) }))
}

pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let gauges = app.store.gauges().await?;
    let metrics = &app.metrics;
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(&str, i64)]| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, sample) in samples {
            let _ = writeln!(text, "{name}{labels} {sample}");
        }
    };
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
    family("suanpan_pushes_total", "counter", "Pushes by outcome.", &pushes);
    let by_dictionary = [("", count(&metrics.pushes_by_dictionary))];
    family(
        "suanpan_pushes_by_dictionary_total",
        "counter",
        "Pushes packed by the dictionary.",
        &by_dictionary,
    );
    family("suanpan_entries_total", "counter", "Entries stored.", &[("", count(&metrics.entries))]);
    family("suanpan_busy_total", "counter", "Pushes turned away unread.", &[("", count(&metrics.busy))]);
    let sign_ins = [("", count(&metrics.sign_ins_refused))];
    family("suanpan_sign_ins_refused_total", "counter", "Wrong names or passwords.", &sign_ins);
    let others = [("", count(&metrics.other_sites_receipts))];
    family(
        "suanpan_other_sites_receipts_total",
        "counter",
        "Receipts that a station of another site looked up.",
        &others,
    );
    let codes = [("", count(&metrics.codes_refused))];
    family("suanpan_codes_refused_total", "counter", "Wrong one-time codes.", &codes);
    let in_progress = used(PUSHES_MAX, app.pushes.available_permits());
    family("suanpan_pushes_in_progress", "gauge", "Pushes in progress.", &[("", in_progress)]);
    let waiting = used(WAKES_MAX, app.wakes.available_permits());
    family("suanpan_wakes_waiting", "gauge", "Stations that wait for a wake-up.", &[("", waiting)]);
    family("suanpan_epoch", "gauge", "The hub's epoch.", &[("", gauges.epoch)]);
    family("suanpan_stations", "gauge", "Enrolled stations.", &[("", gauges.stations)]);
    family(
        "suanpan_batches_pending",
        "gauge",
        "Batches that wait for the projector.",
        &[("", gauges.pending)],
    );
    let failing = app.store.headway.failing();
    let failing_s = failing.map_or(0, |it| now_ms().saturating_sub(it.since_ms).max(1_000) / 1_000);
    let help = "Seconds for which every round of the projector has failed.";
    family("suanpan_projector_failing_seconds", "gauge", help, &[("", failing_s)]);
    family("suanpan_entries_parked", "gauge", "Entries that are in no figure.", &[("", gauges.parked)]);
    family("suanpan_gseq", "counter", "The last stamped entry.", &[("", gauges.gseq)]);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
