//! Refunds of another till's sale: the hub shows it and keeps it for this till.

use std::collections::BTreeSet;
use std::sync::Arc;

use suanpan_contract::Code;
use suanpan_domain::entry::Entry;
use suanpan_domain::ids::Id;
use suanpan_domain::refund::{Refund, Returned};
use suanpan_domain::sale::Sale;
use suanpan_sync::{Recorded, RefundReply};

use super::refund::{Refundable, not_found, show};
use super::say::{Done, Say};
use super::till::StationConfig;
use super::turn::Turn;
use crate::identity::Identity;
use crate::sync::{CallError, Cause, HubClient};

/// A number that only the hub may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) number: String,
    /// This till printed it, and has lost it.
    pub(crate) is_ours: bool,
}

/// Asks the hub, without the till's mutex. `None`: this station has no hub, or it does not answer.
pub(crate) fn ask(config: &StationConfig, question: &Question) -> Option<RefundReply> {
    let identity = Identity::load(&config.data_dir).ok()??;
    if !config.with_sync || identity.hub_url.is_empty() {
        return None;
    }
    let answer = call(config, identity, &question.number);
    answer.inspect_err(|error| tracing::info!(error.what = %error, "till.refund_lookup")).ok()
}

fn call(config: &StationConfig, identity: Identity, number: &str) -> Result<RefundReply, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CallError::Unreachable(Cause::System(error.to_string())))?;
    let station = identity.station();
    let client = HubClient::new(&identity.hub_url, station, identity.key, Arc::clone(&config.clock))?;
    runtime.block_on(client.with_certificate(identity.certificate).reserve_refund(number))
}

/// Puts what the hub answered before the cashier.
pub(crate) fn answered(turn: &mut Turn<'_>, question: &Question, answer: Option<RefundReply>) -> Done {
    turn.own_shift()?;
    match answer {
        None if question.is_ours => Err(not_found(&question.number)),
        None => Err(Code::RefundNeedsHub.into()),
        Some(RefundReply::Unknown) => Err(not_found(&question.number)),
        Some(RefundReply::Elsewhere { till }) => {
            Err(Say::new(Code::RefundReservedElsewhere).with("till", till).into())
        }
        Some(RefundReply::Reserved { reservation, documents }) => {
            reserved(turn, question, reservation, &documents)
        }
    }
}

fn reserved(turn: &mut Turn<'_>, question: &Question, reservation: String, documents: &[Recorded]) -> Done {
    let (mut sales, mut refunds) = (vec![], vec![]);
    for document in documents {
        match Entry::decode(document.kind, document.payload.as_bytes()) {
            Ok(Entry::Sale(sale)) => sales.push((document.at_ms, sale)),
            Ok(Entry::Refund(refund)) => refunds.push(refund),
            _ => return Err(not_found(&question.number)),
        }
    }
    if sales.len() > 1 {
        let say = Say::new(Code::ReceiptFoundTwice).with("number", &question.number);
        return Err(say.with("count", sales.len()).into());
    }
    let Some((at_ms, sale)) = sales.pop() else { return Err(not_found(&question.number)) };
    let own = own_refunds(turn, &question.number, &sale)?;
    let known: BTreeSet<Id> = refunds.iter().map(|refund| refund.id).collect();
    // What this till has paid out and the hub does not have yet counts as well.
    refunds.extend(own.into_iter().filter(|refund| !known.contains(&refund.id)));
    let refundable = Refundable {
        sale,
        number: question.number.clone(),
        at_ms,
        returned: Returned::from_refunds(&refunds),
        reservation: Some(reservation),
    };
    show(turn, &refundable);
    turn.desk.foreign = Some(Box::new(refundable));
    Ok(())
}

fn own_refunds(turn: &Turn<'_>, number: &str, sale: &Sale) -> Result<Vec<Refund>, super::say::Stop> {
    let mut own = turn.shop.refunds_of(sale.id)?;
    own.extend(turn.shop.refunds_citing(number)?);
    Ok(own)
}
