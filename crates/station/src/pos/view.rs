//! The picture of the till: the desk and the shop as the contract's types. Nothing is decided here.

use suanpan_contract::TakenView;
use suanpan_contract::pos::{
    BasketView, ItemHit, LastItemView, LineView, ParkedView, PayView, Prompt, RefundableLine, RefundableSale,
    SourceView,
};
use suanpan_domain::catalogue::{Item, Role, Rounding, SiteSettings};
use suanpan_domain::pricing::Price;
use suanpan_domain::sale::settle::remaining;
use suanpan_domain::sale::{Basket, Line, Tendered, WeightSource};
use suanpan_ledger::{ItemByCode, Parked};

use super::counter::{Means, Question};
use super::kinds::{Asked, Desk, Shop};
use super::receipt::Refundable;
use crate::text::{clock_text, date_time_text, price, quantity};

fn source(source: WeightSource) -> SourceView {
    match source {
        WeightSource::Label => SourceView::Label,
        WeightSource::Derived => SourceView::Derived,
        WeightSource::Scale => SourceView::Scale,
        WeightSource::Typed => SourceView::Typed,
    }
}

pub(crate) fn taken(tendered: &Tendered) -> TakenView {
    let Tendered { tender, amount, reference, .. } = tendered;
    TakenView { tender: tender.clone(), amount_fen: amount.0, reference: reference.clone() }
}

fn line(line: &Line) -> LineView {
    LineView {
        id: line.id,
        item: line.item.clone(),
        name: line.name.clone(),
        quantity: quantity(line.quantity, &line.unit),
        price: price(line.price, &line.unit),
        list_price: line.list_price.map(|list| price(list, &line.unit)),
        discount_fen: line.discount_fen().0,
        amount_fen: line.amount().0,
        source: line.source.map(source),
        tare_g: line.tare_g,
    }
}

pub(crate) fn basket(desk: &Desk) -> BasketView {
    let Some(basket) = &desk.basket else { return BasketView::default() };
    let totals = basket.totals();
    BasketView {
        lines: basket.lines.iter().map(line).collect(),
        selected: desk.selected,
        pieces: totals.pieces.0,
        grams: totals.grams.0,
        discount_fen: totals.discount.0,
        due_fen: totals.due.0,
    }
}

pub(crate) fn pay(desk: &Desk, rounding: Rounding) -> PayView {
    let multiply = desk.multiply;
    let Some(basket) = &desk.basket else { return PayView { multiply, ..PayView::default() } };
    let left = remaining(basket, rounding);
    PayView {
        remaining_fen: left.amount.0,
        remaining_cash_fen: left.in_cash().0,
        rounding_fen: left.rounding.0,
        taken: basket.tenders.iter().map(taken).collect(),
        multiply,
    }
}

pub(crate) fn last_item(last: &Line) -> LastItemView {
    LastItemView {
        name: last.name.clone(),
        quantity: quantity(last.quantity, &last.unit),
        source: last.source.map(source),
        tare_g: last.tare_g,
        price: price(last.price, &last.unit),
    }
}

pub(crate) fn prompt(shop: &Shop, desk: &Desk) -> Option<Prompt> {
    Some(match desk.asked.as_ref()? {
        Asked::Own(Question::Weigh { item, price: charged }) => Prompt::Weigh {
            item: item.code.clone(),
            name: item.name.clone(),
            price: price(*charged, &item.unit),
            tare_g: desk.tare_g.unwrap_or(item.tare_g),
            may_type: desk.person.as_ref().is_some_and(|person| person.types_weight),
        },
        Asked::Own(Question::Choose { found }) => {
            let choice = |(means, found): &(Means, ItemByCode)| {
                let pieces = if let Means::Count { pieces, .. } = means { *pieces } else { 1 };
                ItemHit { pieces, ..hit(&found.item, found.price) }
            };
            Prompt::Choose { items: found.iter().map(choice).collect() }
        }
        Asked::Confirm { say, .. } => Prompt::Confirm { code: say.code, args: say.args.clone() },
        Asked::Approve { wanted, .. } => Prompt::Approve {
            action: wanted.action,
            amount_fen: wanted.amount.0,
            needs_manager: wanted.role == Role::Manager,
            about: Box::new(wanted.about.clone()),
        },
        Asked::Own(Question::Reference { tender, amount }) => {
            Prompt::Reference { tender: tender.clone(), amount_fen: amount.0 }
        }
        Asked::Own(Question::Relieve { .. }) => {
            Prompt::Relieve { cashier: shop.shift_cashier().unwrap_or_default() }
        }
    })
}

/// An item as a list shows it.
pub(crate) fn hit(item: &Item, charged: Option<Price>) -> ItemHit {
    ItemHit {
        item: item.code.clone(),
        name: item.name.clone(),
        aliases: item.aliases.clone(),
        category: item.category.clone(),
        price: charged.map(|charged| price(charged, &item.unit)),
        barcode: item.barcodes.first().map(|barcode| barcode.code.clone()),
        origin: item.origin.clone(),
        pieces: 1,
    }
}

pub(crate) fn parked(parked: &Parked, settings: &SiteSettings) -> ParkedView {
    let basket: &Basket = &parked.parked.basket;
    ParkedView {
        basket: basket.id.to_string(),
        at: clock_text(parked.at_ms, settings),
        lines: u32::try_from(basket.lines.len()).unwrap_or(u32::MAX),
        due_fen: basket.totals().due.0,
        first: basket.lines.first().map(|line| line.name.clone()).unwrap_or_default(),
    }
}

pub(crate) fn refundable(refundable: &Refundable, settings: &SiteSettings) -> RefundableSale {
    let Refundable { sale, number, at_ms, returned, .. } = refundable;
    let lines = (0u16..).zip(&sale.lines).map(|(index, line)| RefundableLine {
        line: index,
        name: line.name.clone(),
        sold: quantity(line.quantity, &line.unit),
        left: quantity(returned.left_of(sale, index).unwrap_or(line.quantity.with_number(0)), &line.unit),
        paid_fen: line.paid.0,
    });
    RefundableSale {
        sale: sale.id.to_string(),
        number: number.clone(),
        at: date_time_text(*at_ms, settings),
        due_fen: sale.due.0,
        returned_fen: returned.total().0,
        tenders: sale.tenders.iter().map(taken).collect(),
        lines: lines.collect(),
    }
}
