//! The HTTP interface: one module a resource, handlers that parse, call one use case and map its result.

mod auth;
mod body;
mod days;
#[cfg(test)]
mod described;
mod enrol;
mod gate;
mod health;
mod hq;
mod journal;
mod keep;
mod lost;
mod openapi;
mod peer;
mod problem;
mod reports;
#[cfg(test)]
mod rights;
mod routes;
#[cfg(test)]
mod shape;
mod station;

use std::path::Path;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use suanpan_sync::limits::PUSH_BODY_MAX;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::refusal::Refusal;

#[cfg(test)]
pub(crate) use described::{Differs, paths_of_pages};
#[cfg(test)]
pub(crate) use hq::Me;
use problem::Problem;

/// Where people at HQ begin, in the folder of their pages.
pub(crate) const HQ_PAGE: &str = "hq.html";

/// Nothing but our own files, no inline script or style, no framing, no forms to elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Builds the routes. Whatever is not listed in [`routes`] is refused.
pub(crate) fn router(app: App, ui_dir: Option<&Path>) -> Router {
    let add = |routes: Vec<routes::Route>, places| {
        routes.into_iter().fold(Router::new(), |router, route| gate::route(router, &app, places, route))
    };
    let api = add(routes::for_stations(), None)
        .merge(add(routes::for_readers(), Some(&app.readings)))
        .merge(add(routes::for_people(), None))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, value("no-store")));
    let machines = add(routes::for_machines(), None);
    let root = Router::new().nest(routes::API, api).merge(machines);
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
    Refusal::NotFound.into()
}

async fn wrong_method() -> Problem {
    Problem::Method
}
