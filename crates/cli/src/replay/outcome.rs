//! What a replay prints: the till's figures, the hub's, and whether they agree.

use serde::Serialize;
use suanpan_domain::calendar;
use suanpan_station::replay::DayFigures;
use suanpan_station::sync::OwnDay;

/// The figures at the end. *Units:* fen, grams; goods before 抹零, returned goods subtracted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Sales in the till's ledger.
    pub sales: i64,
    /// Lines.
    pub lines: i64,
    /// Grams.
    pub grams: i64,
    /// Fen.
    pub amount_fen: i64,
    /// The same as the hub adds them up.
    pub hub: HubFigures,
    /// The till's business dates.
    pub days: Vec<Day>,
    #[serde(skip)]
    days_agree: bool,
}

/// The hub's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HubFigures {
    /// Sales.
    pub sales: i64,
    /// Lines.
    pub lines: i64,
    /// Grams.
    pub grams: i64,
    /// Fen.
    pub amount_fen: i64,
    /// Documents of the till that the hub has not.
    pub missing: i64,
}

/// A business date at the till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `yyyy-mm-dd`.
    pub date: String,
    /// Lines.
    pub lines: i64,
    /// Grams.
    pub grams: i64,
    /// Fen.
    pub amount_fen: i64,
}

impl Outcome {
    /// Puts both sides' days together; days of which the till knows nothing are none of its business.
    pub(super) fn new(till: &[DayFigures], hub: &[OwnDay]) -> Outcome {
        let at_hub = |day: &DayFigures| hub.iter().find(|row| row.date == calendar::text(day.date));
        let known: Vec<&OwnDay> = till.iter().filter_map(at_hub).collect();
        let till_has: i64 = till.iter().map(|day| day.sales + day.refunds).sum();
        let hub_has: i64 = known.iter().map(|row| row.sales + row.refunds).sum();
        let gaps: i64 = known.iter().map(|row| row.missing).sum();
        let day = |day: &DayFigures| Day {
            date: calendar::text(day.date),
            lines: day.lines,
            grams: day.grams,
            amount_fen: day.amount_fen,
        };
        Outcome {
            sales: till.iter().map(|day| day.sales).sum(),
            lines: till.iter().map(|day| day.lines).sum(),
            grams: till.iter().map(|day| day.grams).sum(),
            amount_fen: till.iter().map(|day| day.amount_fen).sum(),
            hub: HubFigures {
                sales: known.iter().map(|row| row.sales).sum(),
                lines: known.iter().map(|row| row.lines).sum(),
                grams: known.iter().map(|row| row.grams).sum(),
                amount_fen: known.iter().map(|row| row.amount_fen).sum(),
                // The hub sees gaps before the last number it knows; those after it only the till can count.
                missing: gaps.max(till_has - hub_has),
            },
            days: till.iter().map(day).collect(),
            days_agree: till.iter().all(|day| at_hub(day).is_some_and(|row| are_equal(day, row))),
        }
    }

    /// True when the hub has every figure of every day and misses nothing.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.days_agree && self.hub.missing == 0
    }

    pub(super) fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        for day in &self.days {
            println!("{}  {:>6} lines  {:>10} g  {:>10} fen", day.date, day.lines, day.grams, day.amount_fen);
        }
        let Outcome { sales, lines, grams, amount_fen, hub, .. } = self;
        println!("till  {sales} sales, {lines} lines, {grams} g, {amount_fen} fen");
        let HubFigures { sales, lines, grams, amount_fen, missing } = hub;
        println!("hub   {sales} sales, {lines} lines, {grams} g, {amount_fen} fen, {missing} missing");
        println!("{}", if self.agrees() { "Equal to the fen" } else { "THEY DIFFER" });
    }
}

fn are_equal(till: &DayFigures, hub: &OwnDay) -> bool {
    (till.sales, till.refunds, till.lines, till.grams, till.amount_fen)
        == (hub.sales, hub.refunds, hub.lines, hub.grams, hub.amount_fen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILL: DayFigures =
        DayFigures { date: 20_230_616, sales: 2, refunds: 1, lines: 3, grams: 700, amount_fen: 900 };

    fn row(sales: i64, amount_fen: i64, missing: i64) -> OwnDay {
        let date = "2023-06-16".to_owned();
        OwnDay { date, sales, refunds: 1, lines: 3, grams: 700, amount_fen, missing }
    }

    #[test]
    fn only_a_hub_with_every_figure_and_no_gap_agrees() {
        let other = OwnDay { date: "2023-06-15".to_owned(), ..row(9, 9, 9) };
        for (hub, agrees, missing) in [
            (vec![row(2, 900, 0)], true, 0),
            (vec![other.clone(), row(2, 900, 0)], true, 0),
            (vec![row(2, 901, 0)], false, 0),
            (vec![row(2, 900, 1)], false, 1),
            (vec![row(1, 900, 0)], false, 1),
            (vec![other], false, 3),
            (vec![], false, 3),
        ] {
            let outcome = Outcome::new(&[TILL], &hub);
            assert_eq!((outcome.agrees(), outcome.hub.missing), (agrees, missing), "{hub:?}");
        }
    }
}
