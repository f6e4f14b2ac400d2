use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CertificateId, Message, Signature, SignatureError, SigningKey, StationId, Tag, VerifyingKey};

const CERTIFICATE: Tag = Tag::new("suanpan/certificate/v1");

/// Says why a text is not a site code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a site code is 1 to {max} ASCII letters and digits", max = SiteCode::LEN_MAX)]
pub struct SiteCodeError;

/// A site's code as it is printed: 1 to 16 ASCII letters and digits, so that the dashes of a printed number
/// separate its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteCode(String);

impl SiteCode {
    /// Longest code: it must fit a 58 mm receipt's number line with the rest.
    pub const LEN_MAX: usize = 16;

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteCode {
    type Error = SiteCodeError;

    fn try_from(text: String) -> Result<Self, SiteCodeError> {
        let fits = (1..=SiteCode::LEN_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(SiteCode(text));
        }
        Err(SiteCodeError)
    }
}

impl FromStr for SiteCode {
    type Err = SiteCodeError;

    fn from_str(text: &str) -> Result<Self, SiteCodeError> {
        SiteCode::try_from(text.to_owned())
    }
}

impl From<SiteCode> for String {
    fn from(code: SiteCode) -> String {
        code.0
    }
}

impl fmt::Display for SiteCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an enrolment states: this key writes for this station, till number and site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// This enrolment; a re-enrolled station gets a new one.
    pub id: CertificateId,
    /// The station.
    pub station: StationId,
    /// Where it stands.
    pub site: SiteCode,
    /// Its printed number at the site, from 1.
    pub till: u16,
    /// The key that signs for it.
    pub public_key: VerifyingKey,
    /// The hub's clock, in ms since 1970-01-01 UTC.
    pub issued_at_ms: i64,
}

impl Enrolment {
    /// The canonical bytes: tag, station, id, site, till, public key, time.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new(CERTIFICATE, self.station)
            .id(&self.id.0)
            .text(self.site.as_str())
            .u16(self.till)
            .bytes(&self.public_key.to_bytes())
            .i64(self.issued_at_ms)
    }
}

/// An enrolment with the hub's signature: how a station proves to any hub of the chain who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// What is stated.
    #[serde(flatten)]
    pub enrolment: Enrolment,
    /// The hub's signature over [`Enrolment::message`].
    pub signature: Signature,
}

impl Certificate {
    /// Signs an enrolment with the hub's key.
    #[must_use]
    pub fn issue(enrolment: Enrolment, hub: &SigningKey) -> Certificate {
        let signature = hub.sign(&enrolment.message());
        Certificate { enrolment, signature }
    }

    /// Checks that this hub signed it.
    ///
    /// *Errors:* [`SignatureError`].
    pub fn verify(&self, hub: &VerifyingKey) -> Result<(), SignatureError> {
        hub.verify(&self.enrolment.message(), &self.signature)
    }
}
