//! A site's journal bytes, for scripts whose key may read them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use suanpan_domain::calendar;
use suanpan_journal::SiteCode;

use super::Problem;
use super::reports::narrowed;
use crate::access::Reach;
use crate::app::App;
use crate::journal::{JournalStation, NEXT_HEADER, encode_page};
use crate::refusal::Refusal;

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Asked {
    #[cfg_attr(test, schemars(with = "String"))]
    site: SiteCode,
}

pub(super) async fn stations(
    State(app): State<App>,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Vec<JournalStation>>, Problem> {
    let Query(Asked { site }) = query.map_err(|_| Problem::BadRequest("site is expected"))?;
    narrowed(&app, &Reach::whole_chain(), site.as_str()).await?;
    Ok(Json(app.store.journal_stations(site).await?))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct AskedPage {
    #[cfg_attr(test, schemars(with = "String"))]
    site: SiteCode,
    /// Business date.
    date: String,
    /// What the page before said in `suanpan-next`.
    after: Option<String>,
}

pub(super) async fn page(
    State(app): State<App>,
    query: Result<Query<AskedPage>, QueryRejection>,
) -> Result<Response, Problem> {
    let malformed = Problem::BadRequest("site, date and after are expected");
    let Query(asked) = query.map_err(|_| malformed.clone())?;
    let date = calendar::parse(&asked.date).ok_or(malformed.clone())?;
    let after = asked.after.map(|after| after.parse().map_err(|_| malformed)).transpose()?;
    narrowed(&app, &Reach::whole_chain(), asked.site.as_str()).await?;
    let (batches, more) = app.store.journal_page(asked.site, date, after).await?;
    let mut headers = HeaderMap::new();
    if let Some(last) = batches.last().filter(|_| more) {
        let next = HeaderValue::try_from(last.place.to_string()).map_err(|_| Refusal::Internal)?;
        headers.insert(NEXT_HEADER, next);
    }
    Ok((headers, encode_page(&batches)).into_response())
}
