//! What every request passes before its handler sees it: whose page it is from, how long its body may be and take, who asks
//! and whether they may, and how long the answer may take. A route that is not made by [`route`] does not exist.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tokio::sync::Semaphore;

use super::keep::keep;
use super::peer::address;
use super::routes::{Bounds, Route};
use super::{Problem, auth};
use crate::access::Action;
use crate::app::{App, PULL_WAIT};
use crate::limit::{Share, household};
use crate::refusal::Refusal;

/// A body must be in within this: the largest push on a line of 0.3 Mbit/s.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a browser says of the page that sends it.
const FETCH_SITE: &str = "sec-fetch-site";

/// Adds a route, whose answers take places if there are some to take, of all and of whoever asks: only who was admitted
/// takes one.
pub(super) fn route(
    router: Router<App>,
    app: &App,
    places: Option<&Arc<Semaphore>>,
    route: Route,
) -> Router<App> {
    let Route { path, action, bounds, handler, .. } = route;
    let handler = match places {
        Some(places) => handler
            .layer(from_fn_with_state(places.clone(), few))
            .layer(from_fn_with_state(app.clone(), few_of_one)),
        None => handler,
    };
    router.route(path, handler.layer(from_fn_with_state((app.clone(), action, bounds), pass)))
}

async fn pass(
    State((app, action, bounds)): State<(App, Action, Bounds)>,
    request: Request,
    next: Next,
) -> Response {
    if is_of_a_foreign_page(&request) {
        return Problem::ForeignPage.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let address = address(&parts.headers, &parts.extensions);
    // The share of the address is held until the request is answered.
    let (body, _share) = match read(&app, address, body, (bounds.body, BODY_TIMEOUT)).await {
        Ok(read) => read,
        Err(problem) => return problem.into_response(),
    };
    let answer = async {
        match auth::admit(&app, action, &parts, &body).await {
            Ok(asker) => parts.extensions.insert(asker),
            Err(problem) => return problem.into_response(),
        };
        next.run(Request::from_parts(parts, Body::from(body))).await
    };
    let answered = tokio::time::timeout(bounds.answer, answer).await;
    answered.unwrap_or_else(|_| Problem::Late.into_response())
}

/// Reads a body within its limit and time, and within what the address may hold of all bodies.
async fn read(
    app: &App,
    address: IpAddr,
    body: Body,
    (max, within): (usize, Duration),
) -> Result<(Bytes, Share<IpAddr>), Problem> {
    let busy = || {
        app.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Problem::from(Refusal::Busy)
    };
    let mut share = app.bodies.take(household(address), 0).ok_or_else(busy)?;
    if body.size_hint().lower() > max as u64 {
        return Err(Problem::BodyTooLong);
    }
    let mut pieces = body.into_data_stream();
    let read = async {
        let mut whole = Bytes::new();
        let mut joined = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| Problem::BadRequest("the body is cut short"))?;
            if whole.len().saturating_add(joined.len()).saturating_add(piece.len()) > max {
                return Err(Problem::BodyTooLong);
            }
            if !share.grow(piece.len()) {
                return Err(busy());
            }
            if whole.is_empty() && joined.is_empty() {
                // Nearly every body is in one piece.
                whole = piece;
                continue;
            }
            joined.extend_from_slice(&std::mem::take(&mut whole));
            joined.extend_from_slice(&piece);
        }
        Ok(if joined.is_empty() { whole } else { Bytes::from(joined) })
    };
    let body = tokio::time::timeout(within, read).await.map_err(|_| Problem::BodyTimeout)??;
    Ok((body, share))
}

