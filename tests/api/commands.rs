//! Commands for lines that break off, or that nobody knows.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

const APPLICATION: &str = "oregional.application";
const SCHEME: &str = "oregional.model.scheme";

/// A record with one line, and the field of its lines: a one2many and a many2many.
async fn records(admin: &User) -> [(&'static str, i64, &'static str); 2] {
    let lines = json!([[0, 0, {"uri": "https://a.example"}]]);
    let application = admin.create(APPLICATION, json!({"name": "a", "uri_ids": lines})).await;
    let configuration = admin.reference("oregional.default_partner_model_configuration").await;
    let links = json!([[6, 0, [configuration]]]);
    let scheme = admin.create(SCHEME, json!({"name": "s", "model_configuration_ids": links})).await;
    [(APPLICATION, application, "uri_ids"), (SCHEME, scheme, "model_configuration_ids")]
}

async fn write(admin: &User, model: &str, id: i64, field: &str, value: &Json) -> Answer {
    admin.call_kw(model, "write", json!([[id], {field: value}]), json!({})).await
}

async fn count(admin: &User, model: &str, id: i64, field: &str) -> usize {
    admin.result(model, "read", json!([[id], [field]])).await[0][field].as_array().unwrap().len()
}

#[tokio::test]
async fn a_wrong_command_is_refused_and_takes_no_line_away() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (model, id, field) in records(&admin).await {
        for (value, wanted) in [
            (json!([[6]]), "builtins.IndexError"),
            (json!([[6, 0]]), "builtins.IndexError"),
            (json!([[4]]), "builtins.IndexError"),
            (json!([[5], [6]]), "builtins.IndexError"),
            (json!([[6, 0, 1]]), "builtins.TypeError"),
            (json!(""), "builtins.ValueError"),
            (json!(0), "builtins.ValueError"),
            (json!({}), "builtins.ValueError"),
        ] {
            let answer = write(&admin, model, id, field, &value).await;
            assert_eq!(answer.error().1, wanted, "{field} {value}");
            assert_eq!(count(&admin, model, id, field).await, 1, "{field} {value}");
        }
    }
}

#[tokio::test]
async fn unknown_commands_do_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let records = records(&admin).await;
    for (model, id, field) in records {
        for value in [json!([["x"]]), json!([["link", 1]]), json!([["4", 1]]), json!([[9, 0, 0]]), json!([])]
        {
            assert_eq!(write(&admin, model, id, field, &value).await.result(), true, "{field} {value}");
            assert_eq!(count(&admin, model, id, field).await, 1, "{field} {value}");
        }
    }
    let [(application, line, lines), (scheme, link, links)] = records;
    let empty = json!([[]]);
    assert_eq!(write(&admin, scheme, link, links, &empty).await.result(), true);
    assert_eq!(write(&admin, application, line, lines, &empty).await.error().1, "builtins.IndexError");
    for (model, id, field) in records {
        assert_eq!(count(&admin, model, id, field).await, 1);
    }
    for (nothing, (model, id, field)) in [json!(false), json!(null)].iter().zip(records) {
        assert_eq!(write(&admin, model, id, field, nothing).await.result(), true);
        assert_eq!(count(&admin, model, id, field).await, 0);
    }
}
