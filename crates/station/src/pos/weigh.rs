//! Weighed goods: a settled weight from the till's scale, or a weight typed by somebody who may.

use suanpan_contract::pos::Command;
use suanpan_contract::{ApproveAction, Code};
use suanpan_domain::catalogue::Item;
use suanpan_domain::pricing::Price;
use suanpan_domain::quantity::{Grams, Quantity};
use suanpan_domain::sale::WeightSource;

use super::counter::Question;
use super::kinds::{Asked, Done, Turn};
use super::line::{Rung, ask_if_unlikely, line, may_ring};
use crate::approval::{self, Approval};
use crate::say::{Say, of_goods};

/// The heaviest tare: a crate.
const TARE_G_MAX: i64 = 10_000;

/// Rings what lies on the scale, or waits for it.
pub(crate) fn begin(turn: &mut Turn<'_>, item: Item, price: Price) -> Done {
    if turn.desk.multiply.is_some() {
        return Err(Say::new(Code::MultiplyOnWeighed).with("name", &item.name).into());
    }
    turn.desk.closed = None;
    turn.desk.asked = Some(Asked::Own(Question::Weigh { item: Box::new(item), price }));
    settled(turn)
}

/// Rings the item that waits, if the scale has settled on it.
pub(crate) fn settled(turn: &mut Turn<'_>) -> Done {
    let Some(Question::Weigh { item, price }) = turn.desk.own_question().cloned() else { return Ok(()) };
    let Some(reading) = turn.shop.scale.settled() else { return Ok(()) };
    // A scale that takes the tare off itself has done so already.
    let tare_g = if reading.net { 0 } else { turn.desk.tare_g.unwrap_or(item.tare_g) };
    let grams = i64::from(reading.grams).saturating_sub(tare_g);
    if grams <= 0 {
        return Ok(());
    }
    let rung = Rung {
        source: Some(WeightSource::Scale),
        tare_g,
        scanned: Some(reading.raw),
        ..Rung::plain(Quantity::G(Grams(grams)))
    };
    // The scale rings by itself: should that be asked about, a yes takes the item again.
    turn.performing.get_or_insert_with(|| Command::AddItem { item: item.code.clone() });
    line(turn, &item, price, rung)?;
    turn.uses_scale = true;
    Ok(())
}

/// A weight typed for the item that waits.
pub(crate) fn type_weight(turn: &mut Turn<'_>, grams: i64) -> Done {
    let Some(Question::Weigh { item, price }) = turn.desk.own_question().cloned() else {
        return Err(Code::NothingWaiting.into());
    };
    may_ring(turn, Code::BasketTendered)?;
    let quantity = Quantity::G(Grams(grams));
    if !quantity.in_range() {
        return Err(Code::WeightInvalid.into());
    }
    let amount = price.amount(quantity).map_err(Say::from)?;
    let source = Some(WeightSource::Typed);
    // Before anybody is called to approve it.
    ask_if_unlikely(turn, of_goods(&item.name, quantity, "", amount), quantity, amount, source)?;
    let alone = turn.person()?.types_weight;
    let wanted = Approval::new(ApproveAction::TypedWeight, amount).named(&item.name);
    let approver = turn.authorise_if(!alone, wanted.to(approval::quantity(quantity, "")))?;
    line(turn, &item, price, Rung { source, approver, ..Rung::plain(quantity) })
}

/// Sets the tare of the next weighing; 0 takes it away.
pub(crate) fn set_tare(turn: &mut Turn<'_>, grams: i64) -> Done {
    if !(0..=TARE_G_MAX).contains(&grams) {
        return Err(Code::WeightInvalid.into());
    }
    turn.desk.tare_g = Some(grams);
    settled(turn)
}
