//! A database of an older version serves on after a new program has started on it, and then has the same
//! tables as one that the new program makes.
//!
//! `fixtures/older` has dumps of databases as older versions left them, each filled by [`fill`] and named
//! by its last migration. The first line is what is known of the contents, which is no part of the dump: some
//! of it is secret, and a dump has no secrets. With `OREGIONAL_KEEP_DUMP=fixtures/older/V8.sql.gz` the test that fills one of today
//! keeps its dump: the next one of these is made so, before the next migration is written.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::oauth::support::{App, CALLBACK, Tokens, error};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::{User, password_of};
use crate::support::database::Database;

/// Something of each kind that has to last. Gives what is known of it.
async fn fill(app: &TestApp) -> Json {
    let admin = app.admin().await;
    let eva = admin.make_user("eva", &["base.group_user", "oregional.group_app_admin"]).await;
    let partner = admin.reference("base.model_res_partner").await;
    let configuration = json!({"name": "People", "model_id": partner, "field_limit": "none"});
    let configuration = admin.create("oregional.model.configuration", configuration).await;
    let scheme = json!({"name": "All but people", "model_limit": "blacklist", "model_configuration_ids": [[4, configuration]], "model_blacklist_ids": [[4, partner]]});
    let scheme = admin.create("oregional.model.scheme", scheme).await;
    let wiki = App::register(&eva, json!({"model_scheme_id": scheme, "authorization_code_retain": 9})).await;
    let changed = json!([[wiki.id], {"description": "Written by an older version"}]);
    eva.result("oregional.application", "write", changed).await;
    let first = wiki.sign_in(&eva).await;
    let tokens = Tokens::of(&wiki.refresh(&first.refresh).await);
    let model = admin
        .create(
            "ir.model",
            json!({"name": "Thing", "model": "x_thing", "field_id": [[0, 0, {"name": "x_name", "ttype": "char", "field_description": "Name"}], [0, 0, {"name": "x_size", "ttype": "integer", "field_description": "Size"}]]}),
        )
        .await;
    let rights = json!({"name": "all", "model_id": model, "perm_read": true, "perm_write": true, "perm_create": true, "perm_unlink": true});
    admin.create("ir.model.access", rights).await;
    let thing = admin.create("x_thing", json!({"x_name": "Box", "x_size": 7})).await;
    let end = json!({"name": "a script", "expiration_date": false});
    let key = admin.call_kw("res.users.apikeys", "generate", json!([]), end).await.result();
    json!({
        "application": wiki.id, "client_id": wiki.client_id, "client_secret": wiki.client_secret,
        "refresh": tokens.refresh, "used": first.refresh, "thing": thing, "key": key, "scheme": scheme,
    })
}

/// All of it is there, and works.
async fn expect_filled(app: &TestApp, known: &Json) {
    let admin = app.admin().await;
    let eva = app.user("eva", &password_of("eva")).await;
    let text = |name: &str| known[name].as_str().unwrap().to_owned();
    let wiki = App {
        id: known["application"].as_i64().unwrap(),
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        url: app.url(),
    };

    let fields = ["name", "client_secret", "description", "model_scheme_id"];
    let read = eva.result("oregional.application", "read", json!([[wiki.id], fields])).await;
    assert_eq!(
        (&read[0]["client_secret"], &read[0]["description"], &read[0]["model_scheme_id"]),
        (
            &known["client_secret"],
            &json!("Written by an older version"),
            &json!([known["scheme"], "All but people"])
        )
    );
    let things = admin.result("x_thing", "search_read", json!([[["x_size", ">", 6]], ["x_name"]])).await;
    assert_eq!(things, json!([{"id": known["thing"], "x_name": "Box"}]));
    let users = app.anonymous().http.post(format!("{}/json/2/res.users/search_count", app.url()));
    let users = users.bearer_auth(text("key")).json(&json!({"domain": []})).send().await.unwrap();
    assert_eq!(users.status(), StatusCode::OK, "the API key of a script");

    Tokens::of(&wiki.refresh(&text("refresh")).await);
    assert_eq!(error(&wiki.refresh(&text("used")).await).1, "invalid_grant", "its successor was in use");
    let next = wiki.sign_in(&eva).await;
    assert!(wiki.is_active(&next.access).await);
    let used = json!({
        "domain": [["authorization_id.application_id", "=", wiki.id], ["used_at", "!=", false]],
        "context": {"active_test": false},
    });
    let codes = admin.call_kw("oregional.authorization.code", "search_count", json!([]), used).await.result();
    assert_eq!(codes, 2, "the code of then is kept, and the one of now");
    noted(&admin, &eva, wiki.id).await;
}

