//! The open basket: what has been rung and not yet paid.

use serde::{Deserialize, Serialize};

use super::line::{Discount, Line, NewLine};
use super::{LINES_MAX, TENDERS_MAX, Tendered};
use crate::ids::Id;
use crate::money::Fen;
use crate::pricing::{Price, PricingError};
use crate::quantity::{Grams, Pieces, Quantity};

/// A basket being rung. It is saved with every change and comes back after a power cut, hence serde; its field names
/// are those of [`super::Sale`], since a voided or parked basket is written into the journal whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// Becomes the sale's id.
    pub id: Id,
    /// When its first line was rung, milliseconds since 1970.
    #[serde(rename = "at")]
    pub opened_at_ms: i64,
    /// Which catalogue cut prices it, as `scope:version` pairs; fixed by the first line.
    pub cut: String,
    /// Lines in the order they were rung.
    pub lines: Vec<Line>,
    /// Discount on the whole basket.
    #[serde(rename = "disc", default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// Who approved the basket's discount.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub discount_approver: Option<String>,
    /// Tenders taken so far, while something still remains to be paid.
    #[serde(rename = "pay", default, skip_serializing_if = "Vec::is_empty")]
    pub tenders: Vec<Tendered>,
    /// What a cashier took off it alone so far, lines removed and counts lowered: limits hold for the whole of it.
    #[serde(rename = "off", default, skip_serializing_if = "Fen::is_zero_ref")]
    pub taken_off: Fen,
    #[serde(rename = "next")]
    next_line: u32,
}

/// Why a basket refused a change. It is unchanged then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasketError {
    /// The amount cannot be computed.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// No such line.
    #[error("no such line")]
    NoSuchLine,
    /// A tender was taken: lines are fixed until it is given back.
    #[error("a tender was taken already")]
    Tendered,
    /// The basket holds [`LINES_MAX`] lines.
    #[error("the basket is full")]
    Full,
    /// A label's quantity and amount are printed and do not change.
    #[error("a label's quantity is fixed")]
    LabelFixed,
    /// A weight for a counted line or a count for a weighed one.
    #[error("the quantity is of the other kind")]
    OtherKind,
    /// The discount is negative or above the amount.
    #[error("the discount is more than the amount")]
    DiscountTooLarge,
    /// The price is not above zero, or on another kind of basis.
    #[error("the price is not usable")]
    BadPrice,
    /// [`TENDERS_MAX`] tenders.
    #[error("too many tenders")]
    TooManyTenders,
}

/// What the totals strip shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasketTotals {
    /// Pieces as a customer counts them; a weighed bag is one.
    pub pieces: Pieces,
    /// Net weight.
    pub grams: Grams,
    /// Before any discount.
    pub gross: Fen,
    /// All discounts.
    pub discount: Fen,
    /// What is due before 抹零.
    pub due: Fen,
    /// What tenders have covered.
    pub tendered: Fen,
}

impl Basket {
    /// Opens an empty basket.
    pub fn open(id: Id, opened_at_ms: i64, cut: String) -> Basket {
        Basket {
            id,
            opened_at_ms,
            cut,
            lines: vec![],
            discount: None,
            discount_approver: None,
            tenders: vec![],
            taken_off: Fen::ZERO,
            next_line: 1,
        }
    }

    /// True when nothing has been rung.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Rings a line and returns it. A share that was approved for what lay there goes.
    pub fn ring(&mut self, new: NewLine) -> Result<&Line, BasketError> {
        self.refuse_after_tender()?;
        if self.lines.len() >= LINES_MAX {
            return Err(BasketError::Full);
        }
        let before = self.amount();
        let line = Line::ring(self.next_line, new)?;
        self.next_line = self.next_line.saturating_add(1);
        self.lines.push(line);
        self.drop_outgrown_discount(before);
        self.lines.last().ok_or(BasketError::NoSuchLine)
    }

    /// The line of an id.
    pub fn line(&self, id: u32) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// The first line that came from these scanned digits, as its position from 1.
    pub fn position_of_scanned(&self, digits: &str) -> Option<usize> {
        let found = self.lines.iter().position(|line| line.scanned.as_deref() == Some(digits))?;
        found.checked_add(1)
    }

    /// Changes a line's quantity; the amount follows. Discounts in fen go as in [`Basket::remove`].
    pub fn set_quantity(&mut self, id: u32, quantity: Quantity) -> Result<&Line, BasketError> {
        self.refuse_after_tender()?;
        let before = self.amount();
        let line = self.line_mut(id)?;
        if line.from_label() {
            return Err(BasketError::LabelFixed);
        }
        if !line.quantity.same_kind(quantity) {
            return Err(BasketError::OtherKind);
        }
        let gross = line.price.amount(quantity)?;
        line.change_gross(gross);
        line.quantity = quantity;
        self.drop_outgrown_discount(before);
        self.line(id).ok_or(BasketError::NoSuchLine)
    }

    /// Charges another price than the catalogue's. Its basis stays weight for weighed goods and piece for counted.
    ///
    /// This is the one way a label's line gets another amount than the printed one: somebody decided it.
    pub fn set_price(
        &mut self,
        id: u32,
        price: Price,
        approver: Option<String>,
    ) -> Result<&Line, BasketError> {
        self.refuse_after_tender()?;
        let before = self.amount();
        let line = self.line_mut(id)?;
        if !price.fen.is_positive() || price.fen > Fen::MAX {
            return Err(BasketError::BadPrice);
        }
        let gross = price.amount(line.quantity).map_err(|error| match error {
            PricingError::BasisMismatch => BasketError::BadPrice,
            other => BasketError::Pricing(other),
        })?;
        line.list_price = line.list_price.or(Some(line.price));
        line.price = price;
        line.change_gross(gross);
        line.printed = false;
        line.approver = approver.or(line.approver.take());
        self.drop_outgrown_discount(before);
        self.line(id).ok_or(BasketError::NoSuchLine)
    }

