//! Who asks: a station by its signature, a script by its API key, a person by a session. The gate asks [`admit`] for each
//! route's action before the handler is called; handlers learn from it who it was and what they may see.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use suanpan_journal::{Hash, StationId};
use suanpan_sync::limits::{CHALLENGE_LIFE_MS, CLOCK_TOLERANCE_MS, PUSH_BODY_MAX};
use suanpan_sync::{Challenge, RequestAuth, RequestError, RequestFacts, Scope};
use tokio::sync::OwnedSemaphorePermit;

use super::{Problem, peer};
use crate::access::{Action, Reach, User};
use crate::admin::secret_hash;
use crate::app::{App, PLACE_WAIT};
use crate::clock::now_ms;
use crate::door::Caller;
use crate::limit::{Share, household};
use crate::refusal::Refusal;
use crate::store::{ApiKey, Standing, Station, StoreError};

/// The cookie that names a session.
pub(crate) const SESSION_COOKIE: &str = "suanpan_hq";

/// A page says with this that its person did something since it last asked: a page that only shows goes idle.
const ACTED: &str = "suanpan-acted";

/// Who asks, as the gate found.
#[derive(Debug, Clone)]
pub(super) enum Asker {
    /// Whoever it is.
    Anybody,
    /// A station, with its place among the station's requests.
    Station(Arc<(Station, Share<StationId>)>),
    /// A person, and the session's stored name.
    Person(Arc<(User, Hash)>, Reach),
    /// A script, by its key's name, and what it may see.
    Script(String, Reach),
}

impl Asker {
    /// Who has places of their own among the readers.
    pub(super) fn reader(&self) -> String {
        match self {
            Asker::Anybody => String::new(),
            Asker::Station(signed) => format!("station {}", signed.0.station),
            Asker::Person(person, _) => format!("person {}", person.0.name),
            Asker::Script(name, _) => format!("key {name}"),
        }
    }
}

/// Finds out who asks and whether they may. A route's handler is not called before.
pub(super) async fn admit(app: &App, action: Action, parts: &Parts, body: &[u8]) -> Result<Asker, Problem> {
    let is_signed = text(&parts.headers, header::AUTHORIZATION).is_some_and(RequestAuth::is_one);
    let is_watched = action == Action::Watch && peer::is_from_here(&parts.headers, &parts.extensions);
    if action == Action::Knock || is_watched {
        return Ok(Asker::Anybody);
    }
    if matches!(action, Action::Deliver | Action::Trade) || is_signed && action == Action::ReadFigures {
        let signed = who_signed(app, parts, body).await?;
        // What was sold is taken from whoever sold it.
        if action != Action::Deliver && signed.0.standing != Standing::Active {
            return Err(Problem::StationEnded);
        }
        return Ok(Asker::Station(Arc::new(signed)));
    }
    if cookie(&parts.headers).is_some() || action.is_for_people() {
        return who_signed_in(app, action, parts).await;
    }
    let ApiKey { name, rights, .. } = who_shows_a_key(app, parts).await?;
    let is_of_sites = matches!(action, Action::ReadFigures | Action::ReadDays);
    match action {
        _ if !rights.actions.contains(&action) => Err(Problem::KeyActions),
        // What is told of the whole chain alone.
        _ if !is_of_sites && rights.sites != Reach::whole_chain() => Err(Problem::Right),
        _ => Ok(Asker::Script(name, rights.sites)),
    }
}

/// A request that a station signed.
#[derive(Debug)]
pub(super) struct StationRequest {
    signed: Arc<(Station, Share<StationId>)>,
    /// The body.
    pub body: Bytes,
}

impl StationRequest {
    /// Who.
    pub(super) fn station(&self) -> &Station {
        &self.signed.0
    }

    /// Its place among the station's requests: an answer that is long keeps it.
    pub(super) fn into_place(self) -> impl Send + 'static {
        self.signed
    }
}

impl FromRequest<App> for StationRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<StationRequest, Problem> {
        let (mut parts, body) = request.into_parts();
        let Some(Asker::Station(signed)) = parts.extensions.remove::<Asker>() else {
            return Err(Problem::StationHeader);
        };
        // The gate has read it.
        let body = to_bytes(body, PUSH_BODY_MAX).await.map_err(|_| Problem::BodyTooLong)?;
        Ok(StationRequest { signed, body })
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
    app.limits.station.take(station.station).map_err(Refusal::RateLimit)?;
    let place = app.requests_of.take(station.station, 1).ok_or(Refusal::Busy)?;
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
        true => Some(app.strangers.acquire().await.map_err(|_| Refusal::Busy)?),
        false => None,
    };
    Ok(look.await?)
}

