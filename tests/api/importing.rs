//! `load` and `export_data`: tables become records and records tables.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const MODEL: &str = "oregional.application";
const URI: &str = "oregional.application.uri";

/// Loads a table that is fine and gives the ids.
async fn load(user: &User, model: &str, fields: Json, rows: Json) -> Vec<i64> {
    let done = user.result(model, "load", json!([fields, rows])).await;
    let ids = done["ids"].as_array().unwrap_or_else(|| panic!("nothing is kept: {done}"));
    assert_eq!(done["nextrow"], 0, "{done}");
    ids.iter().map(|id| id.as_i64().unwrap()).collect()
}

/// Loads a table that is not, and gives the messages.
async fn refused(user: &User, model: &str, fields: Json, rows: Json) -> Vec<Json> {
    let done = user.result(model, "load", json!([fields, rows])).await;
    assert_eq!(done["ids"], false, "something is kept: {done}");
    done["messages"].as_array().unwrap().clone()
}

async fn count(user: &User, model: &str) -> i64 {
    user.call_kw(model, "search_count", json!([[]]), json!({"context": {"active_test": false}}))
        .await
        .result()
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn words_of_a_table_become_the_values_of_fields() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = admin.reference("oregional.default_model_scheme").await;

    let fields = json!(["name", "active", "access_token_expiry", "model_scheme_id", "description"]);
    let rows = json!([
        ["One", "yes", "11", "Default model scheme", "text"],
        ["Two", "False", "12.0", "", ""],
        ["Three", true, 13, "Default model scheme", null]
    ]);
    let scheme_missing = refused(&admin, MODEL, fields.clone(), rows).await;
    assert_eq!(scheme_missing.len(), 1, "{scheme_missing:?}");
    assert!(scheme_missing[0]["message"].as_str().unwrap().contains("required"), "{scheme_missing:?}");
    assert_eq!(count(&admin, MODEL).await, 0);

    let rows = json!([
        ["One", "yes", "11", "Default model scheme", "text"],
        ["Two", "False", "12.0", "Default model scheme", ""]
    ]);
    let ids = load(&admin, MODEL, fields, rows).await;
    let names = json!(["name", "active", "access_token_expiry", "model_scheme_id", "description"]);
    let read = admin.result(MODEL, "read", json!([ids, names])).await;
    let scheme = json!([scheme, "Default model scheme"]);
    assert_eq!(
        read,
        json!([
            {"id": ids[0], "name": "One", "active": true, "access_token_expiry": 11, "model_scheme_id": scheme,
                "description": "text"},
            {"id": ids[1], "name": "Two", "active": false, "access_token_expiry": 12, "model_scheme_id": scheme,
                "description": false}
        ])
    );
}

#[tokio::test]
async fn each_row_that_is_wrong_is_told_with_its_place_and_nothing_is_kept() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!(["name", "access_token_expiry", "model_scheme_id", "model_scheme_id/.id"]);
    let twice = admin.call_kw(MODEL, "load", json!([fields, [["x", "1", "y", "1"]]]), json!({})).await;
    assert_eq!(twice.error().1, "builtins.ValueError");

    let fields = json!(["name", "access_token_expiry", "model_scheme_id", "uri_ids/uri"]);
    let good = "Default model scheme";
    let rows = json!([
        ["Good", "10", good, "https://a.example/1"],
        ["", "", "", "https://a.example/2"],
        ["Number", "ten", good, ""],
        ["Scheme", "10", "No such scheme", ""],
        ["Constraint", "0", good, ""],
        ["Line", "10", good, "not absolute"],
        ["", "", "", "https://a.example/3"]
    ]);
    let messages = refused(&admin, MODEL, fields, rows).await;
    let told: Vec<Json> = messages
        .iter()
        .map(|message| json!([message["type"], message["record"], message["rows"], message["field"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["error", 1, {"from": 2, "to": 2}, "access_token_expiry"]),
            json!(["error", 2, {"from": 3, "to": 3}, "model_scheme_id"]),
            json!(["error", 3, {"from": 4, "to": 4}, null]),
            json!(["error", 4, {"from": 5, "to": 6}, null]),
        ],
        "{messages:#?}"
    );
    assert_eq!(messages[0]["field_name"], "Access Token Expiry");
    assert_eq!(messages[0]["field_path"], json!(["access_token_expiry"]));
    assert_eq!(messages[0]["value"], "ten");
    assert!(messages[1]["message"].as_str().unwrap().contains("No such scheme"), "{messages:?}");
    assert!(messages[2]["message"].as_str().unwrap().contains("at least one second"), "{messages:?}");
    assert!(messages[3]["message"].as_str().unwrap().contains("not absolute"), "{messages:?}");
    assert_eq!((count(&admin, MODEL).await, count(&admin, URI).await), (0, 0));
}

