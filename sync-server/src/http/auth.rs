//! Who asks: a station by its signature, a script by its API key, a person by a session. Each is an extractor, so
//! that a handler which names none of them is the exception to look for.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use suanpan_journal::Hash;
use suanpan_sync::limits::{CHALLENGE_LIFE_MS, CLOCK_TOLERANCE_MS, PUSH_BODY_MAX};
use suanpan_sync::{Challenge, RequestAuth, RequestError, RequestFacts};
use tokio::sync::OwnedSemaphorePermit;

use super::Problem;
use crate::app::{App, PLACE_WAIT};
use crate::clock::now_ms;
use crate::store::{Station, User};

/// A body must be in within this: the largest push on a line of 0.3 Mbit/s.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The cookie that names a session.
pub(crate) const SESSION_COOKIE: &str = "suanpan_hq";

/// A request that a station signed.
#[derive(Debug)]
pub(super) struct StationRequest {
    /// Who.
    pub station: Station,
    /// The body.
    pub body: Bytes,
}

impl FromRequest<App> for StationRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<StationRequest, Problem> {
        let (parts, body) = request.into_parts();
        let (auth, station) = who_signed(app, &parts).await?;
        let body = read(body, PUSH_BODY_MAX).await?;
        check(app, &auth, &station, &parts, &body)?;
        app.saw(station.station, now_ms());
        Ok(StationRequest { station, body })
    }
}

/// The station that a request says it is from, before its signature is checked.
async fn who_signed(app: &App, parts: &Parts) -> Result<(RequestAuth, Station), Problem> {
    let auth = text(&parts.headers, header::AUTHORIZATION).ok_or(Problem::StationHeader)?;
    let auth = RequestAuth::parse(auth).map_err(|_| Problem::StationHeader)?;
    let Some(station) = app.stations.find(&app.store, auth.station).await? else {
        app.limits.stranger.take(address(parts)).map_err(Problem::RateLimit)?;
        return Err(Problem::UnknownStation);
    };
    app.limits.station.take(station.station).map_err(Problem::RateLimit)?;
    Ok((auth, station))
}

fn check(
    app: &App,
    auth: &RequestAuth,
    station: &Station,
    parts: &Parts,
    body: &[u8],
) -> Result<(), Problem> {
    let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let path = path.path_and_query().map_or("/", |path| path.as_str());
    let facts = RequestFacts { method: parts.method.as_str(), path, body };
    let now = now_ms();
    match auth.check(&facts, &station.public_key, &app.key.public(), now) {
        Ok(()) => {}
        Err(RequestError::Clock) => {
            return Err(Problem::Clock(Challenge::issue(&app.key, station.station, now)));
        }
        Err(RequestError::Malformed | RequestError::Signature) => return Err(Problem::StationSignature),
    }
    let life_ms = CLOCK_TOLERANCE_MS.saturating_mul(2).max(CHALLENGE_LIFE_MS);
    if app.nonces.take(auth.nonce, now, life_ms) { Ok(()) } else { Err(Problem::Replayed) }
}

/// Reads a body within its limit and time.
pub(crate) async fn read(body: Body, max: usize) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, max)).await;
    read.map_err(|_| Problem::BodyTimeout)?.map_err(|_| Problem::BodyTooLong)
}

/// A place among the pushes in progress. Taken before the body is read.
#[derive(Debug)]
pub(super) struct PushPlace(
    #[expect(dead_code, reason = "held until the request ends")] OwnedSemaphorePermit,
);

impl FromRequestParts<App> for PushPlace {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, app: &App) -> Result<PushPlace, Problem> {
        let busy = || {
            app.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Problem::Busy
        };
        let _waiting = app.pushes_waiting.try_acquire().map_err(|_| busy())?;
        let place = tokio::time::timeout(PLACE_WAIT, app.pushes.clone().acquire_owned()).await;
        place.ok().and_then(Result::ok).map(PushPlace).ok_or_else(busy)
    }
}

/// A script that shows an API key.
#[derive(Debug)]
pub(super) struct ApiKey {
    /// It may read journals too.
    may_read_journals: bool,
}

impl FromRequestParts<App> for ApiKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<ApiKey, Problem> {
        let shown = text(&parts.headers, header::AUTHORIZATION).and_then(|it| it.strip_prefix("Bearer "));
        let known = match shown {
            Some(key) => app.store.api_key(secret_hash(key)).await?,
            None => None,
        };
        let Some((name, may_read_journals)) = known else {
            app.limits.stranger.take(address(parts)).map_err(Problem::RateLimit)?;
            return Err(Problem::ApiKey);
        };
        app.limits.api_key.take(name).map_err(Problem::RateLimit)?;
        Ok(ApiKey { may_read_journals })
    }
}

/// A script whose key was made to read journals.
#[derive(Debug)]
pub(super) struct JournalKey;

impl FromRequestParts<App> for JournalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<JournalKey, Problem> {
        let key = ApiKey::from_request_parts(parts, app).await?;
        if key.may_read_journals { Ok(JournalKey) } else { Err(Problem::JournalKey) }
    }
}

/// A person who signed in.
#[derive(Debug)]
pub(super) struct Session {
    /// Who.
    pub user: User,
    /// The session's stored name.
    pub token: Hash,
}

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Session, Problem> {
        let token = secret_hash(cookie(&parts.headers).ok_or(Problem::Session)?);
        let user = app.store.session(token, now_ms()).await?;
        Ok(Session { user: user.ok_or(Problem::Session)?, token })
    }
}

/// Whoever may see reports: a script with a key, a person who signed in, or a station that signs for its own figures.
#[derive(Debug)]
pub(super) enum Reader {
    /// Sees every site.
    Chain,
    /// Sees what its own till sold.
    Till(Box<Station>),
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Reader, Problem> {
        if cookie(&parts.headers).is_some() {
            return Session::from_request_parts(parts, app).await.map(|_| Reader::Chain);
        }
        let is_station = text(&parts.headers, header::AUTHORIZATION).is_some_and(RequestAuth::is_one);
        if !is_station {
            return ApiKey::from_request_parts(parts, app).await.map(|_| Reader::Chain);
        }
        let (auth, station) = who_signed(app, parts).await?;
        check(app, &auth, &station, parts, &[])?;
        app.saw(station.station, now_ms());
        Ok(Reader::Till(Box::new(station)))
    }
}

/// The address that the request came from.
#[derive(Debug)]
pub(super) struct Peer(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Problem> {
        Ok(Peer(address(parts)))
    }
}

fn address(parts: &Parts) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(unknown, |info| info.0.ip())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}

/// How secrets that the hub made itself are stored: they are long and random, so one round is enough.
pub(crate) fn secret_hash(secret: &str) -> Hash {
    Hash(Sha256::digest(secret.as_bytes()).into())
}
