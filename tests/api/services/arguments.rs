//! Arguments in the odd forms that clients send and Odoo takes, over every transport.

use serde_json::{Value as Json, json};

use super::json2::Keyed;
use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::User;
use crate::support::services::{Outcome, Script, service};

const MODEL: &str = "oregional.application";

/// One way in.
enum Way {
    Session(User),
    Keyed(Keyed),
    Script(Script, &'static str),
}

impl Way {
    async fn call(&self, method: &str, args: Json, kwargs: Json) -> Json {
        match self {
            Self::Session(user) => user.call_kw(MODEL, method, args, kwargs).await.result(),
            Self::Keyed(keyed) => {
                let mut body = kwargs.as_object().cloned().unwrap_or_default();
                for (name, value) in names(method).iter().zip(args.as_array().unwrap()) {
                    body.insert((*name).to_owned(), value.clone());
                }
                let answer = keyed.call(method, body.into()).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                answer.json()
            }
            Self::Script(script, path) => script.call(path, MODEL, method, args, kwargs).await.result(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "/web/dataset/call_kw",
            Self::Keyed(_) => "/json/2",
            Self::Script(_, path) => path,
        }
    }
}

/// What `/json/2` calls the positional arguments.
fn names(method: &str) -> &'static [&'static str] {
    match method {
        "search" => &["domain", "offset", "limit", "order"],
        "search_read" => &["domain", "fields"],
        "create" => &["vals_list"],
        "read" => &["ids", "fields"],
        "write" => &["ids", "vals"],
        "fields_get" => &["allfields"],
        _ => &["ids"],
    }
}

async fn ways(app: &TestApp) -> Vec<Way> {
    let script = Script::new(&app.url(), 2, PASSWORD);
    let paths =
        ["/jsonrpc", "//jsonrpc", "/jsonrpc/", "/xmlrpc/2/object", "/xmlrpc/object", "/xmlrpc/2/object/"];
    let scripts = paths.into_iter().map(|path| Way::Script(script.clone(), path));
    [Way::Session(app.admin().await), Way::Keyed(Keyed::admin(app).await)]
        .into_iter()
        .chain(scripts)
        .collect()
}

#[tokio::test]
async fn odd_arguments_are_taken_as_odoo_takes_them() {
    let app = TestApp::start();
    for way in ways(&app).await {
        let names: Vec<Json> = ["Alpha", "Beta", "Gamma"].iter().map(|name| json!({"name": name})).collect();
        let made = way.call("create", json!([names]), json!({})).await;
        let [alpha, beta, gamma] = [0, 1, 2].map(|number| made[number].as_i64().unwrap());
        let (all, back) = (json!([alpha, beta, gamma]), json!([gamma, beta, alpha]));
        let first = json!([alpha]);
        let ours = json!([["id", "in", all]]);

        for kwargs in [json!({}), json!([]), json!(null), json!("")] {
            let found = way.call("search", json!([ours]), kwargs.clone()).await;
            assert_eq!(found, all, "{} kwargs {kwargs}", way.name());
        }
        for (domain, wanted) in [
            (json!([["id", "=", alpha.to_string()]]), &first),
            (json!([["id", ">=", "0"], ["id", "in", all]]), &all),
            (json!([["id", "=", [alpha]]]), &first),
            (json!(["&", ["id", "in", all], ["name", "=", "Alpha"]]), &first),
        ] {
            let found = way.call("search", json!([domain]), json!({})).await;
            assert_eq!(&found, wanted, "{} domain {domain}", way.name());
        }
        for (kwargs, wanted) in [
            (json!({"limit": 0}), &all),
            (json!({"limit": false}), &all),
            (json!({"limit": ""}), &all),
            (json!({"limit": "1"}), &first),
            (json!({"limit": 1.0}), &first),
            (json!({"limit": 1}), &first),
            (json!({"limit": null, "offset": null, "order": null}), &all),
            (json!({"offset": "", "limit": 0, "order": ""}), &all),
            (json!({"order": ""}), &all),
            (json!({"order": false}), &all),
            (json!({"order": "name desc"}), &back),
            (json!({"context": null}), &all),
            (json!({"context": []}), &all),
            (json!({"context": ""}), &all),
            (json!({"context": {"lang": false, "tz": "Nowhere"}}), &all),
        ] {
            let found = way.call("search", json!([ours]), kwargs.clone()).await;
            assert_eq!(&found, wanted, "{} {kwargs}", way.name());
        }
        let positional = way.call("search", json!([ours, 0, false, false]), json!({})).await;
        assert_eq!(positional, all, "{}", way.name());
        let named = way.call("search", json!([]), json!({"domain": ours})).await;
        assert_eq!(named, all, "{}", way.name());
        let attributes = way.call("fields_get", json!([["name"]]), json!({"attributes": []})).await;
        assert_eq!(attributes, json!({"name": {}}), "{}", way.name());
        let one = way.call("read", json!([alpha, ["name"]]), json!({})).await;
        assert_eq!(one, json!([{"id": alpha, "name": "Alpha"}]), "{}", way.name());
        assert_eq!(way.call("write", json!([alpha, {"name": "Omega"}]), json!({})).await, true);
        assert_eq!(way.call("unlink", json!([beta]), json!({})).await, true);
        assert_eq!(way.call("unlink", json!([[]]), json!({})).await, true);
        let left = way.call("search_read", json!([ours, ["name"]]), json!({})).await;
        assert_eq!(left, json!([{"id": gamma, "name": "Gamma"}, {"id": alpha, "name": "Omega"}]));
    }
}

#[tokio::test]
async fn the_users_id_has_many_forms_and_the_keyword_arguments_may_be_missing() {
    let app = TestApp::start();
    let denied = Outcome::Error(200, "odoo.exceptions.AccessDenied".to_owned());
    let count = |user: Json| json!([DB, user, PASSWORD, MODEL, "search_count", [[]]]);
    let ask = async |args: Json| service(&app.anonymous(), "/jsonrpc", "object", "execute_kw", args).await;

    for user in [json!(2), json!("2"), json!(2.0), json!(" 2 ")] {
        assert_eq!(ask(count(user.clone())).await.result(), 0, "{user}");
    }
    for user in [json!(0), json!(false), json!(0.5), json!(1), json!(true)] {
        assert_eq!(ask(count(user.clone())).await, denied, "{user}");
    }
    for (user, name) in [
        (json!("x"), "builtins.ValueError"),
        (json!(null), "builtins.TypeError"),
        (json!([2]), "builtins.TypeError"),
        (json!(999_999), "odoo.exceptions.MissingError"),
        (json!(-5), "odoo.exceptions.MissingError"),
    ] {
        assert_eq!(ask(count(user.clone())).await, Outcome::Error(200, name.to_owned()), "{user}");
    }
    for (method, args, name) in [
        ("execute_kw", json!([DB, 2, PASSWORD]), "builtins.TypeError"),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "search"]), "builtins.TypeError"),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "search", [[]], {}, 1]), "builtins.TypeError"),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "search", [[]], [1]]), "builtins.TypeError"),
        ("execute_kw", json!([DB, 2]), "builtins.IndexError"),
        ("execute_kw", json!(["other", 2, PASSWORD, MODEL, "search", [[]]]), "psycopg2.OperationalError"),
        ("execute_kw", json!([DB, 2, PASSWORD, "no.model", "search", [[]]]), "odoo.exceptions.UserError"),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "no_method", [[]]]), "builtins.AttributeError"),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "_search", [[]]]), "odoo.exceptions.AccessError"),
        (
            "execute_kw",
            json!([DB, 2, PASSWORD, MODEL, "create", [], {"vals_list": {}}]),
            "builtins.IndexError",
        ),
        ("execute_kw", json!([DB, 2, PASSWORD, MODEL, "read", [], {"ids": [1]}]), "builtins.IndexError"),
        ("execute_kw", json!([DB, 2, 5, MODEL, "search", [[]]]), "odoo.exceptions.AccessDenied"),
        ("execute_kw", json!([DB, 2, false, MODEL, "search", [[]]]), "odoo.exceptions.AccessDenied"),
        ("execute", json!([DB, 2, PASSWORD, MODEL]), "builtins.TypeError"),
        ("zzz", json!([DB, 2, PASSWORD, MODEL, "search", [[]]]), "builtins.NameError"),
    ] {
        let outcome = service(&app.anonymous(), "/jsonrpc", "object", method, args.clone()).await;
        assert_eq!(outcome, Outcome::Error(200, name.to_owned()), "{method} {args}");
    }
    let args = json!([DB, 2, PASSWORD, MODEL, "search_read", [], ["name"], 0, 5]);
    assert_eq!(service(&app.anonymous(), "/jsonrpc", "object", "execute", args).await.result(), json!([]));
}