#[tokio::test]
async fn a_table_whose_columns_make_no_sense_is_refused_as_a_whole() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (fields, rows, error) in [
        (json!(["nothing"]), json!([["x"]]), "builtins.ValueError"),
        (json!(["name/id"]), json!([["x"]]), "builtins.ValueError"),
        (json!(["name", "name"]), json!([["x", "y"]]), "builtins.ValueError"),
        (json!(["model_scheme_id/description"]), json!([["x"]]), "builtins.ValueError"),
        (json!(["uri_ids", "uri_ids/uri"]), json!([["x", "y"]]), "builtins.ValueError"),
        (json!(["name"]), json!([["x", "y"]]), "builtins.ValueError"),
        (json!(["name"]), json!(["x"]), "builtins.TypeError"),
        (json!(["name"]), json!("x"), "builtins.TypeError"),
        (json!("name"), json!([["x"]]), "builtins.TypeError"),
    ] {
        let answer = admin.call_kw(MODEL, "load", json!([fields, rows]), json!({})).await;
        assert_eq!(answer.error().1, error, "{fields} {rows}");
    }
    assert_eq!(load(&admin, MODEL, json!(["name"]), json!([])).await, Vec::<i64>::new());
    assert_eq!(load(&admin, MODEL, json!(["name"]), json!([[""], [null]])).await, Vec::<i64>::new());
    assert_eq!(count(&admin, MODEL).await, 0);
}

#[tokio::test]
async fn an_external_id_makes_a_record_once_and_changes_it_ever_after() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let first =
        load(&admin, MODEL, json!(["id", "name"]), json!([["wiki.main", "Main"], ["bare", "Bare"]])).await;
    let again = load(&admin, MODEL, json!(["id", "name"]), json!([["wiki.main", "Renamed"]])).await;
    assert_eq!(again, first[..1]);
    let known = admin.result(MODEL, "get_external_id", json!([first])).await;
    assert_eq!(known, json!({first[0].to_string(): "wiki.main", first[1].to_string(): "__import__.bare"}));
    assert_eq!(admin.result(MODEL, "read", json!([[first[0]], ["name"]])).await[0]["name"], "Renamed");

    // The same one twice in a table is one record, and later rows may name earlier ones.
    let twice =
        load(&admin, MODEL, json!(["id", "name"]), json!([["wiki.two", "a"], ["wiki.two", "b"]])).await;
    assert_eq!(twice[0], twice[1]);
    let by_id = load(&admin, MODEL, json!([".id", "name"]), json!([[first[1].to_string(), "By id"]])).await;
    assert_eq!(by_id, first[1..]);

    let error =
        refused(&admin, MODEL, json!([".id", "name"]), json!([["999999999", "x"], ["word", "y"]])).await;
    assert_eq!(error.len(), 2, "{error:?}");
    let error = refused(&admin, MODEL, json!(["id", "name"]), json!([["base.main_company", "x"]])).await;
    assert!(error[0]["message"].as_str().unwrap().contains("res.company"), "{error:?}");

    // Once the record is gone, its external id is free.
    admin.result(MODEL, "unlink", json!([[first[0]]])).await;
    let new = load(&admin, MODEL, json!(["id", "name"]), json!([["wiki.main", "New"]])).await;
    assert_ne!(new[0], first[0]);
}

