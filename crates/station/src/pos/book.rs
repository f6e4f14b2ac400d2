//! The small tables of the catalogue, in memory: who works here, how people pay, what labels look like.

use std::collections::BTreeMap;

use suanpan_contract::TenderView;
use suanpan_domain::catalogue::{LabelLayout, QuickTab, SiteSettings, Staff, TaxCode, Tender};
use suanpan_domain::tax::Tax;
use suanpan_ledger::{Catalogue, QueryError};

/// See the module. Empty until the catalogue has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    /// True once the site's settings are here.
    pub(crate) has_arrived: bool,
    pub(crate) settings: SiteSettings,
    /// In the order of the pay panel.
    pub(crate) tenders: Vec<Tender>,
    pub(crate) layouts: Vec<LabelLayout>,
    pub(crate) tabs: Vec<QuickTab>,
    staff: BTreeMap<String, Staff>,
    taxes: BTreeMap<String, TaxCode>,
}

impl Book {
    /// Reads the tables as they hold at a time.
    pub(crate) fn read(catalogue: &Catalogue, at_ms: i64) -> Result<Book, QueryError> {
        let settings = catalogue.settings(at_ms)?;
        let staff = catalogue.all_staff(at_ms)?;
        let tenders = catalogue.tenders(at_ms)?;
        Ok(Book {
            has_arrived: settings.is_some() && !tenders.is_empty() && !staff.is_empty(),
            settings: settings.unwrap_or_else(no_settings),
            tenders,
            layouts: catalogue.label_layouts(at_ms)?,
            tabs: catalogue.quick_tabs(at_ms)?,
            staff: staff.into_iter().map(|staff| (staff.code.clone(), staff)).collect(),
            taxes: catalogue.taxes(at_ms)?.into_iter().map(|tax| (tax.code.clone(), tax)).collect(),
        })
    }

    pub(crate) fn staff(&self, code: &str) -> Option<&Staff> {
        self.staff.get(code)
    }

    pub(crate) fn all_staff(&self) -> impl Iterator<Item = &Staff> {
        self.staff.values()
    }

    /// Any person, for work that must take as long as with the right one.
    pub(crate) fn anybody(&self) -> Option<&Staff> {
        self.staff.values().next()
    }

    pub(crate) fn tender(&self, code: &str) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.code == code)
    }

    /// The tender that lies in the drawer and gives change.
    pub(crate) fn cash(&self) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.counts_in_drawer && tender.gives_change)
    }

    /// What a tender is rounded down to, in fen, at a sale and at a refund.
    pub(crate) fn step_of(&self, code: &str) -> i64 {
        let rounds = self.tender(code).is_some_and(|tender| tender.rounds);
        if rounds { self.settings.rounding.step() } else { 1 }
    }

    pub(crate) fn opens_drawer(&self, code: &str) -> bool {
        self.tender(code).is_some_and(|tender| tender.opens_drawer)
    }

    pub(crate) fn counts_in_drawer(&self, code: &str) -> bool {
        self.tender(code).is_some_and(|tender| tender.counts_in_drawer)
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

/// What holds before the catalogue has arrived; nothing can be sold then.
fn no_settings() -> SiteSettings {
    let named = serde_json::json!({"chain": "", "site": "", "name": ""});
    serde_json::from_value(named).unwrap_or_else(|_| unreachable!("every other field has a default"))
}
