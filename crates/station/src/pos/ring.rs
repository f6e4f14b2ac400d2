//! Ringing: what a scan, a typed code, a picture key or a chooser puts into the basket.

use suanpan_contract::Code;
use suanpan_domain::barcode::{self, Gs1, Gs1Fault, Label, LabelError, Scan};
use suanpan_domain::catalogue::{Item, SoldBy};
use suanpan_domain::ids::EntryRef;
use suanpan_domain::pricing::Price;
use suanpan_domain::quantity::{Pieces, Quantity};
use suanpan_ledger::ItemByCode;

use super::counter::{Means, Question};
use super::kinds::{Asked, Done, Stop, Turn};
use super::line::{Rung, line, may_ring};
use super::weigh;
use crate::credential::owner_of_card;
use crate::say::{Say, yuan};

/// Characters of the shortest barcode, EAN-8.
const BARCODE_LEN_MIN: usize = 8;

/// Candidates of a chooser: more than share a barcode anywhere, and what two screens of keys hold.
const CHOICES_MAX: usize = 24;

/// A scan, or a code that was typed and entered, on the selling screen.
pub(crate) fn code(turn: &mut Turn<'_>, text: &str, typed: bool) -> Done {
    may_ring(turn, if typed { Code::BasketTendered } else { Code::ScanAfterTender })?;
    take_the_place(turn);
    let cleaned = barcode::clean(text);
    let trimmed = cleaned.as_str();
    match barcode::classify(text, &turn.shop.trade.layouts) {
        Scan::Empty => Ok(()),
        Scan::TooLong => Err(Code::ScanTooLong.into()),
        Scan::PaymentCode(_) => Err(Code::PaymentCodeEarly.into()),
        Scan::Document(number) => Err(Say::new(Code::ReceiptScanned).with("code", number).into()),
        Scan::Entry(entry) => Err(receipt_of(turn, entry)),
        // A code that was published as it stands is that item, whatever a layout makes of its digits.
        Scan::Label(_)
        | Scan::LabelCheckFailed { .. }
        | Scan::LabelAmbiguous { .. }
        | Scan::Gs1Refused(_)
            if is_published(turn, trimmed)? =>
        {
            by_code(turn, trimmed)
        }
        Scan::LabelCheckFailed { .. } => Err(Code::LabelCheckFailed.into()),
        Scan::LabelAmbiguous { layouts } => {
            Err(Say::new(Code::LabelAmbiguous).with("layouts", layouts.join(", ")).into())
        }
        Scan::Gs1Refused(fault) => Err(refused(fault).into()),
        Scan::Label(label) => by_label(turn, label),
        Scan::Gs1(gs1) => by_gs1(turn, gs1, trimmed),
        Scan::Gtin(_) | Scan::Code(_) => by_code(turn, trimmed),
    }
}

/// Whether a text is a barcode of the catalogue, as long as any is: shorter codes may be a slip's last digits.
pub(crate) fn is_goods(turn: &Turn<'_>, text: &str) -> Result<bool, Stop> {
    let cleaned = barcode::clean(text);
    Ok(cleaned.len() >= BARCODE_LEN_MIN && is_published(turn, &cleaned)?)
}

/// An item from a picture key or the search.
pub(crate) fn add_item(turn: &mut Turn<'_>, code: &str) -> Done {
    may_ring(turn, Code::BasketTendered)?;
    take_the_place(turn);
    let at_ms = turn.priced_at_ms();
    let unknown = || Say::new(Code::UnknownCode).with("code", code);
    let found = turn.shop.item(code, at_ms)?.ok_or_else(unknown)?;
    let price = turn.shop.price(&found, at_ms)?;
    item(turn, ItemByCode { item: found, price, count: 1 }, Means::Count { pieces: 1, scanned: None })
}

/// Another item takes the place of the one that waits, but not what was typed for that one.
fn take_the_place(turn: &mut Turn<'_>) {
    let waits = matches!(turn.desk.own_question(), Some(Question::Weigh { .. } | Question::Choose { .. }));
    // After a yes it is the same item that goes on.
    if waits && !turn.is_answered {
        turn.desk.asked = None;
        turn.desk.forget_typed_ahead();
    }
}

/// The answer to the chooser.
pub(crate) fn choose(turn: &mut Turn<'_>, index: u16) -> Done {
    let Some(Asked::Own(Question::Choose { found })) = turn.desk.asked.take() else {
        return Err(Code::NothingWaiting.into());
    };
    may_ring(turn, Code::BasketTendered)?;
    let (means, found) = found.into_iter().nth(usize::from(index)).ok_or(Code::BadRequest)?;
    item(turn, found, means)
}

/// 数量×: the next line's count.
pub(crate) fn multiply(turn: &mut Turn<'_>, pieces: i64) -> Done {
    may_ring(turn, Code::BasketTendered)?;
    if !Quantity::Pc(Pieces(pieces)).in_range() {
        return Err(Code::QuantityInvalid.into());
    }
    turn.desk.multiply = (pieces > 1).then_some(pieces);
    Ok(())
}

fn receipt_of(turn: &Turn<'_>, entry: EntryRef) -> Stop {
    match turn.shop.number_of_entry(entry) {
        Ok(Some(number)) => Say::new(Code::ReceiptScanned).with("code", number).into(),
        Ok(None) => Say::new(Code::ReceiptScanned).with("code", entry).into(),
        Err(say) => say.into(),
    }
}

fn is_published(turn: &Turn<'_>, text: &str) -> Result<bool, Stop> {
    Ok(!turn.shop.by_barcode(text, turn.priced_at_ms())?.is_empty())
}

