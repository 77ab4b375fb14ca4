//! Related fields that show each other in a circle: refused, and where the database has them already, left out.

use serde_json::{Value as Json, json};

use super::make;
use crate::support::app::TestApp;
use crate::support::client::User;

const MODEL: &str = "x_thing";

fn related(name: &str, path: &str) -> Json {
    json!({"name": name, "ttype": "char", "related": path, "store": false})
}

/// Makes fields in one call, and gives what is said against it.
async fn refusal(admin: &User, model: i64, mut fields: Vec<Json>) -> String {
    for field in &mut fields {
        field["model_id"] = model.into();
    }
    let told = json!(fields);
    let refused = admin.call_kw("ir.model.fields", "create", json!([fields]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.ValidationError", "{told}");
    refused.message()
}

#[tokio::test]
async fn related_fields_that_show_each_other_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_parent_id", "ttype": "many2one", "relation": MODEL},
    ]);
    let thing = make(&admin, MODEL, fields).await;
    let partner = admin.reference("base.model_res_partner").await;
    let nameless = admin
        .create(
            "ir.model",
            json!({"name": "Other", "model": "x_other",
        "field_id": [[0, 0, {"name": "x_parent_id", "ttype": "many2one", "relation": "x_other"}]]}),
        )
        .await;
    admin.create(MODEL, json!({"x_name": "a"})).await;

    for (model, fields) in [
        (thing, vec![related("x_a", "x_b"), related("x_b", "x_a")]),
        (thing, vec![related("x_a", "x_b"), related("x_b", "x_c"), related("x_c", "x_a")]),
        (thing, vec![related("x_a", "x_parent_id.x_b"), related("x_b", "x_parent_id.x_a")]),
        (thing, vec![related("x_a", "x_parent_id.x_a")]),
        // What a user has of its contact, the contact has of its user.
        (partner, vec![related("x_a", "create_uid.x_a")]),
        (nameless, vec![related("x_name", "x_parent_id.display_name")]),
    ] {
        let told = json!(fields);
        let message = refusal(&admin, model, fields).await;
        assert!(message.contains("itself"), "{told}: {message}");
    }
    let stored = vec![
        json!({"name": "x_a", "ttype": "char", "related": "x_b"}),
        json!({"name": "x_b", "ttype": "char", "related": "x_a"}),
    ];
    assert!(refusal(&admin, thing, stored).await.contains("itself"));
    let mut long = vec![related("x_f0", "x_name")];
    long.extend((1..300).map(|number| related(&format!("x_f{number}"), &format!("x_f{}", number - 1))));
    assert!(refusal(&admin, thing, long).await.contains("steps"));
    // One that shows what another shows is no circle.
    let fine = [related("x_a", "x_parent_id.x_name"), related("x_b", "x_parent_id.x_a")];
    for mut field in fine {
        field["model_id"] = thing.into();
        admin.create("ir.model.fields", field).await;
    }
    let read = admin.result(MODEL, "search_read", json!([[], ["x_name", "x_b"]])).await;
    assert_eq!((&read[0]["x_name"], &read[0]["x_b"]), (&json!("a"), &json!(false)));
}

#[tokio::test]
async fn a_circle_that_the_database_has_already_spoils_its_own_fields_alone() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields =
        json!([{"name": "x_name", "ttype": "char"}, related("x_a", "x_name"), related("x_b", "x_a")]);
    make(&admin, MODEL, fields).await;
    admin.create(MODEL, json!({"x_name": "here"})).await;
    app.database.query("UPDATE ir_model_fields SET related = 'x_b' WHERE name = 'x_a' AND model = 'x_thing'");

    let restarted = TestApp::beside(&app);

    let admin = restarted.admin().await;
    let read = admin.result(MODEL, "search_read", json!([[]])).await;
    assert_eq!(read[0]["x_name"], "here");
    assert!(read[0].get("x_a").is_none() && read[0].get("x_b").is_none(), "{read}");
}
