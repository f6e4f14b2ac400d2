//! What stations ask.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use suanpan_journal::{Hash, SegmentId};
use suanpan_sync::{PullReply, PushReply, RefundReply, SnapshotManifest};
use tokio::sync::OwnedSemaphorePermit;

use super::Problem;
use super::auth::{PushPlace, StationRequest};
use crate::app::{App, PULL_WAIT};
use crate::{intake, refund, supply};

pub(super) async fn push(
    State(app): State<App>,
    _place: PushPlace,
    request: StationRequest,
) -> Result<Json<PushReply>, Problem> {
    intake::push(&app, &request.station, &request.body).await.map(Json)
}

pub(super) async fn hole(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<PushReply>, Problem> {
    intake::hole(&app, &request.station, &request.body).await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Entries {
    segment: SegmentId,
    from: u64,
}

pub(super) async fn entries(
    State(app): State<App>,
    query: Result<Query<Entries>, QueryRejection>,
    request: StationRequest,
) -> Result<Bytes, Problem> {
    let Query(asked) = query.map_err(|_| Problem::BadRequest("segment and from are expected"))?;
    intake::entries(&app, &request.station, asked.segment, asked.from).await.map(Bytes::from)
}

/// A place among the downloads in progress. Waited for before anything is looked up for the station: a publication wakes
/// all of them.
#[derive(Debug)]
pub(super) struct PullPlace(
    #[expect(dead_code, reason = "held until the request ends")] OwnedSemaphorePermit,
);

impl PullPlace {
    /// Waits for a place. Asked for after the station is known: strangers take none.
    async fn take(app: &App) -> Result<PullPlace, Problem> {
        let place = tokio::time::timeout(PULL_WAIT, app.pulls.clone().acquire_owned()).await;
        place.ok().and_then(Result::ok).map(PullPlace).ok_or(Problem::Busy)
    }
}

pub(super) async fn pull(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<PullReply>, Problem> {
    let _place = PullPlace::take(&app).await?;
    supply::pull(&app, &request.station, &request.body).await.map(Json)
}

pub(super) async fn refund(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<RefundReply>, Problem> {
    refund::reserve(&app, &request.station, &request.body).await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Wake {
    seen: String,
}

#[derive(Serialize)]
pub(super) struct Woken {
    changed: bool,
}

pub(super) async fn wake(
    State(app): State<App>,
    query: Result<Query<Wake>, QueryRejection>,
    request: StationRequest,
) -> Result<Json<Woken>, Problem> {
    let Query(Wake { seen }) = query.map_err(|_| Problem::BadRequest("seen is expected"))?;
    let changed = supply::wake(&app, &request.station, &seen).await?;
    Ok(Json(Woken { changed }))
}

pub(super) async fn snapshot(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<SnapshotManifest>, Problem> {
    let _place = PullPlace::take(&app).await?;
    supply::manifest(&app, &request.station).await.map(Json)
}

pub(super) async fn chunk(
    State(app): State<App>,
    hash: Result<Path<Hash>, PathRejection>,
    request: StationRequest,
) -> Result<Bytes, Problem> {
    let Path(hash) = hash.map_err(|_| Problem::NotFound)?;
    let _place = PullPlace::take(&app).await?;
    supply::chunk(&app, &request.station, hash).await.map(Bytes::from)
}
