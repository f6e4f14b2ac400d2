//! Whatever answers in a hub's place costs an error with a name, and never more.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use suanpan_journal::{SigningKey, StationId};
use suanpan_sync::Challenge;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

/// Answers every connection with the same bytes, then closes it; with `None` it never answers.
async fn server(answer: Option<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            match &answer {
                Some(bytes) => {
                    let _ = socket.write_all(bytes).await;
                }
                None => held.push(socket),
            }
        }
    });
    url
}

fn http(status: &str, headers: &str, body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes())
}

async fn call(url: &str, timeout: Duration) -> Result<Vec<u8>, CallError> {
    let key = SigningKey::from_seed(&[1; 32]);
    let client = HubClient::new(url, StationId([1; 16]), key, Arc::new(Noon));
    let (method, path, body) = (&Method::POST, "/api/v1/push", b"body".as_slice());
    client.call(&Call { method, path, body, response_max: 1_000, timeout }).await
}

async fn check(answer: Option<Vec<u8>>, expected: CallError) {
    let shown =
        answer.as_ref().map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned());
    let found = call(&server(answer).await, Duration::from_secs(20)).await.unwrap_err();
    let same = match (&found, &expected) {
        (CallError::Unreachable(_), CallError::Unreachable(_)) => true,
        (found, expected) => found == expected,
    };
    assert!(same, "{shown:?} gave {found:?}, expected {expected:?}");
}

fn unreachable() -> CallError {
    CallError::Unreachable(Cause::Closed)
}

#[tokio::test]
async fn garbage_and_broken_answers_are_named() {
    check(Some(b"\x00\xffSSH-2.0-garbage\r\n".to_vec()), unreachable()).await;
    check(Some(Vec::new()), unreachable()).await;
    check(Some(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nshort".to_vec()), unreachable()).await;
    let portal = "<html>please pay for this network</html>";
    check(http("404 Not Found", "", portal), CallError::Garbage("a refusal without a code")).await;
    check(http("302 Found", "location: /login\r\n", ""), CallError::Garbage("a refusal without a code"))
        .await;
    let shouting = r#"{"code":"<script>"}"#;
    check(http("400 Bad Request", "", shouting), CallError::Garbage("a refusal without a code")).await;
}

#[tokio::test]
async fn refusals_busy_and_failures_are_told_apart() {
    let refused = r#"{"code":"HUB-PSH-001","title":"…"}"#;
    check(http("409 Conflict", "", refused), CallError::Refused { code: "HUB-PSH-001".into() }).await;
    check(http("500 Internal Server Error", "", "panic"), CallError::Server(500)).await;
    check(http("502 Bad Gateway", "", ""), CallError::Server(502)).await;
    check(http("503 Unavailable", "", ""), CallError::Busy { retry_after_ms: 2_000 }).await;
    let later = "retry-after: 7\r\n";
    check(http("429 Too Many Requests", later, ""), CallError::Busy { retry_after_ms: 7_000 }).await;
    let never = "retry-after: 4000000000\r\n";
    check(http("503 Unavailable", never, ""), CallError::Busy { retry_after_ms: 300_000 }).await;
}

#[tokio::test]
async fn an_endless_or_oversized_answer_is_cut_off() {
    check(http("200 OK", "", &"x".repeat(1_001)), CallError::Garbage("the answer is too long")).await;
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..100 {
        chunked.extend_from_slice(b"400\r\n");
        chunked.extend_from_slice(&[b'x'; 0x400]);
        chunked.extend_from_slice(b"\r\n");
    }
    check(Some(chunked), CallError::Garbage("the answer is too long")).await;
}

#[tokio::test]
async fn a_hub_that_never_answers_or_is_not_there_is_unreachable() {
    let silent = server(None).await;
    let found = call(&silent, Duration::from_millis(50)).await;
    assert!(matches!(found, Err(CallError::Unreachable(_))), "{found:?}");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert!(matches!(call(&closed, Duration::from_secs(20)).await, Err(CallError::Unreachable(_))));
}

#[tokio::test]
async fn a_hub_that_challenges_for_ever_is_not_obeyed_for_ever() {
    let challenge = Challenge::issue(&SigningKey::from_seed(&[2; 32]), StationId([1; 16]), 5);
    let problem =
        format!(r#"{{"code":"HUB-AUT-004","challenge":{}}}"#, serde_json::to_string(&challenge).unwrap());
    check(http("401 Unauthorized", "", &problem), CallError::Garbage("a challenge after a challenge")).await;
}

#[test]
fn only_https_or_this_machine_is_an_address() {
    let is_one = |url: &str| connect(url).is_ok();
    for url in ["http://127.0.0.1:8787", "http://[::1]:8787", "http://localhost:1", "https://hub.example.com"]
    {
        assert!(is_one(url), "{url}");
    }
    for url in
        ["", "hub", "http://10.0.0.1", "http://hub.example.com", "ftp://127.0.0.1", "file:///etc/passwd"]
    {
        assert!(!is_one(url), "{url}");
    }
}
