//! What comes in a request's body.

use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Reads a body that is JSON.
pub(super) fn parsed<T: DeserializeOwned>(body: &[u8], expected: &'static str) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| Problem::BadRequest(expected))
}
