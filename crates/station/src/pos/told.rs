//! What the hub told of receipts.

use std::collections::VecDeque;

use suanpan_domain::entry::Entry;
use suanpan_domain::refund::Refund;
use suanpan_domain::sale::Sale;
use suanpan_sync::{Recorded, RefundReply};

/// Receipts of which it is remembered what the hub told: more than one till looks up in a day.
const TOLD_MAX: usize = 100;

/// What others have paid out of receipts, as the hub told it last: it still counts when the hub falls silent.
#[derive(Debug, Default)]
pub(crate) struct Told(VecDeque<(String, Vec<Refund>)>);

impl Told {
    pub(crate) fn remember(&mut self, Answer { number, reply }: &Answer) {
        let Some(RefundReply::Reserved { documents, .. } | RefundReply::Unknown { documents, .. }) = reply
        else {
            return;
        };
        let Some((_, refunds)) = read(documents) else { return };
        self.0.retain(|(told, _)| told != number);
        if self.0.len() == TOLD_MAX {
            self.0.pop_front();
        }
        self.0.push_back((number.clone(), refunds));
    }

    pub(crate) fn of(&self, number: &str) -> Vec<Refund> {
        let told = self.0.iter().find(|(told, _)| told == number);
        told.map(|(_, refunds)| refunds.clone()).unwrap_or_default()
    }
}

/// What the hub was asked, and what it said; no answer when this station has no hub, or it was silent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) number: String,
    pub(crate) reply: Option<RefundReply>,
}

type Documents = (Vec<(i64, Sale)>, Vec<Refund>);

/// The sales and refunds among what the hub has of a receipt; `None` when something else is among them.
pub(crate) fn read(documents: &[Recorded]) -> Option<Documents> {
    let (mut sales, mut refunds) = (vec![], vec![]);
    for document in documents {
        match Entry::decode(document.kind, document.payload.as_bytes()) {
            Ok(Entry::Sale(sale)) => sales.push((document.at_ms, sale)),
            Ok(Entry::Refund(refund)) => refunds.push(refund),
            _ => return None,
        }
    }
    Some((sales, refunds))
}
