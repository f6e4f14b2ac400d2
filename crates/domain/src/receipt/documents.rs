//! The customer's papers: the receipt of a sale and the slip of a refund.

use super::figures::{price, quantity, yuan};
use super::layout::{Block, Style};
use super::slip::{Slip, end, sign};
use crate::ids::DocumentNumber;
use crate::money::Fen;
use crate::quantity::Pieces;
use crate::refund::{Disposition, Origin, Refund, RefundLine};
use crate::sale::{Sale, SaleLine, Tendered, WeightSource};

/// Where a customer gets the e-invoice of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLink {
    /// Address that the QR code opens.
    pub url: String,
    /// Code to type where no camera is at hand.
    pub code: String,
}

/// Lays out the receipt of a sale.
///
/// *Invariant:* every figure is the recorded one; 合计 − 优惠 − 抹零 = 应收 and 实收 − 找零 = 应收.
pub fn sale_receipt(
    slip: &Slip,
    number: &DocumentNumber,
    sale: &Sale,
    invoice: Option<&InvoiceLink>,
) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(None);
    blocks.push(Block::pair(words.number, number.to_string()));
    blocks.push(Block::Rule);
    blocks.push(Block::row(words.item, words.price, words.amount));
    blocks.extend(sale.lines.iter().flat_map(|line| sale_line(slip, line)));
    blocks.push(Block::Rule);
    let pieces = sale.lines.iter().map(|line| line.quantity.pieces_counted());
    let pieces = pieces.fold(Pieces(0), |sum, more| Pieces(sum.0.saturating_add(more.0)));
    blocks.push(Block::pair(words.pieces, pieces.0.to_string()));
    let gross: Fen = sale.lines.iter().map(|line| line.gross).sum();
    blocks.push(Block::pair(words.total, yuan(gross)));
    blocks.extend(taken_off(words.discount, sale.discount));
    blocks.extend(taken_off(words.rounding, sale.rounding));
    blocks.push(Block::pair(words.due, format!("￥{}", yuan(sale.due))).styled(Style::TALL));
    blocks.extend(sale.tenders.iter().flat_map(|tendered| tender(slip, tendered)));
    let received: Fen = sale.tenders.iter().map(|tendered| tendered.given.unwrap_or(tendered.amount)).sum();
    blocks.push(Block::pair(words.received, yuan(received)));
    blocks.push(Block::pair(words.change, yuan(sale.change)));
    blocks.push(Block::Rule);
    blocks.push(Block::centre(words.not_invoice, Style::NORMAL));
    if let Some(invoice) = invoice {
        blocks.push(Block::Qr(invoice.url.clone()));
        blocks.push(Block::centre(format!("{} {}", words.invoice_code, invoice.code), Style::NORMAL));
    }
    blocks.push(Block::Code128(number.to_string()));
    if !slip.site.footer.is_empty() {
        blocks.push(Block::centre(&slip.site.footer, Style::NORMAL));
    }
    blocks.extend(end());
    blocks
}

fn sale_line(slip: &Slip, line: &SaleLine) -> Vec<Block> {
    let words = slip.labels();
    let about = if line.source == Some(WeightSource::Derived) { words.about } else { "" };
    let amount_of = quantity(line.quantity, &line.unit, slip.lang());
    let charged = price(line.price, &line.unit, slip.lang());
    let mut blocks =
        vec![Block::text(&line.name), Block::row(format!("  {about}{amount_of}"), charged, yuan(line.gross))];
    if let Some(list) = line.list_price {
        blocks.push(Block::row(format!("  {}", words.list_price), price(list, &line.unit, slip.lang()), ""));
    }
    blocks.extend(taken_off(&format!("  {}", words.discount), line.discount()));
    blocks
}

fn taken_off(label: &str, fen: Fen) -> Option<Block> {
    (!fen.is_zero()).then(|| Block::pair(label, yuan(-fen)))
}

fn tender(slip: &Slip, tendered: &Tendered) -> Vec<Block> {
    let amount = tendered.given.unwrap_or(tendered.amount);
    let mut blocks = vec![Block::pair(slip.tender_name(&tendered.tender), yuan(amount))];
    if let Some(reference) = &tendered.reference {
        blocks.push(Block::text(format!("  {} {reference}", slip.labels().reference)));
    }
    blocks
}

/// Lays out the slip of a refund: its heading, the cited sale, what came back, and lines to sign.
pub fn refund_slip(slip: &Slip, number: &DocumentNumber, refund: &Refund) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(Some(words.refund));
    blocks.push(Block::pair(words.number, number.to_string()));
    blocks.push(Block::pair(words.original, refund.origin.number()));
    if matches!(refund.origin, Origin::Cited { .. }) || refund.origin.is_offline() {
        blocks.push(Block::centre(words.unverified, Style::BOLD));
    }
    if let Some(approver) = &refund.approver {
        blocks.push(Block::pair(words.approver, approver));
    }
    blocks.push(Block::Rule);
    blocks.extend(refund.lines.iter().flat_map(|line| refund_line(slip, line)));
    blocks.push(Block::Rule);
    blocks.push(Block::pair(words.refunded, format!("￥{}", yuan(refund.total))).styled(Style::TALL));
    blocks.extend(refund.tenders.iter().flat_map(|tendered| tender(slip, tendered)));
    blocks.extend(sign(words.sign_customer));
    blocks.extend(sign(words.sign_cashier));
    blocks.extend(sign(words.sign_supervisor));
    blocks.push(Block::Feed(1));
    blocks.push(Block::Code128(number.to_string()));
    blocks.extend(end());
    blocks
}

fn refund_line(slip: &Slip, line: &RefundLine) -> [Block; 2] {
    let words = slip.labels();
    let goods = match line.disposition {
        Disposition::Restock => words.restock,
        Disposition::Loss => words.loss,
    };
    let (amount_of, goods) = match line.quantity.number() {
        0 => (words.held_before.to_owned(), ""),
        _ => (quantity(line.quantity, &line.unit, slip.lang()), goods),
    };
    [Block::text(&line.name), Block::row(format!("  {amount_of}"), goods, yuan(line.amount))]
}
