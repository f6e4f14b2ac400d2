//! Figures for scripts and people, as JSON or, by `Accept: text/csv`, as CSV.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use suanpan_domain::calendar;

use super::Problem;
use super::auth::Reader;
use crate::app::App;
use crate::store::{ReportBy, ReportFilter};

#[derive(Deserialize)]
pub(super) struct Asked {
    site: Option<String>,
    from: String,
    to: String,
}

pub(super) type AskedQuery = Result<Query<Asked>, QueryRejection>;

pub(super) fn filter(reader: Reader, query: AskedQuery) -> Result<ReportFilter, Problem> {
    let Query(asked) = query.map_err(|_| Problem::BadRequest("from and to are expected"))?;
    let date = |text: &str| calendar::parse(text).ok_or(Problem::BadRequest("a date looks like 2023-06-16"));
    let site = match asked.site.filter(|site| !site.is_empty()) {
        None => None,
        Some(site) => Some(site.parse().map_err(|_| Problem::BadRequest("site is not a site's code"))?),
    };
    let (from, to) = (date(&asked.from)?, date(&asked.to)?);
    Ok(match reader {
        Reader::Chain => ReportFilter { site, till: None, from, to },
        // Whatever it asks for, a station sees its own figures.
        Reader::Till(own) => ReportFilter { site: Some(own.site), till: Some(own.till), from, to },
    })
}

pub(super) async fn by_day(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let (rows, pending) = app.store.report_days(filter(reader, query)?).await?;
    respond(&headers, &rows, pending)
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
    if matches!(reader, Reader::Till(_)) {
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
    let rows = app.store.report_totals(filter(reader, query)?).await?;
    respond(&headers, &rows, app.store.gauges().await?.pending)
}

async fn broken_down(
    app: &App,
    reader: Reader,
    by: ReportBy,
    headers: &HeaderMap,
    query: AskedQuery,
) -> Result<Response, Problem> {
    let rows = app.store.report_by(by, filter(reader, query)?).await?;
    respond(headers, &rows, app.store.gauges().await?.pending)
}

#[derive(Serialize)]
struct Report<'a, R> {
    rows: &'a [R],
    /// Batches that are stored and not yet in the figures.
    pending: i64,
}

pub(super) fn respond<R: Serialize>(
    headers: &HeaderMap,
    rows: &[R],
    pending: i64,
) -> Result<Response, Problem> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accepts.contains("text/csv") {
        let text = csv(rows)?;
        return Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response());
    }
    Ok(Json(Report { rows, pending }).into_response())
}

/// The rows' own fields, in their order, under a header line.
fn csv<R: Serialize>(rows: &[R]) -> Result<String, Problem> {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let Ok(Value::Object(fields)) = serde_json::to_value(row) else { return Err(Problem::Internal) };
        if index == 0 {
            text.push_str(&line(fields.keys().cloned()));
        }
        text.push_str(&line(fields.values().map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })));
    }
    Ok(text)
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells.map(|cell| quote(&cell)).collect();
    format!("{}\r\n", quoted.join(","))
}

/// Quotes what CSV needs quoted, and keeps a spreadsheet from reading a code as a formula.
fn quote(cell: &str) -> String {
    let is_number = cell.parse::<i64>().is_ok();
    let formula = !is_number && cell.starts_with(['=', '+', '-', '@']);
    if formula || cell.contains([',', '"', '\r', '\n']) {
        let guard = if formula { "'" } else { "" };
        return format!("\"{guard}{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_are_quoted_only_where_they_must_be() {
        for (cell, expected) in [
            ("S01", "S01"),
            ("-250", "-250"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=1+1", "\"'=1+1\""),
        ] {
            assert_eq!(quote(cell), expected);
        }
    }
}
