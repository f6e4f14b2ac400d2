//! Figures for scripts and people, as JSON or, by `Accept: text/csv`, as CSV.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use suanpan_domain::calendar;
use suanpan_journal::SiteCode;

use super::Problem;
use super::auth::Reader;
use crate::access::Reach;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::{
    ByRow, DayRow, OfflineRefund, ReportBy, ReportFilter, Store, StoreDay, StoreError, TotalRow,
};

/// Which days of which stores.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Span {
    /// One store, or all that may be seen.
    site: Option<String>,
    /// First business date.
    from: String,
    /// Last business date.
    to: String,
}

/// A report that somebody asks for: of what, and how it is told.
pub(super) struct Asked {
    store: Arc<Store>,
    filter: ReportFilter,
    is_csv: bool,
    /// A person opens CSV in a spreadsheet.
    is_person: bool,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked, Problem> {
        let Reader { reach, till, is_person } = Reader::from_request_parts(parts, app).await?;
        let malformed =
            Problem::BadRequest("from and to are expected, two dates that exist, such as 2023-06-16");
        let named =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| malformed.clone())?.0;
        if named.iter().filter(|(name, _)| name == "site").count() > 1 {
            return Err(Problem::BadRequest("site is there twice: name one site, or none for all"));
        }
        let span = Query::<Span>::try_from_uri(&parts.uri).map_err(|_| malformed.clone())?.0;
        let date = |text: &str| calendar::parse(text).ok_or(malformed.clone());
        let (from, to) = (date(&span.from)?, date(&span.to)?);
        if from > to {
            return Err(Problem::BadRequest("from is after to"));
        }
        let reach = match span.site.filter(|site| !site.is_empty()) {
            // Whatever it asks for, a station sees its own figures.
            Some(site) if till.is_none() => narrowed(app, &reach, &site).await?,
            _ => reach,
        };
        let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let is_csv = accepts.is_some_and(|it| it.contains("text/csv"));
        let filter = ReportFilter { reach, till, from, to };
        Ok(Asked { store: app.store.clone(), filter, is_csv, is_person })
    }
}

/// The reach within one site. Another's site is as good as none.
pub(super) async fn narrowed(app: &App, reach: &Reach, site: &str) -> Result<Reach, Problem> {
    let site: SiteCode = site.parse().map_err(|_| Problem::BadRequest("site is not a site's code"))?;
    let is_there = app.store.sites().await?.iter().any(|it| it.site == site);
    reach.narrowed(site).filter(|_| is_there).ok_or(Problem::UnknownSite)
}

impl Asked {
    /// Where the report is read.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Of what.
    pub(super) fn filter(&self) -> ReportFilter {
        self.filter.clone()
    }

    /// Renders what was read.
    pub(super) fn told<R: Columns>(
        &self,
        read: Result<(Vec<R>, i64), StoreError>,
    ) -> Result<Response, Problem> {
        let (rows, pending) = read?;
        if self.is_csv {
            let text = csv(&rows, self.is_person)?;
            let csv = HeaderValue::from_static("text/csv; charset=utf-8");
            let said = [(header::CONTENT_TYPE, csv), (PENDING_HEADER, HeaderValue::from(pending))];
            return Ok((said, text).into_response());
        }
        Ok(Json(Report { rows, pending }).into_response())
    }

    async fn broken_down(self, by: ReportBy) -> Result<Response, Problem> {
        self.told(self.store.report_by(by, self.filter()).await)
    }
}

pub(super) async fn by_day(asked: Asked) -> Result<Response, Problem> {
    asked.told(asked.store.report_days(asked.filter()).await)
}

pub(super) async fn by_hour(asked: Asked) -> Result<Response, Problem> {
    asked.broken_down(ReportBy::Hour).await
}

pub(super) async fn by_item(asked: Asked) -> Result<Response, Problem> {
    match asked.filter.till {
        None => asked.broken_down(ReportBy::Item).await,
        Some(_) => Err(Problem::BadRequest("items are summed by site, and a till sees its own figures")),
    }
}

pub(super) async fn by_tender(asked: Asked) -> Result<Response, Problem> {
    asked.broken_down(ReportBy::Tender).await
}

pub(super) async fn by_station(asked: Asked) -> Result<Response, Problem> {
    asked.broken_down(ReportBy::Station).await
}

pub(super) async fn totals_by_station(asked: Asked) -> Result<Response, Problem> {
    asked.told(asked.store.report_totals(asked.filter()).await)
}

pub(super) async fn offline_refunds(asked: Asked) -> Result<Response, Problem> {
    asked.told(asked.store.report_offline_refunds(asked.filter()).await)
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ReportOf{R}"))]
pub(super) struct Report<R> {
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

/// The declared columns under a header line, which is there without rows too.
fn csv<R: Columns>(rows: &[R], is_guarded: bool) -> Result<String, Problem> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut line = |cells: Vec<String>| out.write_record(cells).map_err(|_| Refusal::Internal);
    line(R::COLUMNS.iter().map(|name| (*name).to_owned()).collect())?;
    for row in rows {
        let Ok(Value::Object(fields)) = serde_json::to_value(row) else {
            return Err(Refusal::Internal.into());
        };
        let cell = |name: &&str| match fields.get(*name) {
            Some(Value::String(text)) if is_guarded => guarded(text),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        line(R::COLUMNS.iter().map(cell).collect())?;
    }
    let bytes = out.into_inner().map_err(|_| Refusal::Internal)?;
    String::from_utf8(bytes).map_err(|_| Refusal::Internal.into())
}

/// For a person, who opens it in a spreadsheet, a code is kept from being read as a formula; a script gets every text as it is.
fn guarded(text: &str) -> String {
    let is_formula = text.parse::<i64>().is_err() && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
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
            ("=1+1", "=1+1", "'=1+1"),
            ("+86", "+86", "+86"),
            ("-x", "-x", "'-x"),
            ("@cmd,", "\"@cmd,\"", "\"'@cmd,\""),
        ] {
            let row = OfflineRefund {
                date: "2023-06-16".into(),
                site: cell.into(),
                till: 1,
                receipt: "r".into(),
                refund: "f".into(),
                cashier: "c".into(),
                refunded_fen: -5,
                pending: 0,
            };
            let told = |is_guarded| csv(std::slice::from_ref(&row), is_guarded).unwrap();
            let header = "date,site,till,receipt,refund,cashier,refunded_fen,pending\r\n";
            let expected = |site: &str| format!("{header}2023-06-16,{site},1,r,f,c,-5,0\r\n");
            assert_eq!((told(false), told(true)), (expected(to_script), expected(to_person)));
        }
    }
}
