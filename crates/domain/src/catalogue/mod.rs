//! The bodies of the rows that HQ publishes and every station replicates.
//!
//! A feed entry carries `{table, key, body}`; [`Table`] lists the tables, and each body is the JSON of one of
//! these structs. Unknown fields are ignored, so an older till reads a newer hub's rows.
//!
//! What a row may hold is [`rules`], and what rows have to do with each other is [`Chain`]: whoever publishes asks both.

mod chain;
mod row;
mod rules;
#[cfg(test)]
mod tests;
mod text;

pub use chain::Chain;
pub use row::{Fault, Row, faults, slips, unknown_fields};
pub use rules::{PRICE_MAX, Rule, rules};
pub(crate) use text::is_unseen;
pub use text::{narrow, shown, unseen, written_out};

use serde::{Deserialize, Serialize};

use crate::money::Fen;
#[cfg(doc)]
use crate::pricing::Price;
use crate::receipt::Lang;

/// The tables of the catalogue and the struct of each one's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// [`Item`], keyed by item code.
    Item,
    /// [`Price`], keyed by item code; `effective_at` of the feed entry switches it.
    Price,
    /// [`TaxCode`], keyed by code.
    Tax,
    /// [`Tender`], keyed by code.
    Tender,
    /// [`Staff`], keyed by staff number.
    Staff,
    /// [`SiteSettings`], keyed by `settings`.
    Settings,
    /// [`QuickTab`], keyed by tab id.
    QuickTab,
    /// [`LabelLayout`], keyed by layout id.
    LabelLayout,
    /// [`PushDictionary`], keyed by `push`.
    Dictionary,
}

impl Table {
    /// Every table, in the order in which a catalogue is published.
    pub const ALL: [Table; 9] = [
        Table::Tax,
        Table::Tender,
        Table::Settings,
        Table::Staff,
        Table::Item,
        Table::Price,
        Table::QuickTab,
        Table::LabelLayout,
        Table::Dictionary,
    ];

    /// The name on the wire and in the replica, such as `quick_tab`.
    pub fn name(self) -> &'static str {
        match self {
            Table::Item => "item",
            Table::Price => "price",
            Table::Tax => "tax",
            Table::Tender => "tender",
            Table::Staff => "staff",
            Table::Settings => "settings",
            Table::QuickTab => "quick_tab",
            Table::LabelLayout => "label_layout",
            Table::Dictionary => "dictionary",
        }
    }
}

/// The key of the one row of [`Table::Settings`].
pub const SETTINGS_KEY: &str = "settings";

/// The key of the one row of [`Table::Dictionary`].
pub const DICTIONARY_KEY: &str = "push";

/// What a chain's sales have in common, by which a till packs what it sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDictionary {
    /// A zstd dictionary, lower-case hex.
    pub zstd: String,
}

/// How an item is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoldBy {
    /// By net weight.
    Weight,
    /// By the piece.
    Piece,
}

/// An item of the assortment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// In-store code, digits or letters, unique in the chain.
    pub code: String,
    /// Name on screen and receipt.
    pub name: String,
    /// Other names customers and cashiers use (土豆, 马铃薯, 洋芋).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Category name, such as 叶菜.
    #[serde(default)]
    pub category: String,
    /// By weight or by piece.
    pub sold_by: SoldBy,
    /// Word for one piece (袋, 瓶, 份); ignored for weighed goods.
    #[serde(default)]
    pub unit: String,
    /// PLU of scale labels, 4–7 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plu: Option<String>,
    /// GTINs and other barcodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<ItemBarcode>,
    /// Key of its [`TaxCode`].
    pub tax: String,
    /// 19-digit tax classification code for invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class: Option<String>,
    /// Usual tare of its bag or box, grams.
    #[serde(default)]
    pub tare_g: i64,
    /// Place of origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// 经营方式: 自营, 联营, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_mode: Option<String>,
    /// The ERP's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Youngest buyer's age in years, 0 for none.
    #[serde(default)]
    pub age_limit: u8,
    /// A shopping bag: pinned on the quick keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bag: bool,
}

