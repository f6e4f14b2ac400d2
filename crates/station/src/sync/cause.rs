//! Why there was no whole answer: what IT can act on, out of what the sockets, TLS and the resolver say.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use suanpan_domain::calendar;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The host's name does not resolve.
    #[error("the name does not resolve: {0}")]
    Name(String),
    /// Nothing listens at the port, or a firewall says so.
    #[error("the port is closed")]
    Closed,
    /// There is no way to the host.
    #[error("no route: {0}")]
    NoRoute(String),
    /// Nothing came, or not all, in so many seconds.
    #[error("no whole answer in {0} s")]
    Silent(u64),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Cut(String),
    /// The certificate is not of an authority that this machine trusts.
    #[error("the certificate is not trusted: {0}")]
    Untrusted(String),
    /// The certificate has expired.
    #[error("the certificate expired at {until}")]
    Expired {
        /// Until when it was valid; empty if that is not told.
        until: String,
    },
    /// The certificate is not valid yet.
    #[error("the certificate is valid from {from}")]
    Early {
        /// From when it is; empty if that is not told.
        from: String,
    },
    /// The certificate is for other names.
    #[error("the certificate is for {names}")]
    OtherName {
        /// Them; empty if they are not told.
        names: String,
    },
    /// TLS failed otherwise.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// This machine gave no thread or runtime.
    #[error("this machine: {0}")]
    System(String),
}

/// Why the hub gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection, or no whole answer in time.
    #[error("the hub does not answer: {0}")]
    Unreachable(Cause),
    /// The hub asks to come back later.
    #[error("the hub is busy for {retry_after_ms} ms")]
    Busy {
        /// When.
        retry_after_ms: u32,
    },
    /// The hub refused with a stable code.
    #[error("the hub refused: {code}")]
    Refused {
        /// Its code.
        code: String,
    },
    /// The hub failed.
    #[error("the hub failed with status {0}")]
    Server(u16),
    /// Whatever answered is not a hub, or its answer does not check.
    #[error("the answer is not a hub's: {0}")]
    Garbage(&'static str),
    /// The address is not one that may be used.
    #[error("{0}")]
    Address(&'static str),
}

impl Cause {
    /// Reads an error of the HTTP client. `connect` is how long it tries to connect.
    pub(super) fn of(error: &reqwest::Error, connect: Duration) -> Cause {
        let mut deepest = String::new();
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Cause::of_tls(tls);
            }
            let system = error.downcast_ref::<io::Error>();
            deepest = error.to_string();
            if deepest.starts_with("dns error") {
                let why = error.source().map_or(deepest, ToString::to_string);
                return Cause::Name(why);
            }
            if let Some(cause) = system.and_then(|system| Cause::of_system(system, connect)) {
                return cause;
            }
            // The source of an error of the system is not the error that it wraps, but that one's source.
            next = match system.and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        match () {
            () if error.is_timeout() => Cause::Silent(connect.as_secs()),
            () if error.is_connect() => Cause::NoRoute(deepest),
            () => Cause::Cut(deepest),
        }
    }

    fn of_system(error: &io::Error, connect: Duration) -> Option<Cause> {
        use io::ErrorKind as Kind;
        Some(match error.kind() {
            Kind::ConnectionRefused => Cause::Closed,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
                Cause::NoRoute(error.to_string())
            }
            Kind::TimedOut => Cause::Silent(connect.as_secs()),
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                Cause::Cut(error.to_string())
            }
            _ => return None,
        })
    }

    fn of_tls(error: &rustls::Error) -> Cause {
        let rustls::Error::InvalidCertificate(certificate) = error else {
            return Cause::Tls(error.to_string());
        };
        let (until, from, names) = (String::new(), String::new(), String::new());
        match certificate {
            CertificateError::Expired => Cause::Expired { until },
            CertificateError::ExpiredContext { not_after, .. } => {
                Cause::Expired { until: utc(not_after.as_secs()) }
            }
            CertificateError::NotValidYet => Cause::Early { from },
            CertificateError::NotValidYetContext { not_before, .. } => {
                Cause::Early { from: utc(not_before.as_secs()) }
            }
            CertificateError::NotValidForName => Cause::OtherName { names },
            CertificateError::NotValidForNameContext { presented, .. } => {
                Cause::OtherName { names: presented.join(", ") }
            }
            other => Cause::Untrusted(other.to_string()),
        }
    }
}

/// `yyyy-mm-dd HH:MM UTC`.
pub(crate) fn utc(seconds: u64) -> String {
    let ms = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
    let (date, minute) = calendar::local(ms, 0);
    format!("{} {:02}:{:02} UTC", calendar::text(date), minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn check(certificate: CertificateError, cause: Cause) {
        assert_eq!(Cause::of_tls(&rustls::Error::InvalidCertificate(certificate)), cause);
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_with_what_was_expected() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let (time, not_after) = (at(1_795_222_800), at(1_795_136_400));
        let until = "2026-11-20 01:00 UTC".to_owned();
        check(CertificateError::ExpiredContext { time, not_after }, Cause::Expired { until: until.clone() });
        let (time, not_before) = (at(0), not_after);
        check(CertificateError::NotValidYetContext { time, not_before }, Cause::Early { from: until });
        let expected = ServerName::try_from("hub.example.com").unwrap();
        let presented = vec!["DnsName(\"a.example\")".to_owned(), "b.example".to_owned()];
        let names = presented.join(", ");
        check(CertificateError::NotValidForNameContext { expected, presented }, Cause::OtherName { names });
        check(CertificateError::Expired, Cause::Expired { until: String::new() });
        let unknown = CertificateError::UnknownIssuer;
        check(unknown.clone(), Cause::Untrusted(unknown.to_string()));
        let garbled = rustls::Error::HandshakeNotComplete;
        assert_eq!(Cause::of_tls(&garbled), Cause::Tls(garbled.to_string()));
    }
}
