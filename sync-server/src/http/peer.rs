//! Whom a request is from.

use std::net::IpAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::Problem;
use crate::door::Caller;

/// What the addresses of proxies hand on.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whom a request is from: the other end of its connection, or who that says when it is the hub's own proxy.
pub(super) fn address(headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let Some(ConnectInfo(caller)) = extensions.get::<ConnectInfo<Caller>>() else {
        return IpAddr::from([0, 0, 0, 0]);
    };
    if !caller.is_proxy() {
        return caller.address();
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    let mut named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    // What stands before the last address that the proxies did not write anybody may have written.
    let ours = |name: &&str| name.parse().is_ok_and(|name| caller.is_one_of_ours(name));
    while named.last().is_some_and(ours) {
        named.pop();
    }
    named.last().and_then(|name| name.parse::<IpAddr>().ok()).map_or(caller.address(), |it| it.to_canonical())
}

/// Whether somebody on this machine asks, and no proxy for another.
pub(super) fn is_from_here(headers: &HeaderMap, extensions: &Extensions) -> bool {
    address(headers, extensions).is_loopback() && !headers.contains_key(FORWARDED_FOR)
}

/// The address that the request came from.
#[derive(Debug)]
pub(super) struct Peer(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Problem> {
        Ok(Peer(address(&parts.headers, &parts.extensions)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn who_comes_through_the_hubs_own_proxy_is_known_by_what_that_says() {
        for (peer, lines, expected) in [
            ("192.0.2.7", vec!["203.0.113.9"], "192.0.2.7"),
            ("10.0.0.5", vec![], "10.0.0.5"),
            ("10.0.0.5", vec!["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.5", vec!["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.5", vec!["1.1.1.1", "203.0.113.9, 10.0.0.6"], "203.0.113.9"),
            ("10.0.0.5", vec!["203.0.113.9, gibberish"], "10.0.0.5"),
            ("10.0.0.5", vec!["10.0.0.6"], "10.0.0.5"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
            }
            let mut extensions = Extensions::new();
            let proxies = ["10.0.0.5", "10.0.0.6"].map(|it| it.parse().unwrap()).to_vec();
            extensions.insert(ConnectInfo(Caller::of(peer.parse().unwrap(), proxies)));
            assert_eq!(
                address(&headers, &extensions),
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {lines:?}"
            );
        }
    }
}
