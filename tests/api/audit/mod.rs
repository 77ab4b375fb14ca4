//! Each change of an application, a URI, a scheme, a configuration, a user, a group, a right or a parameter
//! is an entry of the audit log, whatever way it comes; no secret is.

mod triggers;

use serde_json::{Value as Json, json};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::User;
use crate::support::services::Script;

/// What the log has newly: event, model, record, name, details, in whose name.
struct Log<'a> {
    admin: &'a User,
    last: i64,
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    event: String,
    model: String,
    res_id: i64,
    res_name: String,
    details: String,
    user: String,
}

impl<'a> Log<'a> {
    async fn of(admin: &'a User) -> Self {
        let mut log = Self { admin, last: 0 };
        log.news().await;
        log
    }

    async fn news(&mut self) -> Vec<Entry> {
        let fields = ["event", "model", "res_id", "res_name", "details", "user_name"];
        let kwargs = json!({"domain": [["id", ">", self.last], ["model", "!=", false]], "fields": fields, "order": "id"});
        let found = self.admin.call_kw("audit.log", "search_read", json!([]), kwargs).await.result();
        let text = |row: &Json, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        self.last = found.as_array().unwrap().last().map_or(self.last, |row| row["id"].as_i64().unwrap());
        let entry = |row: &Json| Entry {
            event: text(row, "event"),
            model: text(row, "model"),
            res_id: row["res_id"].as_i64().unwrap(),
            res_name: text(row, "res_name"),
            details: text(row, "details"),
            user: text(row, "user_name"),
        };
        found.as_array().unwrap().iter().map(entry).collect()
    }

    /// The one thing that is new.
    async fn one(&mut self) -> Entry {
        let mut news = self.news().await;
        assert_eq!(news.len(), 1, "{news:?}");
        news.remove(0)
    }

    /// What is new of events and records.
    async fn told(&mut self) -> Vec<(String, String)> {
        self.news().await.into_iter().map(|entry| (entry.event, entry.model)).collect()
    }
}

fn pair(event: &str, model: &str) -> (String, String) {
    (event.to_owned(), model.to_owned())
}

async fn secrets(admin: &User, id: i64) -> Vec<String> {
    let fields = json!([[id], ["client_secret", "own_secret"]]);
    let read = admin.result("oregional.application", "read", fields).await;
    ["client_secret", "own_secret"].map(|name| read[0][name].as_str().unwrap().to_owned()).to_vec()
}

#[tokio::test]
async fn an_application_is_told_of_from_its_making_to_its_end() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let other = admin.make_user("olga", &["base.group_user", "oregional.group_app_admin"]).await;
    let mut log = Log::of(&admin).await;

    let values = json!({"name": "Wiki", "uri_ids": [[0, 0, {"uri": "https://wiki.example.com/cb"}]]});
    let id = other.create("oregional.application", values).await;
    let made = log.news().await;
    let told: Vec<(&str, &str)> = made.iter().map(|e| (e.event.as_str(), e.model.as_str())).collect();
    assert_eq!(told, [("create", "oregional.application"), ("create", "oregional.application.uri")]);
    let entry = &made[0];
    assert_eq!((entry.res_id, entry.res_name.as_str(), entry.user.as_str()), (id, "Wiki", "olga"));
    for line in [
        "Name (name): \"Wiki\"",
        "Client Secret (client_secret): set",
        "Active (active): yes",
        "Model Scheme (model_scheme_id): \"",
    ] {
        assert!(entry.details.contains(line), "{line}: {}", entry.details);
    }
    assert!(made[1].details.contains("URI (uri): \"https://wiki.example.com/cb\""), "{made:?}");
    assert!(made[1].details.contains(&format!("\"Wiki\" ({id})")), "{made:?}");

    let model = "oregional.application";
    other
        .result(
            model,
            "write",
            json!([[id], {"name": "Wiki 2", "access_token_expiry": 60, "description": "a\nb"}]),
        )
        .await;
    let entry = log.one().await;
    assert_eq!(
        (entry.event.as_str(), entry.details.as_str()),
        (
            "write",
            "Name (name): \"Wiki\" → \"Wiki 2\"\nDescription (description): empty → \"a\\nb\"\nAccess Token Expiry (access_token_expiry): 3600 → 60"
        )
    );
    other.call_kw(model, "action_archive", json!([[id]]), json!({})).await;
    let entry = log.one().await;
    assert_eq!((entry.event.as_str(), entry.details.as_str()), ("archive", "Active (active): yes → no"));
    other.call_kw(model, "action_unarchive", json!([[id]]), json!({})).await;
    assert_eq!(log.one().await.event, "unarchive");

    other.result(model, "action_generate_client_id", json!([[id]])).await;
    assert!(log.one().await.details.starts_with("Client ID (client_id): \""));
}

