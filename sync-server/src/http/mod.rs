//! The HTTP interface: one module a resource, handlers that parse, call one use case and map its result.

mod auth;
mod days;
mod enrol;
mod gate;
mod health;
mod hq;
mod journal;
mod lost;
mod problem;
mod reports;
mod station;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use suanpan_sync::limits::PUSH_BODY_MAX;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use self::gate::Bounds;
use crate::app::App;

pub(crate) use auth::secret_hash;
pub(crate) use problem::Problem;

/// Where people at HQ begin, in the folder of their pages.
pub(crate) const HQ_PAGE: &str = "hq.html";

/// Nothing but our own files, no inline script or style, no framing, no forms to elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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

/// Builds the routes, each with its bounds; whose it is says its handler. Whatever is not named here is refused.
pub(crate) fn router(app: App, ui_dir: Option<&Path>) -> Router {
    let routes = |routes: Vec<(&str, usize, Duration, MethodRouter<App>)>| {
        routes.into_iter().fold(Router::new(), |router, (path, body, answer, handlers)| {
            gate::route(router, &app, path, Bounds { body, answer }, handlers)
        })
    };
    let strangers = routes(vec![
        ("/ping", UNASKED, AT_ONCE, get(health::ping)),
        ("/enrol", SMALL, SOON, post(enrol::enrol)),
        ("/introduce", SMALL, SOON, post(enrol::introduce)),
    ]);
    let stations = routes(vec![
        ("/push", PUSH_BODY_MAX, SOON, post(station::push)),
        ("/holes", QUESTION, SOON, post(station::hole)),
        ("/entries", UNASKED, SOON, get(station::entries)),
        ("/pull", QUESTION, LATER, post(station::pull)),
        ("/wake", UNASKED, WOKEN, get(station::wake)),
        ("/refunds", QUESTION, SOON, post(station::refund).delete(station::refund_let_go)),
        ("/lost", PUSH_BODY_MAX, SOON, post(lost::report)),
        ("/snapshot", UNASKED, LATER, get(station::snapshot)),
        ("/snapshot/{hash}", UNASKED, LATER, get(station::chunk)),
    ]);
    let scripts = routes(vec![
        ("/reports/sales-by-day", UNASKED, LATER, get(reports::by_day)),
        ("/reports/sales-by-hour", UNASKED, LATER, get(reports::by_hour)),
        ("/reports/sales-by-item", UNASKED, LATER, get(reports::by_item)),
        ("/reports/sales-by-tender", UNASKED, LATER, get(reports::by_tender)),
        ("/reports/sales-by-station", UNASKED, LATER, get(reports::by_station)),
        ("/reports/totals-by-station", UNASKED, LATER, get(reports::totals_by_station)),
        ("/reports/offline-refunds", UNASKED, LATER, get(reports::offline_refunds)),
        ("/reports/store-days", UNASKED, LATER, get(days::report)),
        ("/journal", UNASKED, LATER, get(journal::page)),
        ("/journal/stations", UNASKED, LATER, get(journal::stations)),
    ]);
    let people = routes(vec![
        ("/hq/session", SMALL, SOON, post(hq::sign_in).get(hq::who).delete(hq::sign_out)),
        ("/hq/today", UNASKED, LATER, get(hq::today)),
        ("/hq/store-days", UNASKED, LATER, get(days::of_date)),
        ("/hq/excuse", SMALL, SOON, post(days::excuse)),
        ("/hq/lost", SMALL, SOON, get(lost::list).post(lost::decide)),
    ]);
    let machines = routes(vec![
        ("/health", UNASKED, AT_ONCE, get(health::health)),
        ("/metrics", UNASKED, AT_ONCE, get(health::metrics)),
    ]);
    let api = strangers
        .merge(stations)
        .merge(scripts.layer(from_fn_with_state(app.readings.clone(), gate::few)))
        .merge(people)
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, value("no-store")));
    let root = Router::new().nest("/api/v1", api).merge(machines);
    let root = match ui_dir {
        Some(dir) => {
            let home = (StatusCode::FOUND, [(header::LOCATION, format!("/{HQ_PAGE}"))]);
            let files = Router::new().route("/", get(home)).fallback_service(ServeDir::new(dir));
            root.fallback_service(files.layer(from_fn_with_state(app.files.clone(), gate::few)))
        }
        None => root.fallback(nothing),
    };
    root.layer(DefaultBodyLimit::max(PUSH_BODY_MAX))
        .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        .with_state(app)
}

fn value(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}

fn always(name: HeaderName, text: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, value(text))
}

async fn nothing() -> Problem {
    Problem::NotFound
}

async fn wrong_method() -> Problem {
    Problem::Method
}
