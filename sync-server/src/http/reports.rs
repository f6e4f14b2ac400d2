//! Figures for scripts and people, as JSON or, by `Accept: text/csv`, as CSV.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use suanpan_domain::calendar;
use suanpan_journal::SiteCode;

use super::Problem;
use super::auth::Reader;
use crate::app::App;
use crate::store::{ByRow, DayRow, OfflineRefund, ReportBy, ReportFilter, StoreDay, TotalRow};

#[derive(Deserialize)]
pub(super) struct Asked {
    site: Option<String>,
    from: String,
    to: String,
}

pub(super) type AskedQuery = Result<Query<Asked>, QueryRejection>;

pub(super) async fn filter(app: &App, reader: &Reader, query: AskedQuery) -> Result<ReportFilter, Problem> {
    let malformed = Problem::BadRequest("from and to are expected, two dates that exist, such as 2023-06-16");
    let Query(asked) = query.map_err(|_| malformed.clone())?;
    let date = |text: &str| calendar::parse(text).ok_or(malformed.clone());
    let (from, to) = (date(&asked.from)?, date(&asked.to)?);
    if from > to {
        return Err(Problem::BadRequest("from is after to"));
    }
    // Whatever it asks for, a station sees its own figures.
    if reader.till.is_some() {
        return Ok(ReportFilter { reach: reader.reach.clone(), till: reader.till, from, to });
    }
    let site: Option<SiteCode> = match asked.site.filter(|site| !site.is_empty()) {
        None => None,
        Some(site) => Some(site.parse().map_err(|_| Problem::BadRequest("site is not a site's code"))?),
    };
    let reach = match site {
        None => reader.reach.clone(),
        // Another's site is as good as none.
        Some(site) if app.store.sites().await?.iter().any(|it| it.site == site) => {
            reader.reach.narrowed(site).ok_or(Problem::UnknownSite)?
        }
        Some(_) => return Err(Problem::UnknownSite),
    };
    Ok(ReportFilter { reach, till: None, from, to })
}

pub(super) async fn by_day(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let filter = filter(&app, &reader, query).await?;
    respond(&headers, &reader, app.store.report_days(filter).await?)
}

pub(super) async fn by_hour(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    broken_down(&app, reader, ReportBy::Hour, &headers, query).await
}

pub(super) async fn by_item(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    if reader.till.is_some() {
        return Err(Problem::BadRequest("items are summed by site, and a till sees its own figures"));
    }
    broken_down(&app, reader, ReportBy::Item, &headers, query).await
}

pub(super) async fn by_tender(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    broken_down(&app, reader, ReportBy::Tender, &headers, query).await
}

pub(super) async fn by_station(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    broken_down(&app, reader, ReportBy::Station, &headers, query).await
}

pub(super) async fn totals_by_station(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let filter = filter(&app, &reader, query).await?;
    respond(&headers, &reader, app.store.report_totals(filter).await?)
}

pub(super) async fn offline_refunds(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let filter = filter(&app, &reader, query).await?;
    respond(&headers, &reader, app.store.report_offline_refunds(filter).await?)
}

async fn broken_down(
    app: &App,
    reader: Reader,
    by: ReportBy,
    headers: &HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let filter = filter(app, &reader, query).await?;
    respond(headers, &reader, app.store.report_by(by, filter).await?)
}

#[derive(Serialize)]
struct Report<R> {
    rows: Vec<R>,
    /// Batches that are stored and not yet in the figures, of what was asked for.
    pending: i64,
}

/// The header of a CSV answer that says the same.
const PENDING_HEADER: HeaderName = HeaderName::from_static("suanpan-pending");

/// A row of a table with declared columns: the names of its fields, in this order.
pub(super) trait Columns: Serialize {
    const COLUMNS: &'static [&'static str];
}

impl Columns for DayRow {
    const COLUMNS: &'static [&'static str] = &[
        "date",
        "site",
        "sales",
        "refunds",
        "lines",
        "grams",
        "amount_fen",
        "discount_fen",
        "rounding_fen",
        "paid_fen",
        "missing",
        "pending",
    ];
}

impl Columns for ByRow {
    const COLUMNS: &'static [&'static str] =
        &["date", "site", "key", "count", "fen", "grams", "pieces", "pending"];
}

impl Columns for TotalRow {
    const COLUMNS: &'static [&'static str] =
        &["date", "site", "till", "total", "key", "count", "fen", "grams", "pending"];
}

impl Columns for OfflineRefund {
    const COLUMNS: &'static [&'static str] =
        &["date", "site", "till", "receipt", "refund", "cashier", "refunded_fen", "pending"];
}

impl Columns for StoreDay {
    const COLUMNS: &'static [&'static str] =
        &["date", "site", "name", "state", "version", "tills", "versions", "pending"];
}

pub(super) fn respond<R: Columns>(
    headers: &HeaderMap,
    reader: &Reader,
    (rows, pending): (Vec<R>, i64),
) -> Result<Response, Problem> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accepts.contains("text/csv") {
        let text = csv(&rows, reader.is_person)?;
        let csv = HeaderValue::from_static("text/csv; charset=utf-8");
        let said = [(header::CONTENT_TYPE, csv), (PENDING_HEADER, HeaderValue::from(pending))];
        return Ok((said, text).into_response());
    }
    Ok(Json(Report { rows, pending }).into_response())
}

/// The declared columns under a header line, which is there without rows too.
fn csv<R: Columns>(rows: &[R], is_guarded: bool) -> Result<String, Problem> {
    let mut text = line(R::COLUMNS.iter().map(|name| (*name).to_owned()), is_guarded);
    for row in rows {
        let Ok(Value::Object(fields)) = serde_json::to_value(row) else { return Err(Problem::Internal) };
        let cells = R::COLUMNS.iter().map(|name| match fields.get(*name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        });
        text.push_str(&line(cells, is_guarded));
    }
    Ok(text)
}

fn line(cells: impl Iterator<Item = String>, is_guarded: bool) -> String {
    let quoted: Vec<String> = cells.map(|cell| quote(&cell, is_guarded)).collect();
    format!("{}\r\n", quoted.join(","))
}

/// Quotes what CSV needs quoted. For a person, who opens it in a spreadsheet, a code is kept from being read as a formula;
/// a script gets every text as it is.
fn quote(cell: &str, is_guarded: bool) -> String {
    let is_number = cell.parse::<i64>().is_ok();
    let is_formula = is_guarded && !is_number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula || cell.contains([',', '"', '\r', '\n']) {
        let guard = if is_formula { "'" } else { "" };
        return format!("\"{guard}{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_are_quoted_where_they_must_be_and_guarded_for_people_alone() {
        for (cell, to_script, to_person) in [
            ("S01", "S01", "S01"),
            ("-250", "-250", "-250"),
            ("a,b", "\"a,b\"", "\"a,b\""),
            ("a\"b", "\"a\"\"b\"", "\"a\"\"b\""),
            ("=1+1", "=1+1", "\"'=1+1\""),
            ("+86", "+86", "+86"),
            ("-x", "-x", "\"'-x\""),
            ("@cmd", "@cmd", "\"'@cmd\""),
        ] {
            assert_eq!((quote(cell, false), quote(cell, true)), (to_script.to_owned(), to_person.to_owned()));
        }
    }
}
