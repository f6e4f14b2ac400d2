//! An answer that holds a place until it is on its way.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use axum::response::Response;
use futures_util::{StreamExt, stream};

/// Bytes of an answer that are handed to the connection at once: whoever takes none keeps its place.
const PIECE: usize = 64 * 1024;

/// Keeps something until the last piece of an answer was handed over.
pub(super) fn keep<T: Send + 'static>(mut answer: Response, kept: T) -> Response {
    if let Some(length) = answer.body().size_hint().exact() {
        answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    answer.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let pieces = (body.into_data_stream(), Bytes::new(), kept);
        Body::from_stream(stream::unfold(pieces, |(mut body, mut left, kept)| async move {
            if left.is_empty() {
                left = match body.next().await? {
                    Ok(next) => next,
                    Err(error) => return Some((Err(error), (body, left, kept))),
                };
            }
            let piece = left.split_to(left.len().min(PIECE));
            Some((Ok(piece), (body, left, kept)))
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::response::IntoResponse;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn an_answer_keeps_its_length_and_its_place_until_the_last_piece_is_taken() {
        let places = Arc::new(Semaphore::new(1));
        let place = places.clone().try_acquire_owned().unwrap();
        let answer = keep(vec![7; 3 * PIECE].into_response(), place);
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], (3 * PIECE).to_string());
        let mut pieces = answer.into_body().into_data_stream();
        for _ in 0..3 {
            assert_eq!(pieces.next().await.unwrap().unwrap().len(), PIECE);
            assert_eq!(places.available_permits(), 0);
        }
        assert!(pieces.next().await.is_none());
        assert_eq!(places.available_permits(), 1);
    }
}