#[tokio::test]
async fn links_are_found_by_name_external_id_and_id() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let france = admin.reference("base.fr").await;
    let (reader, system) =
        (admin.reference("base.group_user").await, admin.reference("base.group_system").await);

    let rows = json!([["A", "France", "California (US)"], ["B", "FR", "CA"]]);
    let done = admin.result("res.partner", "load", json!([["name", "country_id", "state_id"], rows])).await;
    let ids = done["ids"].clone();
    assert!(
        done["messages"].as_array().unwrap().iter().all(|message| message["type"] == "warning"),
        "{done}"
    );
    let read = admin.result("res.partner", "read", json!([ids, ["country_id"]])).await;
    assert_eq!([&read[0]["country_id"][0], &read[1]["country_id"][0]], [&json!(france), &json!(france)]);

    let rows = json!([["C", "base.fr"]]);
    let external = load(&admin, "res.partner", json!(["name", "country_id/id"]), rows).await;
    let rows = json!([["D", france.to_string()]]);
    let database = load(&admin, "res.partner", json!(["name", "country_id/.id"]), rows).await;
    let read = admin.result("res.partner", "read", json!([[external[0], database[0]], ["country_id"]])).await;
    assert_eq!([&read[0]["country_id"][0], &read[1]["country_id"][0]], [&json!(france), &json!(france)]);

    let rows = json!([["u", "u", "base.group_user,base.group_system"]]);
    let user = load(&admin, "res.users", json!(["name", "login", "groups_id/id"]), rows).await;
    let read = admin.result("res.users", "read", json!([user, ["groups_id"]])).await;
    let groups: Vec<i64> = read[0]["groups_id"].as_array().unwrap().iter().filter_map(Json::as_i64).collect();
    assert!(groups.contains(&reader) && groups.contains(&system), "{read}");

    // A contact and its company in one table, the company made a row before.
    let rows = json!([["firm.acme", "Acme", "yes", ""], ["firm.ann", "Ann", "", "firm.acme"]]);
    let fields = json!(["id", "name", "is_company", "parent_id/id"]);
    let made = load(&admin, "res.partner", fields, rows).await;
    let read = admin.result("res.partner", "read", json!([[made[1]], ["parent_id"]])).await;
    assert_eq!(read[0]["parent_id"], json!([made[0], "Acme"]));

    let missing =
        refused(&admin, "res.partner", json!(["name", "country_id/id"]), json!([["E", "base.zz"]])).await;
    assert_eq!(missing[0]["field"], "country_id", "{missing:?}");
}

#[tokio::test]
async fn lines_stand_in_rows_of_their_own_and_are_changed_by_their_external_ids() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!(["id", "name", "uri_ids/id", "uri_ids/uri", "uri_ids/authorize_individually"]);
    let rows = json!([
        ["w.one", "One", "w.u1", "https://one.example/1", "yes"],
        ["", "", "w.u2", "https://one.example/2", ""],
        ["w.two", "Two", "", "https://two.example/1", "1"]
    ]);
    let ids = load(&admin, MODEL, fields.clone(), rows).await;
    assert_eq!(ids.len(), 2);
    let uris = async || {
        let order = json!({"order": "uri"});
        let found =
            admin.call_kw(URI, "search_read", json!([[], ["uri", "authorize_individually"]]), order).await;
        let told =
            |line: &Json| format!("{} {}", line["uri"].as_str().unwrap(), line["authorize_individually"]);
        found.result().as_array().unwrap().iter().map(told).collect::<Vec<String>>()
    };
    let expected =
        ["https://one.example/1 true", "https://one.example/2 false", "https://two.example/1 true"];
    assert_eq!(uris().await, expected);

    let rows = json!([["w.one", "One", "w.u2", "https://one.example/changed", "yes"]]);
    assert_eq!(load(&admin, MODEL, fields, rows).await, ids[..1]);
    let expected =
        ["https://one.example/1 true", "https://one.example/changed true", "https://two.example/1 true"];
    assert_eq!(uris().await, expected);
}

#[tokio::test]
async fn what_is_exported_is_the_table_that_is_loaded_again() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let columns =
        ["id", "name", "access_token_expiry", "active", "model_scheme_id/id", "uri_ids/id", "uri_ids/uri"];
    let lines = json!([[0, 0, {"uri": "https://a.example/1"}], [0, 0, {"uri": "https://a.example/2"}]]);
    let one = admin.create(MODEL, json!({"name": "One", "access_token_expiry": 77, "uri_ids": lines})).await;
    let two = admin.create(MODEL, json!({"name": "Two, with a comma", "active": false})).await;

    let table = admin.result(MODEL, "export_data", json!([[one, two], columns])).await["datas"].clone();
    let rows = table.as_array().unwrap();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[0][0].as_str().unwrap().starts_with("__export__.oregional_application_"), "{table}");
    assert_eq!(
        rows[0].as_array().unwrap()[1..5],
        [json!("One"), json!(77), json!(true), json!("oregional.default_model_scheme")]
    );
    assert_eq!(rows[1].as_array().unwrap()[..5], [json!(""), json!(""), json!(""), json!(""), json!("")]);
    assert_eq!([&rows[0][6], &rows[1][6]], ["https://a.example/1", "https://a.example/2"]);
    assert_eq!([&rows[2][3], &rows[2][5]], [&json!(false), &json!("")]);

    let loaded = load(&admin, MODEL, json!(columns), table.clone()).await;
    assert_eq!(loaded, [one, two]);
    let again = admin.result(MODEL, "export_data", json!([[one, two], columns])).await["datas"].clone();
    assert_eq!(again, table, "loading a table again has changed what it tells");
    assert_eq!((count(&admin, MODEL).await, count(&admin, URI).await), (2, 2));

    let user = admin.reference("base.user_admin").await;
    let groups = admin.result("res.users", "export_data", json!([[user], ["login", "groups_id/id"]])).await;
    assert_eq!(groups["datas"].as_array().unwrap().len(), 1, "{groups}");
    assert!(groups["datas"][0][1].as_str().unwrap().contains("base.group_system"), "{groups}");
}