/// Counts a request of nobody that the hub knows; gives what it is told.
fn stranger(app: &App, parts: &Parts, problem: Problem) -> Problem {
    match app.limits.stranger.take(household(address(parts))) {
        Ok(()) => problem,
        Err(seconds) => Refusal::RateLimit(seconds).into(),
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
    pub(super) async fn take(app: &App, station: StationId) -> Result<PushPlace, Refusal> {
        let busy = || {
            app.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Refusal::Busy
        };
        let own = app.pushes_of.take(station, 1).ok_or_else(busy)?;
        let _waiting = app.pushes_waiting.try_acquire().map_err(|_| busy())?;
        let place = tokio::time::timeout(PLACE_WAIT, app.pushes.clone().acquire_owned()).await;
        let all = place.ok().and_then(Result::ok).ok_or_else(busy)?;
        Ok(PushPlace { all, own })
    }
}

async fn who_shows_a_key(app: &App, parts: &Parts) -> Result<ApiKey, Problem> {
    let shown = text(&parts.headers, header::AUTHORIZATION).and_then(|it| it.split_once(' '));
    let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    let known = match shown {
        Some(key) => look_up(app, parts, app.store.api_key(secret_hash(key), now_ms())).await?,
        None => None,
    };
    let Some(key) = known else {
        return Err(stranger(app, parts, Problem::ApiKey));
    };
    proved(parts);
    app.limits.api_key.take(key.name.clone()).map_err(Refusal::RateLimit)?;
    Ok(key)
}

async fn who_signed_in(app: &App, action: Action, parts: &Parts) -> Result<Asker, Problem> {
    let token = secret_hash(cookie(&parts.headers).ok_or(Problem::Session)?);
    let acts = !parts.method.is_safe() || parts.headers.contains_key(ACTED);
    let Some(user) = look_up(app, parts, app.store.session(token, acts, now_ms())).await? else {
        return Err(stranger(app, parts, Problem::Session));
    };
    proved(parts);
    if !user.may(action) {
        return Err(Problem::Right);
    }
    let reach = match &user.scope {
        Scope::Chain => Reach::whole_chain(),
        Scope::Site(site) => Reach::of(vec![site.clone()]),
        Scope::Zone(zone) => {
            let sites = app.store.sites().await?.into_iter();
            Reach::of(sites.filter(|site| site.zone.as_ref() == Some(zone)).map(|site| site.site).collect())
        }
    };
    Ok(Asker::Person(Arc::new((user, token)), reach))
}

/// A person who signed in.
#[derive(Debug)]
pub(super) struct Session {
    person: Arc<(User, Hash)>,
    /// What they may see.
    pub reach: Reach,
}

impl Session {
    /// Who.
    pub(super) fn user(&self) -> &User {
        &self.person.0
    }

    /// The session's stored name.
    pub(super) fn token(&self) -> Hash {
        self.person.1
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Session, Problem> {
        match parts.extensions.remove() {
            Some(Asker::Person(person, reach)) => Ok(Session { person, reach }),
            _ => Err(Problem::Session),
        }
    }
}

/// Whoever may see figures: a script or a person, of a reach, or a station, of its own.
#[derive(Debug)]
pub(super) struct Reader {
    /// The sites that they see.
    pub reach: Reach,
    /// A station sees what its own till sold.
    pub till: Option<u16>,
    /// What they get may be opened in a spreadsheet.
    pub is_person: bool,
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Reader, Problem> {
        match parts.extensions.remove() {
            Some(Asker::Person(_, reach)) => Ok(Reader { reach, till: None, is_person: true }),
            Some(Asker::Script(_, reach)) => Ok(Reader { reach, till: None, is_person: false }),
            Some(Asker::Station(signed)) => {
                let (site, till) = (signed.0.site.clone(), signed.0.till);
                Ok(Reader { reach: Reach::of(vec![site]), till: Some(till), is_person: false })
            }
            Some(Asker::Anybody) | None => Err(Problem::ApiKey),
        }
    }
}

fn address(parts: &Parts) -> IpAddr {
    peer::address(&parts.headers, &parts.extensions)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}
