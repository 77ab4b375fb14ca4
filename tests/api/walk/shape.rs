//! Whether an answer has the shape of a recorded one.
//!
//! Ids, names and numbers of records are our own; keys and types are Odoo's. Nothing (`false`) may
//! stand where the other has a value. `<any>`, `<text>`, `<token>` and `<arch>` stand for what they
//! say, and "… 80 in all" says that a list was cut.

use serde_json::Value as Json;

/// How much of an answer is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Texts as well: they tell of models and actions, which are the same.
    Texts,
    /// Keys and types alone: they tell of records.
    Types,
}

/// Whether a text only says that a list was cut.
pub(super) fn is_cut(item: &Json) -> bool {
    item.as_str().is_some_and(|text| text.starts_with('…') && text.ends_with("in all"))
}

/// Compares; says where they part.
pub(super) fn compare(want: &Json, got: &Json, depth: Depth, at: &str) -> Result<(), String> {
    let differ = || Err(format!("at {at} want the shape of {} got {}", short(want), short(got)));
    match (want, got) {
        (Json::String(mark), _) if mark == "<any>" => Ok(()),
        (Json::Object(want), Json::Object(found)) => {
            let missing: Vec<_> = want.keys().filter(|key| !found.contains_key(*key)).collect();
            // The recording tells of the registry's own models.
            let is_left_out = |key: &String| at == ".result.models" && !key.starts_with("oregional.");
            let extra: Vec<_> =
                found.keys().filter(|key| !want.contains_key(*key) && !is_left_out(key)).collect();
            if !missing.is_empty() || !extra.is_empty() {
                return Err(format!("at {at} keys are missing {missing:?} or too many {extra:?}"));
            }
            want.iter().try_for_each(|(key, item)| compare(item, &found[key], depth, &format!("{at}.{key}")))
        }
        (Json::Array(want), Json::Array(found)) => compare_lists(want, found, depth, at),
        (Json::String(want), Json::String(found)) => {
            let holds = match want.as_str() {
                "<arch>" => found.starts_with('<'),
                "<token>" => found.len() >= 20,
                "<text>" => true,
                text if is_moment(text) => is_moment(found),
                text => depth == Depth::Types || text == found,
            };
            if holds { Ok(()) } else { differ() }
        }
        (Json::Bool(false), _)
        | (_, Json::Bool(false))
        | (Json::Number(_), Json::Number(_))
        | (Json::Bool(true), Json::Bool(true))
        | (Json::Null, Json::Null) => Ok(()),
        _ => differ(),
    }
}

/// A pair such as `[id, "name"]` place by place; a list of records each as one of the recorded ones.
fn compare_lists(want: &[Json], found: &[Json], depth: Depth, at: &str) -> Result<(), String> {
    let samples: Vec<&Json> = want.iter().filter(|item| !is_cut(item)).collect();
    let is_whole = samples.len() == want.len();
    if is_whole && samples.len() == found.len() {
        let pairs = samples.iter().zip(found).enumerate();
        return pairs
            .into_iter()
            .try_for_each(|(place, (item, other))| compare(item, other, depth, &format!("{at}[{place}]")));
    }
    for (place, other) in found.iter().enumerate() {
        let tried: Vec<_> =
            samples.iter().map(|item| compare(item, other, depth, &format!("{at}[{place}]"))).collect();
        if !tried.is_empty() && tried.iter().all(Result::is_err) {
            return tried.into_iter().next().unwrap_or(Ok(()));
        }
    }
    Ok(())
}

fn is_moment(text: &str) -> bool {
    chrono_like(text, "dddd-dd-dd dd:dd:dd")
}

fn chrono_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && pattern.chars().zip(text.chars()).all(|(wanted, found)| match wanted {
            'd' => found.is_ascii_digit(),
            sign => sign == found,
        })
}

fn short(value: &Json) -> String {
    value.to_string().chars().take(200).collect()
}
