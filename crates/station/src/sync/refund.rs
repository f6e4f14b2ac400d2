use std::time::Duration;

use reqwest::Method;
use suanpan_sync::limits::JSON_MAX;
use suanpan_sync::{RefundReply, RefundRequest, paths};

use super::cause::{CallError, Cause};
use super::client::{Call, HubClient};

/// A customer waits at the counter. Past it the till goes on as it does offline.
const TIMEOUT: Duration = Duration::from_secs(3);

impl HubClient {
    /// Asks for a sale, and to have it for this till while it is refunded.
    ///
    /// *Errors:* [`CallError`].
    pub async fn reserve_refund(&self, number: &str) -> Result<RefundReply, CallError> {
        let answer = self.refunds(&Method::POST, number).await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::Garbage("not an answer about a refund"))
    }

    /// Lets a sale go.
    ///
    /// *Errors:* [`CallError`]; a hub of 0.1.0 refuses, and lets it go in time.
    pub async fn release_refund(&self, number: &str) -> Result<(), CallError> {
        self.refunds(&Method::DELETE, number).await.map(drop)
    }

    async fn refunds(&self, method: &Method, number: &str) -> Result<Vec<u8>, CallError> {
        let body = serde_json::to_vec(&RefundRequest { number: number.to_owned() }).unwrap_or_default();
        let call =
            Call { method, path: paths::REFUNDS, body: &body, response_max: JSON_MAX, timeout: TIMEOUT };
        // A challenge or an introduction makes several calls of one.
        let whole = tokio::time::timeout(TIMEOUT, self.call(&call)).await;
        whole.unwrap_or_else(|_| Err(CallError::Unreachable(Cause::Silent(TIMEOUT.as_secs()))))
    }
}
