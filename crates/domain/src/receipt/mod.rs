//! Receipts and slips as blocks, and their layout on 58 and 80 mm paper.
//!
//! Pure: `devices` turns the lines into a printer's bytes, and the screen shows the same lines as a preview.
//! What is deliberately not here: the drawer (it belongs to a print job, not to a paper) and any printer's bytes.

mod code128;
#[cfg(test)]
mod document_tests;
mod documents;
mod drawer;
mod figures;
mod labels;
mod layout;
#[cfg(test)]
mod layout_tests;
mod slip;
mod text;

pub use code128::{CODE128_LEN_MAX, Run};
pub use documents::{InvoiceLink, refund_slip, sale_receipt};
pub use drawer::{audit_slip, cash_slip, day_slip, shift_slip, test_page};
pub use figures::yuan;
pub use labels::Lang;
pub use layout::{Align, Block, CODE128_MODULE_DOTS, Line, Paper, QR_LEN_MAX, Size, Style, render_lines};
pub use slip::Slip;
pub use text::{char_columns, columns, printable};
