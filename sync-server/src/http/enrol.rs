//! How a station becomes known.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Serialize;
use suanpan_journal::Certificate;
use suanpan_sync::{EnrolReply, EnrolRequest};

use super::Problem;
use super::body::parsed;
use super::peer::Peer;
use crate::admin;
use crate::app::App;
use crate::limit::household;
use crate::refusal::Refusal;

pub(super) async fn enrol(
    State(app): State<App>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Json<EnrolReply>, Problem> {
    let request: EnrolRequest = parsed(&body, "an enrolment is expected")?;
    Ok(Json(admin::enrol(&app, &request, address).await?))
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Introduced {
    introduced: bool,
}

/// The certificate speaks for itself: whoever shows it, it says only what this hub once signed.
pub(super) async fn introduce(
    State(app): State<App>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Json<Introduced>, Problem> {
    app.limits.introduce.take(household(address)).map_err(Refusal::RateLimit)?;
    let certificate: Certificate = parsed(&body, "a certificate is expected")?;
    admin::introduce(&app, &certificate).await?;
    Ok(Json(Introduced { introduced: true }))
}
