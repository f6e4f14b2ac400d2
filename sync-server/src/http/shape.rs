//! What a route takes or gives, by its type, as the document of routes tells it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Query;
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema, json_schema};

/// A message between station and hub, which `docs/wire.md` describes.
pub(super) struct Sent<T>(T);

/// A report, as JSON or as the CSV of its rows.
pub(super) struct Table<R>(R);

/// Text.
pub(super) enum Text {}

/// What a route takes or gives.
pub(super) enum Took {
    /// Nothing.
    Nothing,
    /// Parameters of its query: the fields of an object.
    Query(Vec<Schema>),
    /// A body, by its content types.
    Body(Vec<(&'static str, Schema)>),
}

/// Describes it.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Took;

/// What can be described.
pub(super) trait Travels {
    /// How it travels.
    fn shape(made: &mut SchemaGenerator) -> Took;
}

impl Travels for () {
    fn shape(_: &mut SchemaGenerator) -> Took {
        Took::Nothing
    }
}

impl<T: JsonSchema> Travels for Query<T> {
    fn shape(made: &mut SchemaGenerator) -> Took {
        Took::Query(vec![T::json_schema(made)])
    }
}

impl<A: JsonSchema, B: JsonSchema> Travels for (Query<A>, Query<B>) {
    fn shape(made: &mut SchemaGenerator) -> Took {
        Took::Query(vec![A::json_schema(made), B::json_schema(made)])
    }
}

impl<T: JsonSchema> Travels for Json<T> {
    fn shape(made: &mut SchemaGenerator) -> Took {
        Took::Body(vec![("application/json", made.subschema_for::<T>())])
    }
}

impl Travels for Bytes {
    fn shape(_: &mut SchemaGenerator) -> Took {
        Took::Body(vec![("application/octet-stream", json_schema!({}))])
    }
}

impl Travels for Text {
    fn shape(_: &mut SchemaGenerator) -> Took {
        Took::Body(vec![("text/plain", json_schema!({ "type": "string" }))])
    }
}

impl<T> Travels for Sent<T> {
    fn shape(_: &mut SchemaGenerator) -> Took {
        let name = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
        let description = format!("`{name}`, as docs/wire.md shows it.");
        Took::Body(vec![("application/json", json_schema!({ "type": "object", "description": description }))])
    }
}

impl<R: JsonSchema> Travels for Table<R> {
    fn shape(made: &mut SchemaGenerator) -> Took {
        let csv = json_schema!({ "type": "string", "description": "The fields of a row, in their order." });
        Took::Body(vec![("application/json", made.subschema_for::<R>()), ("text/csv", csv)])
    }
}
