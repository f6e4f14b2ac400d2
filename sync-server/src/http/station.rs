//! What stations ask.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suanpan_domain::ids::DocumentNumber;
use suanpan_journal::{Hash, SegmentId, StationId};
use suanpan_sync::{PushReply, RefundReply, RefundRequest};
use tokio::sync::OwnedSemaphorePermit;

use super::Problem;
use super::auth::{PushPlace, StationRequest};
use super::body::parsed;
use super::keep::keep;
use crate::app::{App, PULL_WAIT};
use crate::limit::Share;
use crate::refusal::Refusal;
use crate::{intake, refund, supply};

pub(super) async fn push(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<PushReply>, Problem> {
    let _place = PushPlace::take(&app, request.station().station).await?;
    Ok(Json(intake::push(&app, request.station(), &request.body).await?))
}

pub(super) async fn hole(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<PushReply>, Problem> {
    let hole = parsed(&request.body, "a hole is expected")?;
    Ok(Json(intake::hole(&app, request.station(), hole).await?))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Entries {
    #[cfg_attr(test, schemars(with = "String"))]
    segment: SegmentId,
    from: u64,
}

pub(super) async fn entries(
    State(app): State<App>,
    query: Result<Query<Entries>, QueryRejection>,
    request: StationRequest,
) -> Result<Response, Problem> {
    let Query(asked) = query.map_err(|_| Problem::BadRequest("segment and from are expected"))?;
    let place = PullPlace::take(&app, request.station().station).await?;
    let entries = intake::entries(&app, request.station(), asked.segment, asked.from).await?;
    Ok(keep(Bytes::from(entries).into_response(), (place, request.into_place())))
}

/// A place among the downloads in progress, and among those of its station. Waited for before anything is looked up for
/// the station: a publication wakes all of them. Kept until the answer is on its way.
#[derive(Debug)]
pub(super) struct PullPlace {
    #[expect(dead_code, reason = "held until the answer is on its way")]
    all: OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held until the answer is on its way")]
    own: Share<StationId>,
}

impl PullPlace {
    /// Waits for a place; a station that leaves its answers unread is told to come again.
    async fn take(app: &App, station: StationId) -> Result<PullPlace, Refusal> {
        let own = app.pulls_of.take(station, 1).ok_or(Refusal::Busy)?;
        let place = tokio::time::timeout(PULL_WAIT, app.pulls.clone().acquire_owned()).await;
        let all = place.ok().and_then(Result::ok).ok_or(Refusal::Busy)?;
        Ok(PullPlace { all, own })
    }
}

pub(super) async fn pull(State(app): State<App>, request: StationRequest) -> Result<Response, Problem> {
    let place = PullPlace::take(&app, request.station().station).await?;
    let asked = parsed(&request.body, "a pull is expected")?;
    let reply = supply::pull(&app, request.station(), asked).await?;
    Ok(keep(Json(reply).into_response(), (place, request.into_place())))
}

pub(super) async fn refund(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<RefundReply>, Problem> {
    Ok(Json(refund::reserve(&app, request.station(), number(&request.body)?).await?))
}

pub(super) async fn refund_let_go(
    State(app): State<App>,
    request: StationRequest,
) -> Result<Json<()>, Problem> {
    app.store.release(request.station().station, number(&request.body)?).await?;
    Ok(Json(()))
}

/// The printed number of a receipt.
fn number(body: &[u8]) -> Result<DocumentNumber, Problem> {
    let request: RefundRequest = parsed(body, "a number is expected")?;
    request.number.parse().map_err(|_| Problem::BadRequest("a printed number is expected"))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Wake {
    seen: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Woken {
    changed: bool,
}

pub(super) async fn wake(
    State(app): State<App>,
    query: Result<Query<Wake>, QueryRejection>,
    request: StationRequest,
) -> Result<Json<Woken>, Problem> {
    let Query(Wake { seen }) = query.map_err(|_| Problem::BadRequest("seen is expected"))?;
    let changed = supply::wake(&app, request.station(), &seen).await?;
    Ok(Json(Woken { changed }))
}

pub(super) async fn snapshot(State(app): State<App>, request: StationRequest) -> Result<Response, Problem> {
    let place = PullPlace::take(&app, request.station().station).await?;
    let manifest = supply::manifest(&app, request.station()).await?;
    Ok(keep(Json(manifest).into_response(), (place, request.into_place())))
}

pub(super) async fn chunk(
    State(app): State<App>,
    hash: Result<Path<Hash>, PathRejection>,
    request: StationRequest,
) -> Result<Response, Problem> {
    let Path(hash) = hash.map_err(|_| Refusal::NotFound)?;
    let place = PullPlace::take(&app, request.station().station).await?;
    let chunk = supply::chunk(&app, request.station(), hash).await?;
    Ok(keep(Bytes::from(chunk).into_response(), (place, request.into_place())))
}
