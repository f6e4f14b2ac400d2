/// Whether the site in a column is the only one of a reach, by the first value, and among all of it, by the second.
pub(super) fn within(column: &str) -> String {
    format!(
        "(cast(?1 as text) is null or {column} = ?1)
         and (cast(?2 as text) is null or replace(cast(?2 as text), ',' || {column} || ',', '') <> ?2)"
    )
}

/// The same of a table whose key leads with the site: it is asked for site by site, and none of the rest is read.
pub(super) fn within_each(column: &str) -> String {
    let here = within("k.site");
    format!(
        "{column} in (select k.site from (select site from station union select site from site) k where {here})"
    )
}
