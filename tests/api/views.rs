//! Views: what each user is shown, what is refused when a view is written, what follows the program.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const APPLICATION: &str = "oregional.application";

async fn views(user: &User, model: &str, kinds: &[&str]) -> Json {
    let wanted: Vec<Json> = kinds.iter().map(|kind| json!([false, kind])).collect();
    user.result(model, "get_views", json!([wanted])).await
}

fn arch<'a>(views: &'a Json, kind: &str) -> &'a str {
    views["views"][kind]["arch"].as_str().unwrap()
}

async fn refusal(user: &User, values: Json) -> String {
    let answer = user.call_kw("ir.ui.view", "create", json!([values]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{}", answer.body);
    answer.message()
}

#[tokio::test]
async fn a_user_is_not_shown_what_is_for_others() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;

    let all = views(&admin, APPLICATION, &["form", "list", "search"]).await;
    let seen = views(&reader, APPLICATION, &["form", "list", "search"]).await;

    assert!(arch(&all, "form").contains(r#"name="client_secret""#));
    assert!(!arch(&seen, "form").contains(r#"<field name="client_secret""#), "{}", arch(&seen, "form"));
    assert!(!arch(&seen, "form").contains(r#"for="own_secret""#));
    let fields = &seen["models"][APPLICATION]["fields"];
    assert!(fields.get("client_id").is_some() && fields.get("client_secret").is_none());
    // Nor is offered what may not be done.
    assert!(arch(&seen, "form").starts_with(r#"<form create="False" edit="False" delete="False">"#));
    assert!(arch(&all, "form").starts_with("<form>"));
    let refused = reader
        .call_kw("oregional.model.configuration", "get_views", json!([[[false, "list"]]]), json!({}))
        .await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
}

#[tokio::test]
async fn an_expression_finds_its_fields_in_the_view() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let form = r#"<form><field name="name" readonly="is_base and model_limit == 'none'"/></form>"#;
    let values = json!({"name": "lean", "model": "oregional.model.scheme", "priority": 1, "arch": form});
    let id = admin.create("ir.ui.view", values).await;

    let drawn = views(&admin, "oregional.model.scheme", &["form"]).await;

    assert_eq!(drawn["views"]["form"]["id"], id);
    for name in ["is_base", "model_limit"] {
        let field = format!(r#"<field name="{name}" invisible="True" readonly="True"/>"#);
        assert!(arch(&drawn, "form").contains(&field), "{}", arch(&drawn, "form"));
        assert!(drawn["models"]["oregional.model.scheme"]["fields"].get(name).is_some());
    }
}

#[tokio::test]
async fn a_view_that_does_not_fit_its_model_is_refused_with_its_line() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (arch, line, word) in [
        ("<form>\n  <sheet>\n    <field name=\"nope\"/>\n  </sheet>\n</form>", "line 3", "nope"),
        ("<form>\n  <field name=\"name\">\n</form>", "line 3", "XML"),
        ("<drawing/>", "line 1", "drawing"),
        ("<tree/>", "line 1", "<list>"),
        ("<form>\n<button type=\"object\" name=\"nothing\"/></form>", "line 2", "nothing"),
        ("<form>\n<button type=\"object\" name=\"_private\"/></form>", "line 2", "_private"),
        ("<form><p groups=\"base.nobody\"/></form>", "line 1", "base.nobody"),
        ("<form><field name=\"name\" invisible=\"nope == 1\"/></form>", "line 1", "nope"),
        ("<form><field name=\"name\"><list><field name=\"x\"/></list></field></form>", "line 1", "name"),
        (
            "<form><field name=\"uri_ids\"><list>\n<field name=\"client_id\"/></list></field></form>",
            "line 2",
            "client_id",
        ),
        ("<search><filter name=\"a\" date=\"name\"/></search>", "line 1", "name"),
    ] {
        let message = refusal(&admin, json!({"name": "bad", "model": APPLICATION, "arch": arch})).await;
        assert!(message.contains(line) && message.contains(word), "{arch}: {message}");
    }
    let message = refusal(&admin, json!({"name": "bad", "model": "no.model", "arch": "<form/>"})).await;
    assert!(message.contains("no.model"), "{message}");
    let kept = admin.result("ir.ui.view", "search_count", json!([[["name", "=", "bad"]]])).await;
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_view_changes_another_and_cannot_break_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let form = admin.reference("oregional.application_view_form").await;
    let change = r#"<data><xpath expr="//page[@name='settings']" position="before"><page name="extra" string="Extra"><field name="own_id"/></page></xpath><field name="description" position="attributes"><attribute name="placeholder">Why</attribute></field></data>"#;
    let id = admin.create("ir.ui.view", json!({"name": "more", "inherit_id": form, "arch": change})).await;

    let read =
        admin.result("ir.ui.view", "read", json!([[id], ["mode", "model", "type", "arch_updated"]])).await;
    assert_eq!(read[0]["mode"], "extension");
    assert_eq!((&read[0]["model"], &read[0]["type"]), (&json!(APPLICATION), &json!("form")));
    let drawn = views(&admin, APPLICATION, &["form"]).await;
    let drawn = arch(&drawn, "form");
    assert!(drawn.find("name=\"extra\"").unwrap() < drawn.find("name=\"settings\"").unwrap(), "{drawn}");
    assert!(drawn.contains(r#"placeholder="Why""#));

    for bad in [
        r#"<field name="nope" position="after"><p/></field>"#,
        r#"<field name="name" position="after"><field name="nope"/></field>"#,
        r#"<xpath expr="//page[last()]" position="after"/>"#,
    ] {
        let message = refusal(&admin, json!({"name": "worse", "inherit_id": form, "arch": bad})).await;
        assert!(message.contains("worse") || message.contains("oregional.application.form"), "{message}");
    }
    // Neither can the view that is changed lose what the other leans on.
    let bare = json!([[form], {"arch": "<form><field name=\"name\"/></form>"}]);
    let answer = admin.call_kw("ir.ui.view", "write", bare, json!({})).await;
    assert!(answer.message().contains("more"), "{}", answer.body);
    let still = views(&admin, APPLICATION, &["form"]).await;
    assert!(arch(&still, "form").contains("name=\"extra\""));
}

#[tokio::test]
async fn a_view_cannot_inherit_itself() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let form = admin.reference("oregional.application_view_form").await;
    let arch = r#"<field name="name" position="after"/>"#;
    let one = admin.create("ir.ui.view", json!({"name": "one", "inherit_id": form, "arch": arch})).await;
    let two = admin.create("ir.ui.view", json!({"name": "two", "inherit_id": one, "arch": arch})).await;

    let circle = json!([[one], {"inherit_id": two}]);
    let answer = admin.call_kw("ir.ui.view", "write", circle, json!({})).await;

    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn a_model_without_views_is_drawn_all_the_same() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let field =
        |(name, kind): (&str, &str)| json!([0, 0, {"name": name, "field_description": name, "ttype": kind}]);
    let fields: Vec<Json> = [("x_name", "char"), ("x_size", "integer")].into_iter().map(field).collect();
    let model =
        admin.create("ir.model", json!({"name": "Site", "model": "x_site", "field_id": fields})).await;
    let group = admin.reference("base.group_user").await;
    let access = json!({"name": "sites", "model_id": model, "group_id": group, "perm_read": true, "perm_write": true, "perm_create": true, "perm_unlink": true});
    admin.create("ir.model.access", access).await;

    let drawn = views(&admin, "x_site", &["list", "form", "search", "kanban"]).await;

    for kind in ["list", "form", "search", "kanban"] {
        assert_eq!(drawn["views"][kind]["id"], false);
        assert!(arch(&drawn, kind).contains(r#"<field name="x_name""#), "{}", arch(&drawn, kind));
    }
    assert!(arch(&drawn, "form").contains(r#"<field name="x_size"/>"#));
    let calendar = admin.call_kw("x_site", "get_views", json!([[[false, "calendar"]]]), json!({})).await;
    assert_eq!(calendar.error().1, "odoo.exceptions.UserError");
}

#[tokio::test]
async fn odd_wishes_for_views_are_clear_errors() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for wanted in [
        json!([]),
        json!([[[false]]]),
        json!([["form"]]),
        json!([[["x", "form"]]]),
        json!(["form"]),
        json!([[[999_999, "form"]]]),
    ] {
        let answer = admin.call_kw(APPLICATION, "get_views", wanted.clone(), json!({})).await;
        assert!(
            answer.fault().is_none() && answer.json().get("error").is_some(),
            "{wanted}: {}",
            answer.body
        );
    }
    let one = admin.result(APPLICATION, "get_view", json!([false, "list"])).await;
    assert!(one["arch"].as_str().unwrap().starts_with("<list"));
    assert!(one["models"][APPLICATION].as_array().unwrap().contains(&json!("client_id")));
}

/// What a server of an older version left behind: another arch, and another fingerprint.
fn age(app: &TestApp, view: &str, is_edited: bool) {
    app.database.query(&format!(
        "UPDATE ir_ui_view SET arch_db = '<list><field name=\"name\"/></list>', arch_updated = {is_edited} FROM ir_model_data AS d WHERE d.model = 'ir.ui.view' AND d.name = '{view}' AND d.res_id = ir_ui_view.id"
    ));
    app.database.query("UPDATE server_fact SET value = 'older' WHERE name = 'models'");
}

#[tokio::test]
async fn a_shipped_view_follows_the_program_unless_somebody_has_edited_it() {
    let app = TestApp::start();
    age(&app, "application_view_list", false);
    age(&app, "model_scheme_view_list", true);

    let newer = TestApp::beside(&app);
    let admin = newer.admin().await;

    let application = views(&admin, APPLICATION, &["list"]).await;
    assert!(arch(&application, "list").contains("own_id"));
    let scheme = views(&admin, "oregional.model.scheme", &["list"]).await;
    assert_eq!(arch(&scheme, "list"), r#"<list><field name="name"/></list>"#);
}

#[tokio::test]
async fn an_administrator_who_edits_a_view_has_edited_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let list = admin.reference("oregional.application_view_list").await;

    let edited = json!([[list], {"arch": "<list><field name=\"client_id\"/></list>"}]);
    admin.result("ir.ui.view", "write", edited).await;

    let read = admin
        .result("ir.ui.view", "read", json!([[list], ["arch", "arch_db", "arch_updated", "xml_id"]]))
        .await;
    assert_eq!(read[0]["arch_updated"], true);
    assert_eq!(read[0]["arch"], read[0]["arch_db"]);
    assert_eq!(read[0]["xml_id"], "oregional.application_view_list");
}

#[tokio::test]
async fn a_column_that_hides_itself_finds_its_fields_in_the_view() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let list = r#"<list><field name="name" column_invisible="model_limit == 'none'"/></list>"#;
    let values = json!({"name": "lean", "model": "oregional.model.scheme", "priority": 1, "arch": list});
    admin.create("ir.ui.view", values).await;

    let drawn = views(&admin, "oregional.model.scheme", &["list"]).await;

    let field = r#"<field name="model_limit" column_invisible="True" readonly="True"/>"#;
    assert!(arch(&drawn, "list").contains(field), "{}", arch(&drawn, "list"));
}
