//! Whether a hub's certificate is to be believed: as the system says, and whatever the date is for a key that the system vouched
//! for before. So a till whose clock stands at 2009 still comes to the challenge that tells it the hub's time.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};
use suanpan_journal::Hash;

/// What a station remembers of the keys that it was shown.
pub(super) trait KnownKey: std::fmt::Debug + Send + Sync {
    /// Whether a host showed this key when the system vouched for it.
    fn is_known(&self, host: &str, key: Hash) -> bool;

    /// Notes it.
    fn note(&self, host: &str, key: Hash);
}

/// TLS as the system has it, beside what is remembered.
///
/// *Errors:* what keeps the system's certificates from being read.
pub(super) fn tls(known: impl KnownKey + 'static) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let system = Arc::new(Verifier::new(Arc::clone(&provider))?);
    by(provider, Trust { system, known: Box::new(known) })
}

fn by(provider: Arc<rustls::crypto::CryptoProvider>, trust: Trust) -> Result<ClientConfig, Error> {
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let trusting = versions.dangerous().with_custom_certificate_verifier(Arc::new(trust));
    Ok(trusting.with_no_client_auth())
}

#[derive(Debug)]
struct Trust {
    system: Arc<dyn ServerCertVerifier>,
    known: Box<dyn KnownKey>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let said = self.system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let (host, key) = (server_name.to_str(), key_of(end_entity)?);
        match said {
            Ok(verified) => {
                self.known.note(&host, key);
                Ok(verified)
            }
            Err(error) if is_of_the_date(&error) && self.known.is_known(&host, key) => {
                tracing::warn!(error.what = %error, host = %host, "sync.tls_date");
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

fn key_of(certificate: &CertificateDer<'_>) -> Result<Hash, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    Ok(Hash(Sha256::digest(parsed.subject_public_key_info().as_ref()).into()))
}

fn is_of_the_date(error: &Error) -> bool {
    use CertificateError as Of;
    matches!(
        error,
        Error::InvalidCertificate(
            Of::Expired | Of::ExpiredContext { .. } | Of::NotValidYet | Of::NotValidYetContext { .. }
        )
    )
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
