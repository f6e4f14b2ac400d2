use suanpan_domain::ids::DocumentNumber;

use super::sql::{ToValue, Value};

/// Finds the sales `d` with a printed number, by what [`numbered`] gives. Sites are printed in capitals.
pub(super) const SALE_NUMBERED: &str = "d.site in (select site from site where upper(site) = ?)
     and d.business_date = ? and d.till = ? and d.number = ? and d.printed = ? and d.kind = 1";

/// The values of [`SALE_NUMBERED`].
pub(super) fn numbered<'a>(number: &'a DocumentNumber, printed: &'a str) -> [Value<'a>; 5] {
    [
        number.site.to_value(),
        number.business_date.to_value(),
        number.till.to_value(),
        number.number.to_value(),
        printed.to_value(),
    ]
}