/// The log of before is there, and goes on.
async fn noted(admin: &User, eva: &User, application: i64) {
    eva.result("oregional.application", "write", json!([[application], {"description": CALLBACK}])).await;
    let domain = json!([
        ["model", "=", "oregional.application"],
        ["res_id", "=", application],
        ["event", "=", "write"]
    ]);
    let kwargs = json!({"domain": domain, "fields": ["user_name", "details", "address"], "order": "id"});
    let entries = admin.call_kw("audit.log", "search_read", json!([]), kwargs).await.result();
    let [before, now] = &entries.as_array().unwrap()[..] else { panic!("{entries}") };
    assert_eq!((&before["user_name"], &now["user_name"]), (&json!("eva"), &json!("eva")));
    assert!(before["details"].as_str().unwrap().contains("Written by an older version"), "{entries}");
    assert_eq!(now["address"], "127.0.0.1");
}

/// Everything that the database has besides its rows. What was made at run time differs.
fn tables(database: &Database) -> Vec<Vec<Option<String>>> {
    [
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname NOT LIKE 'x\\_%' ORDER BY 1, 2",
        "SELECT relname, reloptions::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'x\\_%' ORDER BY 1",
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'x\\_%' ORDER BY 1, 2",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'x\\_%' ORDER BY 1",
        "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND probin IS NULL ORDER BY 1",
        "SELECT model, name, ttype, relation FROM ir_model_fields WHERE model NOT LIKE 'x\\_%' ORDER BY 1, 2",
        "SELECT arch_db FROM ir_ui_view ORDER BY 1",
    ]
    .into_iter()
    .flat_map(|statement| database.query(statement))
    .collect()
}

/// Starts on what a dump holds, twice: the first start follows, the second has nothing to do.
async fn serves_on(known: &Json, dump: &str) {
    let database = Arc::new(Database::restored(dump));
    let app = TestApp::on(Arc::clone(&database), |_| {}).unwrap();
    expect_filled(&app, known).await;

    let (new, there) = (tables(&Database::new()), tables(&database));
    let missing: Vec<_> = new.iter().filter(|row| !there.contains(row)).collect();
    let left: Vec<_> = there.iter().filter(|row| !new.contains(row)).collect();
    assert!(missing.is_empty() && left.is_empty(), "missing: {missing:#?}\nleft: {left:#?}");
    drop(app);
    let version = || database.query("SELECT value FROM server_fact WHERE name = 'registry'");
    let before = version();
    let again = TestApp::on(Arc::clone(&database), |_| {}).unwrap();
    again.user("admin", PASSWORD).await;
    assert_eq!(version(), before, "the second start made nothing anew");
}

#[tokio::test]
async fn a_database_of_today_serves_on_from_its_dump() {
    let app = TestApp::start();
    let known = fill(&app).await;
    let dump = app.database.dump_in_blocks();
    if let Some(path) = std::env::var_os("OREGIONAL_KEEP_DUMP") {
        let mut file = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::best());
        writeln!(file, "{known}").unwrap();
        file.write_all(dump.as_bytes()).unwrap();
        file.finish().unwrap();
    }
    drop(app);
    serves_on(&known, &dump).await;
}

#[tokio::test]
async fn databases_of_older_versions_serve_on() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/older");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut dump = String::new();
        GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut dump).unwrap();
        let (known, dump) = dump.split_once('\n').unwrap();
        serves_on(&serde_json::from_str(known).unwrap(), dump).await;
        tried += 1;
    }
    assert!(tried > 0, "no dump was tried");
}