fn refused(fault: Gs1Fault) -> Say {
    match fault {
        Gs1Fault::Currency(currency) => Say::new(Code::Gs1Currency).with("currency", currency),
        Gs1Fault::Element(part) => Say::new(Code::Gs1NotUnderstood).with("part", part),
    }
}

fn by_code(turn: &mut Turn<'_>, text: &str) -> Done {
    let found = turn.shop.by_any_code(text, turn.priced_at_ms())?;
    let means = |pieces: u16| Means::Count { pieces: i64::from(pieces), scanned: Some(text.to_owned()) };
    let found = found.into_iter().map(|found| (means(found.count), found)).collect();
    one_of(turn, found, text)
}

fn by_label(turn: &mut Turn<'_>, label: Label) -> Done {
    if turn.desk.multiply.is_some() {
        return Err(Code::MultiplyOnLabel.into());
    }
    let found = turn.shop.by_plu(&label.plu, turn.priced_at_ms())?;
    let found = found.into_iter().map(|found| (Means::Label(label.clone()), found)).collect();
    one_of(turn, found, &label.digits)
}

fn by_gs1(turn: &mut Turn<'_>, gs1: Gs1, scanned: &str) -> Done {
    if turn.desk.multiply.is_some() && (gs1.grams.is_some() || gs1.amount.is_some()) {
        return Err(Code::MultiplyOnLabel.into());
    }
    let found = turn.shop.by_any_code(&gs1.gtin, turn.priced_at_ms())?;
    let scanned = scanned.to_owned();
    let packed = gs1.pieces.map_or(1, |pieces| pieces.0);
    let means = |pieces: u16| match (gs1.grams, gs1.amount) {
        (None, None) => {
            let pieces = i64::from(pieces).saturating_mul(packed);
            Means::Count { pieces, scanned: Some(scanned.clone()) }
        }
        _ => Means::Gs1 { gs1: gs1.clone(), scanned: scanned.clone() },
    };
    let found = found.into_iter().map(|found| (means(found.count), found)).collect();
    one_of(turn, found, &gs1.gtin)
}

fn one_of(turn: &mut Turn<'_>, mut found: Vec<(Means, ItemByCode)>, text: &str) -> Done {
    found.truncate(CHOICES_MAX);
    match found.len() {
        // A card's characters are a secret: they are never shown.
        0 if owner_of_card(turn.shop.book.all_staff(), text).is_some() => Err(Code::NothingWaiting.into()),
        0 => Err(Say::new(Code::UnknownCode).with("code", text).into()),
        1 => found.pop().map_or(Ok(()), |(means, found)| item(turn, found, means)),
        _ => {
            turn.desk.closed = None;
            turn.desk.asked = Some(Asked::Own(Question::Choose { found }));
            Ok(())
        }
    }
}

fn item(turn: &mut Turn<'_>, found: ItemByCode, means: Means) -> Done {
    let ItemByCode { item, price, .. } = found;
    let price = price.ok_or_else(|| Say::new(Code::NoPrice).with("name", &item.name))?;
    match means {
        Means::Label(label) => labelled(turn, &item, price, &label),
        Means::Gs1 { gs1, scanned } => packed(turn, &item, price, &gs1, scanned),
        Means::Count { pieces, scanned } => match item.sold_by {
            SoldBy::Weight => weigh::begin(turn, item, price),
            SoldBy::Piece => {
                let pieces = pieces.saturating_mul(turn.desk.multiply.unwrap_or(1));
                let quantity = Quantity::Pc(Pieces(pieces));
                line(turn, &item, price, Rung { scanned, ..Rung::plain(quantity) })
            }
        },
    }
}

/// A label whose amount is so many times today's, or the other way round, was printed by a scale with another price table.
const FAR_OFF: i64 = 3;

fn labelled(turn: &mut Turn<'_>, item: &Item, price: Price, label: &Label) -> Done {
    let goods = label.goods(item.sold_by, price).map_err(|error| match error {
        LabelError::NoQuantity => Code::LabelEmpty.into(),
        LabelError::NoPrice => Say::new(Code::LabelMisfits).with("name", &item.name),
    })?;
    if let Some(line) = turn.desk.basket.as_ref().and_then(|basket| basket.position_of_scanned(&label.digits))
    {
        turn.say(Say::new(Code::SameLabelAgain).with("line", line));
    }
    let is_older = matches!((goods.printed_amount, goods.todays_amount), (Some(was), Some(is)) if was != is);
    // What a supplier prints on a pack is the supplier's price.
    if let (Some(was), Some(is), false) = (goods.printed_amount, goods.todays_amount, label.layout.is_empty())
        && (was.0 > is.0.saturating_mul(FAR_OFF) || is.0 > was.0.saturating_mul(FAR_OFF))
    {
        let say = Say::new(Code::LabelFarOff).with("name", &item.name).with("amount", yuan(was));
        turn.agree(say.with("today", yuan(is)))?;
    }
    if is_older {
        turn.say(Say::new(Code::LabelPriceDiffers).with("name", &item.name));
    }
    let rung = Rung {
        printed: goods.printed_amount,
        source: Some(goods.source),
        scanned: Some(label.digits.clone()),
        ..Rung::plain(goods.quantity)
    };
    line(turn, item, price, rung)
}

/// A pack that carries its weight or amount in GS1 data: read like a label.
fn packed(turn: &mut Turn<'_>, item: &Item, price: Price, gs1: &Gs1, scanned: String) -> Done {
    let label = Label {
        layout: String::new(),
        plu: String::new(),
        weight_or_pieces: match item.sold_by {
            SoldBy::Weight => gs1.grams.map(|grams| grams.0),
            SoldBy::Piece => Some(gs1.pieces.map_or(1, |pieces| pieces.0)),
        },
        amount: gs1.amount,
        digits: scanned,
    };
    labelled(turn, item, price, &label)
}
