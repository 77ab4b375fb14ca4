//! What a recording expects of an answer, placeholders included.
//!
//! ```text
//! {{name}}     an id or a text bound earlier, or bound at its first appearance to an id that is new
//! <datetime>   a UTC timestamp 'YYYY-MM-DD HH:MM:SS'
//! <token>      a generated secret or identifier
//! <base64>     base64 text that is not empty
//! <any>        anything
//! <text>       any text (a message meant for people)
//! <refused>    an HTTP status of 400 or more
//! ```

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json};

/// How close floats have to be.
const EPSILON: f64 = 1e-6;

/// How an answer is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Exactly.
    Exact,
    /// Objects may have more keys.
    Subset,
    /// Lists may have another order.
    Set,
}

impl Mode {
    pub(super) fn of(step: &Json) -> Self {
        match step["compare"].as_str() {
            Some("subset") => Self::Subset,
            Some("set") => Self::Set,
            _ => Self::Exact,
        }
    }
}

/// The names that a scenario has bound so far.
#[derive(Default)]
pub(super) struct Bindings(pub(super) HashMap<String, Json>);

/// The name of a placeholder that is the whole text.
fn whole_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.is_empty() && !name.contains(['{', '}'])).then_some(name)
}

/// As Python prints it within a text.
fn printed(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

impl Bindings {
    fn bound(&self, name: &str) -> Result<&Json, String> {
        self.0.get(name).ok_or_else(|| format!("nothing is bound to {name}"))
    }

    fn fill_text(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let named =
                after.split_once("}}").filter(|(name, _)| !name.is_empty() && !name.contains(['{', '}']));
            filled.push_str(before);
            if let Some((name, behind)) = named {
                filled.push_str(&printed(self.bound(name)?));
                rest = behind;
            } else {
                filled.push_str("{{");
                rest = after;
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// A value with every placeholder filled in.
    pub(super) fn fill(&self, value: &Json) -> Result<Json, String> {
        Ok(match value {
            Json::String(text) => match whole_name(text) {
                Some(name) => self.bound(name)?.clone(),
                None => self.fill_text(text)?.into(),
            },
            Json::Array(items) => items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?,
            Json::Object(map) => {
                let pair =
                    |(key, item): (&String, &Json)| Ok::<_, String>((self.fill_text(key)?, self.fill(item)?));
                Json::Object(map.iter().map(pair).collect::<Result<Map<_, _>, _>>()?)
            }
            other => other.clone(),
        })
    }

    /// Compares; names that appear for the first time are bound on the way.
    pub(super) fn compare(&mut self, want: &Json, got: &Json, mode: Mode, at: &str) -> Result<(), String> {
        match want {
            Json::String(text) => self.compare_text(text, got, at),
            Json::Object(map) => self.compare_objects(map, got, mode, at),
            Json::Array(items) => self.compare_lists(items, got, mode, at),
            Json::Number(number) => check(is_same_number(number, got), want, got, at),
            other => check(other == got, want, got, at),
        }
    }

    fn compare_text(&mut self, want: &str, got: &Json, at: &str) -> Result<(), String> {
        let text = got.as_str();
        let holds = match want {
            "<any>" => true,
            "<refused>" => got.as_i64().is_some_and(|status| status >= 400),
            "<text>" => text.is_some(),
            "<datetime>" => text.is_some_and(is_datetime),
            "<token>" => text.is_some_and(is_token),
            "<base64>" => text.is_some_and(|text| STANDARD.decode(text).is_ok_and(|bytes| !bytes.is_empty())),
            _ => return self.compare_filled(want, got, at),
        };
        check(holds, &want.into(), got, at)
    }

    fn compare_filled(&mut self, want: &str, got: &Json, at: &str) -> Result<(), String> {
        if let Some(name) = whole_name(want)
            && !self.0.contains_key(name)
        {
            let is_new = got.as_i64().is_some() && self.0.values().all(|known| known != got);
            check(is_new, &"a new id".into(), got, at)?;
            self.0.insert(name.to_owned(), got.clone());
            return Ok(());
        }
        let filled = self.fill(&want.into())?;
        check(filled == *got, &filled, got, at)
    }

    fn compare_objects(
        &mut self,
        want: &Map<String, Json>,
        got: &Json,
        mode: Mode,
        at: &str,
    ) -> Result<(), String> {
        let Json::Object(found) = got else { return check(false, &want.clone().into(), got, at) };
        let mut keys = Vec::with_capacity(want.len());
        for key in want.keys() {
            keys.push(self.fill_text(key)?);
        }
        let missing: Vec<_> = keys.iter().filter(|key| !found.contains_key(*key)).collect();
        let extra: Vec<_> = found.keys().filter(|key| mode != Mode::Subset && !keys.contains(key)).collect();
        if !missing.is_empty() || !extra.is_empty() {
            return Err(format!("at {at} keys are missing {missing:?} or too many {extra:?}"));
        }
        for (key, item) in keys.iter().zip(want.values()) {
            self.compare(item, &found[key], mode, &format!("{at}.{key}"))?;
        }
        Ok(())
    }

    fn compare_lists(&mut self, want: &[Json], got: &Json, mode: Mode, at: &str) -> Result<(), String> {
        let Json::Array(found) = got else { return check(false, &want.into(), got, at) };
        if want.len() != found.len() {
            return Err(format!(
                "at {at} want {} items {} got {} items {got}",
                want.len(),
                Json::from(want),
                found.len()
            ));
        }
        let (mut want, mut found) = (want.to_vec(), found.clone());
        if mode == Mode::Set {
            want = want.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?;
            want.sort_by_key(Json::to_string);
            found.sort_by_key(Json::to_string);
        }
        for (index, (item, other)) in want.iter().zip(&found).enumerate() {
            self.compare(item, other, mode, &format!("{at}[{index}]"))?;
        }
        Ok(())
    }
}

/// Clients in typed languages tell 1 from 1.0; only where a float is expected an integer may stand.
fn is_same_number(want: &Number, got: &Json) -> bool {
    let Json::Number(got) = got else { return false };
    if want.is_f64() {
        return want.as_f64().zip(got.as_f64()).is_some_and(|(want, got)| (want - got).abs() < EPSILON);
    }
    want == got
}

fn is_datetime(text: &str) -> bool {
    let pattern = "dddd-dd-dd dd:dd:dd";
    let fits = |(wanted, found): (char, char)| match wanted {
        'd' => found.is_ascii_digit(),
        sign => sign == found,
    };
    text.chars().count() == pattern.len() && pattern.chars().zip(text.chars()).all(fits)
}

fn is_token(text: &str) -> bool {
    text.len() >= 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn check(holds: bool, want: &Json, got: &Json, at: &str) -> Result<(), String> {
    let short = |value: &Json| value.to_string().chars().take(300).collect::<String>();
    if holds { Ok(()) } else { Err(format!("at {at} want {} got {}", short(want), short(got))) }
}

#[test]
fn an_answer_of_another_type_is_no_match() {
    let text = |text: &str| Json::from(text);
    for (want, got) in [
        (Json::from(1), Json::from(1.0)),
        (Json::from(1), Json::from(true)),
        (Json::from(false), Json::Null),
        (text("<datetime>"), text("2026-01-01T00:00:00")),
        (text("<token>"), text("short")),
        (text("<base64>"), text("?")),
        (text("{{known}}"), Json::from(6)),
        (text("{{new}}"), Json::from(5)),
        (serde_json::json!({"a": 1}), serde_json::json!({"a": 1, "b": 2})),
        (serde_json::json!([1, 2]), serde_json::json!([2, 1])),
    ] {
        let mut bindings = Bindings::default();
        bindings.0.insert("known".to_owned(), 5.into());
        assert!(bindings.compare(&want, &got, Mode::Exact, "").is_err(), "{want} {got}");
    }
}
