use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use suanpan_journal::{Hash, Message, Signature, SigningKey, StationId, Tag, VerifyingKey};

use crate::limits::{AUTHORIZATION_MAX, CHALLENGE_LIFE_MS, CLOCK_TOLERANCE_MS};

const REQUEST: Tag = Tag::new("suanpan/request/v1");
const CHALLENGE: Tag = Tag::new("suanpan/challenge/v1");
const SCHEME: &str = "Suanpan ";

/// What a request's signature covers besides station, time, nonce and challenge.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Upper case, e.g. `POST`.
    pub method: &'a str,
    /// Path with its query, as sent.
    pub path: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
}

/// Says why a request is not accepted as the station's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The header is missing or unreadable.
    #[error("the Authorization header is not a station's")]
    Malformed,
    /// Another key, method, path, body, time or nonce was signed.
    #[error("the request's signature does not match")]
    Signature,
    /// The station's clock is wrong: answer with a challenge, and it signs again.
    #[error("the request's time is out of tolerance")]
    Clock,
}

/// The hub's proof, without any memory of it, that it spoke to a station a moment ago. A station whose clock is
/// wrong signs it instead of its own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The hub's clock, in ms since 1970-01-01 UTC.
    pub hub_time_ms: i64,
    /// The hub's signature over it and the station.
    pub signature: Signature,
}

impl Challenge {
    /// Makes one for a station.
    #[must_use]
    pub fn issue(hub: &SigningKey, station: StationId, now_ms: i64) -> Challenge {
        Challenge { hub_time_ms: now_ms, signature: hub.sign(&Challenge::message(station, now_ms)) }
    }

    fn message(station: StationId, at_ms: i64) -> Message {
        Message::new(CHALLENGE, station).i64(at_ms)
    }

    fn holds(&self, hub: &VerifyingKey, station: StationId, now_ms: i64) -> bool {
        let fresh = (0..=CHALLENGE_LIFE_MS).contains(&now_ms.saturating_sub(self.hub_time_ms));
        fresh && hub.verify(&Challenge::message(station, self.hub_time_ms), &self.signature).is_ok()
    }
}

/// The `Authorization` header of a station's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAuth {
    /// Who asks.
    pub station: StationId,
    /// The station's idea of the hub's clock, in ms.
    pub time_ms: i64,
    /// Random; the hub accepts it once.
    pub nonce: [u8; 16],
    /// Set when the hub asked for it.
    pub challenge: Option<Challenge>,
    /// The station's signature.
    pub signature: Signature,
}

impl RequestAuth {
    /// Signs a request.
    #[must_use]
    pub fn sign(
        key: &SigningKey,
        station: StationId,
        facts: &RequestFacts<'_>,
        time_ms: i64,
        nonce: [u8; 16],
        challenge: Option<Challenge>,
    ) -> RequestAuth {
        let mut auth = RequestAuth { station, time_ms, nonce, challenge, signature: Signature([0; 64]) };
        auth.signature = key.sign(&auth.message(facts));
        auth
    }

    /// Checks signature, then time or challenge. Whether the nonce was used before is the caller's to know.
    ///
    /// *Errors:* `Signature`, `Clock`.
    pub fn check(
        &self,
        facts: &RequestFacts<'_>,
        station_key: &VerifyingKey,
        hub: &VerifyingKey,
        now_ms: i64,
    ) -> Result<(), RequestError> {
        station_key.verify(&self.message(facts), &self.signature).map_err(|_| RequestError::Signature)?;
        let on_time = now_ms.abs_diff(self.time_ms) <= CLOCK_TOLERANCE_MS.unsigned_abs();
        let answered = || self.challenge.as_ref().is_some_and(|it| it.holds(hub, self.station, now_ms));
        if on_time || answered() { Ok(()) } else { Err(RequestError::Clock) }
    }

    fn message(&self, facts: &RequestFacts<'_>) -> Message {
        let body = Hash(Sha256::digest(facts.body).into());
        let message = Message::new(REQUEST, self.station)
            .text(facts.method)
            .text(facts.path)
            .hash(&body)
            .i64(self.time_ms)
            .id(&self.nonce);
        match &self.challenge {
            None => message.u8(0),
            Some(challenge) => message.u8(1).i64(challenge.hub_time_ms).bytes(&challenge.signature.0),
        }
    }

    /// Writes the header's value.
    #[must_use]
    pub fn header(&self) -> String {
        let nonce = Hex16(self.nonce);
        let mut text = format!("{SCHEME}station={},time={},nonce={nonce}", self.station, self.time_ms);
        if let Some(challenge) = &self.challenge {
            text.push_str(&format!(",challenge={}.{}", challenge.hub_time_ms, challenge.signature));
        }
        text.push_str(&format!(",signature={}", self.signature));
        text
    }