/// A page of another site may send a person's browser here, with whatever name and password it likes.
fn is_of_a_foreign_page(request: &Request) -> bool {
    if request.method().is_safe() {
        return false;
    }
    if request.headers().get(FETCH_SITE).is_some_and(|site| site == "cross-site") {
        return true;
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else { return false };
    let own = request.headers().get(header::HOST).map(|host| host.as_bytes().to_ascii_lowercase());
    let (_, site) = origin.to_str().ok().and_then(|it| it.split_once("://")).unwrap_or_default();
    own.as_deref() != Some(site.to_ascii_lowercase().as_bytes())
}

/// Lets so many answers be made and sent at once; others wait for a while.
pub(super) async fn few(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(PULL_WAIT, places.acquire_owned()).await {
        Ok(Ok(place)) => keep(next.run(request).await, place),
        _ => Problem::from(Refusal::Busy).into_response(),
    }
}

/// Lets one reader have a few answers that are made or sent; who has as many is told at once to come again. What is asked
/// of the database goes on when whoever asked hangs up, and keeps its place as long.
async fn few_of_one(State(app): State<App>, request: Request, next: Next) -> Response {
    let reader = request.extensions().get().map(auth::Asker::reader).unwrap_or_default();
    let Some(own) = app.readings_of.take(reader, 1) else {
        app.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        return Problem::from(Refusal::Busy).into_response();
    };
    let answered = tokio::spawn(async move { keep(next.run(request).await, own) }).await;
    answered.unwrap_or_else(|_| Problem::from(Refusal::Internal).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use futures_util::stream;
    use suanpan_journal::SigningKey;

    #[tokio::test]
    async fn a_body_has_its_length_its_time_and_its_share_of_all_bodies() {
        let folder = tempfile::tempdir().unwrap();
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let store = Store::open(folder.path(), 0).unwrap();
        let app = App::new(store, SigningKey::from_seed(&[1; 32]), false, stopped);
        let soon = (1_000, Duration::from_millis(20));
        let read = async |body: Body, from: [u8; 4], bounds| {
            super::read(&app, from.into(), body, bounds).await.map(|(bytes, share)| (bytes.len(), share))
        };
        let pieces = |sizes: Vec<usize>| {
            Body::from_stream(stream::iter(
                sizes.into_iter().map(|size| Ok::<_, std::io::Error>(vec![7; size])),
            ))
        };
        let whole = read(pieces(vec![300, 300, 400]), [10, 0, 0, 1], soon).await.unwrap();
        assert_eq!(whole.0, 1_000);
        assert_eq!(
            read(pieces(vec![300, 701]), [10, 0, 0, 1], soon).await.unwrap_err().code(),
            "HUB-LIM-003"
        );
        let slow = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(read(slow, [10, 0, 0, 1], soon).await.unwrap_err().code(), "HUB-LIM-004");
        let long = (usize::MAX, BODY_TIMEOUT);
        let much = read(pieces(vec![60 << 20]), [10, 0, 0, 2], long).await.unwrap();
        assert_eq!(read(pieces(vec![9 << 20]), [10, 0, 0, 2], long).await.unwrap_err().code(), "HUB-LIM-002");
        read(pieces(vec![9 << 20]), [10, 0, 0, 3], long).await.unwrap();
        drop(much);
        read(pieces(vec![9 << 20]), [10, 0, 0, 2], long).await.unwrap();
    }

    #[test]
    fn a_page_of_another_site_may_look_and_change_nothing() {
        for (method, origin, host, is_foreign) in [
            ("POST", None, "hub.example", false),
            ("POST", Some("https://hub.example"), "hub.example", false),
            ("POST", Some("https://HUB.example:8443"), "hub.example:8443", false),
            ("POST", Some("https://hub.example.evil"), "hub.example", true),
            ("DELETE", Some("https://evil.example"), "hub.example", true),
            ("POST", Some("null"), "hub.example", true),
            ("POST", Some("https://hub.example:1"), "hub.example", true),
            ("GET", Some("https://evil.example"), "hub.example", false),
        ] {
            let mut request = Request::builder().method(method).header(header::HOST, host);
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            let request = request.body(Body::empty()).unwrap();
            assert_eq!(is_of_a_foreign_page(&request), is_foreign, "{method} {origin:?} {host}");
        }
    }
}
