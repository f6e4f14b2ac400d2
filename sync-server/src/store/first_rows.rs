//! Lists of which a page shows the beginning, and says so.

/// Rows of one kind that a page lists; the rest follow when these are dealt with.
const ROWS_MAX: u32 = 100;

/// What a list's statement asks for: one row more than is shown.
pub(super) const LIST_LIMIT: u32 = ROWS_MAX + 1;

/// The first rows of a list.
#[derive(Debug)]
pub(super) struct FirstRows<T> {
    pub(super) rows: Vec<T>,
    /// There are others.
    pub(super) is_cut: bool,
}

impl<T> FirstRows<T> {
    /// What a statement with [`LIST_LIMIT`] found.
    pub(super) fn of(mut rows: Vec<T>) -> FirstRows<T> {
        let is_cut = rows.len() > ROWS_MAX as usize;
        rows.truncate(ROWS_MAX as usize);
        FirstRows { rows, is_cut }
    }

    /// Lists another one after it.
    pub(super) fn then(&mut self, other: FirstRows<T>) {
        self.rows.extend(other.rows);
        self.is_cut |= other.is_cut;
    }
}
