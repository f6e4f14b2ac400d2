//! Changing what was rung. Whatever takes goods or money off a basket is journalled, above a limit with an approval.

use suanpan_contract::pos::{Command, DiscountInput};
use suanpan_contract::{ApproveAction, ApproveReason, Code};
use suanpan_domain::entry::{BasketVoided, Entry, LineRemoved, QuantityLowered};
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::Price;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::sale::{Discount, Line, WeightSource};

use super::kinds::{Done, Stop, Turn};
use super::line::ask_if_unlikely;
use crate::approval::{self, Approval};
use crate::say::{Say, of_goods, yuan};

/// Moves the selection.
pub(crate) fn select(turn: &mut Turn<'_>, line: Option<u32>) -> Done {
    let newest = turn.basket()?.lines.last().map(|line| line.id);
    let wanted = line.or(newest);
    if wanted.is_some_and(|id| turn.basket().is_ok_and(|basket| basket.line(id).is_none())) {
        return Err(Code::LineGone.into());
    }
    turn.desk.selected = wanted;
    Ok(())
}

fn line_of(turn: &mut Turn<'_>, id: u32) -> Result<Line, Stop> {
    turn.own_shift()?;
    let basket = turn.basket()?;
    if !basket.tenders.is_empty() {
        return Err(Code::BasketTendered.into());
    }
    basket.line(id).cloned().ok_or_else(|| Code::LineGone.into())
}

/// Changes a count or a typed weight.
pub(crate) fn set_quantity(turn: &mut Turn<'_>, id: u32, number: i64) -> Done {
    let line = line_of(turn, id)?;
    let weighs = matches!(line.quantity, Quantity::G(_));
    if line.from_label() || (weighs && line.source != Some(WeightSource::Typed)) {
        return Err(Code::LabelFixed.into());
    }
    let to = line.quantity.with_number(number);
    let by = turn.person()?.code.clone();
    let (basket, discounts) = (turn.basket()?.id, turn.basket()?.discounts());
    let after = turn.basket()?.set_quantity(id, to)?.gross;
    if number > line.quantity.number() || after.is_zero() {
        let goods = of_goods(&line.name, to, &line.unit, after);
        ask_if_unlikely(turn, goods, to, after, line.source)?;
    }
    let fell = line.gross - after;
    let types_alone = !weighs || turn.person()?.types_weight;
    let lowers = fell.is_positive() || number < line.quantity.number();
    let limit = turn.shop.book.settings.cashier_remove;
    let sum = turn.basket()?.taken_off + fell;
    let above = lowers && sum > limit;
    // What somebody allowed for so many is not allowed for more.
    let outgrows = granted(&line).filter(|_| number > line.quantity.number());
    let wanted = match outgrows {
        Some(action) => Approval::new(action, after),
        None if !types_alone => Approval::new(ApproveAction::TypedWeight, after),
        None => Approval::new(ApproveAction::LowerQuantity, fell).above(limit, sum),
    };
    let [was, is] = [line.quantity, to].map(|quantity| approval::quantity(quantity, &line.unit));
    let needed = above || !types_alone || outgrows.is_some();
    let approver = turn.authorise_if(needed, wanted.of(&line).from(was).to(is))?;
    note_dropped(turn, discounts, number > line.quantity.number())?;
    if let (Some(approver), true) = (&approver, weighs || outgrows.is_some()) {
        turn.basket()?.approve_line(id, approver.clone())?;
    }
    if lowers {
        if approver.is_none() {
            turn.basket()?.taken_off += fell;
        }
        let (item, name, from) = (line.item, line.name, line.quantity);
        let entry = QuantityLowered { basket, item, name, from, to, amount: fell, by, approver };
        turn.entries.push(Entry::QuantityLowered(entry));
    }
    Ok(())
}

/// What of a line somebody with more authority allowed: another price, or a discount.
fn granted(line: &Line) -> Option<ApproveAction> {
    line.approver.as_ref()?;
    match (line.list_price, line.discount) {
        (Some(_), _) => Some(ApproveAction::PriceOverride),
        (None, Some(_)) => Some(ApproveAction::Discount),
        (None, None) => None,
    }
}

/// 改价.
pub(crate) fn set_price(turn: &mut Turn<'_>, id: u32, fen: i64) -> Done {
    let line = line_of(turn, id)?;
    let price = Price { fen: Fen(fen), per: line.price.per };
    let discounts = turn.basket()?.discounts();
    let after = turn.basket()?.set_price(id, price, None)?.gross;
    if after > line.gross || after.is_zero() {
        let goods = of_goods(&line.name, line.quantity, &line.unit, after);
        ask_if_unlikely(turn, goods, line.quantity, after, line.source)?;
    }
    let [was, is] = [line.price, price].map(|price| approval::price(price, &line.unit));
    let wanted = Approval::new(ApproveAction::PriceOverride, line.gross - after).of(&line);
    let approver = turn.authorise(wanted.from(was).to(is))?;
    note_dropped(turn, discounts, after > line.gross)?;
    turn.basket()?.approve_line(id, approver)?;
    Ok(())
}

