use std::time::Duration;

use reqwest::Method;
use suanpan_sync::limits::JSON_MAX;
use suanpan_sync::{RefundReply, RefundRequest};

use super::client::{Call, CallError, HubClient};

/// A customer waits at the counter; offline, a supervisor cites the receipt.
const TIMEOUT: Duration = Duration::from_secs(6);

impl HubClient {
    /// Asks for another till's sale and to have it for this till while it is refunded.
    ///
    /// *Errors:* [`CallError`].
    pub async fn reserve_refund(&self, number: &str) -> Result<RefundReply, CallError> {
        let body = serde_json::to_vec(&RefundRequest { number: number.to_owned() }).unwrap_or_default();
        let call = Call {
            method: &Method::POST,
            path: "/api/v1/refunds",
            body: &body,
            response_max: JSON_MAX,
            timeout: TIMEOUT,
        };
        let answer = self.call(&call).await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::Garbage("not an answer about a refund"))
    }
}
