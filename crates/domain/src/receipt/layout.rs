//! Lays blocks out on paper. The printer and the screen's preview both take their lines from here.

use super::code128::{Run, modules, runs};
use super::text::{columns, printable, wrap};

/// Paper of a receipt printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// 58 mm: 32 columns, 384 dots.
    Mm58,
    /// 80 mm: 48 columns, 576 dots.
    #[default]
    Mm80,
}

impl Paper {
    /// Columns of ordinary characters in a line.
    pub fn columns(self) -> usize {
        match self {
            Self::Mm58 => 32,
            Self::Mm80 => 48,
        }
    }

    /// Printable dots across the paper, 12 to a column.
    pub fn dots(self) -> usize {
        match self {
            Self::Mm58 => 384,
            Self::Mm80 => 576,
        }
    }
}

/// Size of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// One column wide.
    #[default]
    Normal,
    /// Double height, ordinary width.
    Tall,
    /// Double height and width: a line holds half the columns.
    Big,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Bold.
    pub bold: bool,
    /// Size.
    pub size: Size,
}

impl Style {
    /// Ordinary text.
    pub const NORMAL: Self = Self { bold: false, size: Size::Normal };
    /// Bold text of ordinary size.
    pub const BOLD: Self = Self { bold: true, size: Size::Normal };
    /// Bold and double height, for what is to be paid.
    pub const TALL: Self = Self { bold: true, size: Size::Tall };
    /// Bold and double size, for headings.
    pub const BIG: Self = Self { bold: true, size: Size::Big };
}

/// Where a text stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Centre,
}

/// One piece of a receipt, whatever the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A text that wraps.
    Text {
        /// The words.
        text: String,
        /// Where they stand.
        align: Align,
        /// How they look.
        style: Style,
    },
    /// A row of up to three parts. `right` (money) keeps its edge and is never cut: a long `left` wraps above it.
    Row {
        /// At the left edge.
        left: String,
        /// Ends where the right column begins; may be empty.
        middle: String,
        /// Ends at the right edge.
        right: String,
        /// How they look.
        style: Style,
    },
    /// A line across the paper.
    Rule,
    /// A QR code in the middle.
    Qr(String),
    /// A Code 128 bar code in the middle, its text below; becomes a QR code on paper too narrow for it.
    Code128(String),
    /// Blank lines.
    Feed(u8),
    /// Feeds past the knife and cuts.
    Cut,
}

impl Block {
    /// An ordinary text at the left edge.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), align: Align::Left, style: Style::NORMAL }
    }

    /// A text in the middle.
    pub fn centre(text: impl Into<String>, style: Style) -> Self {
        Self::Text { text: text.into(), align: Align::Centre, style }
    }

    /// A label at the left and money or a count at the right.
    pub fn pair(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self::row(left, "", right)
    }

    /// Three columns, ordinary characters.
    pub fn row(left: impl Into<String>, middle: impl Into<String>, right: impl Into<String>) -> Self {
        Self::Row { left: left.into(), middle: middle.into(), right: right.into(), style: Style::NORMAL }
    }

    /// The same row in another style.
    pub fn styled(self, style: Style) -> Self {
        match self {
            Self::Row { left, middle, right, .. } => Self::Row { left, middle, right, style },
            Self::Text { text, align, .. } => Self::Text { text, align, style },
            other => other,
        }
    }
}

/// One line as it comes out of the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Characters, already padded to their columns; never wider than the paper.
    Text {
        /// Characters from the left edge on; no trailing blanks.
        text: String,
        /// How they look.
        style: Style,
    },
    /// A QR code in the middle.
    Qr(String),
    /// A bar code in the middle, its text below.
    Code128(Vec<Run>),
    /// Blank lines.
    Feed(u8),
    /// The cut.
    Cut,
}

impl Line {
    /// The characters that a code stands for; `None` for what is not a code.
    pub fn code(&self) -> Option<String> {
        match self {
            Line::Qr(data) => Some(data.clone()),
            Line::Code128(runs) => Some(runs.iter().map(Run::characters).collect()),
            Line::Text { .. } | Line::Feed(_) | Line::Cut => None,
        }
    }
}

/// Longest text of a QR code: an invoice address has 200; more makes modules too small for a receipt.
pub const QR_LEN_MAX: usize = 300;

