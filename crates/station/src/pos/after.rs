//! What follows a commit: the number on the screen, and the question for a drop.

use suanpan_contract::Code;
use suanpan_domain::entry::Entry;
use suanpan_ledger::Written;

use super::kinds::Core;
use crate::say::{Say, yuan};

impl Core {
    /// The printed number is known with the commit: the segment ends it.
    pub(crate) fn number_closed(&mut self, documents: &[Written]) {
        for document in documents {
            let (Some(row), Some(closed)) = (self.shop.row(document), &mut self.desk.closed) else {
                continue;
            };
            if closed.document == row.document {
                closed.number = row.number;
            }
        }
    }

    /// 大额缴款: asks once a shift until a drop was made.
    pub(crate) fn ask_for_drop(&mut self, documents: &[Written]) {
        let Some(shift) = self.shop.shift.as_ref().map(|shift| shift.id) else { return };
        if documents.iter().any(|document| matches!(document.entry, Entry::CashMoved(_))) {
            self.shop.drop_asked = None;
        }
        let sold = documents.iter().any(|document| matches!(document.entry, Entry::Sale(_)));
        if !sold || self.shop.drop_asked == Some(shift) {
            return;
        }
        let limit = self.shop.book.settings.drop_prompt;
        let Ok(in_drawer) = self.shop.cash_in_drawer(shift) else { return };
        if in_drawer > limit {
            self.shop.drop_asked = Some(shift);
            // The limit, not the drawer's sum: the count at 班结 stays blind.
            self.tell(&Say::new(Code::DropPrompt).with("amount", yuan(limit)));
        }
    }
}
