//! What a till's commands ask of the turn that decides them.

use suanpan_contract::Code;
use suanpan_domain::sale::Basket;
use suanpan_ledger::Shift;

use super::counter::Question;
use super::kinds::{Done, LetGo, Stop, Turn};
use crate::say::Say;

impl<'a> Turn<'a> {
    /// The time by which the basket's prices are looked up.
    pub(crate) fn priced_at_ms(&self) -> i64 {
        self.desk.priced_at_ms.unwrap_or_else(|| self.shop.pricing_time(self.now_ms))
    }

    /// The open shift.
    pub(crate) fn shift(&self) -> Result<&'a Shift, Stop> {
        self.shop.shift.as_ref().ok_or_else(|| Code::ShiftNotOpen.into())
    }

    /// The open shift, which the person signed in answers for: what every sale and refund needs. In a shift of an
    /// earlier date nothing new begins; what lies on the counter is finished, since it would block the close.
    pub(crate) fn own_shift(&self) -> Result<&'a Shift, Stop> {
        self.person()?;
        let shift = self.shift()?;
        if self.desk.shift_is_old && !self.desk.has_lines() {
            return Err(self.older_shift(shift));
        }
        self.own_shift_of_any_date()
    }

    /// The same whatever its date: a parked basket blocks the close of an older shift as well.
    pub(crate) fn own_shift_of_any_date(&self) -> Result<&'a Shift, Stop> {
        let person = self.person()?;
        let shift = self.shift()?;
        if shift.cashier == person.code {
            Ok(shift)
        } else {
            Err(Stop::Ask(Question::Relieve { person: person.clone() }))
        }
    }

    pub(crate) fn older_shift(&self, shift: &Shift) -> Stop {
        let date = suanpan_domain::calendar::text(shift.business_date);
        Say::new(Code::OlderShiftOpen).with("date", date).into()
    }

    /// The basket with at least one line.
    pub(crate) fn basket(&mut self) -> Result<&mut Basket, Stop> {
        let basket = self.desk.basket.as_mut().filter(|basket| !basket.is_empty());
        basket.ok_or_else(|| Code::BasketEmpty.into())
    }

    /// Refuses while goods lie on the counter.
    pub(crate) fn refuse_open_basket(&self, code: Code) -> Done {
        if self.desk.has_lines() { Err(code.into()) } else { Ok(()) }
    }

    /// No refund is being put together any more.
    pub(crate) fn clear_refund(&mut self) {
        (self.desk.refundable, self.desk.cited, self.desk.refund) = (None, None, None);
    }

    /// The same when nothing was refunded: the hub may let the receipt go.
    pub(crate) fn leave_refund(&mut self) {
        self.orders.extend(self.desk.reserved().map(|number| LetGo(number.to_owned())));
        self.clear_refund();
    }

    /// Nothing lies on the counter any more.
    pub(crate) fn clear_counter(&mut self) {
        let desk = &mut self.desk;
        (desk.basket, desk.priced_at_ms, desk.selected, desk.closed) = (None, None, None, None);
        desk.forget_typed_ahead();
    }
}
