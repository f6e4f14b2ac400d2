use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use suanpan_journal::{Certificate, SigningKey, StationId};
use suanpan_sync::{Challenge, RequestAuth, RequestFacts, paths};

use super::cause::{CallError, Cause};
use super::memory::Remembered;
use super::reach::{self, Reach};
use super::trust;
use crate::Clock;

/// A line that does not connect within this is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An idle connection is kept this long: longer than the pause between two sales.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// Longest problem document that is read.
const PROBLEM_MAX: usize = 8 * 1024;

/// Longest stable code that is believed to be one.
const CODE_MAX: usize = 32;

/// What is wrong with a machine whose certificates cannot be read.
const NO_TLS: CallError = CallError::Address("TLS cannot be set up on this machine");

/// Pause when a busy hub does not say how long.
const BUSY_MS: u32 = 2_000;

/// Longest pause that is taken from a header, in seconds.
const RETRY_AFTER_S_MAX: u32 = 300;

/// Longest answer to the question whether the hub is there.
const PING_MAX: usize = 1_024;

/// The code of a hub that is older than the question: it is there.
const NOTHING_HERE: &str = "HUB-REQ-002";

/// The hub's code for a station that it does not know.
const UNKNOWN_STATION: &str = "HUB-AUT-002";

/// Sends signed requests to one hub.
pub struct HubClient {
    /// What calls go by, or why none can go.
    line: Result<(reqwest::Client, Url), CallError>,
    station: StationId,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    certificate: Option<Certificate>,
    /// What to add to our clock to get the hub's. Learnt from a challenge; it only signs requests.
    skew_ms: AtomicI64,
    reach: Reach,
}

impl std::fmt::Debug for HubClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "HubClient({:?})", self.line.as_ref().map(|(_, base)| base.as_str()))
    }
}

/// A request to make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// Path with its query.
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
    pub(super) response_max: usize,
    pub(super) timeout: Duration,
}

/// Makes the HTTP client and reads the hub's address. Plain HTTP is for a hub on this machine.
///
/// *Errors:* `Address`.
pub fn connect(hub_url: &str) -> Result<(reqwest::Client, Url), CallError> {
    connect_knowing(hub_url, None)
}

