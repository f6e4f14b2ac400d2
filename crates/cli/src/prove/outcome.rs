//! What a proof prints: the day's figures, or the first place where two sides differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use suanpan_domain::calendar;
use suanpan_journal::{SiteCode, StationId};

use super::bytes::{Broken, Journal};
use super::figures::Found;

/// Who says something else than the journal's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The bytes that the hub keeps are not what the station signed, or not all of it.
    Journal,
    /// The till: its close, or its ledger.
    Till,
    /// The hub's sums.
    Hub,
    /// What the hub reports of the site, or published.
    Report,
}

/// The first place where two sides differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// Who.
    pub side: Side,
    /// Till, unless it is the site's.
    pub till: Option<u16>,
    /// Station.
    pub station: Option<String>,
    /// Segment of the entries.
    pub segment: Option<String>,
    /// First and last of the entries.
    pub seqs: Option<(u64, u64)>,
    /// What is wrong with the entries.
    pub what: Option<String>,
    /// Which figure.
    pub field: Option<String>,
    /// What the journal's bytes give.
    pub journal: Option<i64>,
    /// What the other side says.
    pub other: Option<i64>,
}

/// A day that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Site.
    pub site: String,
    /// Business date, `yyyy-mm-dd`.
    pub date: String,
    /// Everything agrees.
    pub agree: bool,
    /// The newest published version that was compared; 0 if there is none.
    pub version: u32,
    /// Tills that have closed, so that their own sums were compared.
    pub closed: BTreeSet<u16>,
    /// The site's figures, by the names of [`suanpan_domain::shift::Sums::fields`].
    pub figures: BTreeMap<String, i64>,
    /// Sales and refunds of revoked stations that wait for a person, and are in no figure.
    pub held: usize,
    /// The first place where somebody says something else.
    pub first: Option<Disagreement>,
}

impl Disagreement {
    fn new(side: Side) -> Disagreement {
        Disagreement {
            side,
            till: None,
            station: None,
            segment: None,
            seqs: None,
            what: None,
            field: None,
            journal: None,
            other: None,
        }
    }

    pub(super) fn in_journal(broken: Broken) -> Disagreement {
        Disagreement {
            till: Some(broken.till),
            station: Some(broken.station.to_string()),
            segment: Some(broken.segment.to_string()),
            seqs: Some((broken.from_seq, broken.to_seq)),
            what: Some(broken.what),
            ..Disagreement::new(Side::Journal)
        }
    }

    pub(super) fn at_report(found: Found) -> Disagreement {
        Disagreement {
            field: Some(found.field),
            journal: Some(found.journal),
            other: Some(found.other),
            ..Disagreement::new(Side::Report)
        }
    }

    pub(super) fn at(side: Side, till: u16, station: Option<StationId>, found: Found) -> Disagreement {
        let station = station.map(|station| station.to_string());
        Disagreement { side, till: Some(till), station, ..Disagreement::at_report(found) }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Journal => "journal",
            Side::Till => "till",
            Side::Hub => "hub",
            Side::Report => "report",
        };
        write!(out, "{side}")?;
        if let Some(till) = self.till {
            write!(out, ", till {till}")?;
        }
        if let (Some(segment), Some((from, to)), Some(what)) = (&self.segment, self.seqs, &self.what) {
            write!(out, ", segment {segment}, entries {from}-{to} {what}")?;
        }
        if let (Some(field), Some(journal), Some(other)) = (&self.field, self.journal, self.other) {
            write!(out, ", {field}: the journal gives {journal}, the {side} says {other}")?;
        }
        Ok(())
    }
}

impl Outcome {
    pub(super) fn new(site: &SiteCode, date: u32) -> Outcome {
        Outcome {
            site: site.to_string(),
            date: calendar::text(date),
            agree: false,
            version: 0,
            closed: BTreeSet::new(),
            figures: BTreeMap::new(),
            held: 0,
            first: None,
        }
    }

    /// Fills in what the journal gives.
    pub(super) fn of(&mut self, journal: &Journal) {
        self.agree = self.first.is_none();
        self.figures = journal.figures().sums().fields();
        self.held = journal.held();
    }

    pub(super) fn tell(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        for (field, figure) in &self.figures {
            println!("{field:<20} {figure:>14}");
        }
        if self.held > 0 {
            println!("{} sales and refunds of revoked stations wait for a person: in no figure", self.held);
        }
        let Outcome { site, date, version, closed, .. } = self;
        match &self.first {
            None => println!(
                "Agree: {site} on {date}; journal, hub and report say the same, {} tills closed, version {version}",
                closed.len()
            ),
            Some(first) => println!("DISAGREE: {site} on {date}; {first}"),
        }
    }
}
