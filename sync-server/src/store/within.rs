/// Whether the site in a column is the only one of a reach, by the first value, and among all of it, by the second.
pub(super) fn within(column: &str) -> String {
    format!(
        "(cast(?1 as text) is null or {column} = ?1)
         and (cast(?2 as text) is null or replace(cast(?2 as text), ',' || {column} || ',', '') <> ?2)"
    )
}
