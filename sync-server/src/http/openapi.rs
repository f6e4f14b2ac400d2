//! The hub's document of itself, OpenAPI 3.1, for whoever writes a program that asks it.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Made of the list of routes; `described.rs` keeps it fresh.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
