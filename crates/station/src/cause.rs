//! Why the hub is not reached, as a code whose sentences tell the cashier what to do and IT what was expected and found.

use reqwest::Url;
use suanpan_contract::Code;

use crate::say::Say;
use crate::sync::{CallError, Cause, utc};

/// The code of what went wrong with a hub at an address, and the values of its sentences.
pub(crate) fn of(error: &CallError, hub_url: &str, now_ms: i64) -> Say {
    let url = Url::parse(hub_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or(hub_url).to_owned();
    let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or_default();
    let now = utc(now_ms.max(0).unsigned_abs() / 1_000);
    let say = match error {
        CallError::Unreachable(cause) => match cause {
            Cause::Name(what) => Say::new(Code::HubNameUnknown).with("what", what),
            Cause::Closed => Say::new(Code::HubPortClosed),
            Cause::NoRoute(what) => Say::new(Code::HubNoRoute).with("what", what),
            Cause::Silent(seconds) => Say::new(Code::HubSilent).with("seconds", seconds),
            Cause::Cut(what) | Cause::System(what) => Say::new(Code::HubLineCut).with("what", what),
            Cause::Untrusted(what) => Say::new(Code::HubUntrusted).with("what", what),
            Cause::Expired { until } => {
                Say::new(Code::HubCertificateOld).with("until", until).with("now", now)
            }
            Cause::Early { from } => Say::new(Code::HubCertificateEarly).with("from", from).with("now", now),
            Cause::OtherName { names } => Say::new(Code::HubCertificateName).with("names", names),
            Cause::Tls(what) => Say::new(Code::HubTlsFailed).with("what", what),
        },
        CallError::Busy { .. } => Say::new(Code::HubBusy),
        CallError::Refused { code } => Say::new(Code::HubSaidNo).with("hub_code", code),
        CallError::Server(status) => Say::new(Code::HubFailed).with("status", status),
        CallError::Garbage(what) => Say::new(Code::NotAHub).with("what", what),
        CallError::Address(what) => Say::new(Code::HubAddressWrong).with("what", what),
    };
    say.with("host", host).with("port", port)
}
