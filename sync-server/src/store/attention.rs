use serde::Serialize;

/// Something that somebody has to look at.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// Refunds of a receipt that the hub does not have: it never was, or its till has not sent it yet.
    UnknownRefund {
        /// The receipt's printed number, as it was cited.
        number: String,
        /// Where it was paid out.
        site: String,
        /// What was paid out.
        refunded_fen: i64,
        /// The refunds' printed numbers, separated by spaces.
        refunds: String,
    },
    /// A refund of other goods than the receipt has, or of more goods or money.
    RefundDiffers {
        /// The sale's printed number.
        number: String,
        /// Where it was paid out.
        site: String,
        /// What was paid.
        paid_fen: i64,
        /// What was paid out.
        refunded_fen: i64,
        /// The refunds' printed numbers, separated by spaces.
        refunds: String,
    },
    /// Several refunds of one sale, together of more goods or money than it has.
    DoubleRefund {
        /// The sale's printed number.
        number: String,
        /// Where it was paid out.
        site: String,
        /// What was paid.
        paid_fen: i64,
        /// What was paid out.
        refunded_fen: i64,
        /// The refunds' printed numbers, separated by spaces.
        refunds: String,
    },
    /// Two disks write as one station.
    Clone {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
    },
    /// The station's file is an older copy; it fetches the rest by itself.
    LostTail {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
        /// Entries to fetch.
        entries: u64,
    },
    /// Entries that neither side has.
    Hole {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
        /// How many.
        entries: u64,
    },
    /// What a revoked station delivered, until somebody accepts it.
    Held {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
        /// Deliveries.
        batches: u64,
    },
    /// Entries that this hub does not understand, or has twice.
    Parked {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
        /// Why: a stable code.
        code: String,
        /// How many.
        entries: u64,
        /// The station and, in a segment of its journal, the seq of the newest.
        station: String,
        /// The segment.
        segment: String,
        /// The seq.
        seq: u64,
    },
    /// A till sells under a date that is far ahead: in no report that anybody looks at.
    FarDate {
        /// Its store.
        site: String,
        /// Its till.
        till: u16,
        /// The date, `yyyy-mm-dd`.
        date: String,
        /// Receipts.
        receipts: u32,
    },
}
