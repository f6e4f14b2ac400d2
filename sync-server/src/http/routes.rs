//! Every route of the hub: its method and path, what whoever comes wants, how much it takes and how long.

use std::time::Duration;

use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};
use suanpan_sync::limits::PUSH_BODY_MAX;

use super::gate::Bounds;
use super::{days, enrol, health, hq, journal, lost, reports, station};
use crate::access::Action;
use crate::app::App;

/// One route. Without an action there is none.
pub(super) struct Route {
    #[cfg_attr(not(test), expect(dead_code, reason = "its handler knows it; the list of rights says it"))]
    pub method: Method,
    /// Below `/api/v1`, or at the root.
    pub path: &'static str,
    pub action: Action,
    pub bounds: Bounds,
    pub handler: MethodRouter<App>,
}

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

macro_rules! routes {
    ($($method:ident $make:ident $path:literal, $action:ident, $body:ident, $answer:ident, $handler:expr;)+) => {
        vec![$(Route {
            method: Method::$method,
            path: $path,
            action: Action::$action,
            bounds: Bounds { body: $body, answer: $answer },
            handler: $make($handler),
        }),+]
    };
}

/// What tills and strangers come for, below `/api/v1`.
pub(super) fn stations() -> Vec<Route> {
    routes![
        GET get "/ping", Knock, UNASKED, AT_ONCE, health::ping;
        POST post "/enrol", Knock, SMALL, SOON, enrol::enrol;
        POST post "/introduce", Knock, SMALL, SOON, enrol::introduce;
        POST post "/push", Trade, PUSH_BODY_MAX, SOON, station::push;
        POST post "/holes", Trade, QUESTION, SOON, station::hole;
        GET get "/entries", Trade, UNASKED, SOON, station::entries;
        POST post "/pull", Trade, QUESTION, LATER, station::pull;
        GET get "/wake", Trade, UNASKED, WOKEN, station::wake;
        POST post "/refunds", Trade, QUESTION, SOON, station::refund;
        DELETE delete "/refunds", Trade, QUESTION, SOON, station::refund_let_go;
        POST post "/lost", Trade, PUSH_BODY_MAX, SOON, lost::report;
        GET get "/snapshot", Trade, UNASKED, LATER, station::snapshot;
        GET get "/snapshot/{hash}", Trade, UNASKED, LATER, station::chunk;
    ]
}

/// What is read whole, below `/api/v1`.
pub(super) fn readings() -> Vec<Route> {
    routes![
        GET get "/reports/sales-by-day", ReadFigures, UNASKED, LATER, reports::by_day;
        GET get "/reports/sales-by-hour", ReadFigures, UNASKED, LATER, reports::by_hour;
        GET get "/reports/sales-by-item", ReadFigures, UNASKED, LATER, reports::by_item;
        GET get "/reports/sales-by-tender", ReadFigures, UNASKED, LATER, reports::by_tender;
        GET get "/reports/sales-by-station", ReadFigures, UNASKED, LATER, reports::by_station;
        GET get "/reports/totals-by-station", ReadFigures, UNASKED, LATER, reports::totals_by_station;
        GET get "/reports/offline-refunds", ReadFigures, UNASKED, LATER, reports::offline_refunds;
        GET get "/reports/store-days", ReadDays, UNASKED, LATER, days::report;
        GET get "/journal", ReadJournals, UNASKED, LATER, journal::page;
        GET get "/journal/stations", ReadJournals, UNASKED, LATER, journal::stations;
    ]
}

/// What people do, below `/api/v1`.
pub(super) fn people() -> Vec<Route> {
    routes![
        POST post "/hq/session", Knock, SMALL, SOON, hq::sign_in;
        GET get "/hq/session", OwnSession, UNASKED, SOON, hq::who;
        DELETE delete "/hq/session", OwnSession, UNASKED, SOON, hq::sign_out;
        GET get "/hq/today", SeePages, UNASKED, LATER, hq::today;
        GET get "/hq/store-days", SeePages, UNASKED, LATER, days::of_date;
        POST post "/hq/excuse", ExcuseTill, SMALL, SOON, days::excuse;
        GET get "/hq/lost", DecideLost, UNASKED, SOON, lost::list;
        POST post "/hq/lost", DecideLost, SMALL, SOON, lost::decide;
    ]
}

/// What machines that watch the hub ask, at the root.
pub(super) fn machines() -> Vec<Route> {
    routes![
        GET get "/health", Knock, UNASKED, AT_ONCE, health::health;
        GET get "/metrics", Watch, UNASKED, AT_ONCE, health::metrics;
    ]
}
