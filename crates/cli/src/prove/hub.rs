//! What is asked of the hub, with an API key.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use suanpan_domain::calendar;
use suanpan_domain::totals::Dimension;
use suanpan_journal::SiteCode;
use suanpan_station::sync::CallError;
use suanpan_sync::paths;
use sync_server::journal::{JournalStation, NEXT_HEADER, NotAPage, StoredBatch, decode_page};

use super::figures::{Amount, DayRow, Figures};

/// A hub that has not answered by then does not.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Tries of one question: a hub asks to wait a second or two when somebody asks much.
const TRIES_MAX: u32 = 20;

/// Why a day cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ProveFailure {
    /// There is no API key.
    #[error("no API key: set SUANPAN_API_KEY or name a file with --api-key-file")]
    NoKey,
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The folder is no station's.
    #[error("{0}: this folder is not enrolled")]
    NotEnrolled(String),
    /// The folder's identity cannot be read.
    #[error(transparent)]
    Identity(#[from] suanpan_station::identity::IdentityError),
    /// The folder's ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] suanpan_ledger::OpenError),
    /// The folder's station stands elsewhere.
    #[error("the data folder's station is none of site {0}")]
    OtherSite(String),
    /// The hub has no station there.
    #[error("the hub knows no station at site {0}")]
    NoStation(String),
    /// The hub's address is not one.
    #[error(transparent)]
    Address(#[from] CallError),
    /// The hub does not answer.
    #[error("the hub does not answer: {0}")]
    Line(#[from] reqwest::Error),
    /// The hub refuses.
    #[error("the hub refuses: {status} {code}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code.
        code: String,
    },
    /// The hub's figures differ, and it is not done with them.
    #[error("the hub's figures differ, and it has {0} batches or days still to add up: try again")]
    Adding(i64),
    /// The hub's figures differ, and what it holds changed while they were read.
    #[error("the hub's figures differ, and stations or what is held of them changed meanwhile: try again")]
    Moving,
    /// The answer is not one.
    #[error("the hub's answer to {0} cannot be read")]
    Garbage(&'static str),
}

impl From<NotAPage> for ProveFailure {
    fn from(_: NotAPage) -> ProveFailure {
        ProveFailure::Garbage("journal")
    }
}

#[derive(Deserialize)]
struct Report<R> {
    rows: Vec<R>,
    /// Batches, and store-days, that are not in the rows yet.
    pending: i64,
}

#[derive(Deserialize)]
struct TotalRow {
    till: u16,
    total: String,
    key: String,
    #[serde(flatten)]
    amount: Amount,
}

#[derive(Deserialize)]
struct ItemRow {
    key: String,
    #[serde(flatten)]
    amount: Amount,
}

#[derive(Deserialize)]
struct StoreDay {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
    figures: BTreeMap<String, i64>,
}

/// The newest version of a store-day: its number and figures.
pub(super) type Published = (u32, BTreeMap<String, i64>);

pub(super) struct HubReader {
    http: Client,
    base: Url,
    key: String,
    /// What the hub had still to add up when it last reported.
    pending: Cell<i64>,
}

impl HubReader {
    pub(super) fn new(url: &str, key: String) -> Result<HubReader, ProveFailure> {
        let (http, base) = suanpan_station::sync::connect(url)?;
        Ok(HubReader { http, base, key, pending: Cell::new(0) })
    }

    /// Refuses to call something a difference while the hub was still adding up.
    ///
    /// *Errors:* `Adding`.
    pub(super) fn is_settled(&self) -> Result<(), ProveFailure> {
        match self.pending.get() {
            0 => Ok(()),
            pending => Err(ProveFailure::Adding(pending)),
        }
    }

    /// The site's stations.
    pub(super) async fn stations(&self, site: &SiteCode) -> Result<Vec<JournalStation>, ProveFailure> {
        let path = format!("{}?site={site}", paths::JOURNAL_STATIONS);
        let stations: Vec<JournalStation> = self.json(&path, "stations").await?;
        if stations.is_empty() { Err(ProveFailure::NoStation(site.to_string())) } else { Ok(stations) }
    }

    /// A page of the journal, and where the next begins.
    pub(super) async fn page(
        &self,
        site: &SiteCode,
        date: u32,
        after: Option<&str>,
    ) -> Result<(Vec<StoredBatch>, Option<String>), ProveFailure> {
        let mut path = format!("{}?site={site}&date={}", paths::JOURNAL, calendar::text(date));
        if let Some(after) = after {
            path.push_str("&after=");
            path.push_str(after);
        }
        let answer = self.get(&path).await?;
        let next = answer.headers().get(NEXT_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((decode_page(&answer.bytes().await?)?, next))
    }

    /// What the hub added up, by till.
    pub(super) async fn totals(
        &self,
        site: &SiteCode,
        date: u32,
    ) -> Result<BTreeMap<u16, Figures>, ProveFailure> {
        let mut tills: BTreeMap<u16, Figures> = BTreeMap::new();
        for row in self.report::<TotalRow>(paths::TOTALS_BY_STATION, site, date).await? {
            let dimension = Dimension::from_name(&row.total).ok_or(ProveFailure::Garbage("totals"))?;
            tills.entry(row.till).or_default().put(dimension, row.key, row.amount);
        }
        Ok(tills)
    }

    /// What the hub reports of the site: the day, its items, and what was published.
    pub(super) async fn reports(
        &self,
        site: &SiteCode,
        date: u32,
    ) -> Result<(DayRow, Figures, Option<Published>), ProveFailure> {
        let day = self.report::<DayRow>(paths::SALES_BY_DAY, site, date).await?.pop();
        let mut items = Figures::default();
        for row in self.report::<ItemRow>(paths::SALES_BY_ITEM, site, date).await? {
            items.put(Dimension::Item, row.key, row.amount);
        }
        let published = self.report::<StoreDay>(paths::STORE_DAYS, site, date).await?.pop();
        let newest = published.and_then(|mut day| day.versions.pop());
        Ok((day.unwrap_or_default(), items, newest.map(|it| (it.version, it.figures))))
    }

    async fn report<R: DeserializeOwned>(
        &self,
        report: &'static str,
        site: &SiteCode,
        date: u32,
    ) -> Result<Vec<R>, ProveFailure> {
        let date = calendar::text(date);
        let path = format!("{report}?site={site}&from={date}&to={date}");
        let report: Report<R> = self.json(&path, report).await?;
        self.pending.set(self.pending.get().max(report.pending));
        Ok(report.rows)
    }

    async fn json<T: DeserializeOwned>(&self, path: &str, what: &'static str) -> Result<T, ProveFailure> {
        let body = self.get(path).await?.bytes().await?;
        serde_json::from_slice(&body).map_err(|_| ProveFailure::Garbage(what))
    }

    async fn get(&self, path: &str) -> Result<Response, ProveFailure> {
        let url = self.base.join(path).map_err(|_| ProveFailure::Garbage("path"))?;
        for _ in 0..TRIES_MAX {
            let request = self.http.get(url.clone()).bearer_auth(&self.key).timeout(TIMEOUT);
            let answer = request.send().await?;
            match answer.status() {
                StatusCode::OK => return Ok(answer),
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                    let seconds = asked.and_then(|text| text.parse().ok()).unwrap_or(1);
                    tokio::time::sleep(Duration::from_secs(seconds).min(TIMEOUT)).await;
                }
                _ => return Err(refused(answer).await),
            }
        }
        Err(ProveFailure::Refused { status: 503, code: "HUB-LIM-002".to_owned() })
    }
}

async fn refused(answer: Response) -> ProveFailure {
    #[derive(Default, Deserialize)]
    struct Document {
        code: String,
    }
    let status = answer.status().as_u16();
    let document: Document = answer.json().await.unwrap_or_default();
    ProveFailure::Refused { status, code: document.code }
}
