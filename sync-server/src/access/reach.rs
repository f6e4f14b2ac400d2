//! How much of the chain whoever asks may see.

use std::collections::BTreeSet;

use suanpan_journal::SiteCode;

/// The sites that somebody may see. The gate makes it of a person's scope; whoever holds the database has all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach(Option<Vec<SiteCode>>);

impl Reach {
    /// All sites, those to come included.
    #[must_use]
    pub fn whole_chain() -> Reach {
        Reach(None)
    }

    /// These sites and no other.
    #[must_use]
    pub fn of(sites: Vec<SiteCode>) -> Reach {
        Reach(Some(sites))
    }

    /// Whether a site is in it.
    #[must_use]
    pub fn holds(&self, site: &str) -> bool {
        self.0.as_ref().is_none_or(|sites| sites.iter().any(|it| it.as_str() == site))
    }

    /// The same, narrowed to one site; `None` if that is beyond it.
    #[must_use]
    pub fn narrowed(&self, site: SiteCode) -> Option<Reach> {
        self.holds(site.as_str()).then(|| Reach(Some(vec![site])))
    }

    /// The same, narrowed to some sites.
    #[must_use]
    pub fn among(&self, sites: &BTreeSet<SiteCode>) -> Reach {
        Reach(Some(sites.iter().filter(|site| self.holds(site.as_str())).cloned().collect()))
    }

    /// The sites that it names; none for the whole chain.
    pub(crate) fn sites(&self) -> &[SiteCode] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Reads what [`listed`](Reach::listed) made of some sites.
    pub(crate) fn from_listed(listed: &str) -> Option<Reach> {
        let codes = listed.strip_prefix(',')?.split_terminator(',').map(|code| code.parse().ok());
        codes.collect::<Option<_>>().map(Reach::of)
    }

    /// The one site of a reach that has no other.
    #[must_use]
    pub fn only(&self) -> Option<&SiteCode> {
        match self.0.as_deref() {
            Some([site]) => Some(site),
            _ => None,
        }
    }

    /// As the statements of the store have it: nothing for the whole chain, else the codes with a comma around each.
    #[must_use]
    pub fn listed(&self) -> Option<String> {
        let sites = self.0.as_ref()?;
        Some(sites.iter().fold(",".to_owned(), |list, site| list + site.as_str() + ","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_holds_its_sites_and_narrows_to_one_of_them() {
        let site = |code: &str| code.parse::<SiteCode>().unwrap();
        let all = Reach::whole_chain();
        let zone = Reach::of(vec![site("HT01"), site("HT02")]);
        for (reach, code, holds) in
            [(&all, "HT09", true), (&zone, "HT02", true), (&zone, "HT09", false), (&zone, "HT0", false)]
        {
            assert_eq!(reach.holds(code), holds, "{code}");
            assert_eq!(reach.narrowed(site(code)).is_some(), holds, "{code}");
        }
        assert_eq!((all.listed(), zone.listed().as_deref()), (None, Some(",HT01,HT02,")));
        assert_eq!(Reach::of(Vec::new()).listed().as_deref(), Some(","));
        assert_eq!(Reach::from_listed(",HT01,HT02,"), Some(zone.clone()));
        assert_eq!((Reach::from_listed("HT01"), Reach::from_listed(",a b,")), (None, None));
        assert_eq!(zone.narrowed(site("HT01")).unwrap().only(), Some(&site("HT01")));
        assert_eq!((zone.only(), all.only()), (None, None));
        let some = BTreeSet::from([site("HT02"), site("HT09")]);
        assert_eq!(zone.among(&some), Reach::of(vec![site("HT02")]));
        assert_eq!(all.among(&some), Reach::of(vec![site("HT02"), site("HT09")]));
    }
}