#[tokio::test]
async fn neither_secrets_nor_pictures_are_in_the_log_and_what_goes_takes_its_lines_along() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let other = admin.make_user("olga", &["base.group_user", "oregional.group_app_admin"]).await;
    let model = "oregional.application";
    let values = json!({"name": "Wiki 2", "uri_ids": [[0, 0, {"uri": "https://wiki.example.com/cb"}]]});
    let id = other.create(model, values).await;
    let mut known = secrets(&admin, id).await;
    let mut log = Log::of(&admin).await;

    other.result(model, "action_generate_client_secret", json!([[id]])).await;
    assert_eq!(log.one().await.details, "Client Secret (client_secret): changed");
    known.extend(secrets(&admin, id).await);
    let picture =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
    other.result(model, "write", json!([[id], {"logo": picture}])).await;
    assert_eq!(log.one().await.details, "Logo (logo): set");

    other.result(model, "unlink", json!([[id]])).await;
    let gone = log.news().await;
    let told: Vec<(&str, &str, &str)> =
        gone.iter().map(|e| (e.event.as_str(), e.model.as_str(), e.user.as_str())).collect();
    assert!(told.contains(&("unlink", "oregional.application", "olga")), "{told:?}");
    assert!(told.contains(&("unlink", "oregional.application.uri", "olga")), "the cascade is told: {told:?}");

    known.push(picture.to_owned());
    let whole = app.database.query("SELECT audit_log::text FROM audit_log");
    for secret in known {
        assert!(!whole.iter().flatten().flatten().any(|row| row.contains(&secret)), "{secret}");
    }
    let name = app.database.query(&format!(
        "SELECT application_name FROM audit_log WHERE application_id = {id} AND event = 'unlink'"
    ));
    assert!(name.iter().flatten().flatten().any(|name| name == "Wiki 2"), "{name:?}");
}

#[tokio::test]
async fn what_changes_nothing_is_no_entry() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create("oregional.application", json!({"name": "Wiki", "description": "x"})).await;
    let known = secrets(&admin, id).await;
    let mut log = Log::of(&admin).await;

    let same = json!({"name": "Wiki", "description": "x", "active": true, "client_secret": known[0]});
    admin.result("oregional.application", "write", json!([[id], same])).await;
    let groups = admin.result("res.users", "read", json!([[2], ["groups_id"]])).await;
    admin.result("res.users", "write", json!([[2], {"groups_id": [[6, 0, groups[0]["groups_id"]]]}])).await;
    app.user("admin", PASSWORD).await;

    assert_eq!(log.news().await, []);
}

#[tokio::test]
async fn members_of_groups_are_told_from_both_sides_and_with_what_is_implied() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let user = admin.make_user("ines", &["base.group_user"]).await.uid;
    let [system, erp] = ["base.group_system", "base.group_erp_manager"];
    let (system, erp) = (admin.reference(system).await, admin.reference(erp).await);
    let mut log = Log::of(&admin).await;

    admin.result("res.users", "write", json!([[user], {"groups_id": [[4, system]]}])).await;
    let news = log.news().await;
    assert!(
        news.iter()
            .all(|entry| (entry.model.as_str(), entry.res_id, entry.user.as_str())
                == ("res.users", user, "admin")),
        "{news:?}"
    );
    assert_eq!(
        (news[0].details.as_str(), news[0].res_name.as_str()),
        (format!("Groups (groups_id): + \"Administration / Settings\" ({system})").as_str(), "ines")
    );
    assert!(news[1].details.contains(&format!("({erp})")), "the implied group: {news:?}");

    admin.result("res.groups", "write", json!([[system], {"users": [[3, user]]}])).await;
    let entry = log.one().await;
    assert_eq!(entry.details, format!("Groups (groups_id): - \"Administration / Settings\" ({system})"));
    assert_eq!((entry.res_id, entry.user.as_str()), (user, "admin"));

    let group = admin.create("res.groups", json!({"name": "Auditors", "implied_ids": [[4, erp]]})).await;
    let news = log.news().await;
    assert_eq!((news[0].event.as_str(), news[0].res_name.as_str()), ("create", "Auditors"));
    assert!(news[1].details.starts_with("Inherits (implied_ids): + \""), "{news:?}");
    admin.result("res.users", "write", json!([[user], {"groups_id": [[4, group]]}])).await;
    log.news().await;
    admin.result("res.groups", "unlink", json!([[group]])).await;
    let news = log.news().await;
    let lost = news.iter().find(|entry| entry.model == "res.users").unwrap();
    assert_eq!(
        (lost.details.as_str(), lost.user.as_str()),
        (format!("Groups (groups_id): - ({group})").as_str(), "admin")
    );
}

