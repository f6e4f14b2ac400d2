//! The whole till as data: what is on the screen, and nothing that the screen would have to compute.

use serde::{Deserialize, Serialize};

use crate::{Code, Language, Level};

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

/// The status strip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
    /// Free disk, told before it matters.
    pub disk: DiskView,
}

/// The receipt printer as it is; unreadable is never told as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PrinterView {
    /// No printer is set up.
    None,
    /// It said that it is ready.
    Ready,
    /// 状态未知.
    Unknown,
    /// Paper is low.
    PaperLow,
    /// Paper is out.
    PaperOut,
    /// Its cover is open.
    CoverOpen,
    /// It cannot be reached.
    Offline,
}

/// Free disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DiskView {
    /// Enough.
    Enough,
    /// Getting full.
    Low,
    /// The reserve is in use: finish the day.
    ReserveInUse,
    /// No new sale can begin.
    Full,
}

/// The network line. Counts are receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NetworkView {
    /// ● the hub has everything.
    Online {
        /// Last receipt number of the business date the hub has; 0 when none.
        received_to: u32,
        /// How many of them it lacks.
        missing: u32,
    },
    /// ◐ uploading what was held.
    CatchingUp {
        /// Receipts left.
        left: u32,
    },
    /// ▲ no network.
    Offline {
        /// Since when, `HH:MM`.
        since: String,
        /// Receipts held here.
        held: u32,
    },
    /// ■ the hub refused something; selling goes on.
    Refused {
        /// Receipt number, or 0 when it is not a receipt.
        number: u32,
    },
}

/// Basket and totals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BasketView {
    /// Lines in the order they were rung.
    pub lines: Vec<LineView>,
    /// Id of the selected line.
    pub selected: Option<u32>,
    /// Pieces; a weighed bag is one.
    pub pieces: i64,
    /// Net weight.
    pub grams: i64,
    /// All discounts.
    pub discount_fen: i64,
    /// 应收.
    pub due_fen: i64,
}

/// One line of the basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LineView {
    /// Stable id.
    pub id: u32,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: QuantityView,
    /// Price charged.
    pub price: PriceView,
    /// Catalogue price when overridden.
    pub list_price: Option<PriceView>,
    /// Discount of the line.
    pub discount_fen: i64,
    /// Amount after its discount.
    pub amount_fen: i64,
    /// Where the weight came from.
    pub source: Option<SourceView>,
    /// Tare, grams.
    pub tare_g: i64,
}

/// A weight or a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuantityView {
    /// Net weight.
    Weight {
        /// Grams.
        grams: i64,
    },
    /// Count.
    Count {
        /// Pieces.
        pieces: i64,
        /// Word for one.
        unit: String,
    },
}

/// A price on its own basis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PriceView {
    /// Fen for one basis.
    pub fen: i64,
    /// `500g`, `kg`, or the word for one piece.
    pub per: String,
}

/// Where a weight came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SourceView {
    /// A label.
    Label,
    /// An amount-only label.
    Derived,
    /// The till's scale.
    Scale,
    /// Typed.
    Typed,
}

/// The last item rung or asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LastItemView {
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: QuantityView,
    /// Source of the weight.
    pub source: Option<SourceView>,
    /// Tare, grams.
    pub tare_g: i64,
    /// Price.
    pub price: PriceView,
}

/// What remains to be paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PayView {
    /// What remains, without 抹零.
    pub remaining_fen: i64,
    /// What a cash customer would pay.
    pub remaining_cash_fen: i64,
    /// 抹零 if the rest is paid in cash.
    pub rounding_fen: i64,
    /// Tenders taken so far.
    pub taken: Vec<TakenView>,
    /// 数量× waiting for the next line.
    pub multiply: Option<i64>,
}

/// A tender taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TakenView {
    /// Tender code.
    pub tender: String,
    /// What it pays.
    pub amount_fen: i64,
    /// Its reference.
    pub reference: Option<String>,
}

/// The sale or refund that was just closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClosedView {
    /// Document id.
    pub document: String,
    /// Printed number.
    pub number: String,
    /// True for a refund.
    pub is_refund: bool,
    /// Amount due, or paid out.
    pub due_fen: i64,
    /// 抹零.
    pub rounding_fen: i64,
    /// 实收.
    pub received_fen: i64,
    /// 找零.
    pub change_fen: i64,
    /// How it was paid.
    pub tenders: Vec<TakenView>,
}

/// The message line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MessageView {
    /// Grows with every message, also a repeated one: the UI plays the tone once for each.
    pub sequence: u64,
    /// How grave it is.
    pub level: Level,
    /// What it is; its sentence is in `messages/`.
    pub code: Code,
    /// Values for the sentence's `{name}` places.
    pub args: std::collections::BTreeMap<String, String>,
}

