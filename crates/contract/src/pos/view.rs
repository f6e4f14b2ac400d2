//! The whole till as data: what is on the screen, and nothing that the screen would have to compute.

use serde::{Deserialize, Serialize};

use super::{
    BasketView, ClosedView, DocumentRow, LastItemView, ParkedView, PayView, Prompt, QuickKeyView,
    QuickTabView, RefundView, TenderView,
};
use crate::{DiskView, Language, MessageView, NetworkView, PrinterView, ScaleView};

/// The picture of a till. *Units:* fen, grams, pieces; times are site-local `HH:MM`, dates `yyyy-mm-dd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct TillView {
    /// Grows with every change; the UI drops a picture older than the one it shows.
    pub revision: u64,
    /// Language of the screen.
    pub language: Language,
    /// Which screen is up.
    pub screen: Screen,
    /// The status strip S.
    pub status: StatusView,
    /// The basket B and its totals T.
    pub basket: BasketView,
    /// The last item L.
    pub last_item: Option<LastItemView>,
    /// What remains to be paid.
    pub pay: PayView,
    /// The sale that was just closed: 实收 and 找零 stay until the next scan.
    pub closed: Option<ClosedView>,
    /// The refund that is being put together: its lines are in B and its sums in T.
    pub refund: Option<RefundView>,
    /// The message line M.
    pub message: Option<MessageView>,
    /// What the station waits for.
    pub prompt: Option<Prompt>,
    /// Parked baskets.
    pub parked: Vec<ParkedView>,
    /// Picture keys.
    pub quick_tabs: Vec<QuickTabView>,
    /// Shopping bags, pinned.
    pub bags: Vec<QuickKeyView>,
    /// Tenders of the pay panel in order.
    pub tenders: Vec<TenderView>,
    /// The last document and whether its receipt printed.
    pub last_document: Option<DocumentRow>,
    /// Latest reading of the scale.
    pub scale: Option<ScaleView>,
}

/// Which screen is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// The station is not enrolled yet.
    Enrol,
    /// Nobody is signed in, or the screen is locked.
    SignIn,
    /// Signed in, no shift open.
    OpenShift,
    /// Selling.
    Selling,
    /// The catalogue has not arrived yet.
    Waiting,
}

/// The status strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct StatusView {
    /// Store name.
    pub store: String,
    /// Till number.
    pub till: u16,
    /// Name of who is signed in.
    pub cashier: Option<String>,
    /// Whether that is a supervisor or manager.
    pub is_supervisor: bool,
    /// Running number of the open shift.
    pub shift_no: Option<u32>,
    /// Name of the open shift's cashier, also when somebody else or nobody is signed in.
    pub shift_cashier: Option<String>,
    /// Business date.
    pub business_date: Option<String>,
    /// When the prices in force were published, `HH:MM` today or `mm-dd` before.
    pub prices_as_of: Option<String>,
    /// Site-local time when the picture was made, milliseconds since 1970 and minutes east of UTC.
    pub now_ms: i64,
    /// Minutes east of UTC.
    pub utc_offset_min: i32,
    /// Receipt printer.
    pub printer: PrinterView,
    /// The network line.
    pub network: NetworkView,
    /// Entries of a damaged ledger that are still being carried over while the till sells; absent when all are here.
    pub to_come: Option<u64>,
    /// Free disk, told before it matters.
    pub disk: DiskView,
}
