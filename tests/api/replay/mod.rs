//! Recorded exchanges with Odoo 18, replayed: the same calls, the same answers.
//!
//! With `OREGIONAL_REPLAY_URL` (and `_DB`, `_LOGIN`, `_PASSWORD`) they are replayed against that
//! server instead of one of our own.

mod matching;
mod runner;

use futures_util::stream::{self, StreamExt as _};
use serde_json::Value as Json;

use self::runner::{Runner, Target};
use crate::support::app::{DB, PASSWORD, TestApp};

fn target(app: Option<&TestApp>) -> Target {
    let setting = |name: &str, otherwise: &str| {
        std::env::var(format!("OREGIONAL_REPLAY_{name}")).unwrap_or_else(|_| otherwise.to_owned())
    };
    match app {
        Some(app) => {
            Target { url: app.url(), db: DB.into(), login: "admin".into(), password: PASSWORD.into() }
        }
        None => Target {
            url: setting("URL", "").trim_end_matches('/').to_owned(),
            db: setting("DB", DB),
            login: setting("LOGIN", "admin"),
            password: setting("PASSWORD", PASSWORD),
        },
    }
}

/// Replays a suite, so many scenarios at once. Those that change rights for everybody go one by one.
async fn replay(suite: &str, at_once: usize) {
    let own = std::env::var_os("OREGIONAL_REPLAY_URL").is_none().then(TestApp::start);
    let target = target(own.as_ref());
    let path = format!("{}/fixtures/odoo18/{suite}.json", env!("CARGO_MANIFEST_DIR"));
    let document: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let scenarios = document["scenarios"].as_array().unwrap();
    assert!(!scenarios.is_empty(), "{suite} has no scenario");
    let outcomes: Vec<Result<(), String>> = stream::iter(scenarios)
        .map(async |scenario| {
            let outcome = Runner::new(&target).run(scenario).await;
            outcome.map_err(|reason| format!("{suite}: {}: {reason}", scenario["name"].as_str().unwrap()))
        })
        .buffered(at_once)
        .collect()
        .await;
    let failures: Vec<String> = outcomes.iter().filter_map(|outcome| outcome.clone().err()).collect();
    report(suite, scenarios.len() - failures.len(), &failures);
    assert!(failures.is_empty(), "{} scenarios fall short:\n{}", failures.len(), failures.join("\n"));
}

#[expect(clippy::print_stdout, reason = "whoever replays against a server wants the tally")]
fn report(suite: &str, passed: usize, failures: &[String]) {
    println!("{suite}: {passed} passed, {} failed", failures.len());
}

#[tokio::test]
async fn every_crud_scenario_is_answered_as_odoo_answers_it() {
    replay("crud", 1).await;
}

#[tokio::test]
async fn every_x2many_scenario_is_answered_as_odoo_answers_it() {
    replay("x2many", 1).await;
}

#[tokio::test]
async fn every_access_scenario_is_answered_as_odoo_answers_it() {
    replay("access", 1).await;
}

#[tokio::test]
async fn every_language_scenario_is_answered_as_odoo_answers_it() {
    replay("lang", 1).await;
}

#[tokio::test]
async fn every_domain_scenario_is_answered_as_odoo_answers_it() {
    replay("domains", 4).await;
}
