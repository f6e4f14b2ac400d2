//! Named maxima of the protocol. Both sides refuse what exceeds them, before they allocate for it.

/// Version of the upstream messages that this build writes. Every released version is read for ever.
pub const PROTO: u8 = 1;

/// Bytes of one push body. Holds the largest window with room for its head; a hub buffers no more a request.
pub const PUSH_BODY_MAX: usize = 1024 * 1024;

/// Bytes of records in one push after decompression: eight windows, so that a hostile container cannot make
/// the hub allocate more.
pub const RECORDS_MAX: usize = 2 * 1024 * 1024;

/// Bytes of a dictionary: a chain's usual names, and its body as hex still fits a feed entry. A larger one gains little.
pub const DICTIONARY_MAX: usize = 16 * 1024;

/// Entries in one push. A hundred already amortise the signature; more only makes a resend dearer.
pub const ENTRIES_MAX: u32 = 500;

/// Bytes of records that a station puts in a push unless the hub's ack asks for less. One payload of the
/// journal's maximum still fits, alone.
pub const WINDOW_BYTES: u32 = 256 * 1024;

/// Smallest window that a station obeys: a hub that asks for less would stop it.
pub const WINDOW_BYTES_MIN: u32 = 4 * 1024;

/// Longest JSON message either side reads. The largest is a page of the feed.
pub const JSON_MAX: usize = 4 * 1024 * 1024;

/// Entries in one page of the feed: a page of the longest bodies is cut earlier, by [`PAGE_BYTES`].
pub const PAGE_ENTRIES: usize = 2_000;

/// Bytes of feed bodies after which a page ends, so that a page and its quoting fit [`JSON_MAX`].
pub const PAGE_BYTES: usize = 1024 * 1024;

/// Feed entries that a station stages in memory for one cut. A longer tail is answered with a snapshot.
pub const STAGED_MAX: usize = 20_000;

/// Bytes of one feed entry's body: the largest row (a site's settings, a page of quick keys) is under 16 KiB.
pub const BODY_MAX: usize = 64 * 1024;

/// Characters of a feed entry's key: codes, and texts made of two of them.
pub const KEY_MAX: usize = 128;

/// Characters of a feed table's name.
pub const TABLE_MAX: usize = 32;

/// Scopes of one station: chain, a zone, a site.
pub const SCOPES_MAX: usize = 3;

/// Entries of one scope that a station shows to a hub that was restored: a day's changes of prices. More is imported anew.
pub const LOST_MAX: usize = 1_000;

/// Bytes of them in one message, which fits the hub's limit of a body.
pub const LOST_BYTES: usize = 512 * 1024;

/// Feed entries in one snapshot chunk.
pub const CHUNK_ENTRIES: usize = 2_000;

/// Bytes of one snapshot chunk, compressed or not: [`CHUNK_ENTRIES`] rows of 2 KiB.
pub const CHUNK_MAX: usize = 4 * 1024 * 1024;

/// Chunks in one snapshot: four million rows, four times the largest catalogue we know of.
pub const CHUNKS_MAX: usize = 2_000;

/// Branches of one segment. One is normal and two is a cloned disk; more than this is not a till.
pub const BRANCHES_MAX: usize = 16;

/// Holes of a station that an ack tells of. One is a rare thing.
pub const LACKING_MAX: usize = 16;

/// Bytes of one answer to a fetch: sixteen windows, after which the station asks again from where it is.
pub const FETCH_MAX: usize = 4 * 1024 * 1024;

/// A request's time may differ this much from the hub's. Outside it the hub answers with a challenge, so the
/// tolerance bounds how long a nonce is remembered, and never whether a station may speak.
pub const CLOCK_TOLERANCE_MS: i64 = 120_000;

/// A challenge is good for this long: one round trip on the worst line, with room.
pub const CHALLENGE_LIFE_MS: i64 = 60_000;

/// Longest `Authorization` header of a station request.
pub const AUTHORIZATION_MAX: usize = 512;