#[tokio::test]
async fn users_their_contacts_passwords_and_keys_are_told() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mut log = Log::of(&admin).await;
    let eva = admin.make_user("eva", &["base.group_user"]).await;
    let made = log.news().await;
    assert!(
        made.iter()
            .any(|entry| entry.event == "create" && entry.model == "res.users" && entry.res_name == "eva"),
        "{made:?}"
    );
    assert!(made.iter().any(|entry| entry.event == "password" && entry.res_id == eva.uid), "{made:?}");

    admin
        .result("res.users", "write", json!([[eva.uid], {"email": "eva@example.com", "login": "eve"}]))
        .await;
    let news = log.news().await;
    assert_eq!(
        news.iter().map(|entry| entry.model.as_str()).collect::<Vec<_>>(),
        ["res.users", "res.partner"],
        "{news:?}"
    );
    assert_eq!(news[0].details, "Login (login): \"eva\" → \"eve\"");
    assert_eq!(news[1].details, "Email (email): empty → \"eva@example.com\"");
    let contact = admin.create("res.partner", json!({"name": "Nobody's"})).await;
    admin.result("res.partner", "write", json!([[contact], {"name": "Still nobody's"}])).await;
    assert_eq!(log.news().await, [], "a contact of no user");

    admin.result("res.users", "write", json!([[eva.uid], {"password": "another password"}])).await;
    let entry = log.one().await;
    assert_eq!(
        (entry.event.as_str(), entry.res_name.as_str(), entry.user.as_str(), entry.details.as_str()),
        ("password", "eve", "admin", "")
    );
    admin.result("res.users", "action_revoke_all_devices", json!([[eva.uid]])).await;
    let entry = log.one().await;
    assert_eq!(
        (entry.event.as_str(), entry.res_name.as_str(), entry.user.as_str()),
        ("sign_out", "eve", "admin")
    );
    let eva = app.user("eve", "another password").await;
    eva.api_key().await;
    let entry = log.one().await;
    assert_eq!(
        (entry.event.as_str(), entry.model.as_str(), entry.user.as_str()),
        ("create", "res.users.apikeys", "eve")
    );
    eva.result("res.users.apikeys", "remove", json!([[entry.res_id]])).await;
    assert_eq!(log.told().await, [pair("unlink", "res.users.apikeys")]);

    let keyed = eva.api_key().await;
    log.news().await;
    admin.result("res.users", "unlink", json!([[eva.uid]])).await;
    let told = log.told().await;
    for expected in
        [pair("unlink", "res.users"), pair("unlink", "res.users.apikeys"), pair("write", "res.users")]
    {
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    let whole = app.database.query("SELECT audit_log::text FROM audit_log");
    for secret in [keyed.as_str(), "another password"] {
        assert!(!whole.iter().flatten().flatten().any(|row| row.contains(secret)), "{secret}");
    }
}

