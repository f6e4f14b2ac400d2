//! The hub's word on a receipt before any of it is paid out: who has it, and what others have paid out.

use std::collections::VecDeque;
use std::sync::Arc;

use suanpan_contract::Code;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::sale::Sale;
use suanpan_sync::{Recorded, RefundReply};

use super::refund::not_found;
use super::say::{Say, Stop};
use super::till::StationConfig;
use super::turn::Turn;
use crate::identity::Identity;
use crate::sync::{CallError, Cause, HubClient};

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
        let Ok((_, refunds)) = read(number, documents) else { return };
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

/// What that means.
pub(crate) enum Word {
    /// Nobody can tell what other tills do.
    Silent,
    /// The hub does not have the sale, or not yet. Nobody else may refund it meanwhile.
    Unknown { reservation: Option<String>, refunds: Vec<Refund> },
    /// The hub keeps it for this till.
    Reserved { reservation: String, sales: Vec<(i64, Sale)>, refunds: Vec<Refund> },
}

/// Asks the hub, without the till's mutex.
pub(crate) fn ask(config: &StationConfig, number: String) -> Answer {
    let reply = hub(config).and_then(|hub| {
        let reply = hub.and_then(|hub| on_this_thread(hub.reserve_refund(&number)));
        reply.inspect_err(|error| tracing::info!(error.what = %error, "till.refund_ask")).ok()
    });
    Answer { number, reply }
}

/// Lets a receipt go. A hub that does not hear it lets it go by itself after some minutes.
pub(crate) fn release(config: &StationConfig, number: &str) {
    let Some(hub) = hub(config) else { return };
    if let Err(error) = hub.and_then(|hub| on_this_thread(hub.release_refund(number))) {
        tracing::info!(error.what = %error, "till.refund_release");
    }
}

fn hub(config: &StationConfig) -> Option<Result<HubClient, CallError>> {
    let identity = Identity::load(&config.data_dir).ok()??;
    if !config.with_sync || identity.hub_url.is_empty() {
        return None;
    }
    let station = identity.station();
    let client = HubClient::new(&identity.hub_url, station, identity.key, Arc::clone(&config.clock));
    Some(client.map(|client| client.with_certificate(identity.certificate)))
}

fn on_this_thread<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?.block_on(call)
}

/// The hub's word on a printed number. The first time the command stops here and comes again with the answer.
///
/// *Errors:* another till has it.
pub(crate) fn word(turn: &Turn<'_>, number: &str) -> Result<Word, Stop> {
    let Some(answer) = turn.answer.as_ref().filter(|answer| answer.number == number) else {
        return Err(Stop::AskHub(number.to_owned()));
    };
    match &answer.reply {
        None => Ok(Word::Silent),
        Some(RefundReply::Unknown { reservation, documents }) => {
            let (_, refunds) = read(number, documents)?;
            Ok(Word::Unknown { reservation: reservation.clone(), refunds })
        }
        Some(RefundReply::Elsewhere { till }) => {
            Err(Say::new(Code::RefundReservedElsewhere).with("till", till).into())
        }
        Some(RefundReply::Reserved { reservation, documents }) => {
            let (sales, refunds) = read(number, documents)?;
            Ok(Word::Reserved { reservation: reservation.clone(), sales, refunds })
        }
    }
}

type Documents = (Vec<(i64, Sale)>, Vec<Refund>);

fn read(number: &str, documents: &[Recorded]) -> Result<Documents, Stop> {
    let (mut sales, mut refunds) = (vec![], vec![]);
    for document in documents {
        match Entry::decode(document.kind, document.payload.as_bytes()) {
            Ok(Entry::Sale(sale)) => sales.push((document.at_ms, sale)),
            Ok(Entry::Refund(refund)) => refunds.push(refund),
            _ => return Err(not_found(number)),
        }
    }
    Ok((sales, refunds))
}

/// What was paid out of a sale: what this till knows, and what the hub tells, or told before it fell silent. True when the
/// hub knows all of this till's.
pub(crate) fn refunds_of(
    turn: &Turn<'_>,
    sale: Id,
    number: &str,
    told: Vec<Refund>,
) -> Result<(Vec<Refund>, bool), Stop> {
    let mut refunds = turn.shop.refunds_of(sale)?;
    refunds.extend(turn.shop.refunds_citing(number)?);
    let hub_knows = refunds.iter().all(|own| told.iter().any(|told| told.id == own.id));
    for refund in told.into_iter().chain(turn.shop.told.of(number)) {
        let is_of_another = matches!(&refund.origin, Origin::Sale { sale: other, .. } if *other != sale);
        if !is_of_another && refunds.iter().all(|known| known.id != refund.id) {
            refunds.push(refund);
        }
    }
    Ok((refunds, hub_knows))
}
