//! What a station says: a code and the values of its sentence.

use std::collections::BTreeMap;

use suanpan_contract::Code;
use suanpan_domain::money::Fen;
use suanpan_domain::pricing::PricingError;
use suanpan_domain::quantity::Quantity;
use suanpan_domain::refund::RefundError;
use suanpan_domain::sale::settle::TenderError;
use suanpan_domain::sale::{BasketError, LINES_MAX};

/// A code and the values of its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Say {
    pub(crate) code: Code,
    pub(crate) args: BTreeMap<String, String>,
}

impl Say {
    pub(crate) fn new(code: Code) -> Say {
        Say { code, args: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Say {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }
}

impl From<Code> for Say {
    fn from(code: Code) -> Say {
        Say::new(code)
    }
}

impl From<PricingError> for Say {
    fn from(error: PricingError) -> Say {
        Say::new(match error {
            PricingError::BasisMismatch | PricingError::QuantityOutOfRange => Code::QuantityInvalid,
            PricingError::AmountTooLarge => Code::PriceInvalid,
        })
    }
}

impl From<BasketError> for Say {
    fn from(error: BasketError) -> Say {
        Say::new(match error {
            BasketError::Pricing(error) => return error.into(),
            BasketError::NoSuchLine => Code::LineGone,
            BasketError::Tendered => Code::BasketTendered,
            BasketError::Full => return Say::new(Code::BasketFull).with("max", LINES_MAX),
            BasketError::LabelFixed => Code::LabelFixed,
            BasketError::OtherKind => Code::QuantityInvalid,
            BasketError::DiscountTooLarge => Code::DiscountInvalid,
            BasketError::BadPrice => Code::PriceInvalid,
            BasketError::TooManyTenders => Code::AmountInvalid,
        })
    }
}

impl From<TenderError> for Say {
    fn from(error: TenderError) -> Say {
        match error {
            TenderError::EmptyBasket => Code::BasketEmpty.into(),
            TenderError::OutOfRange => Code::AmountInvalid.into(),
            TenderError::Overpays => Code::TenderOverpays.into(),
            TenderError::NeedsReference => Code::ReferenceNeeded.into(),
            TenderError::PaymentCode => Code::PaymentCodeAsReference.into(),
            TenderError::Basket(error) => error.into(),
        }
    }
}

impl From<RefundError> for Say {
    fn from(error: RefundError) -> Say {
        Say::new(match error {
            RefundError::Nothing => Code::RefundNothing,
            RefundError::NoSuchLine => Code::LineGone,
            RefundError::MoreThanSold | RefundError::MoreThanPaid => Code::RefundTooMuch,
            RefundError::NoCash => Code::UnknownTender,
        })
    }
}

/// Money in a sentence as on the screen beside it: `¥12,345.30`, `−¥0.05`.
pub(crate) fn yuan(fen: Fen) -> String {
    let sign = if fen.0 < 0 { "−" } else { "" };
    let fen = fen.0.unsigned_abs();
    format!("{sign}¥{}.{:02}", count(fen / 100), fen % 100)
}

/// A number of things in a sentence: `41,872`.
pub(crate) fn count(things: u64) -> String {
    let digits = things.to_string();
    let first = digits.len() % 3;
    let (head, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    (!head.is_empty()).then(|| head.to_owned()).into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

/// Names goods in a sentence: `{name}`, `{quantity}`, `{amount}`.
pub(crate) fn of_goods(name: &str, quantity: Quantity, unit: &str, amount: Fen) -> impl Fn(Code) -> Say {
    let quantity = match quantity {
        Quantity::G(grams) => format!("{}.{:03} kg", grams.0 / 1_000, grams.0 % 1_000),
        Quantity::Pc(pieces) => format!("{} {unit}", pieces.0).trim_end().to_owned(),
    };
    let name = name.to_owned();
    move |code| Say::new(code).with("name", &name).with("quantity", &quantity).with("amount", yuan(amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_on_a_price_tag() {
        for (fen, want) in [
            (0, "¥0.00"),
            (5, "¥0.05"),
            (1_230, "¥12.30"),
            (-105, "−¥1.05"),
            (99_999, "¥999.99"),
            (100_000, "¥1,000.00"),
            (999_999_999, "¥9,999,999.99"),
        ] {
            assert_eq!(yuan(Fen(fen)), want);
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (things, want) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (41_872, "41,872"), (1_000_000, "1,000,000")]
        {
            assert_eq!(count(things), want);
        }
    }
}