#[tokio::test]
async fn schemes_configurations_rights_rules_and_parameters_are_told() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let partner = admin.reference("base.model_res_partner").await;
    let mut log = Log::of(&admin).await;

    let configuration =
        admin.create("oregional.model.configuration", json!({"name": "People", "model_id": partner})).await;
    assert!(log.one().await.details.contains(&format!("Model (model_id): \"Contact\" ({partner})")));
    let values = json!({"name": "Limited", "model_configuration_ids": [[4, configuration]], "model_blacklist_ids": [[4, partner]]});
    let scheme = admin.create("oregional.model.scheme", values).await;
    let told: Vec<String> = log.news().await.into_iter().map(|entry| entry.details).collect();
    assert!(
        told.contains(&format!(
            "Model Configurations (model_configuration_ids): + \"People\" ({configuration})"
        )),
        "{told:?}"
    );
    assert!(
        told.contains(&format!("Blacklisted Models (model_blacklist_ids): + \"Contact\" ({partner})")),
        "{told:?}"
    );
    admin
        .result(
            "oregional.model.configuration",
            "write",
            json!([[configuration], {"model_scheme_ids": [[5]], "field_limit": "whitelist"}]),
        )
        .await;
    let news = log.news().await;
    assert_eq!(news[0].details, "Field Limit (field_limit): \"none\" → \"whitelist\"");
    assert_eq!((news[1].model.as_str(), news[1].res_id), ("oregional.model.scheme", scheme), "{news:?}");

    let access =
        admin.create("ir.model.access", json!({"name": "x", "model_id": partner, "perm_read": true})).await;
    admin.result("ir.model.access", "write", json!([[access], {"perm_unlink": true}])).await;
    admin.result("ir.model.access", "unlink", json!([[access]])).await;
    let rule = admin
        .create("ir.rule", json!({"name": "x", "model_id": partner, "domain_force": "[('id', '=', 1)]"}))
        .await;
    admin.result("ir.rule", "unlink", json!([[rule]])).await;
    let told: Vec<(String, String)> = log.told().await;
    let events: Vec<(&str, &str)> =
        told.iter().map(|(event, model)| (event.as_str(), model.as_str())).collect();
    assert_eq!(
        events,
        [
            ("create", "ir.model.access"),
            ("write", "ir.model.access"),
            ("unlink", "ir.model.access"),
            ("create", "ir.rule"),
            ("unlink", "ir.rule")
        ]
    );

    for (key, value) in [("oregional.audit_days", "30"), ("smtp.password", "very-secret")] {
        admin.result("ir.config_parameter", "set_param", json!([key, value])).await;
    }
    admin.result("ir.config_parameter", "set_param", json!(["oregional.audit_days", false])).await;
    let news = log.news().await;
    assert!(news[0].details.contains("Value (value): \"30\""), "{news:?}");
    assert!(news[1].details.contains("Value (value): set") && !news[1].details.contains("very"), "{news:?}");
    assert_eq!((news[2].event.as_str(), news[2].res_name.as_str()), ("unlink", "oregional.audit_days"));
}

#[tokio::test]
async fn no_way_to_a_record_passes_the_log_by() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = "oregional.application";
    let mut log = Log::of(&admin).await;

    let script = Script::new(&app.url(), admin.uid, PASSWORD);
    for path in ["/jsonrpc", "/xmlrpc/2/object"] {
        let made = script.call(path, model, "create", json!([{"name": path}]), json!({})).await.result();
        script.call(path, model, "write", json!([[made], {"name": "x"}]), json!({})).await.result();
        script.call(path, model, "unlink", json!([[made]]), json!({})).await.result();
        assert_eq!(log.told().await, [pair("create", model), pair("write", model), pair("unlink", model)]);
    }
    admin.result(model, "load", json!([["id", "name"], [["x.wiki", "Wiki"]]])).await;
    admin.result(model, "load", json!([["id", "name"], [["x.wiki", "Wikis"]]])).await;
    assert_eq!(log.told().await, [pair("create", model), pair("write", model)]);
    let id = admin.reference("x.wiki").await;
    admin.result(model, "copy", json!([[id]])).await;
    admin
        .call_kw(model, "web_save", json!([[id], {"name": "Saved"}]), json!({"specification": {}}))
        .await
        .result();
    admin.result(model, "update_field_translations", json!([[id], "name", {"en_US": "Said"}])).await;
    assert_eq!(log.told().await, [pair("create", model), pair("write", model), pair("write", model)]);

    // Past the server, by whoever has the database.
    app.database.query(&format!("DELETE FROM oregional_application WHERE id = {id}"));
    let entry = log.one().await;
    assert!(entry.user.starts_with("database user "), "{entry:?}");
}
