//! A line of the basket: how it came about, and what is asked before it is rung.

use suanpan_contract::Code;
use suanpan_domain::catalogue::{Item, SoldBy};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::sale::{Basket, NewLine, WeightSource};

use super::kinds::{Done, Turn};
use crate::say::{Say, of_goods};

/// Refuses when nobody may ring now. A basket that has begun is finished even on a full disk.
pub(crate) fn may_ring(turn: &Turn<'_>, tendered: Code) -> Done {
    turn.own_shift()?;
    if turn.desk.is_tendered() {
        return Err(tendered.into());
    }
    if !turn.desk.has_lines() && turn.shop.refuses_new_sales() {
        return Err(Code::DiskFull.into());
    }
    Ok(())
}

/// How a line came about.
pub(crate) struct Rung {
    pub(crate) quantity: Quantity,
    pub(crate) printed: Option<Fen>,
    pub(crate) source: Option<WeightSource>,
    pub(crate) tare_g: i64,
    pub(crate) scanned: Option<String>,
    pub(crate) approver: Option<String>,
}

impl Rung {
    pub(crate) fn plain(quantity: Quantity) -> Rung {
        Rung { quantity, printed: None, source: None, tare_g: 0, scanned: None, approver: None }
    }
}

/// Puts a line into the basket, opening one if none is.
pub(crate) fn line(turn: &mut Turn<'_>, item: &Item, price: Price, rung: Rung) -> Done {
    let tax =
        turn.shop.trade.tax(&item.tax).ok_or_else(|| Say::new(Code::NoPrice).with("name", &item.name))?;
    let unit = if item.sold_by == SoldBy::Piece { item.unit.clone() } else { String::new() };
    let amount = rung.printed.map_or_else(|| price.amount(rung.quantity), Ok).map_err(Say::from)?;
    let goods = of_goods(&item.name, rung.quantity, &unit, amount);
    ask_if_unlikely(turn, goods, rung.quantity, amount, rung.source)?;
    if turn.desk.basket.is_none() {
        // A basket in progress is never repriced under the cashier.
        turn.desk.priced_at_ms = Some(turn.priced_at_ms());
        turn.desk.basket = Some(Basket::open(turn.mint(), turn.now_ms, turn.shop.cut()?));
    }
    let Some(basket) = turn.desk.basket.as_mut() else { return Ok(()) };
    let had = basket.discount.is_some();
    let id = basket
        .ring(NewLine {
            item: item.code.clone(),
            name: item.name.clone(),
            unit,
            quantity: rung.quantity,
            price,
            printed_amount: rung.printed,
            tax,
            source: rung.source,
            tare_g: rung.tare_g,
            scanned: rung.scanned,
        })?
        .id;
    if let Some(approver) = rung.approver {
        basket.approve_line(id, approver)?;
    }
    let is_dropped = had && basket.discount.is_none();
    let desk = &mut turn.desk;
    desk.selected = Some(id);
    (desk.closed, desk.asked) = (None, None);
    desk.forget_typed_ahead();
    if is_dropped {
        turn.say(Code::DiscountOutgrown);
    }
    if item.age_limit > 0 {
        turn.say(Say::new(Code::AgeCheck).with("name", &item.name).with("age", item.age_limit));
    }
    Ok(())
}

/// Asks before a line that is more than a till rings by habit, or that costs nothing: a slip of the finger otherwise is money.
/// `goods` names them in the question.
pub(crate) fn ask_if_unlikely(
    turn: &Turn<'_>,
    goods: impl FnOnce(Code) -> Say,
    quantity: Quantity,
    amount: Fen,
    source: Option<WeightSource>,
) -> Done {
    // Whoever approved has seen these figures, and so has whoever said yes to the label's.
    if turn.approval.is_some() || turn.agreed.iter().any(|say| say.code == Code::LabelFarOff) {
        return Ok(());
    }
    let settings = &turn.shop.book.settings;
    let is_much = match quantity {
        // Only hands exceed a scale's range.
        Quantity::G(grams) => grams.0 > settings.ask_weight_g && source == Some(WeightSource::Typed),
        Quantity::Pc(pieces) => pieces.0 > settings.ask_pieces,
    };
    match () {
        () if amount.is_zero() => turn.agree(goods(Code::NothingCharged)),
        () if is_much || amount > settings.ask_line => turn.agree(goods(Code::LineUnlikely)),
        () => Ok(()),
    }
}
