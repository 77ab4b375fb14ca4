//! Whatever a client sends, it is answered clearly: never by a 5xx, never by a dropped connection.

mod arguments;
mod bodies;
mod domains;
mod envelope;
mod values;

use serde_json::{Value as Json, json};

use crate::support::client::{Answer, User};

/// The model that most of it is tried on.
const MODEL: &str = "oregional.application";

/// Collects what was not answered clearly, so that one run tells all of it.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    /// Notes an answer that is neither a result nor a clear error.
    fn look_at(&mut self, what: &str, answer: &Answer) {
        if let Some(fault) = answer.fault() {
            self.note(what, &fault);
        }
    }

    fn note(&mut self, what: &str, fault: &str) {
        let short = |text: &str| text.chars().take(400).collect::<String>();
        self.0.push(format!("{}: {}", short(what), short(fault)));
    }

    fn expect(&mut self, what: &str, wanted: &Json, found: &Json) {
        if wanted != found {
            self.note(what, &format!("wanted {wanted}, found {found}"));
        }
    }

    fn finish(self) {
        assert!(self.0.is_empty(), "{} answers are wrong:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// The result, or the name of the exception in angle brackets: what a table can hold.
fn outcome(answer: &Answer) -> Json {
    match answer.json().get("error") {
        Some(error) => format!("<{}>", error["data"]["name"].as_str().unwrap_or_default()).into(),
        None => answer.json().get("result").cloned().unwrap_or_default(),
    }
}

/// Makes three applications with URIs, and gives their ids in the order of their names.
async fn three_applications(admin: &User) -> Vec<i64> {
    let values: Vec<Json> = ["Alpha", "Beta", "Gamma"]
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let uri = format!("https://{name}.example/callback");
            json!({"name": name, "access_token_expiry": 100 * (number + 1), "uri_ids": [[0, 0, {"uri": uri}]]})
        })
        .collect();
    let made = admin.result(MODEL, "create", json!([values])).await;
    made.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect()
}
