//! What happens at a till beside its documents and its shifts.

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::money::Fen;
use crate::quantity::Quantity;
use crate::sale::{Basket, Tendered};

/// A line taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRemoved {
    /// Basket it was in.
    pub basket: Id,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Weight or count.
    pub quantity: Quantity,
    /// Its amount.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A quantity lowered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantityLowered {
    /// Basket it is in.
    pub basket: Id,
    /// Item code.
    pub item: String,
    /// Name.
    pub name: String,
    /// Before.
    pub from: Quantity,
    /// After.
    pub to: Quantity,
    /// By how much the amount fell.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A whole basket given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketVoided {
    /// The basket as it was.
    pub basket: Basket,
    /// What it would have cost.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A basket put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketParked {
    /// The basket as it is.
    pub basket: Basket,
    /// Cashier.
    pub by: String,
}

/// A parked basket taken up again, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketRecalled {
    /// Basket id.
    pub basket: Id,
    /// Cashier.
    pub by: String,
}

/// Tenders given back before the sale was closed: HQ sees a confirmed reference that paid for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TendersCleared {
    /// Basket they were taken for.
    pub basket: Id,
    /// What was taken.
    #[serde(rename = "pay")]
    pub tenders: Vec<Tendered>,
    /// Cashier.
    pub by: String,
}

/// The drawer opened without a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawerOpened {
    /// Shift.
    pub shift: Id,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// A receipt printed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reprinted {
    /// Sale, refund, shift or movement id.
    pub document: Id,
    /// 补打第 n 次, from 1.
    pub copy: u16,
    /// Cashier.
    pub by: String,
}
