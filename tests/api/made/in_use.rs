//! A table that somebody else is using while it is to be changed: whoever changes it is told, soon, and everybody
//! else goes on.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

use super::{add, catalogue};
use crate::support::app::TestApp;
use crate::support::client::User;

/// How long an answer may take: those who read the table wait as long.
const PATIENCE: Duration = Duration::from_secs(15);

/// Begins to read the table, as a backup does for as long as it takes.
async fn hold(holder: &Client) {
    holder.batch_execute("BEGIN; SELECT FROM res_partner LIMIT 1").await.unwrap();
}

/// A call that is told who is in its way, and has changed nothing.
async fn is_told(app: &TestApp, admin: &User, method: &str, args: Json) {
    let before = catalogue(app);
    let call = admin.call_kw("ir.model.fields", method, args, json!({}));
    let refused = timeout(PATIENCE, call).await.unwrap_or_else(|_| panic!("{method} takes too long"));
    assert_eq!(refused.error(), (200, "odoo.exceptions.UserError".to_owned()), "{method}");
    let message = refused.message();
    for word in ["res_partner", "nightly backup", "try again"] {
        assert!(message.contains(word), "{method}: {word} is missing: {message}");
    }
    assert_eq!(catalogue(app), before, "{method}");
}

#[tokio::test]
async fn who_uses_a_table_that_is_to_be_changed_is_told_soon_and_nothing_is_half_done() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let partners = admin.reference("base.model_res_partner").await;
    let field = json!({"name": "x_extra", "ttype": "char"});
    let config = app.database.config().application_name("nightly backup").clone();
    let (holder, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);

    hold(&holder).await;
    let mut values = field.clone();
    values["model_id"] = partners.into();
    is_told(&app, &admin, "create", json!([values])).await;
    assert_eq!(admin.result("res.partner", "search_count", json!([[["id", "=", 1]]])).await, 1);
    holder.batch_execute("ROLLBACK").await.unwrap();
    let made = add(&admin, partners, field).await;
    admin.result("res.partner", "write", json!([[1], {"x_extra": "more"}])).await;

    hold(&holder).await;
    is_told(&app, &admin, "unlink", json!([[made]])).await;
    let read = admin.result("res.partner", "read", json!([[1], ["x_extra"]])).await;
    assert_eq!(read[0]["x_extra"], "more");
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(admin.result("ir.model.fields", "unlink", json!([[made]])).await, true);
}
