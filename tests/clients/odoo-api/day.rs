//! A day of work with the crate `odoo-api`, the strictest of all clients: what it reads has to be of the
//! very types that it knows.

use odoo_api::client::error::{ReqwestAuthError, ReqwestError};
use odoo_api::client::{Authed, NotAuthed, ReqwestBlocking};
use odoo_api::service::orm::CreateResponseItem;
use odoo_api::{OdooClient, jmap, jvec};
use serde_json::{Value, json};

const MODEL: &str = "oregional.application";
const UNICODE: &str = "Ő & <b> “čaj” 密码 😀";
/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

type Client = OdooClient<Authed, ReqwestBlocking>;

fn setting(name: &str) -> String {
    let name = format!("OREGIONAL_CLIENTS_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: make clients sets it"))
}

fn anonymous() -> OdooClient<NotAuthed, ReqwestBlocking> {
    OdooClient::new_reqwest_blocking(&setting("URL")).unwrap()
}

fn sign_in(login: &str, password: &str) -> Client {
    anonymous().authenticate(&setting("DB"), &setting(login), &setting(password)).unwrap()
}

fn admin() -> Client {
    sign_in("LOGIN", "PASSWORD")
}

fn one(made: CreateResponseItem) -> i32 {
    match made {
        CreateResponseItem::One(id) => id,
        CreateResponseItem::Multi(ids) => panic!("several ids: {ids:?}"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The name of the exception that a call ends with.
fn error_of<T: std::fmt::Debug>(answer: Result<T, ReqwestError>) -> String {
    match answer {
        Err(ReqwestError::JsonRpcError(error)) => {
            assert_eq!(error.code, 200);
            assert_eq!(error.data.arguments.first(), Some(&Value::from(error.data.message)));
            error.data.name
        }
        other => panic!("no error of the server: {other:?}"),
    }
}

/// Whether the crate could not read an answer that Odoo gives as well.
fn is_unreadable<T>(answer: Result<T, ReqwestError>) -> bool {
    matches!(answer, Err(ReqwestError::SerdeJsonError(_)))
}

#[test]
fn a_password_lets_in_and_anything_else_does_not() {
    let database = setting("DB");
    let version = anonymous().common_version().send().unwrap();
    assert_eq!((version.server_version.as_str(), version.server_version_info.major), ("18.0", 18));
    assert_eq!(anonymous().db_list(false).send().unwrap().databases, [database.clone()]);
    assert_eq!(anonymous().db_server_version().send().unwrap().version, "18.0");
    assert!(anonymous().db_exist(&database).send().unwrap().exists);

    admin();
    let wrong = anonymous().authenticate(&database, &setting("LOGIN"), "wrong");
    match wrong.map(|_| ()) {
        Err(ReqwestAuthError::ReqwestError(ReqwestError::JsonRpcError(error))) => {
            assert_eq!(error.data.name, "odoo.exceptions.AccessDenied");
        }
        other => panic!("not refused: {other:?}"),
    }
    let mut stranger = anonymous().authenticate_manual(&database, "admin", 2, "wrong", None);
    let refused = stranger.search_count(MODEL, jvec![], None).send();
    assert_eq!(error_of(refused), "odoo.exceptions.AccessDenied");
    let key = setting("API_KEY");
    let mut script = anonymous().authenticate_manual(&database, "admin", 2, &key, None);
    script.search_count(MODEL, jvec![], None).send().unwrap();
}

#[test]
fn a_day() {
    let mut odoo = admin();
    let lines = json!([[0, 0, {"uri": "https://one.example/a"}], [0, 0, {"uri": "https://one.example/b"}]]);
    let values = jmap! {"name": "crate 1", "description": UNICODE, "logo": PIXEL, "uri_ids": lines};
    let first = one(odoo.create(MODEL, values).send().unwrap().ids);
    let other = one(odoo.create(MODEL, jmap! {"name": "crate 2"}).send().unwrap().ids);
    let ours = || jvec![["name", "like", "crate "]];

    // List and filter.
    let found = odoo.search(MODEL, ours(), None, None, Some("name desc".to_owned())).send().unwrap();
    assert_eq!(json!(found.records), json!([other, first]));
    assert_eq!(odoo.search_count(MODEL, ours(), None).send().unwrap().count, 2);
    let page = odoo.search_read(MODEL, ours(), names(&["name"]), Some(1), Some(1), Some("name".to_owned()));
    assert_eq!(json!(page.send().unwrap().data), json!([{"id": other, "name": "crate 2"}]));
    let (fields, groups) = (names(&["access_token_expiry:sum"]), names(&["active"]));
    let groups = odoo.read_group(MODEL, ours(), fields, groups, None, None, None, true);
    assert_eq!(groups.send().unwrap().result[0]["active_count"], 2);

    // Read: values, empty values, lines, links.
    let fields = ["description", "logo", "uri_ids", "create_uid", "active", "access_token_expiry"];
    let record = odoo.read(MODEL, first, names(&fields)).send().unwrap().data.remove(0);
    assert_eq!(record["description"], UNICODE);
    assert!(record["logo"].as_str().unwrap().starts_with("iVBOR"));
    assert_eq!(record["uri_ids"].as_array().unwrap().len(), 2);
    assert_eq!(record["create_uid"], json!([2, "Administrator"]));
    assert!(record["access_token_expiry"].is_i64() && record["active"] == true);
    let empty = odoo.read(MODEL, other, names(&["description", "logo", "uri_ids"])).send().unwrap();
    assert_eq!(json!(empty.data), json!([{"id": other, "description": false, "logo": false, "uri_ids": []}]));
    let metadata = odoo.get_metadata(MODEL, first).send().unwrap().metadata.remove(0);
    assert_eq!(metadata["create_uid"], json!([2, "Administrator"]));

    // Change: a field, lines.
    assert!(odoo.write(MODEL, first, jmap! {"name": "crate one"}).send().unwrap().ok);
    let lines = json!([[2, record["uri_ids"][0]], [0, 0, {"uri": "https://one.example/c"}]]);
    assert!(odoo.write(MODEL, first, jmap! {"uri_ids": lines}).send().unwrap().ok);
    let changed = odoo.read(MODEL, first, names(&["name", "uri_ids"])).send().unwrap().data.remove(0);
    assert_eq!(changed["name"], "crate one");
    assert_eq!(changed["uri_ids"].as_array().unwrap().len(), 2);

    // Archive and copy: Odoo gives nothing and a list, which the crate cannot read; both are done.
    assert!(is_unreadable(odoo.execute_kw(MODEL, "action_archive", jvec![[first]], jmap! {}).send()));
    assert_eq!(odoo.search_count(MODEL, ours(), None).send().unwrap().count, 1);
    assert!(is_unreadable(odoo.copy(MODEL, other, Some(jmap! {"name": "crate copy"})).send()));
    let rest = json!({"active_test": false});
    let all = odoo.execute_kw(MODEL, "search", jvec![[["name", "like", "crate "]]], jmap! {"context": rest});
    let all: Vec<i32> = serde_json::from_value(all.send().unwrap().data).unwrap();
    assert_eq!(all.len(), 3);
    assert!(odoo.unlink(MODEL, all).send().unwrap().ok);
    assert_eq!(odoo.search_count(MODEL, ours(), None).send().unwrap().count, 0);
}

#[test]
fn what_is_refused() {
    let mut odoo = admin();
    let gone = || vec![999_999_999];
    assert!(odoo.read(MODEL, gone(), names(&["name"])).send().unwrap().data.is_empty());
    assert_eq!(error_of(odoo.write(MODEL, gone(), jmap! {"name": "x"}).send()), "odoo.exceptions.MissingError");
    let nameless = odoo.create(MODEL, jmap! {"description": "x"}).send();
    assert_eq!(error_of(nameless), "odoo.exceptions.ValidationError");
    assert_eq!(error_of(odoo.search_count(MODEL, jvec![["nope", "=", 1]], None).send()), "builtins.ValueError");
    assert_eq!(error_of(odoo.search_count("no.model", jvec![], None).send()), "odoo.exceptions.UserError");
    let big = odoo.create(MODEL, jmap! {"name": "x", "access_token_expiry": 1_099_511_627_776_i64}).send();
    assert_eq!(error_of(big), "psycopg2.errors.NumericValueOutOfRange");
    // It sends no operator, which Odoo does not take.
    assert_eq!(error_of(odoo.name_search(MODEL, "x", None, None, None).send()), "builtins.ValueError");
    assert_eq!(error_of(odoo.name_get(MODEL, gone()).send()), "builtins.AttributeError");
    let mut clerk = sign_in("CLERK", "CLERK_PASSWORD");
    assert_eq!(error_of(clerk.create(MODEL, jmap! {"name": "x"}).send()), "odoo.exceptions.AccessError");
    assert_eq!(odoo.search_count(MODEL, jvec![["name", "=", "x"]], None).send().unwrap().count, 0);
}
