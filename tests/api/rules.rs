//! Record rules: those that cannot work are refused, and none locks anybody out of the rest.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const URI: &str = "oregional.application.uri";

async fn model_id(admin: &User, model: &str) -> Json {
    admin.result("ir.model", "search", json!([[["model", "=", model]]])).await[0].clone()
}

async fn rule(admin: &User, model: &str, domain: &str) -> Json {
    let group = admin.reference("base.group_user").await;
    json!({"name": "r", "model_id": model_id(admin, model).await, "groups": [[4, group]], "domain_force": domain})
}

#[tokio::test]
async fn a_rule_that_cannot_work_is_refused_when_it_is_written() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let good = admin.create("ir.rule", rule(&admin, URI, "[('create_uid', 'in', user.ids)]").await).await;

    for domain in [
        "foo",
        "False",
        "[('nofield', '=', 1)]",
        "[('id', 'zz', 1)]",
        "[('create_uid', '=', user.nothing)]",
        "[('create_uid', 'in', user.groups_id.nothing.ids)]",
    ] {
        let answer =
            admin.call_kw("ir.rule", "create", json!([rule(&admin, URI, domain).await]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{domain}");
        let change = json!([[good], {"domain_force": domain}]);
        let answer = admin.call_kw("ir.rule", "write", change, json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{domain}");
    }
    for domain in
        ["[(1, '=', 1)]", "[('create_uid', '=', user.id), ('application_id.active', '=', True)]", ""]
    {
        admin.create("ir.rule", rule(&admin, URI, domain).await).await;
    }
    // Whoever could hide all rules could never be stopped.
    let own = admin.call_kw(
        "ir.rule",
        "create",
        json!([rule(&admin, "ir.rule", "[(0, '=', 1)]").await]),
        json!({}),
    );
    assert_eq!(own.await.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn a_rule_whose_field_has_gone_spoils_its_model_alone() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let users = model_id(&admin, "res.users").await;
    let field = json!({"model_id": users, "name": "x_team", "ttype": "char", "field_description": "Team"});
    let field = admin.create("ir.model.fields", field).await;
    let id = admin.create("ir.rule", rule(&admin, URI, "[('uri', '=', user.x_team)]").await).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    assert_eq!(reader.result(URI, "search", json!([[]])).await, json!([]));

    admin.result("ir.model.fields", "unlink", json!([[field]])).await;

    let told = reader.call_kw(URI, "search", json!([[]]), json!({})).await;
    assert_eq!(told.error().1, "odoo.exceptions.UserError");
    assert!(told.message().contains(&id.to_string()), "{}", told.message());
    assert_eq!(reader.result("oregional.application", "search_count", json!([[]])).await, 0);
    let again = app.admin().await;
    let renamed = json!([[id], {"name": "broken"}]);
    assert_eq!(again.result("ir.rule", "write", renamed).await, true, "it may be renamed");
    assert_eq!(
        again.result("ir.rule", "write", json!([[id], {"active": false}])).await,
        true,
        "and archived"
    );
    assert_eq!(reader.result(URI, "search", json!([[]])).await, json!([]));
    assert_eq!(again.result("ir.rule", "unlink", json!([[id]])).await, true);
    assert_eq!(reader.result(URI, "search", json!([[]])).await, json!([]));
}

#[tokio::test]
async fn a_user_is_as_hidden_as_the_partner_behind() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let portal = admin.make_user("portal", &["base.group_portal"]).await;
    let own = admin.result("res.users", "search", json!([[["login", "=", "portal"]]])).await[0].clone();

    assert_eq!(portal.result("res.users", "search", json!([[]])).await, json!([own]));
    let read = portal.call_kw("res.users", "read", json!([[2], ["login"]]), json!({})).await;
    assert_eq!(read.error().1, "odoo.exceptions.AccessError");
    let named = portal.result("res.users", "name_search", json!(["Admin"])).await;
    assert_eq!(named, json!([]));
    assert!(admin.result("res.users", "search_count", json!([[]])).await.as_i64().unwrap() > 1);
}

#[tokio::test]
async fn without_a_word_a_call_is_about_all_companies_of_the_user() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let other = admin.create("res.company", json!({"name": "Other"})).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let id = admin.result("res.users", "search", json!([[["login", "=", "reader"]]])).await[0].clone();
    assert_eq!(reader.result("res.company", "search", json!([[]])).await, json!([1]));

    admin.result("res.users", "write", json!([[id], {"company_ids": [[4, other]]}])).await;

    assert_eq!(reader.result("res.company", "search", json!([[], 0, false, "id"])).await, json!([1, other]));
    let one = json!({"context": {"allowed_company_ids": [other]}, "order": "id"});
    assert_eq!(reader.call_kw("res.company", "search", json!([[]]), one).await.result(), json!([other]));
}

#[tokio::test]
async fn a_default_of_the_context_writes_no_field_that_is_kept_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.create("ir.model", json!({"name": "Hiding", "model": "x_hiding"})).await;
    let system = admin.reference("base.group_system").await;
    for field in [
        json!({"name": "x_secret", "ttype": "char", "groups": [[4, system]]}),
        json!({"name": "x_open", "ttype": "char"}),
    ] {
        let mut field = field;
        field["model_id"] = model.into();
        admin.create("ir.model.fields", field).await;
    }
    let group = admin.reference("base.group_user").await;
    let rights = json!({
        "name": "all", "model_id": model, "group_id": group,
        "perm_read": true, "perm_write": true, "perm_create": true, "perm_unlink": true,
    });
    admin.create("ir.model.access", rights).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;

    let planted = json!({"context": {"default_x_secret": "planted", "default_x_open": "open"}});
    let id = reader.call_kw("x_hiding", "create", json!([{"x_name": "n"}]), planted).await.result();

    let found = admin.result("x_hiding", "read", json!([[id], ["x_secret", "x_open"]])).await;
    assert_eq!(found[0]["x_secret"], false);
    assert_eq!(found[0]["x_open"], "open");
}

