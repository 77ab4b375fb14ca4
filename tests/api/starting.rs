//! What changes elsewhere while a server starts.

use std::sync::Arc;

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::eventually;
use crate::support::gate::Gate;

const MODEL: &str = "oregional.application";

#[tokio::test]
async fn what_changed_before_a_server_heard_of_changes_is_known_to_it_once_it_does() {
    let app = TestApp::start();
    let gate = Gate::before(&app.database, "oregional listener");
    let second = TestApp::on(Arc::clone(&app.database), |settings| {
        settings.database.database_url = Some(gate.url().into());
    })
    .unwrap();
    let (here, there) = (app.admin().await, second.admin().await);
    let id = here.create(MODEL, json!({"name": "a"})).await;
    let maker =
        async || there.result(MODEL, "read", json!([[id], ["create_uid"]])).await[0]["create_uid"][1].clone();
    let knows_french = async || {
        let told = there.result("res.partner", "fields_get", json!([["lang"], ["selection"]])).await;
        told["lang"]["selection"].to_string().contains("fr_FR")
    };
    let before = maker().await;

    let french = here.reference("base.lang_fr").await;
    here.result("res.lang", "write", json!([[french], {"active": true}])).await;
    here.result("res.users", "write", json!([[here.uid], {"name": "Renamed"}])).await;
    assert!(maker().await == before && !knows_french().await, "nobody has told the server yet");

    gate.open();
    eventually("the name is known", async || maker().await == "Renamed").await;
    eventually("the language is known", knows_french).await;
}
