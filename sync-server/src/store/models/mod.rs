//! What reports read, subject by subject: each a module that says how a batch adds to it. A subject that is new, or has a
//! new version, is filled from the stored batches while the others stand.

mod apply;
mod behind;
mod day_close;
mod document;
mod drawer_count;
mod fill;
mod list;
mod model;
mod parked;
mod read_by;
pub(super) mod returned;
mod shift;
mod stamped;
mod total;
mod understood;
mod waiting;

pub(super) use behind::{behind, lag};
pub(super) use fill::{clear_all, lacking};
pub(super) use read_by::{DAYS, FIGURES, JUDGED};
