//! Everything a till's screen can ask of its station.

use serde::{Deserialize, Serialize};

use crate::{DeviceSettings, Language};

/// One request of the screen. *Units:* every `…_fen` is fen, `…_g` grams; line ids are [`super::LineView::id`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The picture as it is now.
    View,
    /// Switches the screen's language for this till.
    SetLanguage {
        /// `zh-CN` or `en`.
        language: Language,
    },
    /// Enrols this station at a hub with a one-time code.
    Enrol {
        /// Address of the hub.
        hub_url: String,
        /// One-time code.
        code: String,
    },

    /// Signs in with staff number and PIN; relieves the shift (顶班) when it is another cashier's and `relieve` is set.
    SignIn {
        /// Staff number.
        staff: String,
        /// PIN; never logged.
        pin: String,
        /// Take over the open shift of another cashier.
        relieve: bool,
    },
    /// Locks the screen; the shift stays open.
    Lock,
    /// Lifts a lockout; asks for a manager.
    LiftLockout {
        /// Whose.
        staff: String,
    },

    /// 开班.
    OpenShift {
        /// Cash in the drawer.
        float_fen: i64,
    },
    /// 缴款, 换零 or more float.
    MoveCash {
        /// Kind.
        kind: CashMoveKind,
        /// Worth of the notes.
        amount_fen: i64,
    },
    /// Asks whether the drawer may be counted now, before anybody counts: [`Found::MayCount`].
    BeginCount {
        /// What for.
        purpose: CountPurpose,
    },
    /// 中途对账 by a supervisor.
    AuditShift {
        /// Pieces by denomination.
        count: Vec<DenominationCount>,
    },
    /// 班结 with a count by denomination.
    CloseShift {
        /// Pieces by denomination.
        count: Vec<DenominationCount>,
    },
    /// 日结, after every shift is closed.
    CloseDay,
    /// Opens the drawer without a sale.
    OpenDrawer,

    /// A scanner's burst, or a card's; what it means depends on the screen.
    Scan {
        /// The characters as they came, without the closing Enter.
        text: String,
    },
    /// A typed code followed by Enter.
    Enter {
        /// Digits or letters.
        text: String,
    },
    /// 数量×: the next line's count.
    Multiply {
        /// Pieces.
        pieces: i64,
    },
    /// An item from a picture key, the search or a chooser.
    AddItem {
        /// Item code.
        item: String,
    },
    /// A typed weight for the item that is waiting on the scale.
    TypeWeight {
        /// Net grams.
        grams: i64,
    },
    /// Sets the tare of the next weighing.
    SetTare {
        /// Grams; 0 takes it away.
        grams: i64,
    },
    /// Moves the selection.
    Select {
        /// Line id; `None` selects the newest.
        line: Option<u32>,
    },
    /// Changes a line's quantity: pieces of counted goods, grams of typed weights.
    SetQuantity {
        /// Line id.
        line: u32,
        /// Pieces or grams.
        quantity: i64,
    },
    /// 改价, on the line's own basis.
    SetPrice {
        /// Line id.
        line: u32,
        /// Fen for the line's basis.
        price_fen: i64,
    },
    /// 折扣 on a line, or on the whole basket without one.
    Discount {
        /// Line id.
        line: Option<u32>,
        /// What is taken off; `None` takes the discount away.
        discount: Option<DiscountInput>,
    },
    /// 更正: takes a line away.
    RemoveLine {
        /// Line id; `None` is the selected or newest one.
        line: Option<u32>,
    },
    /// 整单取消.
    VoidBasket,
    /// 挂单.
    Park,
    /// 取单.
    Recall {
        /// Basket id.
        basket: String,
    },

    /// Takes a tender.
    Tender {
        /// Tender code.
        tender: String,
        /// What the customer hands over; `None` is exactly what remains.
        amount_fen: Option<i64>,
        /// Reference of a tender that wants one; without it the station asks: [`super::Prompt::Reference`].
        reference: Option<String>,
    },
    /// Gives the tenders taken so far back, and lines may change again.
    ClearTenders,

    /// Answers the chooser of [`Prompt::Choose`].
    Choose {
        /// Index of the item from 0.
        index: u16,
    },
    /// Answers [`Prompt::Confirm`] with yes.
    Confirm,
    /// Answers [`Prompt::Approve`] with staff number and PIN; a card comes as [`Command::Scan`].
    Approve {
        /// Supervisor's staff number.
        staff: String,
        /// PIN; never logged.
        pin: String,
    },
    /// 清除: acknowledges the message and gives up the open prompt.
    Clear,

    /// 查品.
    Search {
        /// Codes, pinyin or hanzi.
        query: String,
    },
    /// The last documents of this till, newest first, or those of a printed number.
    FindDocuments {
        /// Printed number or its closing part; empty lists the last ones.
        number: String,
    },
    /// The last slips of this till, newest first.
    FindSlips,
    /// A document's receipt, or a slip, as it prints.
    Preview {
        /// Document id, or a slip's place in the journal.
        document: String,
    },
    /// 补打; without an id the last document.
    Reprint {
        /// Document id, or a slip's place in the journal.
        document: Option<String>,
    },
    /// A sale's lines with what may still come back; asks the hub for it, so that no two tills refund it at once.
    RefundLookup {
        /// Printed number.
        number: String,
    },
    /// Shows what lines of the sale would bring back, by tender, in [`TillView::refund`].
    RefundQuote {
        /// Sale id.
        sale: String,
        /// What comes back; none shows nothing yet.
        lines: Vec<RefundLineInput>,
        /// As at [`Command::Refund`].
        to_cash: bool,
    },
    /// Refunds lines of a sale that was looked up.
    Refund {
        /// Sale id.
        sale: String,
        /// What comes back.
        lines: Vec<RefundLineInput>,
        /// Pay out cash whatever the sale's tenders were; needs a supervisor when it was not cash.
        to_cash: bool,
    },
    /// Shows what goods of a cited receipt would bring back, in [`TillView::refund`].
    CitedQuote {
        /// Printed number on the customer's receipt.
        number: String,
        /// What comes back; none shows nothing yet.
        lines: Vec<CitedLineInput>,
        /// Tender code it would be paid out with.
        tender: String,
    },
    /// Offline: refunds goods of another till's receipt that a supervisor cites.
    RefundCited {
        /// Printed number on the customer's receipt.
        number: String,
        /// What comes back, priced as on that receipt.
        lines: Vec<CitedLineInput>,
        /// Tender code it is paid out with.
        tender: String,
    },
    /// Nothing is refunded: another till may have the receipt.
    RefundLeave,

    /// What this till's devices are.
    GetDevices,
    /// Changes this till's devices; asks for a supervisor.
    SetDevices {
        /// New settings.
        devices: DeviceSettings,
    },
    /// Prints a test page.
    TestPrint,
    /// Closes the app; warns once when receipts are unsent.
    Quit,
}

