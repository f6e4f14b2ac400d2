//! Every route of the hub: its method and path, what whoever comes wants, how much it takes and how long.

use std::time::Duration;

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};
#[cfg(test)]
use axum::{Json, body::Bytes, extract::Query};
#[cfg(test)]
use suanpan_journal::Certificate;
use suanpan_sync::limits::PUSH_BODY_MAX;
#[cfg(test)]
use suanpan_sync::{
    EnrolReply, EnrolRequest, Hole, LostReport, PullReply, PullRequest, PushReply, RefundReply,
    RefundRequest, SnapshotManifest,
};

#[cfg(test)]
use super::reports::{Report, Span};
#[cfg(test)]
use super::shape::{Sent, Shape, Table, Text, Travels};
use super::{days, enrol, health, hq, journal, lost, openapi, reports, station};
use crate::access::Action;
use crate::app::App;
#[cfg(test)]
use crate::journal::JournalStation;
#[cfg(test)]
use crate::store::{ByRow, DayRow, Lost, OfflineRefund, StoreDay, StoreDays, Today, TotalRow};

/// What a route takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of its body.
    pub body: usize,
    /// From the last byte of the body to the first of the answer.
    pub answer: Duration,
}

/// One route. Without an action there is none.
pub(super) struct Route {
    #[cfg_attr(not(test), expect(dead_code, reason = "its handler knows it; the list of rights says it"))]
    pub method: Method,
    /// Below `/api/v1`, or at the root.
    pub path: &'static str,
    pub action: Action,
    pub bounds: Bounds,
    pub handler: MethodRouter<App>,
    #[cfg_attr(not(test), expect(dead_code, reason = "its handler knows it; the document says it"))]
    pub described: Described,
}

