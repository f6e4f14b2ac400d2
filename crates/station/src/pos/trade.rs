//! The small tables of the catalogue that only a till keeps in memory: how people pay, what labels and keys look like.

use std::collections::BTreeMap;

use suanpan_contract::pos::{QuickKeyView, QuickTabView, TenderView};
use suanpan_domain::catalogue::{LabelLayout, QuickTab, Rounding, TaxCode, Tender};
use suanpan_domain::money::Fen;
use suanpan_domain::sale::Tendered;
use suanpan_domain::tax::Tax;
use suanpan_ledger::{Catalogue, QueryError};

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trade {
    /// In the order of the pay panel.
    pub(crate) tenders: Vec<Tender>,
    pub(crate) layouts: Vec<LabelLayout>,
    pub(crate) tabs: Vec<QuickTab>,
    taxes: BTreeMap<String, TaxCode>,
}

impl Trade {
    /// Reads the tables as they hold at a time.
    pub(crate) fn read(catalogue: &Catalogue, at_ms: i64) -> Result<Trade, QueryError> {
        Ok(Trade {
            tenders: catalogue.tenders(at_ms)?,
            layouts: catalogue.label_layouts(at_ms)?,
            tabs: catalogue.quick_tabs(at_ms)?,
            taxes: catalogue.taxes(at_ms)?.into_iter().map(|tax| (tax.code.clone(), tax)).collect(),
        })
    }

    pub(crate) fn tender(&self, code: &str) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.code == code)
    }

    /// The tender that lies in the drawer and gives change.
    pub(crate) fn cash(&self) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.counts_in_drawer && tender.gives_change)
    }

    /// What a tender is rounded down to, in fen, at a sale and at a refund.
    pub(crate) fn step_of(&self, code: &str, rounding: Rounding) -> i64 {
        let rounds = self.tender(code).is_some_and(|tender| tender.rounds);
        if rounds { rounding.step() } else { 1 }
    }

    pub(crate) fn opens_drawer(&self, code: &str) -> bool {
        self.tender(code).is_some_and(|tender| tender.opens_drawer)
    }

    pub(crate) fn counts_in_drawer(&self, code: &str) -> bool {
        self.tender(code).is_some_and(|tender| tender.counts_in_drawer)
    }

    /// What of the tenders lies in the drawer, and what somebody has to move on a terminal.
    pub(crate) fn cash_and_other(&self, tenders: &[Tendered]) -> (Fen, Fen) {
        let cash: Fen =
            tenders.iter().filter(|it| self.counts_in_drawer(&it.tender)).map(|it| it.amount).sum();
        let all: Fen = tenders.iter().map(|it| it.amount).sum();
        (cash, all - cash)
    }

    pub(crate) fn tax(&self, code: &str) -> Option<Tax> {
        self.taxes.get(code).map(|tax| Tax { code: tax.code.clone(), rate_bp: tax.rate_bp })
    }

    pub(crate) fn tender_views(&self) -> Vec<TenderView> {
        let view = |tender: &Tender| TenderView {
            code: tender.code.clone(),
            name: tender.name.clone(),
            name_en: tender.name_en.clone(),
            needs_reference: tender.needs_reference,
            gives_change: tender.gives_change,
            refundable: tender.refundable_to,
        };
        self.tenders.iter().map(view).collect()
    }
}

/// Keys as they are drawn: what changes only with the catalogue or a price, and so is not looked up for every scan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) tabs: Vec<QuickTabView>,
    pub(crate) bags: Vec<QuickKeyView>,
}
