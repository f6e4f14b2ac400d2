//! How a station becomes known.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Serialize;
use suanpan_journal::Certificate;
use suanpan_sync::{EnrolReply, EnrolRequest};

use super::Problem;
use super::auth::Peer;
use crate::admin;
use crate::app::App;
use crate::limit::household;

pub(super) async fn enrol(
    State(app): State<App>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Json<EnrolReply>, Problem> {
    let request: EnrolRequest =
        serde_json::from_slice(&body).map_err(|_| Problem::BadRequest("an enrolment is expected"))?;
    admin::enrol(&app, &request, address).await.map(Json)
}

#[derive(Serialize)]
pub(super) struct Introduced {
    introduced: bool,
}

/// The certificate speaks for itself: whoever shows it, it says only what this hub once signed.
pub(super) async fn introduce(
    State(app): State<App>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Json<Introduced>, Problem> {
    app.limits.introduce.take(household(address)).map_err(Problem::RateLimit)?;
    let certificate: Certificate =
        serde_json::from_slice(&body).map_err(|_| Problem::BadRequest("a certificate is expected"))?;
    admin::introduce(&app, &certificate).await.map(|()| Json(Introduced { introduced: true }))
}