/// One barcode of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemBarcode {
    /// The digits as scanned.
    pub code: String,
    /// Pieces it stands for: 1, or a case's count.
    #[serde(default = "one")]
    pub count: u16,
}

fn one() -> u16 {
    1
}

/// A tax code. Exempt and 0 % are different codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxCode {
    /// Key, such as `V9` or `EX`.
    pub code: String,
    /// Name on reports, such as 免税.
    pub name: String,
    /// Rate in basis points.
    pub rate_bp: u16,
    /// Exempt from tax rather than taxed at nothing.
    #[serde(default)]
    pub exempt: bool,
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    /// Key, such as `cash`, `wechat`, `alipay`, `card`.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Order on the pay panel, from 1.
    pub order: u8,
    /// Its money lies in the drawer and is counted at 班结.
    #[serde(default)]
    pub counts_in_drawer: bool,
    /// Taking it opens the drawer.
    #[serde(default)]
    pub opens_drawer: bool,
    /// May exceed what is due; the rest is change. Others never overpay.
    #[serde(default)]
    pub gives_change: bool,
    /// 抹零 applies to what it pays.
    #[serde(default)]
    pub rounds: bool,
    /// The cashier types or scans a reference before it counts.
    #[serde(default)]
    pub needs_reference: bool,
    /// A refund may go back to it.
    #[serde(default)]
    pub refundable_to: bool,
    /// Its amount may appear on an invoice.
    #[serde(default)]
    pub invoiceable: bool,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sells.
    Cashier,
    /// Approves at the till: refunds, discounts, removals, over and short.
    Supervisor,
    /// Everything a supervisor may, and lifts lockouts.
    Manager,
}

/// A person who works at a site. A station receives its own site's staff only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Staff number that is typed to sign in.
    pub code: String,
    /// Name on screen and receipt.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Argon2id hash of the PIN in PHC form.
    pub pin_hash: String,
    /// SHA-256 of `suanpan/card/v1` and the card's characters, lower-case hex; a card carries at least 16 random digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_sha256: Option<String>,
    /// May type a weight instead of taking the scale's or a label's.
    #[serde(default)]
    pub typed_weight: bool,
}

/// Which odd fen a cash payment leaves to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// No 抹零.
    None,
    /// 抹分: down to 0.1 yuan.
    #[default]
    Fen,
    /// 抹角: down to whole yuan.
    Jiao,
}

impl Rounding {
    /// The name in a settings row.
    pub fn name(self) -> &'static str {
        match self {
            Rounding::None => "none",
            Rounding::Fen => "fen",
            Rounding::Jiao => "jiao",
        }
    }

    /// The step cash is rounded down to, in fen.
    pub fn step(self) -> i64 {
        match self {
            Rounding::None => 1,
            Rounding::Fen => 10,
            Rounding::Jiao => 100,
        }
    }
}

