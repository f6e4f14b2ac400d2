//! Values and marks, as PostgreSQL wants them.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::error::StoreError;
use crate::store::sql::{Columns, Value};

/// The type under which a value is sent; the server finds out about nothing.
pub(super) fn of(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) | Value::Beyond => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Blob(_) => Type::BYTEA,
    }
}

/// Rewrites `?` and `?2` as `$1` and `$2`. No text in a statement of this module contains a question mark.
pub(super) fn numbered(statement: &str) -> String {
    let mut parts = statement.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        numbered.push('$');
        if !part.starts_with(|next: char| next.is_ascii_digit()) {
            numbered.push_str(&index.saturating_add(1).to_string());
        }
        numbered.push_str(part);
    }
    numbered
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Blob(bytes) => bytes.to_sql(ty, out),
            Value::Beyond => Err(StoreError::Beyond.into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

impl Columns for tokio_postgres::Row {
    fn value(&self, column: usize) -> Result<Value<'_>, StoreError> {
        let ty = self.columns().get(column).map(tokio_postgres::Column::type_);
        let value = match ty {
            Some(&Type::INT8) => self.try_get::<_, Option<i64>>(column)?.map(Value::Int),
            Some(&Type::INT4) => {
                self.try_get::<_, Option<i32>>(column)?.map(|number| Value::Int(i64::from(number)))
            }
            Some(&Type::TEXT) => self.try_get::<_, Option<&str>>(column)?.map(Value::Text),
            Some(&Type::BYTEA) => self.try_get::<_, Option<&[u8]>>(column)?.map(Value::Blob),
            _ => return Err(StoreError::Damaged("column")),
        };
        Ok(value.unwrap_or(Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbered_in_order_and_keep_the_numbers_they_have() {
        for (text, expected) in [
            ("begin", "begin"),
            ("values (?, ?)", "values ($1, $2)"),
            ("a = ?2 and b = ?1 or a > ?2", "a = $2 and b = $1 or a > $2"),
        ] {
            assert_eq!(numbered(text), expected);
        }
    }
}
