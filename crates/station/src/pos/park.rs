//! 挂单 and 取单: a basket put aside and taken up again whole, at its own prices.

use suanpan_contract::Code;
use suanpan_domain::entry::{BasketParked, BasketRecalled, Entry};
use suanpan_domain::ids::Id;

use super::kinds::{Done, Turn};
use crate::say::{Say, yuan};

/// Baskets parked at once: what fits the screen, and more than a till's counter holds.
pub(crate) const PARKED_MAX: usize = 12;

/// 挂单.
pub(crate) fn park(turn: &mut Turn<'_>) -> Done {
    turn.own_shift()?;
    let by = turn.person()?.code.clone();
    let basket = turn.basket()?.clone();
    if !basket.tenders.is_empty() {
        return Err(Code::BasketTendered.into());
    }
    if turn.shop.parked.len() >= PARKED_MAX {
        return Err(Say::new(Code::ParkFull).with("max", PARKED_MAX).into());
    }
    turn.say(Say::new(Code::Parked).with("due", yuan(basket.totals().due)));
    turn.entries.push(Entry::BasketParked(BasketParked { basket, by }));
    turn.clear_counter();
    Ok(())
}

/// 取单.
pub(crate) fn recall(turn: &mut Turn<'_>, basket: &str) -> Done {
    turn.own_shift_of_any_date()?;
    turn.refuse_open_basket(Code::BasketOpen)?;
    let id: Id = basket.parse().map_err(|_| Code::BadRequest)?;
    let by = turn.person()?.code.clone();
    let found = turn.shop.parked.iter().find(|parked| parked.parked.basket.id == id);
    let basket = found.map(|parked| parked.parked.basket.clone()).ok_or(Code::BadRequest)?;
    turn.clear_counter();
    turn.say(Say::new(Code::Recalled).with("due", yuan(basket.totals().due)));
    turn.desk.selected = basket.lines.last().map(|line| line.id);
    turn.desk.priced_at_ms = Some(turn.shop.pricing_time(basket.opened_at_ms));
    turn.desk.basket = Some(basket);
    turn.entries.push(Entry::BasketRecalled(BasketRecalled { basket: id, by }));
    Ok(())
}
