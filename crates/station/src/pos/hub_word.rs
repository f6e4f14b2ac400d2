//! The hub's word on a receipt before any of it is paid out: who has it, and what others have paid out.

use suanpan_contract::Code;
use suanpan_domain::ids::Id;
use suanpan_domain::refund::{Origin, Refund};
use suanpan_domain::sale::Sale;
use suanpan_sync::RefundReply;

use super::kinds::{Stop, Turn};
use super::receipt::not_found;
use super::told::{Answer, read};
use crate::say::Say;
use crate::sync::Hub;

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
pub(crate) fn ask(number: String, hub: Option<&Hub>) -> Answer {
    let reply = hub.and_then(|hub| hub.reserve_refund(&number));
    let reply = reply.and_then(|reply| {
        reply.inspect_err(|error| tracing::info!(error.what = %error, "till.refund_ask")).ok()
    });
    Answer { number, reply }
}

/// The hub's word on a printed number. The first time the command stops here and comes again with the answer.
///
/// *Errors:* another till has it.
pub(crate) fn word(turn: &Turn<'_>, number: &str) -> Result<Word, Stop> {
    let Some(answer) = turn.answer.as_ref().filter(|answer| answer.number == number) else {
        return Err(Stop::Errand(number.to_owned()));
    };
    match &answer.reply {
        None => Ok(Word::Silent),
        Some(RefundReply::Unknown { reservation, documents }) => {
            let (_, refunds) = read(documents).ok_or_else(|| not_found(number))?;
            Ok(Word::Unknown { reservation: reservation.clone(), refunds })
        }
        Some(RefundReply::Elsewhere { till, site }) => {
            let till = site.as_ref().map_or_else(|| till.to_string(), |site| format!("{site}-{till}"));
            Err(Say::new(Code::RefundReservedElsewhere).with("till", till).into())
        }
        Some(RefundReply::Reserved { reservation, documents }) => {
            let (sales, refunds) = read(documents).ok_or_else(|| not_found(number))?;
            Ok(Word::Reserved { reservation: reservation.clone(), sales, refunds })
        }
    }
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