    /// Says whether a header's value means to be a station's.
    #[must_use]
    pub fn is_one(value: &str) -> bool {
        value.starts_with(SCHEME)
    }

    /// Reads a header's value.
    ///
    /// *Errors:* `Malformed`.
    pub fn parse(value: &str) -> Result<RequestAuth, RequestError> {
        parse(value).ok_or(RequestError::Malformed)
    }
}

fn parse(value: &str) -> Option<RequestAuth> {
    if value.len() > AUTHORIZATION_MAX {
        return None;
    }
    let mut fields = value.strip_prefix(SCHEME)?.split(',');
    let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');
    let station = field("station")?.parse().ok()?;
    let time_ms = field("time")?.parse().ok()?;
    let nonce = StationId::from_str(field("nonce")?).ok()?.0;
    let mut last = fields.next()?;
    let mut challenge = None;
    if let Some(text) = last.strip_prefix("challenge=") {
        let (time, signature) = text.split_once('.')?;
        challenge = Some(Challenge { hub_time_ms: time.parse().ok()?, signature: signature.parse().ok()? });
        last = fields.next()?;
    }
    let signature = last.strip_prefix("signature=")?.parse().ok()?;
    fields.next().is_none().then_some(RequestAuth { station, time_ms, nonce, challenge, signature })
}

/// Sixteen bytes as hex: a nonce has the width of an id and borrows its spelling.
struct Hex16([u8; 16]);

impl std::fmt::Display for Hex16 {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        StationId(self.0).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn keys() -> (SigningKey, SigningKey) {
        (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]))
    }

    const FACTS: RequestFacts<'static> = RequestFacts { method: "POST", path: "/api/v1/push", body: b"body" };

    fn check(auth: &RequestAuth, facts: &RequestFacts<'_>) -> Result<(), RequestError> {
        let (station, hub) = keys();
        auth.check(facts, &station.public(), &hub.public(), NOW)
    }

    fn signed(time_ms: i64, challenge: Option<Challenge>) -> RequestAuth {
        RequestAuth::sign(&keys().0, StationId([7; 16]), &FACTS, time_ms, [9; 16], challenge)
    }

    #[test]
    fn a_header_comes_back_with_and_without_a_challenge() {
        let challenge = Challenge::issue(&keys().1, StationId([7; 16]), NOW);
        for auth in [signed(NOW, None), signed(-5, Some(challenge))] {
            let header = auth.header();
            assert!(header.len() <= AUTHORIZATION_MAX);
            assert_eq!(RequestAuth::parse(&header).unwrap(), auth);
        }
    }

    #[test]
    fn another_method_path_body_or_nonce_is_refused() {
        let auth = signed(NOW, None);
        assert_eq!(check(&auth, &FACTS), Ok(()));
        for facts in [
            RequestFacts { method: "GET", ..FACTS },
            RequestFacts { path: "/api/v1/pull", ..FACTS },
            RequestFacts { body: b"bode", ..FACTS },
        ] {
            assert_eq!(check(&auth, &facts), Err(RequestError::Signature));
        }
        let replayed = RequestAuth { nonce: [8; 16], ..auth };
        assert_eq!(check(&replayed, &FACTS), Err(RequestError::Signature));
    }

    #[test]
    fn a_till_whose_clock_says_2009_gets_in_with_a_challenge() {
        let year_2009 = 1_234_567_890_000;
        assert_eq!(check(&signed(year_2009, None), &FACTS), Err(RequestError::Clock));
        let (_, hub) = keys();
        let challenge = Challenge::issue(&hub, StationId([7; 16]), NOW - 1_000);
        assert_eq!(check(&signed(year_2009, Some(challenge)), &FACTS), Ok(()));
    }

    #[test]
    fn a_stale_foreign_or_forged_challenge_is_no_excuse() {
        let (station, hub) = keys();
        for challenge in [
            Challenge::issue(&hub, StationId([7; 16]), NOW - CHALLENGE_LIFE_MS - 1),
            Challenge::issue(&hub, StationId([7; 16]), NOW + 1),
            Challenge::issue(&hub, StationId([6; 16]), NOW),
            Challenge::issue(&station, StationId([7; 16]), NOW),
        ] {
            assert_eq!(check(&signed(0, Some(challenge)), &FACTS), Err(RequestError::Clock));
        }
    }

    #[test]
    fn garbage_headers_are_malformed() {
        let long = format!("Suanpan {}", "x".repeat(AUTHORIZATION_MAX));
        let extra = format!("{},more=1", signed(NOW, None).header());
        for text in
            ["", "Suanpan", "Basic abc", "Suanpan station=zz", "Suanpan station=,time=", &long, &extra]
        {
            assert_eq!(RequestAuth::parse(text), Err(RequestError::Malformed), "{text}");
        }
    }
}