/// The same, for a station that remembers the hub's TLS key.
fn connect_knowing(hub_url: &str, known: Option<&Remembered>) -> Result<(reqwest::Client, Url), CallError> {
    let base = Url::parse(hub_url).map_err(|_| CallError::Address("the hub's address is not a URL"))?;
    let plain = match base.scheme() {
        "https" => false,
        "http" if is_this_machine(&base) => true,
        "http" => return Err(CallError::Address("plain http is for a hub on this machine only")),
        _ => return Err(CallError::Address("the hub's address starts with https://")),
    };
    // Another part of the process may have installed it: then it is the same ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true);
    if plain {
        // No certificate will be looked at, so the machine need not have any; and no proxy stands in between.
        builder = builder.no_proxy().tls_certs_only([]);
    } else if let Some(known) = known {
        builder = builder.tls_backend_preconfigured(trust::tls(known.clone()).map_err(|_| NO_TLS)?);
    }
    let http = builder.build().map_err(|_| NO_TLS)?;
    Ok((http, base))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl HubClient {
    /// Makes a client. With an address that is none, each of its calls says so.
    pub fn new(hub_url: &str, station: StationId, key: SigningKey, clock: Arc<dyn Clock>) -> HubClient {
        HubClient::by(connect(hub_url), (station, key), clock)
    }

    /// Makes one that remembers the hub's TLS key.
    pub(super) fn remembering(
        memory: &Remembered,
        hub_url: &str,
        who: (StationId, SigningKey),
        clock: Arc<dyn Clock>,
    ) -> HubClient {
        HubClient::by(connect_knowing(hub_url, Some(memory)), who, clock)
    }

    fn by(
        line: Result<(reqwest::Client, Url), CallError>,
        (station, key): (StationId, SigningKey),
        clock: Arc<dyn Clock>,
    ) -> HubClient {
        let reach = Reach::new(Arc::clone(&clock));
        if let Err(why) = &line {
            reach.is_away(why.clone());
        }
        HubClient { line, station, key, clock, certificate: None, skew_ms: AtomicI64::new(0), reach }
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder, CallError> {
        let (http, base) = self.line.as_ref().map_err(CallError::clone)?;
        let url = base.join(path).map_err(|_| CallError::Address("the path is not one"))?;
        Ok(http.request(method, url))
    }

    /// Shows this certificate to a hub that does not know the station, because it was rebuilt from a backup or
    /// from nothing.
    #[must_use]
    pub fn with_certificate(self, certificate: Certificate) -> HubClient {
        HubClient { certificate: Some(certificate), ..self }
    }

    /// Whether there is an address to call at all.
    pub(super) fn has_address(&self) -> bool {
        self.line.is_ok()
    }

    /// Whether the hub answers, as the calls have found.
    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Asks whether a hub is there, whoever we are.
    pub(super) async fn ping(&self) -> Result<(), CallError> {
        let request = self.request(Method::GET, paths::PING)?;
        let answer = exchange(request, reach::ANSWER_TIMEOUT, PING_MAX, &|| {}).await;
        match answer {
            Ok(body) if serde_json::from_slice::<Pong>(&body).is_ok() => self.reach.heard(),
            Ok(_) => return Err(CallError::Garbage("not a hub's sign of life")),
            Err(Failure::Call(CallError::Refused { code })) if code == NOTHING_HERE => self.reach.heard(),
            Err(Failure::Call(CallError::Busy { .. })) => self.reach.heard(),
            Err(Failure::Call(error)) => return Err(error),
            Err(Failure::Clock(_)) => {
                return Err(CallError::Garbage("a challenge to a question of nobody's"));
            }
        }
        Ok(())
    }

    /// Makes a call; to a hub that does not know us, once more after an introduction.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, CallError> {
        match (self.on_time(call).await, &self.certificate) {
            (Err(CallError::Refused { code }), Some(certificate)) if code == UNKNOWN_STATION => {
                tracing::warn!(error.code = code, "sync.introduce");
                let body = serde_json::to_vec(certificate).unwrap_or_default();
                let path = paths::INTRODUCE;
                self.on_time(&Call { method: &Method::POST, path, body: &body, ..*call }).await?;
                self.on_time(call).await
            }
            (answer, _) => answer,
        }
    }

    /// Makes a call; when the hub finds our clock wrong, once more with its challenge.
    async fn on_time(&self, call: &Call<'_>) -> Result<Vec<u8>, CallError> {
        match self.once(call, None).await {
            Err(Failure::Clock(challenge)) => {
                let skew = challenge.hub_time_ms.saturating_sub(self.clock.now_ms());
                self.skew_ms.store(skew, Ordering::Relaxed);
                tracing::warn!(clock.skew_ms = skew, "sync.clock");
                match self.once(call, Some(challenge)).await {
                    Err(Failure::Clock(_)) => Err(CallError::Garbage("a challenge after a challenge")),
                    Err(Failure::Call(error)) => Err(error),
                    Ok(body) => Ok(body),
                }
            }
            Err(Failure::Call(error)) => Err(error),
            Ok(body) => Ok(body),
        }
    }

    async fn once(&self, call: &Call<'_>, challenge: Option<Challenge>) -> Result<Vec<u8>, Failure> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| CallError::Address("the system gives no random numbers"))?;
        let now_ms = self.clock.now_ms().saturating_add(self.skew_ms.load(Ordering::Relaxed));
        let facts = RequestFacts { method: call.method.as_str(), path: call.path, body: call.body };
        let auth = RequestAuth::sign(&self.key, self.station, &facts, now_ms, nonce, challenge);
        let request = self
            .request(call.method.clone(), call.path)?
            .header(AUTHORIZATION, auth.header())
            .body(call.body.to_vec());
        let answer = exchange(request, call.timeout, call.response_max, &|| self.reach.heard()).await;
        match &answer {
            Err(Failure::Call(CallError::Unreachable(_) | CallError::Server(_) | CallError::Garbage(_))) => {
                self.reach.failed();
            }
            Ok(_) | Err(_) => self.reach.heard(),
        }
        answer
    }
}

#[derive(Deserialize)]
struct Pong {
    #[serde(rename = "status")]
    _status: String,
}

/// Why one exchange failed.
pub(super) enum Failure {
    /// The hub finds our clock wrong.
    Clock(Challenge),
    /// Anything else.
    Call(CallError),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        Failure::Call(error)
    }
}

/// Sends a request and reads a bounded answer, all within `timeout`. `heard` is told of each part of a good answer.
pub(super) async fn exchange(
    request: reqwest::RequestBuilder,
    timeout: Duration,
    response_max: usize,
    heard: &(dyn Fn() + Sync),
) -> Result<Vec<u8>, Failure> {
    let unreachable = |error: reqwest::Error| CallError::Unreachable(Cause::of(&error, CONNECT_TIMEOUT));
    let whole = async {
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after_s = retry_after.and_then(|text| text.parse::<u32>().ok());
        let max = if status == StatusCode::OK { response_max } else { PROBLEM_MAX };
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
            if body.len().saturating_add(part.len()) > max {
                return Err(CallError::Garbage("the answer is too long").into());
            }
            body.extend_from_slice(&part);
            if status == StatusCode::OK {
                heard();
            }
        }
        if status == StatusCode::OK { Ok(body) } else { Err(refusal(status, retry_after_s, &body)) }
    };
    match tokio::time::timeout(timeout, whole).await {
        Ok(result) => result,
        Err(_) => Err(CallError::Unreachable(Cause::Silent(timeout.as_secs())).into()),
    }
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    challenge: Option<Challenge>,
}

fn refusal(status: StatusCode, retry_after_s: Option<u32>, body: &[u8]) -> Failure {
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let asked = retry_after_s.map(|seconds| seconds.min(RETRY_AFTER_S_MAX).saturating_mul(1_000));
        return CallError::Busy { retry_after_ms: asked.unwrap_or(BUSY_MS) }.into();
    }
    if status.is_server_error() {
        return CallError::Server(status.as_u16()).into();
    }
    match serde_json::from_slice::<Problem>(body) {
        Ok(Problem { challenge: Some(challenge), .. }) => Failure::Clock(challenge),
        Ok(Problem { code, .. }) if is_code(&code) => CallError::Refused { code }.into(),
        _ => CallError::Garbage("a refusal without a code").into(),
    }
}

fn is_code(code: &str) -> bool {
    (1..=CODE_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
