//! Receipts and slips as blocks, and their layout on 58 and 80 mm paper.
//!
//! Pure: `devices` turns the lines into a printer's bytes, and the screen shows the same lines as a preview.
//! What is deliberately not here: the drawer (it belongs to a print job, not to a paper) and any printer's bytes.

mod code128;
mod layout;
#[cfg(test)]
mod layout_tests;
mod text;

pub use code128::{CODE128_LEN_MAX, Run};
pub use layout::{Align, Block, CODE128_MODULE_DOTS, Line, Paper, QR_LEN_MAX, Size, Style, render_lines};
pub use text::{char_columns, columns, printable};
