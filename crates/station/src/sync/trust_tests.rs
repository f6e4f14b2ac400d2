use std::sync::Mutex;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What one station remembers.
#[derive(Debug, Clone, Default)]
struct Remembers(Arc<Mutex<Vec<(String, Hash)>>>);

impl KnownKey for Remembers {
    fn is_known(&self, host: &str, key: Hash) -> bool {
        self.0.lock().unwrap().contains(&(host.to_owned(), key))
    }

    fn note(&self, host: &str, key: Hash) {
        self.0.lock().unwrap().push((host.to_owned(), key));
    }
}

/// Whoever vouches for hubs, and whom the system of a machine trusts.
struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    fn new() -> Issuer {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Issuer(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A hub on this machine whose certificate holds in some years; gives its address.
    async fn hub(&self, key: &KeyPair, (from, until): (i32, i32)) -> String {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.signed_by(key, &self.0).unwrap().der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(socket).await else { continue };
                let _ = stream.read(&mut [0; 4_096]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    .await;
            }
        });
        url
    }

    /// Asks a hub, as a station that remembers this.
    async fn is_heard(&self, url: &str, known: &Remembers) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let system =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
        let tls = by(provider(), Trust { system, known: Box::new(known.clone()) }).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap();
        client.get(url).send().await.is_ok()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Years in which every machine that runs this is.
const NOW: (i32, i32) = (2020, 2100);

/// As certificates look to a clock that is behind, and to one that is ahead.
const WRONG: [(i32, i32); 2] = [(2099, 2100), (2001, 2002)];

#[tokio::test]
async fn a_wrong_clock_keeps_no_station_from_a_hub_whose_key_it_knows() {
    let (issuer, key) = (Issuer::new(), KeyPair::generate().unwrap());
    let known = Remembers::default();
    for years in WRONG {
        assert!(!issuer.is_heard(&issuer.hub(&key, years).await, &known).await, "nobody vouched for it");
    }
    assert!(issuer.is_heard(&issuer.hub(&key, NOW).await, &known).await);
    for years in WRONG {
        assert!(issuer.is_heard(&issuer.hub(&key, years).await, &known).await, "{years:?}");
    }
    let other = KeyPair::generate().unwrap();
    for years in WRONG {
        assert!(!issuer.is_heard(&issuer.hub(&other, years).await, &known).await, "another's key");
    }
    assert!(issuer.is_heard(&issuer.hub(&other, NOW).await, &known).await, "a hub's new key");
    assert!(issuer.is_heard(&issuer.hub(&other, WRONG[0]).await, &known).await);
    assert!(issuer.is_heard(&issuer.hub(&key, WRONG[0]).await, &known).await, "another hub behind its name");
}

#[tokio::test]
async fn the_date_alone_is_forgiven() {
    let (issuer, key) = (Issuer::new(), KeyPair::generate().unwrap());
    let known = Remembers::default();
    let url = issuer.hub(&key, NOW).await;
    assert!(issuer.is_heard(&url, &known).await);
    assert!(!Issuer::new().is_heard(&url, &known).await, "the machine no longer trusts who vouched");
    let by_address = url.replace("localhost", "127.0.0.1");
    assert!(!issuer.is_heard(&by_address, &known).await, "another name");
}
