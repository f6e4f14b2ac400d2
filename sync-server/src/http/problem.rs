use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use suanpan_sync::{Challenge, WireError};

use crate::project::Standstill;
use crate::refusal::Refusal;
use crate::store::StoreError;

/// Seconds after which a station or script is asked to come back when the hub is short of something.
const RETRY_AFTER_S: u64 = 2;

/// Why a request was not carried out, as an RFC 9457 problem document with a stable code.
#[derive(Debug, Clone)]
pub(super) enum Problem {
    /// A use case refused.
    Refused(Refusal),
    /// No station's signature, or not a readable one.
    StationHeader,
    /// No such station.
    UnknownStation,
    /// The signature is not the station's over this request.
    StationSignature,
    /// The station's clock is wrong: sign this too.
    Clock(Challenge),
    /// The request came before.
    Replayed,
    /// No API key that the hub knows.
    ApiKey,
    /// The API key was made for something else.
    KeyActions,
    /// The person's role has no right to this.
    Right,
    /// The station is retired or revoked.
    StationEnded,
    /// No session.
    Session,
    /// The body is too long.
    BodyTooLong,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The answer was not there in time; what was asked for may be done later all the same.
    Late,
    /// A page of another site sent a browser here.
    ForeignPage,
    /// A parameter or field is missing or malformed.
    BadRequest(&'static str),
    /// What was decided about is not what waits now.
    ListChanged,
    /// A row could not be imported today: why.
    Unpublishable(String),
    /// No site has this code.
    UnknownSite,
    /// The path has no such method.
    Method,
    /// Nothing new is in the figures: the projector fails again and again.
    Standstill(Standstill),
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Refused"))]
pub(super) struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<serde_json::Value>"))]
    challenge: Option<&'a Challenge>,
}

impl Problem {
    /// The stable code.
    #[cfg(test)]
    pub(super) fn code(&self) -> &'static str {
        self.parts().1
    }

    fn parts(&self) -> (u16, &'static str, &'static str) {
        match self {
            Problem::Refused(refusal) => {
                let (status, title) = told(refusal);
                (status, refusal.code(), title)
            }
            Problem::StationHeader => (401, "HUB-AUT-001", "A station's signature is needed."),
            Problem::UnknownStation => (401, "HUB-AUT-002", "The station is not enrolled here."),
            Problem::StationSignature => (401, "HUB-AUT-003", "The request's signature does not match."),
            Problem::Clock(_) => (401, "HUB-AUT-004", "The station's clock is wrong: sign the challenge."),
            Problem::Replayed => (401, "HUB-AUT-005", "The request was seen before."),
            Problem::ApiKey => (401, "HUB-AUT-006", "An API key is needed."),
            Problem::Session => (401, "HUB-AUT-007", "Sign in first."),
            Problem::KeyActions => (403, "HUB-AUT-009", "The API key was not made for this."),
            Problem::ForeignPage => (403, "HUB-AUT-010", "The request comes from another site's page."),
            Problem::Right => (403, "HUB-AUT-011", "Your role has no right to this."),
            Problem::StationEnded => {
                (403, "HUB-AUT-012", "The station was taken out of use: it delivers, and gets nothing.")
            }
            Problem::BodyTooLong => (413, "HUB-LIM-003", "The body is too long."),
            Problem::BodyTimeout => (408, "HUB-LIM-004", "The body did not arrive in time."),
            Problem::Late => (503, "HUB-LIM-005", "The hub did not answer in time."),
            Problem::BadRequest(_) => (400, "HUB-REQ-001", "The request is malformed."),
            Problem::UnknownSite => (404, "HUB-REQ-006", "There is no such site."),
            Problem::Method => (405, "HUB-REQ-003", "The path has no such method."),
            Problem::ListChanged => (409, "HUB-REQ-004", "The list has changed: look at it again."),
            Problem::Unpublishable(_) => (422, "HUB-REQ-005", "A row breaks a rule: nothing was published."),
            Problem::Standstill(_) => (503, "HUB-RUN-007", "Nothing new is in the figures."),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Problem::Refused(Refusal::Wire(error)) => Some(error.to_string()),
            Problem::Refused(Refusal::Store(error @ (StoreError::Outcome(_) | StoreError::Beyond))) => {
                Some(error.to_string())
            }
            Problem::Refused(Refusal::Store(StoreError::TooMany(max))) => {
                Some(format!("more than {max} rows: ask for fewer dates (from, to) or for one site"))
            }
            Problem::BadRequest(what) => Some((*what).to_owned()),
            Problem::Unpublishable(why) => Some(why.clone()),
            Problem::Standstill(Standstill { since_ms, error }) => {
                Some(format!("since {since_ms} ms: {} {error}", error.code()))
            }
            _ => None,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Problem::Refused(Refusal::RateLimit(seconds) | Refusal::OverQuota(seconds)) => Some(*seconds),
            Problem::Late
            | Problem::Refused(
                Refusal::Busy | Refusal::Store(StoreError::Busy | StoreError::Late | StoreError::Stopped),
            ) => Some(RETRY_AFTER_S),
            _ => None,
        }
    }
}

/// The status and title of what a use case refused.
fn told(refusal: &Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::Wire(WireError::Signature) => (403, "The signature does not match."),
        Refusal::Wire(_) => (400, "The message is malformed."),
        Refusal::Store(StoreError::Beyond) => (400, "The request is malformed."),
        Refusal::Store(StoreError::Panicked) => (500, "The hub broke off."),
        Refusal::Store(StoreError::TooMany(_)) => (400, "The report is too long."),
        Refusal::Store(StoreError::Late) => (503, "The hub did not answer in time."),
        Refusal::Store(StoreError::DiskFull) => (507, "The hub's disk is full."),
        Refusal::Store(_) => (503, "The hub's store cannot do this now."),
        Refusal::Login => (401, "Name or password is wrong."),
        Refusal::CodeUnknown => (403, "The one-time code is not known."),
        Refusal::CodeExpired => (403, "The one-time code is too old."),
        Refusal::CodeUsed => (403, "The one-time code was used already."),
        Refusal::OtherKey => (403, "The station is enrolled with another key."),
        Refusal::NumberTaken => (409, "Another station has the till's number."),
        Refusal::Certificate => (403, "The certificate is not this hub's."),
        Refusal::TooManyBranches => (409, "The segment has too many branches."),
        Refusal::OverQuota(_) => (429, "The station sends more than a till can."),
        Refusal::RateLimit(_) => (429, "Too many requests."),
        Refusal::Busy => (503, "The hub is busy."),
        Refusal::NotFound => (404, "Nothing is here."),
        Refusal::Internal => (500, "The hub failed."),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.parts();
        match &self {
            Problem::Refused(Refusal::Store(StoreError::TooMany(_))) => {}
            Problem::Refused(Refusal::Store(error)) => tracing::error!(code, %error, "the store refused"),
            Problem::Late => tracing::error!(code, "the store did not answer in time"),
            _ => {}
        }
        let challenge = match &self {
            Problem::Clock(challenge) => Some(challenge),
            _ => None,
        };
        let document =
            Document { r#type: "about:blank", title, status, code, detail: self.detail(), challenge };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl<R: Into<Refusal>> From<R> for Problem {
    fn from(refused: R) -> Problem {
        Problem::Refused(refused.into())
    }
}