#[tokio::test]
async fn a_load_goes_on_at_the_row_where_its_limit_was_reached() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let rows =
        json!([["One", "https://a.example/1"], ["", "https://a.example/2"], ["Two", ""], ["Three", ""]]);
    let kwargs = json!({"context": {"_import_limit": 2}});
    let done = admin.call_kw(MODEL, "load", json!([["name", "uri_ids/uri"], rows]), kwargs).await.result();
    assert_eq!((done["ids"].as_array().unwrap().len(), &done["nextrow"]), (1, &json!(2)), "{done}");
    assert_eq!(count(&admin, MODEL).await, 1);
}

#[tokio::test]
async fn a_load_and_an_export_are_bound_by_the_rights_of_who_asks() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(MODEL, json!({"name": "Theirs"})).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;

    let messages = refused(&reader, MODEL, json!(["name"]), json!([["Mine"]])).await;
    assert_eq!(messages[0]["type"], "error");
    let messages = refused(&reader, MODEL, json!([".id", "name"]), json!([[id.to_string(), "Mine"]])).await;
    assert_eq!(messages[0]["type"], "error");
    let answer = reader.call_kw(MODEL, "export_data", json!([[id], ["name"]]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.UserError");
    let exporter = admin.make_user("exporter", &["base.group_user", "base.group_allow_export"]).await;
    let table = exporter.result(MODEL, "export_data", json!([[id], ["name"]])).await;
    assert_eq!(table["datas"], json!([["Theirs"]]));
    let secret = exporter.call_kw(MODEL, "export_data", json!([[id], ["client_secret"]]), json!({})).await;
    assert_eq!(secret.error().1, "odoo.exceptions.UserError");
    assert_eq!(admin.result(MODEL, "read", json!([[id], ["name"]])).await[0]["name"], "Theirs");
}

#[tokio::test]
async fn a_table_of_a_thousand_rows_is_taken_in_at_once_and_one_bad_row_undoes_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mut rows: Vec<Json> =
        (0..1000).map(|number| json!([format!("bulk.{number}"), format!("App {number}")])).collect();
    let ids = load(&admin, MODEL, json!(["id", "name"]), json!(rows)).await;
    assert_eq!(ids.len(), 1000);
    assert!(ids.is_sorted());
    rows[999] = json!(["bulk.999", ""]);
    rows[998] = json!(["bulk.998", "Changed"]);
    let messages = refused(&admin, MODEL, json!(["id", "name"]), json!(rows)).await;
    assert_eq!((messages.len(), &messages[0]["record"]), (1, &json!(999)), "{messages:?}");
    assert_eq!(admin.result(MODEL, "read", json!([[ids[998]], ["name"]])).await[0]["name"], "App 998");
}

#[tokio::test]
async fn a_path_that_goes_in_circles_exports_no_more_than_an_answer_may_hold() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let people: Vec<Json> = (0..150).map(|number| json!([0, 0, {"name": format!("p{number}")}])).collect();
    let company = admin.create("res.partner", json!({"name": "c", "child_ids": people})).await;
    let export = async |path: &str| {
        admin.call_kw("res.partner", "export_data", json!([[company], [path]]), json!({})).await
    };

    let rows = export("child_ids/parent_id/child_ids/name").await.result();
    assert_eq!(rows["datas"].as_array().unwrap().len(), 22_500);
    let refused = export("child_ids/parent_id/child_ids/parent_id/child_ids/name").await;
    assert_eq!(refused.error().1, "odoo.exceptions.UserError");
    assert!(refused.message().contains("ask for fewer"), "{}", refused.message());
}