    /// Gives a line its own discount, or takes it away.
    pub fn discount_line(
        &mut self,
        id: u32,
        discount: Option<Discount>,
        approver: Option<String>,
    ) -> Result<&Line, BasketError> {
        self.refuse_after_tender()?;
        let before = self.amount();
        let line = self.line_mut(id)?;
        refuse_too_large(discount, line.gross)?;
        line.discount = discount;
        line.approver = approver.or(line.approver.take());
        self.drop_outgrown_discount(before);
        self.line(id).ok_or(BasketError::NoSuchLine)
    }

    /// Gives the whole basket a discount, or takes it away.
    pub fn discount_basket(
        &mut self,
        discount: Option<Discount>,
        approver: Option<String>,
    ) -> Result<(), BasketError> {
        self.refuse_after_tender()?;
        refuse_too_large(discount, self.amount())?;
        self.discount = discount;
        self.discount_approver = approver;
        Ok(())
    }

    /// Notes who allowed a line, such as a typed weight.
    pub fn approve_line(&mut self, id: u32, approver: String) -> Result<(), BasketError> {
        self.line_mut(id)?.approver = Some(approver);
        Ok(())
    }

    /// Takes a line away and returns it. A discount in fen on the whole basket goes as well: it was granted on more
    /// than there is now, and would otherwise grow into a share that nobody decided.
    pub fn remove(&mut self, id: u32) -> Result<Line, BasketError> {
        self.refuse_after_tender()?;
        let before = self.amount();
        let index = self.lines.iter().position(|line| line.id == id).ok_or(BasketError::NoSuchLine)?;
        let removed = self.lines.remove(index);
        self.drop_outgrown_discount(before);
        Ok(removed)
    }

    /// The largest share that is off a line, its own discount and the basket's together, basis points: of the line with
    /// an id, or of any.
    pub fn share_off(&self, id: Option<u32>) -> u16 {
        let of_basket = self.discount.map_or(0, |discount| discount.basis_points(self.amount()));
        let lines = self.lines.iter().filter(|line| id.is_none_or(|id| line.id == id));
        lines.map(|line| line.share_off(of_basket)).max().unwrap_or(0)
    }

    /// How many discounts there are, on lines and on the whole.
    pub fn discounts(&self) -> usize {
        let of_lines = self.lines.iter().filter(|line| line.discount.is_some()).count();
        of_lines.saturating_add(usize::from(self.discount.is_some()))
    }

    /// Adds a tender that was taken; the caller has checked it against what remains.
    pub fn add_tender(&mut self, tendered: Tendered) -> Result<(), BasketError> {
        if self.tenders.len() >= TENDERS_MAX {
            return Err(BasketError::TooManyTenders);
        }
        self.tenders.push(tendered);
        Ok(())
    }

    /// Gives every tender back and returns them: the customer changed their mind before the sale was closed.
    pub fn clear_tenders(&mut self) -> Vec<Tendered> {
        std::mem::take(&mut self.tenders)
    }

    /// What is due and how it comes about.
    pub fn totals(&self) -> BasketTotals {
        let gross: Fen = self.lines.iter().map(|line| line.gross).sum();
        let after_lines = self.amount();
        let basket_discount = self.discount.map_or(Fen::ZERO, |discount| discount.of(after_lines));
        let due = after_lines - basket_discount;
        BasketTotals {
            pieces: Pieces(self.lines.iter().map(|line| line.quantity.pieces_counted().0).sum()),
            grams: self.lines.iter().map(|line| line.quantity.grams()).sum(),
            gross,
            discount: gross - due,
            due,
            tendered: self.tenders.iter().map(|tendered| tendered.amount).sum(),
        }
    }

    /// The lines after their own discounts.
    fn amount(&self) -> Fen {
        self.lines.iter().map(Line::amount).sum()
    }

    /// A discount holds for what it was granted on: one in fen goes when there is less, and a share that somebody had to
    /// approve goes when there is more.
    fn drop_outgrown_discount(&mut self, before: Fen) {
        let is_outgrown = match self.discount {
            Some(Discount::Fen(_)) => self.amount() < before,
            Some(Discount::Bp(_)) => self.discount_approver.is_some() && self.amount() > before,
            None => false,
        };
        if is_outgrown {
            (self.discount, self.discount_approver) = (None, None);
        }
    }

    fn refuse_after_tender(&self) -> Result<(), BasketError> {
        if self.tenders.is_empty() { Ok(()) } else { Err(BasketError::Tendered) }
    }

    fn line_mut(&mut self, id: u32) -> Result<&mut Line, BasketError> {
        self.lines.iter_mut().find(|line| line.id == id).ok_or(BasketError::NoSuchLine)
    }
}

fn refuse_too_large(discount: Option<Discount>, amount: Fen) -> Result<(), BasketError> {
    match discount {
        Some(Discount::Fen(fen)) if fen > amount || fen < Fen::ZERO => Err(BasketError::DiscountTooLarge),
        Some(Discount::Bp(bp)) if bp > 10_000 => Err(BasketError::DiscountTooLarge),
        _ => Ok(()),
    }
}
