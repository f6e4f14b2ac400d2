//! Makes `docs/openapi.json` of the list of routes: of each what it takes and gives, by the types that its handler has.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::problem::Document;
use super::routes::{self, Route};
use super::shape::Took;
use crate::access::Action;

/// A figure of which two sides say different things.
#[derive(JsonSchema)]
#[schemars(rename = "Difference")]
#[expect(dead_code, reason = "it stands for the domain's type, which knows of no documents")]
pub(crate) struct Differs {
    /// Its name.
    field: String,
    /// What the till, or the version before, says.
    was: i64,
    /// What the hub, or the version, says.
    is: i64,
}

/// Who comes with what.
fn security(action: Action) -> Value {
    let of = |names: &[&str]| names.iter().map(|name| json!({ (*name): [] })).collect::<Vec<_>>().into();
    match action {
        Action::Knock => of(&[]),
        Action::Deliver | Action::Trade => of(&["station"]),
        Action::ReadFigures => of(&["station", "key", "session"]),
        Action::ReadDays | Action::ReadJournals | Action::Watch => of(&["key", "session"]),
        Action::OwnSession
        | Action::SeePages
        | Action::SeeDrawers
        | Action::ExcuseTill
        | Action::DecideLost => of(&["session"]),
    }
}

/// The parameters of a path and of its query.
fn parameters(path: &str, query: &[Schema]) -> Vec<Value> {
    let named = path.split(['{', '}']).skip(1).step_by(2);
    let of_path = named
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": {"type": "string"} }));
    let of_query = query.iter().flat_map(|fields| {
        let required = fields.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let fields = fields.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        fields.into_iter().map(move |(name, schema)| {
            let is_needed = required.iter().any(|it| *it == name);
            json!({ "name": name, "in": "query", "required": is_needed, "schema": schema })
        })
    });
    of_path.chain(of_query).collect()
}

fn content(kinds: Vec<(&str, Schema)>) -> Value {
    kinds.into_iter().map(|(kind, schema)| (kind.to_owned(), json!({ "schema": schema }))).collect()
}

fn operation(route: &Route, made: &mut SchemaGenerator) -> Value {
    let (handler, takes, gives) = route.described;
    let (takes, gives) = (takes(made), gives(made));
    let query = if let Took::Query(query) = &takes { query.as_slice() } else { &[] };
    let mut operation = json!({
        "operationId": handler.replace("::", "_"),
        "tags": [handler.split("::").next()],
        "x-action": route.action,
        "security": security(route.action),
        "parameters": parameters(route.path, query),
    });
    if let Took::Body(kinds) = takes {
        operation["requestBody"] = json!({ "required": true, "content": content(kinds) });
    }
    let answer = match gives {
        Took::Body(kinds) => json!({ "200": { "description": "Done.", "content": content(kinds) } }),
        Took::Nothing | Took::Query(_) => json!({ "204": { "description": "Done." } }),
    };
    operation["responses"] = answer;
    operation["responses"]["default"] = json!({ "$ref": "#/components/responses/Problem" });
    operation
}

fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|it| {
        it.definitions_path = "/components/schemas".into();
        it.meta_schema = None;
    });
    let mut made = settings.into_generator();
    let mut paths = Map::new();
    for (prefix, route) in routes::all() {
        let path = paths.entry(format!("{prefix}{}", route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(&route, &mut made);
    }
    let problem = made.subschema_for::<Document<'static>>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Suanpan hub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Money in fen, weight in grams, times in ms since 1970 in UTC. Who may do what: docs/rights.md. \
                What stations send, and what they sign: docs/wire.md and docs/protocol.md.",
        },
        "paths": paths,
        "components": {
            "responses": {
                "Problem": {
                    "description": "Why it was not done, by RFC 9457, with a stable code.",
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "schemas": made.take_definitions(true),
            "securitySchemes": {
                "station": { "type": "apiKey", "in": "header", "name": "authorization",
                    "description": "A station's signature of the request, as docs/protocol.md has it." },
                "key": { "type": "http", "scheme": "bearer", "description": "An API key." },
                "session": { "type": "apiKey", "in": "cookie", "name": super::auth::SESSION_COOKIE },
            },
        },
    })
}

/// The paths that HQ's page asks, each once.
pub(crate) fn paths_of_pages() -> Vec<String> {
    let mut paths: Vec<String> =
        routes::for_people().iter().map(|route| format!("{}{}", routes::API, route.path)).collect();
    paths.sort();
    paths.dedup();
    paths
}

#[test]
fn every_path_that_stations_and_programs_ask_is_a_route() {
    let document = document();
    let lacking = suanpan_sync::paths::ALL.into_iter().filter(|path| document["paths"].get(path).is_none());
    assert_eq!(lacking.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_document_that_the_hub_serves_is_what_the_routes_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("SUANPAN_WRITE_BINDINGS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/openapi.json is stale: run ./dev bindings");
}