/// What the station waits for; it never covers the basket or the totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    /// A weighed item without a stable weight: put it on the scale, or type the weight.
    Weigh {
        /// Item code.
        item: String,
        /// Name.
        name: String,
        /// Price.
        price: PriceView,
        /// Tare that will be taken off.
        tare_g: i64,
        /// Whether the person signed in may type a weight alone.
        may_type: bool,
    },
    /// One barcode on several items.
    Choose {
        /// Candidates.
        items: Vec<ItemHit>,
    },
    /// A question, such as cash far above what is due.
    Confirm {
        /// Its sentence.
        code: Code,
        /// Values of the sentence.
        args: std::collections::BTreeMap<String, String>,
    },
    /// A supervisor's or manager's card or PIN is wanted.
    Approve {
        /// What is to be approved.
        action: ApproveAction,
        /// Money at stake.
        amount_fen: i64,
        /// A manager, not just a supervisor.
        needs_manager: bool,
    },
    /// Another cashier's shift is open: relieve it, or a supervisor closes it.
    Relieve {
        /// Its cashier.
        cashier: String,
    },
}

/// What a supervisor is asked to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what it allows; messages/ has the sentence")]
pub enum ApproveAction {
    TypedWeight,
    PriceOverride,
    Discount,
    RemoveLine,
    LowerQuantity,
    VoidBasket,
    OpenDrawer,
    Refund,
    RefundToCash,
    RefundCited,
    MoveCash,
    AuditShift,
    CloseOthersShift,
    OpenDate,
    LiftLockout,
    SetDevices,
}

impl ApproveAction {
    /// The name in the journal, such as `void_basket`.
    pub fn name(self) -> &'static str {
        match self {
            ApproveAction::TypedWeight => "typed_weight",
            ApproveAction::PriceOverride => "price_override",
            ApproveAction::Discount => "discount",
            ApproveAction::RemoveLine => "remove_line",
            ApproveAction::LowerQuantity => "lower_quantity",
            ApproveAction::VoidBasket => "void_basket",
            ApproveAction::OpenDrawer => "open_drawer",
            ApproveAction::Refund => "refund",
            ApproveAction::RefundToCash => "refund_to_cash",
            ApproveAction::RefundCited => "refund_cited",
            ApproveAction::MoveCash => "move_cash",
            ApproveAction::AuditShift => "audit_shift",
            ApproveAction::CloseOthersShift => "close_others_shift",
            ApproveAction::OpenDate => "open_date",
            ApproveAction::LiftLockout => "lift_lockout",
            ApproveAction::SetDevices => "set_devices",
        }
    }
}

/// A parked basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ParkedView {
    /// Basket id.
    pub basket: String,
    /// When it was parked, `HH:MM`.
    pub at: String,
    /// Lines.
    pub lines: u32,
    /// What it would cost.
    pub due_fen: i64,
    /// First item's name.
    pub first: String,
}

/// A tab of picture keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QuickTabView {
    /// Key.
    pub id: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// At most twelve.
    pub keys: Vec<QuickKeyView>,
}

/// A picture key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QuickKeyView {
    /// Item code.
    pub item: String,
    /// Short label.
    pub label: String,
    /// `#rrggbb`.
    pub colour: String,
    /// Price, when there is one.
    pub price: Option<PriceView>,
}

/// A key of the pay panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TenderView {
    /// Tender code.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Wants a reference.
    pub needs_reference: bool,
    /// May exceed what remains.
    pub gives_change: bool,
}

/// An item that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ItemHit {
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Category.
    pub category: String,
    /// Price; an item without one cannot be sold.
    pub price: Option<PriceView>,
    /// First barcode.
    pub barcode: Option<String>,
    /// Place of origin.
    pub origin: Option<String>,
}

/// A document of this till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DocumentRow {
    /// Document id.
    pub document: String,
    /// Printed number.
    pub number: String,
    /// True for a refund.
    pub is_refund: bool,
    /// Site-local `mm-dd HH:MM`.
    pub at: String,
    /// Cashier's staff number.
    pub cashier: String,
    /// Amount, positive also for refunds.
    pub amount_fen: i64,
    /// Whether its receipt printed.
    pub print: PrintView,
    /// Whether the hub has it.
    pub received: bool,
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PrintView {
    /// In the queue.
    Waiting,
    /// The printer took it and said so.
    Printed,
    /// It did not print.
    Failed,
    /// Nobody can tell; never repeated unasked.
    Uncertain,
    /// No printer is set up.
    NotAsked,
}

/// A line of a receipt on screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PreviewLine {
    /// Text in a fixed pitch; a hanzi is two columns.
    pub text: String,
    /// Emphasised.
    pub bold: bool,
    /// Double size.
    pub large: bool,
    /// Centred.
    pub centre: bool,
    /// The text stands for a QR code or barcode of these characters.
    pub is_code: bool,
}

/// A sale with what may still come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RefundableSale {
    /// Sale id.
    pub sale: String,
    /// Printed number.
    pub number: String,
    /// Site-local `mm-dd HH:MM`.
    pub at: String,
    /// What was paid.
    pub due_fen: i64,
    /// What has been given back already.
    pub returned_fen: i64,
    /// Its tenders.
    pub tenders: Vec<TakenView>,
    /// Its lines.
    pub lines: Vec<RefundableLine>,
}

/// A line that may come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RefundableLine {
    /// Index from 0.
    pub line: u16,
    /// Name.
    pub name: String,
    /// What was sold.
    pub sold: QuantityView,
    /// What may still come back.
    pub left: QuantityView,
    /// What was paid for all of it.
    pub paid_fen: i64,
}

/// Latest reading of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ScaleView {
    /// Grams as the scale shows them.
    pub grams: i64,
    /// Not moving.
    pub stable: bool,
}
