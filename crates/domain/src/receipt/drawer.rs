//! The till's own papers: 班结, 中途对账, 日结, movements of cash, a test page.

use super::figures::yuan;
use super::layout::{Block, Style};
use super::slip::{Slip, end, sign};
use crate::calendar;
use crate::money::Fen;
use crate::shift::{CashCount, CashMove, CashMoved, DayClosed, ShiftAudited, ShiftClosed, ShiftOpened, Sums};

/// Lays out the 班结 slip of a shift.
///
/// `blind`: the cashier's copy. It leaves out over and short and every figure from which the cash expected in the
/// drawer can be worked out; the supervisor's copy has them all.
pub fn shift_slip(
    slip: &Slip,
    opened_at_ms: i64,
    opened: &ShiftOpened,
    closed: &ShiftClosed,
    blind: bool,
) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(Some(words.shift_close));
    blocks.push(Block::pair(words.shift, opened.no.to_string()));
    blocks.push(Block::pair(words.from, slip.time(opened_at_ms)));
    if let Some(approver) = &closed.approver {
        blocks.push(Block::pair(words.approver, approver));
    }
    blocks.push(Block::Rule);
    blocks.extend(count_rows(&closed.count));
    if blind {
        blocks.push(Block::pair(words.counted, yuan(closed.counted)).styled(Style::BOLD));
    } else {
        blocks.push(Block::pair(words.float, yuan(opened.float)));
        let in_drawer: Fen = drawer_takings(slip, &closed.sums);
        let moved = closed.expected - opened.float - in_drawer;
        if !moved.is_zero() {
            blocks.push(Block::pair(words.moved, yuan(moved)));
        }
        blocks.extend(difference(slip, closed.counted, closed.expected));
    }
    blocks.push(Block::Rule);
    blocks.extend(sums_rows(slip, &closed.sums, blind));
    blocks.extend(signed_end(slip));
    blocks
}

/// Lays out the 中途对账 slip, for supervisors.
pub fn audit_slip(slip: &Slip, shift_no: u32, audit: &ShiftAudited, by: &str) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(Some(words.audit));
    blocks.push(Block::pair(words.shift, shift_no.to_string()));
    blocks.push(Block::pair(words.audited_by, by));
    blocks.push(Block::Rule);
    blocks.extend(count_rows(&audit.count));
    blocks.extend(difference(slip, audit.counted, audit.expected));
    blocks.extend(signed_end(slip));
    blocks
}

/// Lays out the 日结 slip of a business date at this till.
///
/// `blind`: closed by a cashier, who counted the drawer: without every figure that tells what it should have held.
pub fn day_slip(slip: &Slip, closed: &DayClosed, blind: bool) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(Some(words.day_close));
    blocks.push(Block::pair(words.date, calendar::text(closed.date)));
    blocks.push(Block::pair(words.last_number, closed.last_number.to_string()));
    blocks.push(Block::Rule);
    blocks.extend(sums_rows(slip, &closed.sums, blind));
    if !blind {
        blocks.push(Block::Rule);
        blocks.push(Block::row(words.tax, words.net, words.tax));
        for (code, (net, tax)) in &closed.sums.taxes {
            blocks.push(Block::row(code, yuan(*net), yuan(*tax)));
        }
    }
    blocks.extend(signed_end(slip));
    blocks
}

/// Lays out the slip of 缴款, 换零 or more float; it goes with the money.
pub fn cash_slip(slip: &Slip, shift_no: u32, moved: &CashMoved) -> Vec<Block> {
    let words = slip.labels();
    let heading = match moved.kind {
        CashMove::Drop => words.cash_drop,
        CashMove::Exchange => words.exchange,
        CashMove::AddFloat => words.add_float,
    };
    let mut blocks = slip.head(Some(heading));
    blocks.push(Block::pair(words.shift, shift_no.to_string()));
    if let Some(approver) = &moved.approver {
        blocks.push(Block::pair(words.approver, approver));
    }
    blocks.push(Block::pair(words.sum, format!("￥{}", yuan(moved.amount))).styled(Style::TALL));
    blocks.extend(signed_end(slip));
    blocks
}

/// Lays out a page that shows whether paper width, hanzi, codes and knife are well.
pub fn test_page(slip: &Slip) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = slip.head(Some(words.test));
    blocks.extend([
        Block::Rule,
        Block::row(words.item, words.price, words.amount),
        Block::text("西红柿 ABC 0123456789"),
        Block::row("  0.328 kg", "5.98/500g", "3.92"),
        Block::pair(words.due, "￥3.92").styled(Style::TALL),
        Block::Qr("https://suanpan.example/test".to_owned()),
        Block::Code128("TEST-0123456789".to_owned()),
    ]);
    blocks.extend(end());
    blocks
}

fn count_rows(count: &CashCount) -> Vec<Block> {
    let rows = count.0.iter().rev().filter(|(_, pieces)| **pieces > 0).map(|(denomination, pieces)| {
        let worth = Fen(denomination.saturating_mul(i64::from(*pieces)));
        Block::row(yuan(Fen(*denomination)), format!("× {pieces}"), yuan(worth))
    });
    rows.collect()
}

fn difference(slip: &Slip, counted: Fen, expected: Fen) -> [Block; 3] {
    let words = slip.labels();
    [
        Block::pair(words.expected, yuan(expected)),
        Block::pair(words.counted, yuan(counted)),
        Block::pair(words.difference, yuan(counted - expected)).styled(Style::TALL),
    ]
}

fn drawer_takings(slip: &Slip, sums: &Sums) -> Fen {
    sums.tenders.iter().filter(|(code, _)| slip.counts_in_drawer(code)).map(|(_, fen)| *fen).sum()
}

/// A blind list has neither the drawer's tenders nor the total, which less the other tenders would be the same.
fn sums_rows(slip: &Slip, sums: &Sums, blind: bool) -> Vec<Block> {
    let words = slip.labels();
    let mut blocks = vec![
        Block::pair(words.sales, sums.sales.to_string()),
        Block::pair(words.refunds, sums.refunds.to_string()),
    ];
    if !sums.discount.is_zero() {
        blocks.push(Block::pair(words.discount, yuan(sums.discount)));
    }
    if !sums.rounding.is_zero() {
        blocks.push(Block::pair(words.rounding, yuan(sums.rounding)));
    }
    let shown = sums.tenders.iter().filter(|(code, _)| !(blind && slip.counts_in_drawer(code)));
    blocks.extend(shown.map(|(code, fen)| Block::pair(slip.tender_name(code), yuan(*fen))));
    if !blind {
        blocks.push(Block::pair(words.takings, format!("￥{}", yuan(sums.due))).styled(Style::TALL));
    }
    blocks
}

fn signed_end(slip: &Slip) -> Vec<Block> {
    let words = slip.labels();
    [sign(words.sign_cashier), sign(words.sign_supervisor), end()].concat()
}