/// The name of a route's handler, what it takes and what it gives.
#[cfg(test)]
type Described = (&'static str, Shape, Shape);

/// The program itself has no use for it.
#[cfg(not(test))]
type Described = ();

#[cfg(test)]
macro_rules! described {
    ($handler:path, $takes:ty, $gives:ty) => {
        (stringify!($handler), <$takes>::shape, <$gives>::shape)
    };
}

#[cfg(not(test))]
macro_rules! described {
    ($handler:path, $takes:ty, $gives:ty) => {
        ()
    };
}

/// Where all but the machines' routes are.
pub(super) const API: &str = "/api/v1";

/// Bytes of what strangers and people send: a name and a password, a certificate, a reason.
const SMALL: usize = 16 * 1024;

/// Bytes of a body that a route has no use for.
const UNASKED: usize = 1024;

/// Bytes of what a station asks.
const QUESTION: usize = 64 * 1024;

/// A station gives up after half a minute, and is told before to come again.
const SOON: Duration = Duration::from_secs(25);

/// What people and scripts read may take the database a while.
const LATER: Duration = Duration::from_secs(120);

/// A machine that watches the hub is told within 5 s, whatever holds it up.
const AT_ONCE: Duration = Duration::from_secs(4);

/// Longer than the longest wait for a wake-up.
const WOKEN: Duration = Duration::from_secs(65);

/// Method, path, action, longest body, time of the answer, handler, and the types of what it takes and gives.
macro_rules! routes {
    ($($method:ident $make:ident $path:literal, $action:ident, $body:ident, $answer:ident, $handler:path,
        $takes:ty => $gives:ty;)+) => {
        vec![$(Route {
            method: Method::$method,
            path: $path,
            action: Action::$action,
            bounds: Bounds { body: $body, answer: $answer },
            handler: $make($handler),
            described: described!($handler, $takes, $gives),
        }),+]
    };
}

/// What tills and strangers come for, below `/api/v1`.
pub(super) fn for_stations() -> Vec<Route> {
    routes![
        GET get "/ping", Knock, UNASKED, AT_ONCE, health::ping, () => Json<health::Status>;
        GET get "/openapi.json", Knock, UNASKED, AT_ONCE, openapi::document, () => Json<serde_json::Value>;
        POST post "/enrol", Knock, SMALL, SOON, enrol::enrol, Sent<EnrolRequest> => Sent<EnrolReply>;
        POST post "/introduce", Knock, SMALL, SOON, enrol::introduce, Sent<Certificate> => Json<enrol::Introduced>;
        POST post "/push", Deliver, PUSH_BODY_MAX, SOON, station::push, Bytes => Sent<PushReply>;
        POST post "/holes", Deliver, QUESTION, SOON, station::hole, Sent<Hole> => Sent<PushReply>;
        GET get "/entries", Trade, UNASKED, SOON, station::entries, Query<station::Entries> => Bytes;
        POST post "/pull", Trade, QUESTION, LATER, station::pull, Sent<PullRequest> => Sent<PullReply>;
        GET get "/wake", Trade, UNASKED, WOKEN, station::wake, Query<station::Wake> => Json<station::Woken>;
        POST post "/refunds", Trade, QUESTION, SOON, station::refund, Sent<RefundRequest> => Sent<RefundReply>;
        DELETE delete "/refunds", Trade, QUESTION, SOON, station::refund_let_go, Sent<RefundRequest> => Json<()>;
        POST post "/lost", Trade, PUSH_BODY_MAX, SOON, lost::report, Sent<LostReport> => Json<lost::Taken>;
        GET get "/snapshot", Trade, UNASKED, LATER, station::snapshot, () => Sent<SnapshotManifest>;
        GET get "/snapshot/{hash}", Trade, UNASKED, LATER, station::chunk, () => Bytes;
    ]
}

/// What is read whole, below `/api/v1`.
pub(super) fn for_readers() -> Vec<Route> {
    routes![
        GET get "/reports/sales-by-day", ReadFigures, UNASKED, LATER, reports::by_day, Query<Span> => Table<Report<DayRow>>;
        GET get "/reports/sales-by-hour", ReadFigures, UNASKED, LATER, reports::by_hour, Query<Span> => Table<Report<ByRow>>;
        GET get "/reports/sales-by-item", ReadFigures, UNASKED, LATER, reports::by_item, Query<Span> => Table<Report<ByRow>>;
        GET get "/reports/sales-by-tender", ReadFigures, UNASKED, LATER, reports::by_tender, Query<Span> => Table<Report<ByRow>>;
        GET get "/reports/sales-by-station", ReadFigures, UNASKED, LATER, reports::by_station, Query<Span> => Table<Report<ByRow>>;
        GET get "/reports/totals-by-station", ReadFigures, UNASKED, LATER, reports::totals_by_station,
            Query<Span> => Table<Report<TotalRow>>;
        GET get "/reports/offline-refunds", ReadFigures, UNASKED, LATER, reports::offline_refunds,
            Query<Span> => Table<Report<OfflineRefund>>;
        GET get "/reports/store-days", ReadDays, UNASKED, LATER, days::report,
            (Query<Span>, Query<days::Which>) => Table<Report<StoreDay>>;
        GET get "/journal", ReadJournals, UNASKED, LATER, journal::page, Query<journal::AskedPage> => Bytes;
        GET get "/journal/stations", ReadJournals, UNASKED, LATER, journal::stations,
            Query<journal::Asked> => Json<Vec<JournalStation>>;
    ]
}

/// What people do, below `/api/v1`.
pub(super) fn for_people() -> Vec<Route> {
    routes![
        POST post "/hq/session", Knock, SMALL, SOON, hq::sign_in, Json<hq::SignIn> => ();
        GET get "/hq/session", OwnSession, UNASKED, SOON, hq::who, () => Json<hq::Me>;
        DELETE delete "/hq/session", OwnSession, UNASKED, SOON, hq::sign_out, () => ();
        GET get "/hq/today", SeePages, UNASKED, LATER, hq::today, Query<hq::Day> => Json<Today>;
        GET get "/hq/store-days", SeePages, UNASKED, LATER, days::of_date, Query<hq::Day> => Json<StoreDays>;
        POST post "/hq/excuse", ExcuseTill, SMALL, SOON, days::excuse, Json<days::Excused> => ();
        GET get "/hq/lost", DecideLost, UNASKED, SOON, lost::list, () => Json<Lost>;
        POST post "/hq/lost", DecideLost, SMALL, SOON, lost::decide, Json<lost::Decision> => ();
    ]
}

/// What machines that watch the hub ask, at the root.
pub(super) fn for_machines() -> Vec<Route> {
    routes![
        GET get "/health", Knock, UNASKED, AT_ONCE, health::health, () => Json<health::Status>;
        GET get "/metrics", Watch, UNASKED, AT_ONCE, health::metrics, () => Text;
    ]
}

/// Every route, with what its path begins with.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, Route)> {
    let api = [for_stations(), for_readers(), for_people()].into_iter().flatten().map(|route| (API, route));
    api.chain(for_machines().into_iter().map(|route| ("", route)))
}