#[tokio::test]
async fn lines_that_a_rule_hides_are_not_counted() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = admin.create("oregional.model.scheme", json!({"name": "s"})).await;
    let lines = json!([[0, 0, {"uri": "https://a.example"}], [0, 0, {"uri": "https://b.example"}]]);
    let id = admin
        .create("oregional.application", json!({"name": "a", "model_scheme_id": scheme, "uri_ids": lines}))
        .await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let counts = async |user: &User| {
        let application =
            user.result("oregional.application", "read", json!([[id], ["uri_count", "uri_ids"]])).await;
        let scheme =
            user.result("oregional.model.scheme", "read", json!([[scheme], ["application_count"]])).await;
        let lines = application[0]["uri_ids"].as_array().unwrap().len();
        assert_eq!(application[0]["uri_count"], lines, "what is counted is what is seen");
        (lines, scheme[0]["application_count"].as_i64().unwrap())
    };
    assert_eq!(counts(&reader).await, (2, 1));

    admin.create("ir.rule", rule(&admin, URI, "[('uri', '=', 'https://a.example')]").await).await;
    assert_eq!(counts(&reader).await, (1, 1));
    let scheme_rule = rule(&admin, "oregional.application", "[('model_scheme_id', '=', False)]").await;
    let named = admin.create("ir.rule", scheme_rule).await;
    let told =
        reader.result("oregional.model.scheme", "read", json!([[scheme], ["application_count"]])).await;
    assert_eq!(told[0]["application_count"], 0);
    assert_eq!(admin.result("ir.rule", "unlink", json!([[named]])).await, true);
    // Whoever may not read the lines at all is told of none.
    let rights = json!([[["model_id.model", "=", URI], ["group_id", "!=", false]]]);
    let rights = admin.result("ir.model.access", "search", rights).await;
    admin.result("ir.model.access", "write", json!([rights, {"perm_read": false}])).await;
    let told = reader.call_kw("oregional.application", "read", json!([[id], ["uri_count"]]), json!({})).await;
    assert_eq!(told.result()[0]["uri_count"], 0);
}

