//! What the statements of this module run on: one transaction of either database. Both understand the same SQL, as
//! long as a statement keeps to what they share: `?` for a value, a named target of `on conflict`, `cast` around sums.

use super::error::StoreError;

/// A value of a statement or of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Null,
    /// Any whole number or truth.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// A number that no column holds: the statement is refused.
    Beyond,
}

/// A transaction, or a connection between two of them.
pub(super) trait Sql {
    /// Runs a statement; gives the number of rows that it wrote.
    fn execute(&self, statement: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Inserts rows, in order; gives the number of rows that were written.
    fn insert(&self, insert: Insert<'_>, rows: &[&[Value<'_>]]) -> Result<u64, StoreError> {
        let statement = insert.text(1);
        rows.iter().try_fold(0_u64, |all, row| Ok(all.saturating_add(self.execute(&statement, row)?)))
    }

    /// Runs a query and hands its rows over in order.
    fn each(
        &self,
        statement: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Runs a query and keeps its rows for this transaction until it ends. Where one process writes there is
    /// nothing to do.
    fn lock(&self, query: &str, values: &[Value<'_>]) -> Result<(), StoreError>;

    /// The same of a query of one row, which another transaction may have: then it is not waited for. Says whether it is kept.
    fn try_lock(&self, query: &str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        self.lock(query, values).map(|()| true)
    }
}

/// A statement that inserts rows.
#[derive(Clone, Copy)]
pub(super) struct Insert<'a> {
    /// Up to its values.
    pub(super) into: &'a str,
    /// The marks of one row, none of them numbered.
    pub(super) row: &'a str,
    /// What follows: what happens to a row that is there already.
    pub(super) then: &'a str,
}

impl Insert<'_> {
    /// The statement for so many rows at once.
    pub(super) fn text(&self, rows: usize) -> String {
        let Insert { into, row, then } = self;
        format!("insert into {into} values {} {then}", vec![*row; rows].join(", "))
    }
}

impl dyn Sql + '_ {
    /// All rows of a query.
    pub(super) fn all<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.each(statement, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The only row of a query, if there is one.
    pub(super) fn one<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(statement, values, read)?.pop())
    }

    /// The row that is always there.
    pub(super) fn only<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.one(statement, values, read)?.ok_or(StoreError::Damaged("row"))
    }
}

/// A row, as its database hands it over.
pub(super) trait Columns {
    /// A column's value.
    fn value(&self, column: usize) -> Result<Value<'_>, StoreError>;
}

/// One row of a result.
pub(super) struct Row<'a>(pub(super) &'a dyn Columns);

impl Row<'_> {
    /// Reads a column.
    pub(super) fn get<T: FromValue>(&self, column: usize) -> Result<T, StoreError> {
        T::from_value(self.0.value(column)?).ok_or(StoreError::Damaged("column"))
    }
}

/// What a column can be read as.
pub(super) trait FromValue: Sized {
    /// Reads a value; `None` if it is another kind or too large.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

/// What a statement can be given.
pub(super) trait ToValue {
    /// Shows it as a value.
    fn to_value(&self) -> Value<'_>;
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl FromValue for $number {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Int(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        }

        impl ToValue for $number {
            fn to_value(&self) -> Value<'_> {
                i64::try_from(*self).map_or(Value::Beyond, Value::Int)
            }
        }
    )*};
}

whole_numbers!(i64, i32, u64, u32, u16, u8, usize);

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<bool> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Vec<u8>> {
        match value {
            Value::Blob(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value<'_>) -> Option<[u8; N]> {
        match value {
            Value::Blob(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        T::to_value(self)
    }
}

/// The values of a statement, in the order of their marks.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::ToValue::to_value(&$value)),*] as &[$crate::store::sql::Value<'_>]
    };
}
pub(super) use values;
