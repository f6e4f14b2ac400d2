use std::time::Duration;

use suanpan_journal::{SigningKey, StationId};
use suanpan_sync::{EnrolReply, EnrolRequest, paths};

use super::cause::CallError;
use super::client::{Failure, connect, exchange};

/// Somebody stands at the machine and waits.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longest answer to an enrolment.
const REPLY_MAX: usize = 8 * 1024;

/// Why a station was not enrolled. Nothing was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// The hub did not answer, or refused the code.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The certificate is not for this station and key, or not signed by the hub.
    #[error("the hub's certificate does not check")]
    Certificate,
}

/// Enrols a station with a one-time code. The reply's certificate is checked; the hub's key in it is to be pinned.
///
/// May be repeated with the same code and key when the answer was lost. *Errors:* [`EnrolError`].
pub async fn enrol(
    hub_url: &str,
    code: &str,
    station: StationId,
    key: &SigningKey,
) -> Result<EnrolReply, EnrolError> {
    let (http, base) = connect(hub_url)?;
    let url = base.join(paths::ENROL).map_err(|_| CallError::Address("the hub's address is not a URL"))?;
    let body = serde_json::to_vec(&EnrolRequest::sign(key, station, code)).unwrap_or_default();
    let answer = match exchange(http.post(url).body(body), TIMEOUT, REPLY_MAX, &|| {}).await {
        Ok(answer) => answer,
        Err(Failure::Call(error)) => return Err(error.into()),
        Err(Failure::Clock(_)) => return Err(CallError::Garbage("a challenge to an enrolment").into()),
    };
    let reply: EnrolReply =
        serde_json::from_slice(&answer).map_err(|_| CallError::Garbage("not an enrolment"))?;
    let enrolment = &reply.certificate.enrolment;
    let ours = enrolment.station == station && enrolment.public_key == key.public();
    if !ours || reply.certificate.verify(&reply.hub_key).is_err() {
        return Err(EnrolError::Certificate);
    }
    Ok(reply)
}
