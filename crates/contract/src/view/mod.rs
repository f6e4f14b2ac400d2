//! The whole till as data: what is on the screen, and nothing that the screen would have to compute.

mod basket;
mod catalogue;
mod document;
mod prompt;
mod status;

use serde::{Deserialize, Serialize};

pub use basket::*;
pub use catalogue::*;
pub use document::*;
pub use prompt::*;
pub use status::*;

/// Language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Language {
    /// 简体中文.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// The picture of a till. *Units:* fen, grams, pieces; times are site-local `HH:MM`, dates `yyyy-mm-dd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
