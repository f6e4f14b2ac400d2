//! The HTTP interface: one module a resource, handlers that parse, call one use case and map its result.

mod auth;
mod days;
mod enrol;
mod health;
mod hq;
mod journal;
mod lost;
mod problem;
mod reports;
mod station;

use std::path::Path;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::routing::{get, post};
use suanpan_sync::limits::PUSH_BODY_MAX;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;

pub(crate) use auth::secret_hash;
pub(crate) use problem::Problem;

/// Nothing but our own files, no inline script or style, no framing, no forms to elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Builds the routes. Whatever is not named here is refused.
pub(crate) fn router(app: App, ui_dir: Option<&Path>) -> Router {
    let api = Router::new()
        .route("/enrol", post(enrol::enrol))
        .route("/introduce", post(enrol::introduce))
        .route("/push", post(station::push))
        .route("/holes", post(station::hole))
        .route("/entries", get(station::entries))
        .route("/pull", post(station::pull))
        .route("/wake", get(station::wake))
        .route("/refunds", post(station::refund))
        .route("/lost", post(lost::report))
        .route("/snapshot", get(station::snapshot))
        .route("/snapshot/{hash}", get(station::chunk))
        .route("/reports/sales-by-day", get(reports::by_day))
        .route("/reports/sales-by-hour", get(reports::by_hour))
        .route("/reports/sales-by-item", get(reports::by_item))
        .route("/reports/sales-by-tender", get(reports::by_tender))
        .route("/reports/sales-by-station", get(reports::by_station))
        .route("/reports/totals-by-station", get(reports::totals_by_station))
        .route("/reports/store-days", get(days::report))
        .route("/journal", get(journal::page))
        .route("/journal/stations", get(journal::stations))
        .route("/hq/session", post(hq::sign_in).get(hq::who).delete(hq::sign_out))
        .route("/hq/today", get(hq::today))
        .route("/hq/store-days", get(days::of_date))
        .route("/hq/excuse", post(days::excuse))
        .route("/hq/lost", get(lost::list).post(lost::decide))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, value("no-store")));
    let root = Router::new()
        .nest("/api/v1", api)
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics));
    let root = match ui_dir {
        Some(dir) => root.fallback_service(ServeDir::new(dir)),
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
