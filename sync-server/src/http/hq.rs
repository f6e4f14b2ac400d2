//! What people at HQ see, behind a login.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suanpan_domain::calendar;

use super::Problem;
use super::auth::{SESSION_COOKIE, Session};
use super::body::parsed;
use super::peer::Peer;
use crate::access::{Action, Role};
use crate::admin;
use crate::app::App;
use crate::clock::now_ms;
use crate::refusal::Refusal;
use crate::store::{SESSION_LIFE_MS, Today};

/// A station that has not spoken for this long is silent: longer than the longest wake-up, with room.
const SILENT_AFTER_MS: i64 = 90_000;

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SignIn {
    name: String,
    password: String,
}

pub(super) async fn sign_in(
    State(app): State<App>,
    Peer(address): Peer,
    body: Bytes,
) -> Result<Response, Problem> {
    let SignIn { name, password } = parsed(&body, "name and password are expected")?;
    let token = admin::sign_in(&app, address, name, password).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&app, &token, SESSION_LIFE_MS / 1_000))])
        .into_response())
}

/// Who somebody is to the hub, and what their page may offer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
pub(crate) struct Me {
    /// Name.
    pub name: String,
    /// What they do.
    pub roles: Vec<Role>,
    /// What they may.
    pub may: Vec<Action>,
}

pub(super) async fn who(session: Session) -> Json<Me> {
    let user = session.user();
    let may = Action::ALL.into_iter().filter(|action| user.may(*action)).collect();
    Json(Me { name: user.name.clone(), roles: user.roles.clone(), may })
}

pub(super) async fn sign_out(State(app): State<App>, session: Session) -> Result<Response, Problem> {
    app.store.close_session(session.token()).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&app, "", 0))]).into_response())
}

fn cookie(app: &App, token: &str, life_s: i64) -> String {
    let secure = if app.is_tls { "; Secure" } else { "" };
    format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}")
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Day {
    /// Business date; the chain's own if it is left out.
    date: Option<String>,
}

impl Day {
    /// The business date that a query names, if it names one.
    pub(super) fn date(query: Result<Query<Day>, QueryRejection>) -> Result<Option<u32>, Problem> {
        let malformed = Problem::BadRequest("a date looks like 2023-06-16");
        let Query(Day { date }) = query.map_err(|_| malformed.clone())?;
        date.map(|text| calendar::parse(&text).ok_or(malformed)).transpose()
    }
}

pub(super) async fn today(
    State(app): State<App>,
    session: Session,
    query: Result<Query<Day>, QueryRejection>,
) -> Result<Response, Problem> {
    let date = Day::date(query)?;
    let make = async {
        let now = now_ms();
        let silent_before = now.saturating_sub(SILENT_AFTER_MS);
        let today: Today = app.store.today(session.reach.clone(), date, now, silent_before).await?;
        serde_json::to_vec(&today).map(Bytes::from).map_err(|_| Problem::from(Refusal::Internal))
    };
    let today = app.todays.get((session.reach.listed(), date), make).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], today).into_response())
}