/// A site's settings: what its tills print and what its cashiers may do alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSettings {
    /// Chain's name on receipts.
    pub chain: String,
    /// Site code, ASCII, as in printed numbers.
    pub site: String,
    /// The zone of the chain that it is in, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Store name.
    pub name: String,
    /// Address line of the receipt.
    #[serde(default)]
    pub address: String,
    /// Phone line of the receipt.
    #[serde(default)]
    pub phone: String,
    /// Closing line of the receipt.
    #[serde(default)]
    pub footer: String,
    /// Language of every paper, whatever the cashier's screen speaks.
    #[serde(default, skip_serializing_if = "Lang::is_default")]
    pub receipt_language: Lang,
    /// Minutes east of UTC; China is 480.
    #[serde(default = "china")]
    pub utc_offset_min: i32,
    /// Minutes after midnight when a new business date may begin (04:00).
    #[serde(default = "four_o_clock")]
    pub day_starts_min: i32,
    /// 抹零 rule.
    #[serde(default)]
    pub rounding: Rounding,
    /// Cash this far above what is due asks first, fen (¥1,000).
    #[serde(default = "thousand_yuan")]
    pub cash_over_ask: Fen,
    /// A line above this asks first, fen (¥2,000).
    #[serde(default = "two_thousand_yuan")]
    pub ask_line: Fen,
    /// More pieces of a line than this ask first.
    #[serde(default = "ninety_nine")]
    pub ask_pieces: i64,
    /// A typed weight above this, the range of a shop's scale, asks first, grams (15 kg).
    #[serde(default = "fifteen_kilograms")]
    pub ask_weight_g: i64,
    /// Drawer cash above which 大额缴款 is prompted, fen.
    #[serde(default = "three_thousand_yuan")]
    pub drop_prompt: Fen,
    /// A count of the drawer this far from what it should hold asks for another, fen (¥100).
    #[serde(default = "hundred_yuan")]
    pub count_apart: Fen,
    /// Largest share a cashier takes off a line alone, its own discount and the basket's together, basis points.
    #[serde(default)]
    pub cashier_discount_bp: u16,
    /// How much a cashier takes off one basket alone, lines removed and counts lowered, fen.
    #[serde(default = "fifty_yuan")]
    pub cashier_remove: Fen,
    /// Largest basket a cashier voids alone, fen.
    #[serde(default = "hundred_yuan")]
    pub cashier_void: Fen,
    /// Wrong PINs in a row before a lockout.
    #[serde(default = "five")]
    pub pin_tries: u8,
    /// Minutes of a lockout.
    #[serde(default = "five")]
    pub lockout_min: u8,
}

fn china() -> i32 {
    480
}
fn four_o_clock() -> i32 {
    240
}
fn thousand_yuan() -> Fen {
    Fen(100_000)
}
fn two_thousand_yuan() -> Fen {
    Fen(200_000)
}
fn ninety_nine() -> i64 {
    99
}
fn fifteen_kilograms() -> i64 {
    15_000
}
fn three_thousand_yuan() -> Fen {
    Fen(300_000)
}
fn fifty_yuan() -> Fen {
    Fen(5_000)
}
fn hundred_yuan() -> Fen {
    Fen(10_000)
}
fn five() -> u8 {
    5
}

/// A tab of picture keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickTab {
    /// Key.
    pub id: String,
    /// Name on the tab.
    pub name: String,
    /// Name in English.
    #[serde(default)]
    pub name_en: String,
    /// Order from 1.
    pub order: u8,
    /// At most twelve keys (4×3); bags are pinned by the till after the tab's own.
    pub keys: Vec<QuickKey>,
}

/// One picture key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickKey {
    /// Item code.
    pub item: String,
    /// Short label.
    pub label: String,
    /// Colour of its picture as `#rrggbb`.
    pub colour: String,
}

/// How the chain's scale labels are laid out: an ordered list of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelLayout {
    /// Key.
    pub id: String,
    /// Leading digits that choose this layout, such as `20`–`24`; decided together with the total length.
    pub flags: Vec<String>,
    /// The fields from left to right; the first is the flag.
    pub fields: Vec<LabelField>,
    /// Which check digit the last field is.
    pub check: LabelCheck,
}

/// A field of a label. *Units:* amount in fen, weight in grams (or pieces for counted items).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelField {
    /// What it holds.
    pub kind: LabelFieldKind,
    /// Digits.
    pub digits: u8,
}

/// What a label's field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelFieldKind {
    /// Leading flag.
    Flag,
    /// PLU.
    Plu,
    /// Net weight in grams; pieces for counted items.
    Weight,
    /// Printed amount in fen.
    Amount,
    /// GB/T 18283 price check digit over the amount field.
    PriceCheck,
    /// Closing check digit over everything before it.
    Check,
}

/// The closing check digit of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelCheck {
    /// GTIN weights 3, 1 from the right.
    Gtin,
    /// The price check digit only.
    Price,
    /// None.
    None,
}
