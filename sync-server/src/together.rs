//! Answers that many ask for at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Questions that are remembered at most; those that nobody waits for are forgotten first.
const SLOTS_MAX: usize = 256;

/// While an answer is being made, all who ask for the same wait for the next one, which is made once for them. So nobody is
/// told what was so before they asked, and of each question one answer is in the making at any time.
#[derive(Debug)]
pub(crate) struct Together<K, V> {
    slots: Mutex<HashMap<K, Arc<Slot<V>>>>,
}

#[derive(Debug)]
struct Slot<V> {
    /// Answers that were begun.
    begun: AtomicU64,
    /// The last answer and its number; held while one is made.
    last: tokio::sync::Mutex<Option<(u64, V)>>,
}

impl<K, V> Default for Together<K, V> {
    fn default() -> Together<K, V> {
        Together { slots: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> Together<K, V> {
    /// The answer to a question, made now or by another who asked no earlier.
    ///
    /// *Errors:* those of making it; whoever else waits makes it again.
    pub(crate) async fn get<E>(&self, question: K, make: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let slot = self.slot(question);
        let seen = slot.begun.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        if let Some((number, answer)) = &*last
            && *number > seen
        {
            return Ok(answer.clone());
        }
        let number = slot.begun.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let answer = make.await?;
        *last = Some((number, answer.clone()));
        Ok(answer)
    }

    fn slot(&self, question: K) -> Arc<Slot<V>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= SLOTS_MAX {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let new = || Arc::new(Slot { begun: AtomicU64::new(0), last: tokio::sync::Mutex::new(None) });
        slots.entry(question).or_insert_with(new).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn all_who_ask_while_an_answer_is_made_share_the_next_one() {
        let (together, made) = (Arc::new(Together::<u8, u64>::default()), Arc::new(AtomicU64::new(0)));
        let (begun, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (together, made, begun, go) = (together.clone(), made.clone(), begun.clone(), go.clone());
            tokio::spawn(async move {
                let make = async {
                    begun.add_permits(1);
                    go.acquire().await.unwrap().forget();
                    Ok::<_, Infallible>(made.fetch_add(1, Ordering::SeqCst) + 1)
                };
                together.get(7, make).await.unwrap()
            })
        };
        let first = ask();
        begun.acquire().await.unwrap().forget();
        let later: Vec<_> = (0..20).map(|_| ask()).collect();
        while together.slot(7).last.try_lock().is_ok() || Arc::strong_count(&together.slot(7)) < 23 {
            tokio::task::yield_now().await;
        }
        go.add_permits(2);
        assert_eq!(first.await.unwrap(), 1);
        for answer in later {
            assert_eq!(answer.await.unwrap(), 2, "made after they asked, once for all");
        }
        go.add_permits(1);
        assert_eq!(ask().await.unwrap(), 3, "nobody is told what was so before they asked");
    }

    #[tokio::test]
    async fn an_answer_that_fails_is_made_again() {
        let together = Together::<u8, u64>::default();
        assert_eq!(together.get(1, async { Err::<u64, _>("no") }).await, Err("no"));
        assert_eq!(together.get(1, async { Ok::<_, &str>(4) }).await, Ok(4));
    }
}
