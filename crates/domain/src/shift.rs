//! Shifts and the drawer: a shift is a cashier at a till; 班结 closes it with a count, 日结 closes the date.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::money::Fen;

/// 开班: a shift begins with a float in the drawer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftOpened {
    /// Shift id.
    pub id: Id,
    /// The till's running shift number, as on screen.
    pub no: u32,
    /// Cashier's staff number.
    #[serde(rename = "by")]
    pub cashier: String,
    /// Cash in the drawer at the start.
    pub float: Fen,
}

/// 顶班: another cashier takes over without closing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftRelieved {
    /// Shift id.
    pub shift: Id,
    /// Who leaves.
    pub from: String,
    /// Who takes over.
    pub to: String,
}

/// Why cash moved without a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CashMove {
    /// 缴款: notes go to the safe.
    Drop,
    /// 换零: notes against coins of the same worth; the drawer's sum stays.
    Exchange,
    /// More float comes in.
    AddFloat,
}

/// A movement of cash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMoved {
    /// Id of the movement and its slip.
    pub id: Id,
    /// Shift id.
    pub shift: Id,
    /// Kind.
    pub kind: CashMove,
    /// Worth of the notes, ≥ 0.
    pub amount: Fen,
    /// Cashier.
    pub by: String,
    /// Who approved it.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

impl CashMoved {
    /// What it changes in the drawer.
    pub fn drawer_change(&self) -> Fen {
        match self.kind {
            CashMove::Drop => -self.amount,
            CashMove::Exchange => Fen::ZERO,
            CashMove::AddFloat => self.amount,
        }
    }
}

/// A count of the drawer: pieces of each denomination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CashCount(pub BTreeMap<i64, u32>);

impl CashCount {
    /// Denominations in circulation, fen, largest first.
    pub const DENOMINATIONS: [i64; 9] = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5];

    /// Worth of what was counted.
    ///
    /// *Errors:* `None` when a denomination does not exist or the sum is above [`Fen::MAX`].
    pub fn total(&self) -> Option<Fen> {
        let mut total = Fen::ZERO;
        for (denomination, pieces) in &self.0 {
            if !CashCount::DENOMINATIONS.contains(denomination) {
                return None;
            }
            total += Fen(denomination.checked_mul(i64::from(*pieces))?);
        }
        (total <= Fen::MAX).then_some(total)
    }
}

/// 中途对账: a supervisor counts the drawer while the shift goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftAudited {
    /// Shift id.
    pub shift: Id,
    /// What was counted.
    pub count: CashCount,
    /// Worth of the count.
    pub counted: Fen,
    /// What the drawer should have held.
    pub expected: Fen,
    /// Supervisor.
    pub by: String,
    /// Whose shift it was then; the first tills did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
}

/// 班结: the shift ends; over and short are for supervisors and HQ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftClosed {
    /// Shift id.
    pub shift: Id,
    /// Who counted.
    pub by: String,
    /// Supervisor who closed somebody else's shift.
    #[serde(rename = "ok", default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// What was counted.
    pub count: CashCount,
    /// Worth of the count.
    pub counted: Fen,
    /// What the drawer should have held.
    pub expected: Fen,
    /// The shift's sums.
    pub sums: Sums,
}

/// 日结: the business date ends at this till. It covers every entry before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayClosed {
    /// Business date, `yyyymmdd`.
    pub date: u32,
    /// Who closed it.
    pub by: String,
    /// The highest document number of the date; 0 when nothing was sold.
    pub last_number: u32,
    /// The date's sums at this till.
    pub sums: Sums,
}

/// Sums of a shift or a date, as the close records them and the hub compares them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Number of sales.
    pub sales: u32,
    /// Number of refunds.
    pub refunds: u32,
    /// Paid by customers, minus refunds.
    pub due: Fen,
    /// Discounts given, minus those on goods that came back.
    pub discount: Fen,
    /// 抹零 given, minus that on goods that came back.
    pub rounding: Fen,
    /// Net takings of each tender.
    pub tenders: BTreeMap<String, Fen>,
    /// (net, tax) of each tax code.
    pub taxes: BTreeMap<String, (Fen, Fen)>,
}

impl Sums {
    /// Every figure that is not zero, by its name: `sales`, `refunds`, `paid`, `discount`, `rounding`, `tender:CODE`,
    /// `net:CODE`, `tax:CODE`. *Units:* the first two are counts, the rest fen. Names are stored, so they never change.
    pub fn fields(&self) -> BTreeMap<String, i64> {
        let fixed = [
            ("sales", i64::from(self.sales)),
            ("refunds", i64::from(self.refunds)),
            ("paid", self.due.0),
            ("discount", self.discount.0),
            ("rounding", self.rounding.0),
        ];
        let mut fields: BTreeMap<String, i64> =
            fixed.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect();
        fields.extend(self.tenders.iter().map(|(code, fen)| (format!("tender:{code}"), fen.0)));
        for (code, (net, tax)) in &self.taxes {
            fields.insert(format!("net:{code}"), net.0);
            fields.insert(format!("tax:{code}"), tax.0);
        }
        fields.retain(|_, figure| *figure != 0);
        fields
    }

    /// Adds the sums of another journal.
    pub fn add(&mut self, other: &Sums) {
        self.sales = self.sales.saturating_add(other.sales);
        self.refunds = self.refunds.saturating_add(other.refunds);
        self.due += other.due;
        self.discount += other.discount;
        self.rounding += other.rounding;
        for (code, fen) in &other.tenders {
            *self.tenders.entry(code.clone()).or_default() += *fen;
        }
        for (code, (net, tax)) in &other.taxes {
            let sum = self.taxes.entry(code.clone()).or_default();
            sum.0 += *net;
            sum.1 += *tax;
        }
    }
}

/// A figure of which two sides say different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Its name, as in [`Sums::fields`].
    pub field: String,
    /// What one side says: the till, or an earlier version.
    pub was: i64,
    /// What the other says: the hub, or a later version.
    pub is: i64,
}

/// Compares figures by name, in the order of their names; what one side lacks is zero there.
pub fn differences(was: &BTreeMap<String, i64>, is: &BTreeMap<String, i64>) -> Vec<Difference> {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let figure = |side: &BTreeMap<String, i64>, name: &String| side.get(name).copied().unwrap_or(0);
    let compared = names.into_iter().map(|name| Difference {
        field: name.clone(),
        was: figure(was, name),
        is: figure(is, name),
    });
    compared.filter(|it| it.was != it.is).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(sales: u32, cash: i64) -> Sums {
        let tenders = BTreeMap::from([("cash".to_owned(), Fen(cash))]);
        let taxes = BTreeMap::from([("EX".to_owned(), (Fen(cash), Fen::ZERO))]);
        Sums { sales, due: Fen(cash), tenders, taxes, ..Sums::default() }
    }

    #[test]
    fn a_difference_names_the_field_and_both_figures() {
        let compared = differences(&sums(2, 400).fields(), &sums(2, 399).fields());
        let named: Vec<_> = compared.iter().map(|it| (it.field.as_str(), it.was, it.is)).collect();
        assert_eq!(named, [("net:EX", 400, 399), ("paid", 400, 399), ("tender:cash", 400, 399)]);
    }

    #[test]
    fn a_tender_that_came_to_nothing_is_as_one_that_was_never_taken() {
        assert_eq!(differences(&sums(0, 0).fields(), &Sums::default().fields()), []);
    }

    #[test]
    fn two_journals_of_one_till_add_up() {
        let mut both = sums(2, 400);
        both.add(&sums(1, 50));
        assert_eq!(both, sums(3, 450));
    }
}
