//! Grouping scanned lines into documents: the source has no baskets.

use super::rows::{Kind, LINES_MAX, SaleRow};

/// Lines further apart than this belong to two customers, milliseconds.
const GAP_MS_MAX: u32 = 20_000;

/// Splits rows into documents: consecutive lines of one date and kind at most 20 s apart, at most six.
pub(crate) fn documents(rows: &[SaleRow]) -> Vec<&[SaleRow]> {
    let mut documents = Vec::new();
    let mut start = 0;
    for index in 1..=rows.len() {
        let goes_on = rows
            .get(index)
            .is_some_and(|row| index - start < LINES_MAX as usize && follows(&rows[index - 1], row));
        if !goes_on {
            documents.extend(rows.get(start..index).filter(|group| !group.is_empty()));
            start = index;
        }
    }
    documents
}

fn follows(before: &SaleRow, row: &SaleRow) -> bool {
    let gap = row.time_ms.checked_sub(before.time_ms);
    row.date == before.date && row.kind == before.kind && gap.is_some_and(|gap| gap <= GAP_MS_MAX)
}

/// True for goods brought back.
pub(crate) fn is_return(group: &[SaleRow]) -> bool {
    group.first().is_some_and(|row| row.kind == Kind::Return)
}

#[cfg(test)]
mod tests {
    use suanpan_domain::money::Fen;
    use suanpan_domain::quantity::Grams;

    use super::*;

    fn row(date: u32, seconds: u32, kind: Kind) -> SaleRow {
        SaleRow { line: 2, date, time_ms: seconds * 1_000, item: 0, grams: Grams(1), price: Fen(1), kind }
    }

    #[test]
    fn lines_close_in_time_make_one_document_of_at_most_six() {
        use Kind::{Return, Sale};
        let check = |rows: &[(u32, u32, Kind)], want: &[usize]| {
            let rows: Vec<SaleRow> =
                rows.iter().map(|(date, seconds, kind)| row(*date, *seconds, *kind)).collect();
            let sizes: Vec<usize> = documents(&rows).iter().map(|group| group.len()).collect();
            assert_eq!(sizes, want);
        };
        check(&[], &[]);
        check(&[(1, 0, Sale)], &[1]);
        check(&[(1, 0, Sale), (1, 20, Sale), (1, 41, Sale)], &[2, 1]);
        check(&[(1, 0, Sale), (2, 0, Sale)], &[1, 1]);
        check(&[(1, 0, Sale), (1, 1, Return), (1, 2, Sale)], &[1, 1, 1]);
        check(&[(1, 0, Sale); 13], &[6, 6, 1]);
        check(&[(1, 9, Sale), (1, 3, Sale)], &[1, 1]);
    }
}
