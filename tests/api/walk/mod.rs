//! The walk that Odoo's web client took through the registry, exchange by exchange, in its order.
//!
//! The walker does what the client does: it signs in through the form, learns actions from the menu
//! and views from actions, asks for the fields that the views show, and goes on with the ids that it
//! was given. Each answer has to have the shape of the recorded one.

mod shape;

use std::collections::HashMap;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Map, Value as Json, json};

use self::shape::{Depth, compare, is_cut};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::{Anonymous, Answer, client};

/// What this server does not serve yet.
const NOT_SERVED: [&str; 1] = ["/web/image"];

/// The recorded actions, by id, and the menu entries that open ours.
const ACTIONS: [(i64, &str); 7] = [
    (39, "base.menu_management"),
    (85, "base.menu_config"),
    (89, "oregional.menu_application"),
    (90, "oregional.menu_model_scheme"),
    (91, "oregional.menu_model_configuration"),
    (92, "oregional.menu_authorization"),
    (70, "base.menu_action_res_users"),
];

fn exchanges() -> Vec<Json> {
    let path = format!("{}/fixtures/webclient.json", env!("CARGO_MANIFEST_DIR"));
    let document: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    document["exchanges"].as_array().unwrap().clone()
}

struct Walker {
    browser: Anonymous,
    /// The page that was seen last.
    page: String,
    /// What the session was told.
    info: Json,
    menus: Json,
    /// Our ids of recorded records.
    ids: HashMap<i64, Json>,
    /// Our views of an action, with the search view.
    action: Json,
    /// The fields that the last views show, by model.
    shown: Json,
    /// What the form was told of a new record.
    fresh: Json,
    /// What a form asks for.
    form: Json,
}

impl Walker {
    fn new(app: &TestApp, exchanges: &[Json]) -> Self {
        let http = client().cookie_store(true).build().unwrap();
        let save = exchanges.iter().find(|one| one["params"]["method"] == "web_save").unwrap();
        Self {
            browser: Anonymous { http, url: app.url() },
            page: String::new(),
            info: Json::Null,
            menus: Json::Null,
            ids: HashMap::new(),
            action: Json::Null,
            shown: Json::Null,
            fresh: Json::Null,
            form: save["params"]["kwargs"]["specification"].clone(),
        }
    }

    async fn step(&mut self, exchange: &Json) -> Result<(), String> {
        let path = self.path(exchange["path"].as_str().unwrap());
        let answer = match (exchange["method"].as_str().unwrap(), exchange.get("params")) {
            ("GET", _) => self.browser.get(&path).await,
            (_, None) => self.sign_in().await,
            (_, Some(params)) => self.browser.rpc(&path, self.params(params)).await,
        };
        let status = answer.status.as_u16();
        if Some(u64::from(status)) != exchange["status"].as_u64() {
            return Err(format!("status {status}: {}", answer.body));
        }
        let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with(exchange["type"].as_str().unwrap()) {
            return Err(format!("the content type {kind}"));
        }
        self.learn(exchange, &answer).await
    }

    fn path(&self, recorded: &str) -> String {
        let hashes = &self.info["cache_hashes"];
        let hash =
            if recorded.contains("load_menus") { &hashes["load_menus"] } else { &hashes["translations"] };
        recorded.replace("<hash>", hash.as_str().unwrap_or_default())
    }

    async fn sign_in(&mut self) -> Answer {
        let token =
            self.page.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form =
            [("csrf_token", token), ("login", "admin"), ("password", PASSWORD), ("redirect", "/odoo?")];
        let request = self.browser.http.post(format!("{}/web/login", self.browser.url)).form(&form);
        Answer::to(request).await
    }

    /// The recorded parameters with our own ids, and what the recording cut.
    fn params(&self, recorded: &Json) -> Json {
        let mut params = self.own(recorded);
        let (model, method) = (text(recorded, "model"), text(recorded, "method"));
        if let Some(id) = recorded.get("action_id").and_then(Json::as_i64) {
            params["action_id"] = self.action_id(id);
        }
        match method.as_str() {
            "get_views" => {
                let mut views = self.action["views"].as_array().cloned().unwrap_or_default();
                if recorded["kwargs"]["options"]["load_filters"] == true {
                    let search = &self.action["search_view_id"];
                    views.push(json!([search.get(0).unwrap_or(search), "search"]));
                }
                params["kwargs"]["views"] = views.into();
            }
            "onchange" => params["args"].as_array_mut().unwrap().push(self.specification(&model)),
            "web_read" | "web_search_read" => {
                let wanted = params["kwargs"]["specification"].as_object_mut().unwrap();
                // A client asks for the fields that it was told of.
                if let Some(known) = self.shown[&model]["fields"].as_object() {
                    wanted.retain(|name, _| known.contains_key(name));
                }
            }
            "web_save" if recorded["args"][0] == json!([]) => {
                for name in ["client_id", "client_secret", "own_id", "own_secret"] {
                    params["args"][1][name] = self.fresh[name].clone();
                }
            }
            _ => {}
        }
        params
    }