/// Width of the right column of a three-part row: `-99999.99` and a blank before it.
const AMOUNT_COLUMNS: usize = 10;

/// Dots of a bar code's narrowest bar: 0.25 mm, what common scanners read from thermal paper.
pub const CODE128_MODULE_DOTS: u8 = 2;

/// Lays blocks out on a paper.
pub fn render_lines(blocks: &[Block], paper: Paper) -> Vec<Line> {
    blocks.iter().flat_map(|block| lines_of(block, paper)).collect()
}

fn lines_of(block: &Block, paper: Paper) -> Vec<Line> {
    let styled = |texts: Vec<String>, style: &Style| {
        texts.into_iter().map(|text| Line::Text { text, style: *style }).collect()
    };
    match block {
        Block::Text { text, align, style } => {
            styled(text_lines(&printable(text), *align, width(paper, *style)), style)
        }
        Block::Row { left, middle, right, style } => {
            let (left, middle, right) = (printable(left), printable(middle), printable(right));
            styled(row_lines(&left, &middle, &right, width(paper, *style)), style)
        }
        Block::Rule => styled(vec!["-".repeat(paper.columns())], &Style::NORMAL),
        Block::Qr(data) => vec![qr_line(data)],
        Block::Code128(data) => match runs(data).filter(|runs| fits(runs, paper)) {
            Some(runs) => vec![Line::Code128(runs)],
            // The number stays readable by eye where the bar code would have printed it.
            None => std::iter::once(qr_line(data))
                .chain(styled(text_lines(&printable(data), Align::Centre, paper.columns()), &Style::NORMAL))
                .collect(),
        },
        Block::Feed(lines) => vec![Line::Feed(*lines)],
        Block::Cut => vec![Line::Cut],
    }
}

fn width(paper: Paper, style: Style) -> usize {
    match style.size {
        Size::Normal | Size::Tall => paper.columns(),
        Size::Big => paper.columns() / 2,
    }
}

/// The paper's own margins (5 mm each side) serve as the quiet zones.
fn fits(runs: &[Run], paper: Paper) -> bool {
    modules(runs).saturating_mul(usize::from(CODE128_MODULE_DOTS)) <= paper.dots()
}

/// A code too long to print is shown as text rather than lost or sent to a printer that would garble it.
fn qr_line(data: &str) -> Line {
    if data.is_empty() || data.len() > QR_LEN_MAX || data.chars().any(char::is_control) {
        let text = printable(data).chars().take(Paper::Mm58.columns() / 2).collect();
        return Line::Text { text, style: Style::NORMAL };
    }
    Line::Qr(data.to_owned())
}

fn text_lines(text: &str, align: Align, width: usize) -> Vec<String> {
    let lines = wrap(text, width);
    match align {
        Align::Left => lines,
        Align::Centre => {
            lines.iter().map(|line| indent(line, width.saturating_sub(columns(line)) / 2)).collect()
        }
    }
}

fn row_lines(left: &str, middle: &str, right: &str, width: usize) -> Vec<String> {
    let mut lines = if left.is_empty() { Vec::new() } else { wrap(left, width) };
    if !middle.is_empty() {
        let edge = width.saturating_sub(columns(right).saturating_add(1).max(AMOUNT_COLUMNS));
        push_right(&mut lines, middle, edge, width);
    }
    if !right.is_empty() {
        push_right(&mut lines, right, width, width);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Sets a part so that it ends at `edge`, on the last line if a blank fits between, else on lines of its own.
fn push_right(lines: &mut Vec<String>, part: &str, edge: usize, width: usize) {
    let wanted = columns(part);
    if wanted > edge {
        let whole = wrap(part, width);
        lines.extend(whole.iter().map(|line| indent(line, width.saturating_sub(columns(line)))));
        return;
    }
    let start = edge.saturating_sub(wanted);
    match lines.last_mut() {
        Some(last) if columns(last) < start => {
            let gap = start.saturating_sub(columns(last));
            last.push_str(&" ".repeat(gap));
            last.push_str(part);
        }
        _ => lines.push(indent(part, start)),
    }
}

fn indent(line: &str, by: usize) -> String {
    format!("{}{line}", " ".repeat(by))
}
