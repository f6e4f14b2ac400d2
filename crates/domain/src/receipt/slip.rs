//! What every paper shares: its head, its signature lines, its end.

use super::labels::{Labels, Lang};
use super::layout::{Block, Style};
use crate::calendar;
use crate::catalogue::{SiteSettings, Tender};

/// Everything a paper says besides its document.
#[derive(Debug, Clone, Copy)]
pub struct Slip<'a> {
    /// The site's name, address, phone, closing line and clock.
    pub site: &'a SiteSettings,
    /// Till number at the site.
    pub till: u16,
    /// Who rang it, as printed: name, number or both.
    pub cashier: &'a str,
    /// When it was recorded, milliseconds since 1970; a reprint keeps the document's own time.
    pub at_ms: i64,
    /// The catalogue's tenders, for their names. One that is gone prints its code.
    pub tenders: &'a [Tender],
    /// 0 for the original, n for 补打第 n 次.
    pub copy: u16,
}

impl Slip<'_> {
    pub(super) fn lang(&self) -> Lang {
        self.site.receipt_language
    }

    pub(super) fn labels(&self) -> &'static Labels {
        self.lang().labels()
    }

    /// Store, heading, reprint mark, till, cashier, time.
    pub(super) fn head(&self, heading: Option<&str>) -> Vec<Block> {
        let words = self.labels();
        let site = self.site;
        let mut blocks = Vec::new();
        if !site.chain.is_empty() {
            blocks.push(Block::centre(&site.chain, Style::BIG));
        }
        for line in [&site.name, &site.address] {
            if !line.is_empty() {
                blocks.push(Block::centre(line, Style::NORMAL));
            }
        }
        if !site.phone.is_empty() {
            blocks.push(Block::centre(format!("{} {}", words.phone, site.phone), Style::NORMAL));
        }
        if let Some(heading) = heading {
            blocks.push(Block::centre(heading, Style::BIG));
        }
        if self.copy > 0 {
            let mark = words.reprint.replace("{n}", &self.copy.to_string());
            blocks.push(Block::centre(format!("*** {mark} ***"), Style::BOLD));
        }
        blocks.push(Block::Rule);
        blocks.push(Block::pair(self.time(self.at_ms), format!("{} {}", words.till, self.till)));
        blocks.push(Block::pair(words.cashier, self.cashier));
        blocks
    }

    /// Site time to the minute.
    pub(super) fn time(&self, at_ms: i64) -> String {
        let (date, minute) = calendar::local(at_ms, self.site.utc_offset_min);
        let (hour, minute) = (minute.div_euclid(60), minute.rem_euclid(60));
        format!("{} {hour:02}:{minute:02}", calendar::text(date))
    }

    pub(super) fn tender_name<'a>(&'a self, code: &'a str) -> &'a str {
        match (self.tender(code), self.lang()) {
            (Some(tender), Lang::En) if !tender.name_en.is_empty() => &tender.name_en,
            (Some(tender), _) => &tender.name,
            (None, _) => code,
        }
    }

    pub(super) fn counts_in_drawer(&self, code: &str) -> bool {
        self.tender(code).is_some_and(|tender| tender.counts_in_drawer)
    }

    fn tender(&self, code: &str) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.code == code)
    }
}

/// A line to sign on, with room for the hand above it.
pub(super) fn sign(who: &str) -> [Block; 2] {
    [Block::Feed(1), Block::pair(who, "____________________")]
}

/// Room to tear, and the cut.
pub(super) fn end() -> [Block; 2] {
    [Block::Feed(1), Block::Cut]
}
