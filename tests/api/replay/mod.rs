//! Recorded exchanges with Odoo 18, and with Odoo 19 for what came then, replayed: the same calls, the same answers.
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
            let (login, password) = ("admin".to_owned(), PASSWORD.to_owned());
            Target { url: app.url(), db: DB.into(), login, password, api_key: String::new() }
        }
        None => Target {
            url: setting("URL", "").trim_end_matches('/').to_owned(),
            db: setting("DB", DB),
            login: setting("LOGIN", "admin"),
            password: setting("PASSWORD", PASSWORD),
            api_key: setting("API_KEY", ""),
        },
    }
}

/// Replays a suite, so many scenarios at once. Those that change rights for everybody go one by one.
async fn replay(suite: &str, at_once: usize) {
    replay_from("odoo18", suite, at_once, &[]).await;
}

async fn replay_from(version: &str, suite: &str, at_once: usize, without: &[&str]) {
    let own = std::env::var_os("OREGIONAL_REPLAY_URL").is_none().then(TestApp::start);
    let mut target = target(own.as_ref());
    if let Some(app) = &own {
        target.api_key = app.admin().await.api_key().await;
    }
    let path = format!("{}/fixtures/{version}/{suite}.json", env!("CARGO_MANIFEST_DIR"));
    let document: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut scenarios = document["scenarios"].as_array().unwrap().clone();
    scenarios.retain(|scenario| !without.contains(&scenario["name"].as_str().unwrap()));
    assert!(!scenarios.is_empty(), "{suite} has no scenario");
    let outcomes: Vec<Result<(), String>> = stream::iter(&scenarios)
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

#[tokio::test]
async fn every_service_scenario_is_answered_as_odoo_answers_it() {
    replay("services", 1).await;
}

#[tokio::test]
async fn every_json2_scenario_is_answered_as_odoo_answers_it() {
    replay_from("odoo19", "json2", 1, &[]).await;
}

#[tokio::test]
async fn every_views_scenario_but_load_is_answered_as_odoo_answers_it() {
    replay_from("odoo18", "views", 1, &["load"]).await;
}

#[tokio::test]
async fn every_further_scenario_is_answered_as_odoo_answers_it() {
    replay("more", 1).await;
}

#[tokio::test]
async fn every_meta_scenario_is_answered_as_odoo_answers_it() {
    replay("meta", 1).await;
}