/// Kind of a cash movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum CashMoveKind {
    /// 缴款.
    Drop,
    /// 换零.
    Exchange,
    /// More float.
    AddFloat,
}

/// Why the drawer is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(rename_all = "snake_case")]
pub enum CountPurpose {
    /// 班结.
    CloseShift,
    /// 中途对账.
    AuditShift,
}

/// Pieces of one denomination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct DenominationCount {
    /// Fen.
    pub denomination_fen: i64,
    /// Notes or coins.
    pub pieces: u32,
}

/// A discount as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DiscountInput {
    /// Fen off.
    Fen {
        /// Amount.
        fen: i64,
    },
    /// Percent off, 1–100.
    Percent {
        /// Percent.
        percent: u8,
    },
}

/// A line to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct RefundLineInput {
    /// Index of the sale's line from 0.
    pub line: u16,
    /// Grams or pieces.
    pub quantity: i64,
    /// True: back on the shelf; false: 报损.
    pub restock: bool,
}

/// A line of another till's receipt, as the customer's paper shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "pos/"))]
pub struct CitedLineInput {
    /// Item code.
    pub item: String,
    /// Grams or pieces.
    pub quantity: i64,
    /// What was paid for it.
    pub amount_fen: i64,
    /// True: back on the shelf; false: 报损.
    pub restock: bool,
}
