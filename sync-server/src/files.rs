//! Open files: each connection of a station is one.

/// Connections that a station keeps: one for its sales, one that waits to be woken.
const OF_A_STATION: u64 = 2;

/// Files that are open beside stations' connections: the database's, people's, scripts'.
const OTHERS: u64 = 200;

/// Connections that are let in where the system counts none.
const CONNECTIONS_MAX: usize = 100_000;

/// Raises what the system lets this process open as far as it may be, and says when that is not enough for so many stations.
/// Gives how many connections there is room for.
pub(crate) fn allow(stations: i64) -> usize {
    let needed = u64::try_from(stations).unwrap_or(0).saturating_mul(OF_A_STATION).saturating_add(OTHERS);
    let Some(allowed) = raise() else { return CONNECTIONS_MAX };
    if allowed < needed {
        tracing::warn!(
            files.allowed = allowed,
            files.needed = needed,
            "too few open files for all stations at once: raise the hard limit"
        );
    }
    let room = allowed.saturating_sub(OTHERS).max(allowed / 2);
    usize::try_from(room).unwrap_or(CONNECTIONS_MAX).min(CONNECTIONS_MAX)
}

/// Gives how many files may be open; none if there is no limit.
#[cfg(unix)]
fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused, what there is counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current
}

/// Windows counts no sockets.
#[cfg(not(unix))]
fn raise() -> Option<u64> {
    None
}