/// 折扣 on a line, or on the whole basket.
pub(crate) fn discount(turn: &mut Turn<'_>, line: Option<u32>, input: Option<DiscountInput>) -> Done {
    let discount = input.map(discount_of).transpose()?;
    let changed = line.map(|id| line_of(turn, id)).transpose()?;
    let amount = match &changed {
        Some(line) => line.gross,
        None => {
            turn.own_shift()?;
            turn.basket()?.lines.iter().map(Line::amount).sum()
        }
    };
    let limit_bp = turn.shop.book.settings.cashier_discount_bp;
    let off = discount.map_or(Fen::ZERO, |discount| discount.of(amount));
    let had = turn.basket()?.discount.is_some();
    // First what the basket refuses anyway: nobody is called to approve the impossible.
    match line {
        Some(id) => {
            turn.basket()?.discount_line(id, discount, None)?;
        }
        None => turn.basket()?.discount_basket(discount, None)?,
    }
    let left = match line {
        Some(id) => turn.basket()?.line(id).map_or(Fen::ZERO, Line::amount),
        None => turn.basket()?.totals().due,
    };
    if discount.is_some() && left.is_zero() && turn.approval.is_none() {
        turn.agree(Code::DiscountToNothing)?;
    }
    let share_bp = turn.basket()?.share_off(line);
    let above = discount.is_some() && share_bp > limit_bp;
    let wanted = Approval::new(ApproveAction::Discount, off)
        .from(approval::money(amount))
        .to(approval::money(amount - off))
        .because(ApproveReason::AboveShare { limit_bp, share_bp });
    let wanted = changed.iter().fold(wanted, Approval::of);
    let approver = turn.authorise_if(above, wanted)?;
    if line.is_some() && had && turn.basket()?.discount.is_none() {
        turn.say(Code::DiscountDropped);
    }
    let Some(approver) = approver else { return Ok(()) };
    match line {
        Some(id) => turn.basket()?.approve_line(id, approver)?,
        None => turn.basket()?.discount_basket(discount, Some(approver))?,
    }
    Ok(())
}

fn discount_of(input: DiscountInput) -> Result<Discount, Stop> {
    match input {
        DiscountInput::Fen { fen } if fen > 0 => Ok(Discount::Fen(Fen(fen))),
        DiscountInput::Percent { percent } if (1..=100).contains(&percent) => {
            Ok(Discount::Bp(u16::from(percent) * 100))
        }
        _ => Err(Code::DiscountInvalid.into()),
    }
}

/// Tells the cashier when a discount went with what it was granted on.
fn note_dropped(turn: &mut Turn<'_>, before: usize, is_more: bool) -> Done {
    if turn.basket()?.discounts() < before {
        turn.say(if is_more { Code::DiscountOutgrown } else { Code::DiscountDropped });
    }
    Ok(())
}

/// 更正: takes a line away.
pub(crate) fn remove_line(turn: &mut Turn<'_>, line: Option<u32>) -> Done {
    let newest = turn.basket()?.lines.last().map(|line| line.id);
    let id = line.or(turn.desk.selected).or(newest).ok_or(Code::LineGone)?;
    let line = line_of(turn, id)?;
    // Whoever approves, approves this line, wherever the selection moves meanwhile.
    turn.performing = Some(Command::RemoveLine { line: Some(id) });
    let limit = turn.shop.book.settings.cashier_remove;
    let taken_off = turn.basket()?.taken_off + line.amount();
    let wanted = Approval::new(ApproveAction::RemoveLine, line.amount()).of(&line).above(limit, taken_off);
    let wanted = wanted.from(approval::quantity(line.quantity, &line.unit));
    let approver = turn.authorise_if(taken_off > limit, wanted)?;
    let by = turn.person()?.code.clone();
    let basket = turn.basket()?;
    if approver.is_none() {
        basket.taken_off = taken_off;
    }
    let had_discount = basket.discount.is_some();
    basket.remove(id)?;
    let lost_discount = had_discount && basket.discount.is_none() && !basket.is_empty();
    let (basket, newest) = (basket.id, basket.lines.last().map(|line| line.id));
    turn.desk.selected = newest;
    if newest.is_none() {
        turn.clear_counter();
    }
    turn.say(Say::new(Code::LineRemoved).with("name", &line.name));
    if lost_discount {
        turn.say(Code::DiscountDropped);
    }
    let amount = line.amount();
    let removed = LineRemoved {
        basket,
        item: line.item,
        name: line.name,
        quantity: line.quantity,
        amount,
        by,
        approver,
    };
    turn.entries.push(Entry::LineRemoved(removed));
    Ok(())
}

/// 整单取消.
pub(crate) fn void_basket(turn: &mut Turn<'_>) -> Done {
    turn.own_shift()?;
    let basket = turn.basket()?.clone();
    if !basket.tenders.is_empty() {
        return Err(Code::BasketTendered.into());
    }
    let amount = basket.totals().due;
    let limit = turn.shop.book.settings.cashier_void;
    let sum = basket.taken_off + amount;
    let wanted = Approval::new(ApproveAction::VoidBasket, amount).above(limit, sum);
    let approver = turn.authorise_if(sum > limit, wanted)?;
    let by = turn.person()?.code.clone();
    turn.entries.push(Entry::BasketVoided(BasketVoided { basket, amount, by, approver }));
    turn.clear_counter();
    turn.say(Say::new(Code::Voided).with("due", yuan(amount)));
    Ok(())
}
