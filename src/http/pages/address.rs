//! Addresses of pages. The state of a list is its query alone, so that an address can be kept and sent on:
//!
//! `?s=name:wiki` searches a field, `f=inactive` sets a filter of the view, `c=name~ilike~wiki` one of
//! one's own, `g=model_scheme_id` groups, `o=` opens a group, `sort=-name`, `page=2`, `x=uri_count` shows or
//! hides a column, `all=1` leaves the usual filters out, `action=12` keeps to an action, `default_name=…` is for new records.

use serde_json::{Map, Value as Json};
use url::form_urlencoded;

/// Letters of a name that an address keeps as they are.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The page of a model's records.
pub(in crate::http) fn list_path(model: &str) -> String {
    format!("/odoo/{}", encoded(model))
}

/// The page of a record.
pub(in crate::http) fn record_path(model: &str, id: i64) -> String {
    format!("/odoo/{}/{id}", encoded(model))
}

/// An address with a query, if there is one.
pub(in crate::http) fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The parameters that make the state of a list.
const STATE: [&str; 9] = ["s", "f", "c", "g", "o", "sort", "page", "x", "all"];

/// Pages and places of a list beyond which no address leads.
const FURTHEST: i64 = 1_000_000_000;

/// A filter of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Custom {
    /// The field.
    pub field: String,
    /// The operator of the domain.
    pub operator: String,
    /// What was typed in.
    pub value: String,
}

/// The state of a list; see the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::http) struct State {
    pairs: Vec<(String, String)>,
    /// The action that was asked for.
    pub action: Option<i64>,
    /// The place of the record in the list, on the page of a record.
    pub at: Option<i64>,
}

impl State {
    /// Reads a query; what is no part of a state is left out.
    pub(in crate::http) fn parse(query: &str) -> Self {
        let mut state = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "action" => state.action = value.parse().ok(),
                "at" => state.at = value.parse().ok().filter(|at| (0..FURTHEST).contains(at)),
                name if (STATE.contains(&name) || name.starts_with("default_")) && !value.is_empty() => {
                    let pair = (name.to_owned(), value.into_owned());
                    if !state.pairs.contains(&pair) {
                        state.pairs.push(pair);
                    }
                }
                _ => {}
            }
        }
        state
    }

    /// The values of a parameter.
    pub(in crate::http) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The last value of a parameter.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether nothing is searched, filtered or grouped.
    pub(in crate::http) fn is_untouched(&self) -> bool {
        ["s", "f", "c", "g", "all"].iter().all(|name| self.get(name).is_none())
    }

    /// The page, from 1.
    pub(in crate::http) fn page(&self) -> i64 {
        self.get("page")
            .and_then(|page| page.parse().ok())
            .filter(|page| (1..FURTHEST).contains(page))
            .unwrap_or(1)
    }

    /// The field that sorts, and whether the other way round.
    pub(in crate::http) fn sort(&self) -> Option<(&str, bool)> {
        let sort = self.get("sort")?;
        Some(sort.strip_prefix('-').map_or((sort, false), |field| (field, true)))
    }

    /// The filters of one's own.
    pub(in crate::http) fn customs(&self) -> impl Iterator<Item = Custom> {
        self.all("c").filter_map(custom)
    }

    /// With one more.
    #[must_use]
    pub(in crate::http) fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(known, _)| known != "page" && known != "o");
        let pair = (name.to_owned(), value.to_owned());
        if !changed.pairs.contains(&pair) {
            changed.pairs.push(pair);
        }
        changed
    }

    /// With one value in the place of all that the parameter had.
    #[must_use]
    pub(in crate::http) fn set(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(known, _)| known != name && (known != "page" || name == "x"));
        if !value.is_empty() {
            changed.pairs.push((name.to_owned(), value.to_owned()));
        }
        changed
    }

    /// Without one.
    #[must_use]
    pub(in crate::http) fn without(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed
            .pairs
            .retain(|(known, held)| !(known == name && held == value) && known != "page" && known != "o");
        if changed.is_untouched() {
            changed.pairs.push(("all".to_owned(), "1".to_owned()));
        }
        changed
    }

    /// With it or without it, whichever is not so yet.
    #[must_use]
    pub(in crate::http) fn toggled(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        let before = changed.pairs.len();
        changed.pairs.retain(|(known, held)| !(known == name && held == value));
        if changed.pairs.len() == before {
            changed.pairs.push((name.to_owned(), value.to_owned()));
        }
        changed
    }

    /// At a place in the list.
    #[must_use]
    pub(in crate::http) fn at(&self, at: i64) -> Self {
        Self { at: Some(at), ..self.clone() }
    }

    /// Of the list alone, without the place of a record.
    #[must_use]
    pub(in crate::http) fn of_list(&self) -> Self {
        Self { at: None, ..self.clone() }
    }

    /// The defaults of a new record of this list.
    pub(in crate::http) fn defaults(&self) -> Map<String, Json> {
        let held = self.pairs.iter().filter(|(name, _)| name.starts_with("default_"));
        held.map(|(name, value)| {
            let value = value.parse::<i64>().map_or_else(|_error| Json::from(value.as_str()), Json::from);
            (name.clone(), value)
        })
        .collect()
    }

    /// As a query.
    pub(in crate::http) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.pairs {
            query.append_pair(name, value);
        }
        if let Some(action) = self.action {
            query.append_pair("action", &action.to_string());
        }
        if let Some(at) = self.at {
            query.append_pair("at", &at.to_string());
        }
        query.finish()
    }

    /// The list in this state.
    pub(in crate::http) fn list(&self, model: &str) -> String {
        with_query(&list_path(model), &self.of_list().query())
    }

    /// The same as fields of a form that is sent by GET.
    pub(in crate::http) fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> =
            self.pairs.iter().filter(|(name, _)| name != "page" && name != "o").cloned().collect();
        fields.extend(self.action.map(|action| ("action".to_owned(), action.to_string())));
        fields
    }
}

fn custom(text: &str) -> Option<Custom> {
    let mut parts = text.splitn(3, '~').map(str::to_owned);
    Some(Custom { field: parts.next()?, operator: parts.next()?, value: parts.next()? })
}

impl Custom {
    /// As the parameter holds it.
    pub(in crate::http) fn text(&self) -> String {
        format!("{}~{}~{}", self.field, self.operator, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_its_query() {
        let query = "s=name%3Awiki&f=inactive&sort=-name&page=2";
        let state = State::parse(&format!("{query}&unknown=1&f=inactive"));

        assert_eq!(state.query(), query);
        assert_eq!(state.sort(), Some(("name", true)));
        assert_eq!((state.page(), state.with("f", "other").page()), (2, 1));
        assert_eq!(state.without("s", "name:wiki").without("f", "inactive").query(), "sort=-name&all=1");
        assert_eq!(State::parse("page=-1").page(), 1);
    }

    #[test]
    fn a_filter_may_hold_what_separates_its_parts() {
        let custom = State::parse("c=name~ilike~a~b").customs().next();

        assert_eq!(custom.map(|custom| custom.value).as_deref(), Some("a~b"));
    }
}
