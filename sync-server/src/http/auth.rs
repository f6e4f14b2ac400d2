//! Who asks: a station by its signature, a script by its API key, a person by a session. Each is an extractor, so
//! that a handler which names none of them is the exception to look for.

use std::net::IpAddr;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use suanpan_journal::{Hash, StationId};
use suanpan_sync::limits::{CHALLENGE_LIFE_MS, CLOCK_TOLERANCE_MS, PUSH_BODY_MAX};
use suanpan_sync::{Challenge, RequestAuth, RequestError, RequestFacts};
use tokio::sync::OwnedSemaphorePermit;

use super::{Problem, gate};
use crate::app::{App, PLACE_WAIT};
use crate::clock::now_ms;
use crate::door::Caller;
use crate::limit::{Share, household};
use crate::store::{Station, StoreError, User};

/// The cookie that names a session.
pub(crate) const SESSION_COOKIE: &str = "suanpan_hq";

/// A request that a station signed.
#[derive(Debug)]
pub(super) struct StationRequest {
    /// Who.
    pub station: Station,
    /// The body.
    pub body: Bytes,
    /// Its place among the station's requests: an answer that is long keeps it.
    pub place: Share<StationId>,
}

impl FromRequest<App> for StationRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<StationRequest, Problem> {
        let (parts, body) = request.into_parts();
        // The gate has read it.
        let body = to_bytes(body, PUSH_BODY_MAX).await.map_err(|_| Problem::BodyTooLong)?;
        let (station, place) = who_signed(app, &parts, &body).await?;
        Ok(StationRequest { station, body, place })
    }
}

/// The station that signed a request. Nothing of what a station may have is taken before that is proven: its name is no
/// secret.
async fn who_signed(app: &App, parts: &Parts, body: &[u8]) -> Result<(Station, Share<StationId>), Problem> {
    let auth = text(&parts.headers, header::AUTHORIZATION).ok_or(Problem::StationHeader)?;
    let auth = RequestAuth::parse(auth).map_err(|_| Problem::StationHeader)?;
    let Some(station) = look_up(app, parts, app.stations.find(&app.store, auth.station)).await? else {
        return Err(stranger(app, parts, Problem::UnknownStation));
    };
    check(app, &auth, &station, parts, body)?;
    proved(parts);
    app.limits.station.take(station.station).map_err(Problem::RateLimit)?;
    let place = app.requests_of.take(station.station, 1).ok_or(Problem::Busy)?;
    app.saw(station.station, now_ms());
    Ok((station, place))
}

/// Looks up who somebody says they are. Who shares an address with many whom nobody knows waits while they are looked up.
async fn look_up<T>(
    app: &App,
    parts: &Parts,
    look: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let _place = match app.limits.stranger.is_spent(&household(address(parts))) {
        true => Some(app.strangers.acquire().await.map_err(|_| Problem::Busy)?),
        false => None,
    };
    Ok(look.await?)
}

/// Counts a request of nobody that the hub knows; gives what it is told.
fn stranger(app: &App, parts: &Parts, problem: Problem) -> Problem {
    match app.limits.stranger.take(household(address(parts))) {
        Ok(()) => problem,
        Err(seconds) => Problem::RateLimit(seconds),
    }
}

/// Somebody proved on the request's connection who they are.
fn proved(parts: &Parts) {
    if let Some(ConnectInfo(caller)) = parts.extensions.get::<ConnectInfo<Caller>>() {
        caller.proved();
    }
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
        Err(RequestError::Malformed | RequestError::Signature) => {
            return Err(stranger(app, parts, Problem::StationSignature));
        }
    }
    let life_ms = CLOCK_TOLERANCE_MS.saturating_mul(2).max(CHALLENGE_LIFE_MS);
    if app.nonces.take(auth.nonce, now, life_ms) { Ok(()) } else { Err(Problem::Replayed) }
}

/// A place among the pushes in progress, and among those of its station.
#[derive(Debug)]
pub(super) struct PushPlace {
    #[expect(dead_code, reason = "held until the request ends")]
    all: OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held until the request ends")]
    own: Share<StationId>,
}

impl PushPlace {
    /// Waits for a place; a station that has two already is told to come again.
    pub(super) async fn take(app: &App, station: StationId) -> Result<PushPlace, Problem> {
        let busy = || {
            app.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Problem::Busy
        };
        let own = app.pushes_of.take(station, 1).ok_or_else(busy)?;
        let _waiting = app.pushes_waiting.try_acquire().map_err(|_| busy())?;
        let place = tokio::time::timeout(PLACE_WAIT, app.pushes.clone().acquire_owned()).await;
        let all = place.ok().and_then(Result::ok).ok_or_else(busy)?;
        Ok(PushPlace { all, own })
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
            Some(key) => look_up(app, parts, app.store.api_key(secret_hash(key))).await?,
            None => None,
        };
        let Some((name, may_read_journals)) = known else {
            return Err(stranger(app, parts, Problem::ApiKey));
        };
        proved(parts);
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
        let Some(user) = look_up(app, parts, app.store.session(token, now_ms())).await? else {
            return Err(stranger(app, parts, Problem::Session));
        };
        proved(parts);
        Ok(Session { user, token })
    }
}

/// Whoever may see reports: a script with a key, a person who signed in, or a station that signs for its own figures.
#[derive(Debug)]
pub(super) enum Reader {
    /// A script, which sees every site.
    Chain,
    /// A person, who sees every site.
    Person,
    /// Sees what its own till sold.
    Till(Box<Station>),
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Reader, Problem> {
        if cookie(&parts.headers).is_some() {
            return Session::from_request_parts(parts, app).await.map(|_| Reader::Person);
        }
        let is_station = text(&parts.headers, header::AUTHORIZATION).is_some_and(RequestAuth::is_one);
        if !is_station {
            return ApiKey::from_request_parts(parts, app).await.map(|_| Reader::Chain);
        }
        let (station, _place) = who_signed(app, parts, &[]).await?;
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
    gate::address(&parts.headers, &parts.extensions)
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