#[tokio::test]
async fn a_default_of_ones_own_writes_no_field_that_is_kept_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.create("ir.model", json!({"name": "Hiding", "model": "x_hiding"})).await;
    let system = admin.reference("base.group_system").await;
    let secret = json!({"name": "x_secret", "ttype": "char", "model_id": model});
    let secret = admin.create("ir.model.fields", secret).await;
    let group = admin.reference("base.group_user").await;
    let rights = json!({"name": "all", "model_id": model, "group_id": group, "perm_read": true,
        "perm_write": true, "perm_create": true, "perm_unlink": true});
    admin.create("ir.model.access", rights).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let set = json!(["x_hiding", "x_secret", "planted", true]);
    assert_eq!(reader.result("ir.default", "set", set.clone()).await, true, "as long as it is open to all");
    admin.result("ir.model.fields", "write", json!([[secret], {"groups": [[4, system]]}])).await;

    let id = reader.create("x_hiding", json!({"x_name": "n"})).await;

    let found = admin.result("x_hiding", "read", json!([[id], ["x_secret"]])).await;
    assert_eq!(found[0]["x_secret"], false, "it was set before the field was closed");
    for (method, args) in [("set", set), ("get", json!(["x_hiding", "x_secret", true]))] {
        let refused = reader.call_kw("ir.default", method, args, json!({})).await;
        assert_eq!(refused.error().1, "odoo.exceptions.AccessError", "{method}");
    }
    let planted = json!({"field_id": secret, "user_id": reader.uid, "json_value": "\"planted\""});
    let refused = reader.call_kw("ir.default", "create", json!([planted]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
    let everybody = json!(["x_hiding", "x_secret", "from above"]);
    admin.result("ir.default", "set", everybody).await;
    let id = admin.create("x_hiding", json!({"x_name": "n"})).await;
    let found = admin.result("x_hiding", "read", json!([[id], ["x_secret"]])).await;
    assert_eq!(found[0]["x_secret"], "from above");
}

#[tokio::test]
async fn a_rule_asks_of_users_what_they_are_now() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let group = admin.reference("base.group_user").await;
    let team = admin.create("ir.model", json!({"name": "Team", "model": "x_team"})).await;
    let right = json!({"name": "r", "model_id": team, "group_id": group, "perm_read": true, "perm_write": true,
                       "perm_create": true, "perm_unlink": true});
    admin.create("ir.model.access", right).await;
    let players = admin.create("res.groups", json!({"name": "Players", "users": [[4, ann.uid]]})).await;
    let (users, table) = (model_id(&admin, "res.users").await, "x_team_user_rel");
    for (model, name, relation, own, other) in [
        (json!(team), "x_member_ids", "res.users", "team_id", "user_id"),
        (users, "x_team_ids", "x_team", "user_id", "team_id"),
    ] {
        let field = json!({"model_id": model, "name": name, "ttype": "many2many", "relation": relation,
                           "relation_table": table, "column1": own, "column2": other});
        admin.create("ir.model.fields", field).await;
    }
    let mut own = rule(&admin, "x_team", "[('id', 'in', user.x_team_ids.ids)]").await;
    own["groups"] = json!([[6, 0, [players]]]);
    admin.create("ir.rule", own).await;
    let seen = async || ann.result("x_team", "search", json!([[]])).await;

    let one = admin.create("x_team", json!({"x_name": "One", "x_member_ids": [[4, ann.uid]]})).await;
    // What was made before is still being heard of at first, and makes the server forget by chance.
    for _ in 0..20 {
        assert_eq!(seen().await, json!([one]));
        admin.result("x_team", "write", json!([[one], {"x_member_ids": [[3, ann.uid]]}])).await;
        assert_eq!(seen().await, json!([]), "whoever was taken out still sees it");
        admin.result("x_team", "write", json!([[one], {"x_member_ids": [[4, ann.uid]]}])).await;
    }
    admin.result("x_team", "write", json!([[one], {"x_member_ids": [[5]]}])).await;
    assert_eq!(seen().await, json!([]));
    admin.result("res.users", "write", json!([[ann.uid], {"x_team_ids": [[4, one]]}])).await;
    assert_eq!(seen().await, json!([one]));
    admin.result("x_team", "unlink", json!([[one]])).await;
    assert_eq!(seen().await, json!([]));
}