    /// What a form asks for when it is opened for a new record.
    fn specification(&self, model: &str) -> Json {
        match model {
            "oregional.application" => self.form.clone(),
            "oregional.application.uri" => self.form["uri_ids"]["fields"].clone(),
            model => {
                let shown = self.shown[model]["fields"].as_object().unwrap();
                Json::Object(shown.keys().map(|name| (name.clone(), json!({}))).collect())
            }
        }
    }

    fn action_id(&self, recorded: i64) -> Json {
        let (_, menu) = ACTIONS.iter().find(|(id, _)| *id == recorded).unwrap();
        let entries = self.menus.as_object().unwrap().values();
        entries.into_iter().find(|entry| entry["xmlid"] == *menu).unwrap()["actionID"].clone()
    }

    fn own(&self, value: &Json) -> Json {
        match value {
            Json::Number(number) => number.as_i64().and_then(|id| self.ids.get(&id)).unwrap_or(value).clone(),
            Json::Array(items) => {
                items.iter().filter(|item| !is_cut(item)).map(|item| self.own(item)).collect()
            }
            Json::Object(map) => {
                // The context names companies and users, which have the recorded ids.
                let one = |(key, item): (&String, &Json)| {
                    (key.clone(), if key == "context" { item.clone() } else { self.own(item) })
                };
                Json::Object(map.iter().map(one).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// Compares the answer with the recorded one, and takes from it what the client takes.
    async fn learn(&mut self, exchange: &Json, answer: &Answer) -> Result<(), String> {
        let path = exchange["path"].as_str().unwrap();
        if exchange.get("params").is_some() {
            return self.learn_call(exchange, &answer.json());
        }
        if path.contains("/web/login") && exchange["method"] == "GET" {
            self.page.clone_from(&answer.body);
        }
        if exchange["method"] == "POST" {
            let info = self.browser.rpc("/web/session/get_session_info", json!({})).await.result();
            self.info = info;
        }
        if let Some(keys) = exchange.get("answer_keys") {
            let found: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
            compare(keys, &json!(found), Depth::Texts, path)?;
        }
        if let Some(shape) = exchange.get("answer_shape") {
            self.menus = answer.json();
            compare(&shape["root"], &self.menus["root"], Depth::Types, "root")?;
            for (id, entry) in self.menus.as_object().unwrap().iter().filter(|(id, _)| *id != "root") {
                compare(&shape["a menu"], entry, Depth::Types, &format!("menu {id}"))?;
            }
        }
        if exchange["status"] == 303 && !answer.headers.contains_key(LOCATION) {
            return Err("a redirect without a place".to_owned());
        }
        Ok(())
    }

    fn learn_call(&mut self, exchange: &Json, got: &Json) -> Result<(), String> {
        if let Some(error) = got.get("error") {
            return Err(format!("an error: {error}"));
        }
        let (model, method) = (text(&exchange["params"], "model"), text(&exchange["params"], "method"));
        if let Some(want) = exchange.get("answer") {
            let tells_of_models =
                ["", "get_views", "fields_get", "onchange", "action_get", "action_view_applications"];
            let is_about_models = tells_of_models.contains(&method.as_str());
            let depth = if is_about_models { Depth::Texts } else { Depth::Types };
            let mut want = want.clone();
            want.as_object_mut().unwrap().retain(|key, _| key == "result");
            let mut found = got.clone();
            found.as_object_mut().unwrap().retain(|key, _| key == "result");
            compare(&want, &found, depth, "")?;
        }
        let result = &got["result"];
        match method.as_str() {
            "" | "action_get" => self.action = result.clone(),
            "get_views" => self.shown = result["models"].clone(),
            "onchange" if model == "oregional.application" => self.fresh = result["value"].clone(),
            "web_save" | "copy" => {
                let of = |answer: &Json| {
                    let first = &answer["result"][0];
                    first.get("id").unwrap_or(first).clone()
                };
                let recorded = of(&exchange["answer"]).as_i64().unwrap();
                self.ids.insert(recorded, of(got));
            }
            "name_search" => {
                // The default scheme is the recorded number 1; so is the configuration that it offers.
                self.ids.insert(1, result[0][0].clone());
            }
            "web_search_read" if model == "oregional.model.configuration" => {
                self.ids.insert(1, result["records"][0]["id"].clone());
            }
            _ => {}
        }
        Ok(())
    }
}

fn text(params: &Json, key: &str) -> String {
    params[key].as_str().unwrap_or_default().to_owned()
}

fn is_served(exchange: &Json) -> bool {
    let path = exchange["path"].as_str().unwrap();
    let is_missing =
        |name: &&str| path.contains(*name) || exchange["answer"]["result"]["res_model"] == **name;
    NOT_SERVED.iter().all(|name| !is_missing(name))
}

#[tokio::test]
async fn the_web_client_of_odoo_completes_its_walk_through_the_registry() {
    let app = TestApp::start();
    let exchanges = exchanges();
    let mut walker = Walker::new(&app, &exchanges);

    let mut failures = Vec::new();
    for (number, exchange) in exchanges.iter().enumerate().filter(|(_, exchange)| is_served(exchange)) {
        if let Err(reason) = walker.step(exchange).await {
            failures.push(format!("{number} {} {}: {reason}", exchange["step"], exchange["path"]));
        }
    }

    assert!(failures.is_empty(), "{} exchanges fall short:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(walker.page.matches("name=\"login\"").count(), 1);
}
