//! The newest heads of the feeds, for all who wait for the next.

use std::collections::HashMap;

use suanpan_sync::Scope;
use tokio::sync::Mutex;

use crate::store::{ScopeHead, Store, StoreError};

/// The newest cut as a word that changes with it.
pub(crate) fn word_of(epoch: u64, heads: &[ScopeHead]) -> String {
    let versions: Vec<String> = heads.iter().map(|head| head.version.to_string()).collect();
    format!("{epoch}.{}", versions.join("."))
}

/// The heads as wake-ups compare them: read once after each publication, however many stations wait.
#[derive(Debug, Default)]
pub(crate) struct Newest(Mutex<Read>);

#[derive(Debug, Default)]
struct Read {
    /// The publication after which they were read.
    published: u64,
    epoch: u64,
    /// By scope: at most one for each site and zone, and the chain's.
    heads: HashMap<Scope, ScopeHead>,
}

impl Newest {
    /// The word of some scopes; read anew where nothing was read since the last publication, or if that is asked for.
    pub(crate) async fn word(
        &self,
        store: &Store,
        scopes: Vec<Scope>,
        anew: bool,
    ) -> Result<String, StoreError> {
        let mut read = self.0.lock().await;
        let published = *store.on_published().borrow();
        if read.published != published {
            *read = Read { published, ..Read::default() };
        }
        let lacks = |scope: &&Scope| anew || !read.heads.contains_key(*scope);
        let lacking: Vec<Scope> = scopes.iter().filter(lacks).cloned().collect();
        if !lacking.is_empty() {
            let (epoch, heads) = store.heads(lacking).await?;
            read.epoch = epoch;
            read.heads.extend(heads.into_iter().map(|head| (head.scope.clone(), head)));
        }
        let heads: Vec<ScopeHead> =
            scopes.iter().filter_map(|scope| read.heads.get(scope).cloned()).collect();
        Ok(word_of(read.epoch, &heads))
    }
}
