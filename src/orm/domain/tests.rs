//! Snapshots of the compiler: a domain in, SQL and parameters out.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::super::environment::Environment;
use super::super::order;
use super::super::query::SELF;
use super::super::registry::Registry;
use super::optimize::optimize;
use super::to_sql::Compiler;
use crate::clock::World;
use crate::db::Connection;
use crate::error::Result;
use crate::orm::domain::parse::parse;
use crate::seal::{Key, Sealer};

fn environment() -> Environment {
    let registry = Registry::declared(crate::models::all()).unwrap();
    let sealer = Arc::new(Sealer::new(Key::generate([7; 32])));
    Environment::of_server(Connection::detached(), registry, &World::system(), &sealer, 1)
}

fn compiled(env: &Environment, model: &str, domain: &Json) -> Result<String> {
    let model = env.model(model)?;
    let sql = Compiler::new(env).condition(&model, SELF, &optimize(parse(domain)?))?;
    let (text, params) = sql.render();
    Ok(format!("{text}\n    {params:?}"))
}

fn table(model: &str, domains: &[Json]) -> String {
    let env = environment();
    let mut table = String::new();
    for domain in domains {
        let outcome =
            compiled(&env, model, domain).unwrap_or_else(|error| format!("{}: {error}", error.name()));
        writeln!(table, "{domain}\n    {outcome}").unwrap();
    }
    table
}

#[test]
fn texts() {
    insta::assert_snapshot!(table(
        "oregional.application",
        &[
            json!([["name", "=", "x"]]),
            json!([["name", "!=", "x"]]),
            json!([["description", "!=", "x"]]),
            json!([["description", "=", false]]),
            json!([["description", "in", ["a", false]]]),
            json!([["description", "not in", ["a", "b"]]]),
            json!([["name", "like", "a%b"]]),
            json!([["description", "not ilike", "x"]]),
            json!([["name", "ilike", false]]),
            json!([["name", "=like", "x%"]]),
            json!([["name", "in", "x"]]),
            json!([["client_id", "=", 5]]),
            json!([["client_id", "=?", false]]),
            json!([["client_id", "<", "m"]]),
        ]
    ));
}

#[test]
fn numbers_dates_and_truth_values() {
    insta::assert_snapshot!(table(
        "oregional.application",
        &[
            json!([["access_token_expiry", "=", "300"]]),
            json!([["access_token_expiry", "in", [1, false]]]),
            json!([["access_token_expiry", "<", 300.5]]),
            json!([["access_token_expiry", "=", "x"]]),
            json!([["access_token_expiry", "<", [1, 2]]]),
            json!([["active", "=", true]]),
            json!([["active", "!=", true]]),
            json!([["active", "in", [true, false]]]),
            json!([["create_date", ">", "2026-01-01"]]),
            json!([["create_date", ">=", "2026-01-01T10:00:00"]]),
            json!([["create_date", "=", true]]),
            json!([["id", "in", [1, 2, "3"]]]),
            json!([["id", ">", 99_999_999_999_i64]]),
            json!([["logo", "!=", false]]),
            json!([["logo", "=", "x"]]),
            json!([["uri_count", ">", 1]]),
        ]
    ));
}

#[test]
fn links_paths_and_lines() {
    insta::assert_snapshot!(table(
        "oregional.application",
        &[
            json!([["model_scheme_id", "=", 4]]),
            json!([["model_scheme_id", "!=", 4]]),
            json!([["model_scheme_id", "=", "Default"]]),
            json!([["model_scheme_id", "not ilike", "x"]]),
            json!([["model_scheme_id", "in", [4, false]]]),
            json!([["model_scheme_id", "child_of", 4]]),
            json!([["model_scheme_id.name", "like", "x"]]),
            json!([["model_scheme_id.application_ids.name", "=", "x"]]),
            json!([["uri_ids", "=", false]]),
            json!([["uri_ids.uri", "=", "x"]]),
            json!([["uri_ids", "any", [["authorize_individually", "=", true]]]]),
            json!([["uri_ids", "not any", []]]),
            json!([["uri_ids", "in", [7]]]),
            json!([["create_uid.login", "=", "admin"]]),
        ]
    ));
    insta::assert_snapshot!(table(
        "res.partner",
        &[
            json!([["id", "child_of", 3]]),
            json!([["parent_id", "parent_of", [3, 4]]]),
            json!([["parent_id", "child_of", "x"]])
        ]
    ));
    insta::assert_snapshot!(table(
        "res.users",
        &[
            json!([["name", "ilike", "adm"]]),
            json!([["groups_id", "in", [1]]]),
            json!([["share", "=", false]])
        ]
    ));
}

#[test]
fn operators() {
    insta::assert_snapshot!(table(
        "oregional.application",
        &[
            json!([]),
            json!(["|", ["id", "=", 1], ["id", "=", 2]]),
            json!(["!", ["name", "like", "x"]]),
            json!(["!", ["name", "=like", "x"]]),
            json!([["id", "=", 1], "|", ["id", "=", 2], ["name", "=", "x"]]),
            json!([[0, "=", 1]]),
            json!([["nope", "=", 1]]),
            json!([["name.x", "=", 1]]),
            json!([["name", "=", "x'; drop table oregional_application; --"]]),
        ]
    ));
}

#[test]
fn sealed_fields_are_compared_by_their_hash() {
    let env = environment();
    let equal = compiled(&env, "oregional.application", &json!([["client_secret", "=", "s3cret"]])).unwrap();

    assert!(equal.starts_with(r#"("t"."client_secret_lookup" = $1)"#), "{equal}");
    assert!(!equal.contains("s3cret"), "{equal}");
    assert!(compiled(&env, "oregional.application", &json!([["client_secret", "like", "s"]])).is_err());
}

#[test]
fn orders() {
    let env = environment();
    let model = env.model("oregional.application").unwrap();
    let mut lines = String::new();
    for text in [
        "",
        "name desc",
        "model_scheme_id, id desc",
        "active, name nulls first",
        "nope",
        "name; drop table x",
        "client_secret",
    ] {
        let outcome = match order::parse(&env, &model, text) {
            Ok(order) => format!("{} ORDER BY {}", order.joins.render().0, order.terms.render().0),
            Err(error) => format!("{}: {error}", error.name()),
        };
        writeln!(lines, "{text:?}\n    {outcome}").unwrap();
    }

    insta::assert_snapshot!(lines);
}
