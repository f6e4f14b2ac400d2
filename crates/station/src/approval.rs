//! What somebody with more authority is asked for, in full: item, from, to, and why a person does not decide it alone.

use suanpan_contract::{
    ApproveAction, ApproveReason, ApproveValue, ApproveView, DeviceSettings, HubWord, TakenView,
};
use suanpan_domain::catalogue::Role;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::sale::Line;

use crate::text;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) action: ApproveAction,
    /// Money at stake.
    pub(crate) amount: Fen,
    pub(crate) role: Role,
    pub(crate) about: ApproveView,
}

impl Approval {
    /// Something for a supervisor.
    pub(crate) fn new(action: ApproveAction, amount: Fen) -> Approval {
        Approval { action, amount, role: Role::Supervisor, about: ApproveView::default() }
    }

    pub(crate) fn by_manager(self) -> Approval {
        Approval { role: Role::Manager, ..self }
    }

    /// Whose name, item or receipt it is about.
    pub(crate) fn named(mut self, name: &str) -> Approval {
        self.about.name = Some(name.to_owned());
        self
    }

    /// The line that it is about.
    pub(crate) fn of(mut self, line: &Line) -> Approval {
        self.about.line = Some(line.id);
        self.named(&line.name)
    }

    pub(crate) fn from(mut self, value: ApproveValue) -> Approval {
        self.about.from = Some(value);
        self
    }

    pub(crate) fn to(mut self, value: ApproveValue) -> Approval {
        self.about.to = Some(value);
        self
    }

    pub(crate) fn because(mut self, reason: ApproveReason) -> Approval {
        self.about.reason = reason;
        self
    }

    pub(crate) fn above(self, limit: Fen, sum: Fen) -> Approval {
        self.because(ApproveReason::AboveAmount { limit_fen: limit.0, sum_fen: sum.0 })
    }

    /// What will be paid out, by tender, on a receipt of which the hub said so much.
    pub(crate) fn paying(mut self, tenders: Vec<TakenView>, hub: HubWord) -> Approval {
        (self.about.tenders, self.about.hub) = (tenders, hub);
        self
    }
}

pub(crate) fn money(fen: Fen) -> ApproveValue {
    ApproveValue::Money { fen: fen.0 }
}

pub(crate) fn price(price: Price, unit: &str) -> ApproveValue {
    ApproveValue::Price { price: text::price(price, unit) }
}

pub(crate) fn quantity(quantity: Quantity, unit: &str) -> ApproveValue {
    ApproveValue::Quantity { quantity: text::quantity(quantity, unit) }
}

pub(crate) fn devices(devices: &DeviceSettings) -> ApproveValue {
    ApproveValue::Devices { devices: devices.clone() }
}
