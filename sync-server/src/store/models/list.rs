use super::day_close::DayCloses;
use super::document::Documents;
use super::drawer_count::DrawerCounts;
use super::model::Model;
use super::shift::Shifts;
use super::total::Totals;

/// All of them. Documents come first: what came twice is in no other.
pub(super) const MODELS: [&dyn Model; 5] = [&Documents, &Totals, &Shifts, &DayCloses, &DrawerCounts];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::models::{DAYS, FIGURES, JUDGED};

    #[test]
    fn whatever_is_waited_for_is_a_model() {
        let names: Vec<_> = MODELS.iter().map(|model| model.subject().name).collect();
        assert!(FIGURES.iter().chain(&JUDGED).chain(&DAYS).all(|name| names.contains(name)), "{names:?}");
    }
}
