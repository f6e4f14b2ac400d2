//! Store-days: what scripts read, and what people at HQ see and excuse.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use suanpan_domain::calendar;
use suanpan_journal::SiteCode;

use super::Problem;
use super::auth::Session;
use super::body::parsed;
use super::hq::Day;
use super::reports::Asked;
use crate::access::Action;
use crate::app::App;
use crate::clock::now_ms;
use crate::store::{Excuse, StoreDays, VERSIONS_MAX};

/// Minutes east of UTC where a date begins first.
const FIRST_OFFSET_MIN: i32 = 14 * 60;

/// Longest reason of an excuse, in bytes: a sentence or two.
const REASON_LEN_MAX: usize = 400;

/// Which versions of them.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Which {
    /// How many of the newest versions, 1 if it is left out.
    versions: Option<u32>,
}

pub(super) async fn report(
    asked: Asked,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Which { versions }) = which.map_err(|_| Problem::BadRequest("versions is a number"))?;
    let versions = versions.unwrap_or(1);
    if !(1..=VERSIONS_MAX).contains(&versions) {
        return Err(Problem::BadRequest("versions is from 1 to 30"));
    }
    asked.told(asked.store().store_days(asked.filter(), versions, now_ms()).await)
}

pub(super) async fn of_date(
    State(app): State<App>,
    session: Session,
    query: Result<Query<Day>, QueryRejection>,
) -> Result<Json<StoreDays>, Problem> {
    let sees_drawers = session.user().may(Action::SeeDrawers);
    let date = Day::date(query)?;
    Ok(Json(app.store.store_days_of(session.reach, date, sees_drawers, now_ms()).await?))
}

/// A till's day that is to stand as it is.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Excused {
    #[cfg_attr(test, schemars(with = "String"))]
    site: SiteCode,
    date: String,
    till: u16,
    reason: String,
}

pub(super) async fn excuse(
    State(app): State<App>,
    session: Session,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    const EXPECTED: &str = "site, date, till and reason are expected";
    let asked: Excused = parsed(&body, EXPECTED)?;
    let date = calendar::parse(&asked.date).ok_or(Problem::BadRequest(EXPECTED))?;
    if !calendar::is_business_date(date) {
        return Err(Problem::BadRequest("nobody traded on the date"));
    }
    // Nowhere has a later date begun than where the day begins first.
    if date > calendar::local(now_ms(), FIRST_OFFSET_MIN).0 {
        return Err(Problem::BadRequest("the date has not begun"));
    }
    if !session.reach.holds(asked.site.as_str()) {
        return Err(Problem::UnknownSite);
    }
    let reason = asked.reason.trim();
    if reason.is_empty() || reason.len() > REASON_LEN_MAX || reason.chars().any(char::is_control) {
        return Err(Problem::BadRequest("a reason has 1 to 400 bytes on one line"));
    }
    let excuse = Excuse { by: session.user().name.clone(), reason: reason.to_owned(), at_ms: now_ms() };
    let known = app.store.excuse(asked.site, date, asked.till, excuse).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::BadRequest("the site has no such till")) }
}
