//! Published changes that a restore lost: tills show them, people at HQ publish them again or let them go.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suanpan_sync::LostReport;

use super::Problem;
use super::auth::{Session, StationRequest};
use super::body::parsed;
use crate::app::App;
use crate::clock::now_ms;
use crate::store::{Decided, Lost, LostChoice, LostDecision, LostKey};

/// There is nothing to tell a station.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Taken {}

pub(super) async fn report(State(app): State<App>, request: StationRequest) -> Result<Json<Taken>, Problem> {
    const EXPECTED: &str = "what was lost is expected";
    let report: LostReport = parsed(&request.body, EXPECTED)?;
    report.fits()?;
    for lost in report.lost {
        if !request.station().scopes().contains(&lost.head.scope) {
            return Err(Problem::BadRequest(EXPECTED));
        }
        let hashes = lost.check(&app.key.public())?;
        let (scope, entries) = (lost.head.scope, lost.entries);
        let proven = entries.into_iter().zip(hashes).collect();
        app.store.take_lost(request.station(), scope, proven, now_ms()).await?;
    }
    Ok(Json(Taken {}))
}

pub(super) async fn list(State(app): State<App>) -> Result<Json<Lost>, Problem> {
    Ok(Json(app.store.lost().await?))
}

/// What is to become of what a restore lost.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Decision {
    decision: LostDecision,
    /// Which one.
    row: Option<LostKey>,
    /// Without a row: all of the list that gave this.
    shown: Option<String>,
}

pub(super) async fn decide(
    State(app): State<App>,
    session: Session,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    const EXPECTED: &str = "decision is expected, and row or shown as the list had it";
    let decided: Decision = parsed(&body, EXPECTED)?;
    let choice = match (decided.row, decided.shown) {
        (Some(row), _) => LostChoice::Row(row),
        (None, shown) => LostChoice::All(shown.ok_or(Problem::BadRequest(EXPECTED))?),
    };
    match app.store.decide_lost(decided.decision, choice, session.user().name.clone(), now_ms()).await? {
        Decided::Done(_) => Ok(StatusCode::NO_CONTENT),
        Decided::Changed => Err(Problem::ListChanged),
        Decided::Refused(why) => Err(Problem::Unpublishable(why)),
    }
}
