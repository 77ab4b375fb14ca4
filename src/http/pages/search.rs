//! What a list is searched by: the facets of its address as a domain, and the bar that shows them.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::address::{Custom, State};
use super::condition::{self, Values};
use super::desk::Desk;
use super::drawn::{Shape, flag};
use super::shown;
use crate::orm::view::arch::Element;

/// The operators that a filter of one's own offers, with their names.
pub(in crate::http) const OPERATORS: [(&str, &str); 10] = [
    ("ilike", "contains"),
    ("not ilike", "does not contain"),
    ("=", "is equal to"),
    ("!=", "is not equal to"),
    (">", "is greater than"),
    (">=", "is at least"),
    ("<", "is less than"),
    ("<=", "is at most"),
    ("set", "is set"),
    ("unset", "is not set"),
];

/// What a search view offers.
pub(in crate::http) struct Search<'a> {
    /// Who searches.
    pub desk: &'a Desk,
    /// All fields of the model.
    pub shapes: Vec<Shape>,
    /// The fields to search, in the order of the view.
    pub fields: Vec<Element>,
    /// The filters, in groups of which one may hold.
    pub filters: Vec<Vec<Element>>,
    /// What to group by: the name of the filter, its label, the fields.
    pub groups: Vec<(String, String)>,
    /// Names of records that filters name by their number.
    pub names: HashMap<String, String>,
}

/// All of some domains.
pub(in crate::http) fn all_of(domains: Vec<Vec<Json>>) -> Vec<Json> {
    joined(domains, "&")
}

fn any_of(domains: Vec<Vec<Json>>) -> Vec<Json> {
    joined(domains, "|")
}

fn joined(domains: Vec<Vec<Json>>, operator: &str) -> Vec<Json> {
    let whole: Vec<Vec<Json>> =
        domains.into_iter().filter(|domain| !domain.is_empty()).map(explicit).collect();
    let mut joined = vec![Json::from(operator); whole.len().saturating_sub(1)];
    joined.extend(whole.into_iter().flatten());
    joined
}

/// A domain whose conditions are all joined by an operator that is written.
fn explicit(domain: Vec<Json>) -> Vec<Json> {
    let mut out = Vec::with_capacity(domain.len() + 1);
    let mut expected = 1_usize;
    for term in domain {
        if expected == 0 {
            out.insert(0, Json::from("&"));
            expected = 1;
        }
        match term.as_str() {
            Some("&" | "|") => expected += 1,
            Some("!") => {}
            _ => expected -= 1,
        }
        out.push(term);
    }
    out
}

impl<'a> Search<'a> {
    /// Reads a search view.
    pub(in crate::http) fn new(desk: &'a Desk, arch: &Element, shapes: Vec<Shape>) -> Self {
        let mut search = Self {
            desk,
            shapes,
            fields: Vec::new(),
            filters: vec![Vec::new()],
            groups: Vec::new(),
            names: HashMap::new(),
        };
        search.read(arch);
        search.filters.retain(|group| !group.is_empty());
        search
    }

    fn read(&mut self, parent: &Element) {
        for element in parent.elements() {
            match element.tag.as_str() {
                "field" => self.fields.push(element.clone()),
                "separator" => self.filters.push(Vec::new()),
                "group" => self.read(element),
                "filter" => self.filter(element),
                _ => {}
            }
        }
    }

    fn filter(&mut self, element: &Element) {
        let context = element.attribute("context").map(Json::from);
        let by = condition::context(context.as_ref(), &self.values(&Map::new(), None));
        let label = element.attribute("string").unwrap_or_default().to_owned();
        if let Some(by) = by.get("group_by").and_then(Json::as_str) {
            self.groups.push((by.to_owned(), label));
        } else if element.attribute("date").is_some() || element.attribute("domain").is_some() {
            let is_shown = flag(element, "invisible") != Some(true);
            if let Some(group) = self.filters.last_mut().filter(|_| is_shown) {
                group.push(element.clone());
            }
        }
    }

    fn values<'b>(&self, record: &'b Map<String, Json>, searched: Option<&'b str>) -> Values<'b> {
        Values { record, user_id: self.desk.user_id, searched, now: self.desk.now }
    }

    /// What is told of a field.
    pub(in crate::http) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.iter().find(|shape| shape.name == name)
    }

    /// What an element of the view is called.
    pub(in crate::http) fn label_of(&self, element: &Element) -> String {
        let name = element.attribute("name").unwrap_or_default();
        let own = element.attribute("string").filter(|text| !text.is_empty());
        let label = own.or_else(|| self.shape(name).map(Shape::label)).unwrap_or(name);
        self.desk.t(label).to_owned()
    }

    /// The domain of a state.
    pub(in crate::http) fn domain(&self, state: &State) -> Vec<Json> {
        let mut all = Vec::new();
        for field in &self.fields {
            let name = field.attribute("name").unwrap_or_default();
            let searched =
                state.all("s").filter_map(|s| s.split_once(':')).filter(|(known, _)| *known == name);
            all.push(any_of(searched.map(|(_, text)| self.searched(field, text)).collect()));
        }
        for group in &self.filters {
            let mut some = Vec::new();
            for filter in group {
                let name = filter.attribute("name").unwrap_or_default();
                if state.all("f").any(|set| set == name) {
                    let text = filter.attribute("domain").map(Json::from);
                    some.push(condition::domain(text.as_ref(), &self.values(&Map::new(), None)));
                }
                if let Some(field) = filter.attribute("date") {
                    let periods = state.all("f").filter_map(|set| set.strip_prefix(name)?.strip_prefix('.'));
                    some.extend(periods.filter_map(|period| self.period(field, period)));
                }
            }
            all.push(any_of(some));
        }
        all.extend(state.customs().filter_map(|custom| self.custom(&custom)));
        all_of(all)
    }

    /// The domain of a searched text.
    fn searched(&self, field: &Element, text: &str) -> Vec<Json> {
        if let Some(domain) = field.attribute("filter_domain") {
            return condition::domain(Some(&domain.into()), &self.values(&Map::new(), Some(text)));
        }
        let name = field.attribute("name").unwrap_or_default();
        let Some(shape) = self.shape(name) else { return Vec::new() };
        vec![self.condition(shape, field.attribute("operator").unwrap_or(usual_operator(shape)), text)]
    }

    /// One condition, with the text read as the field's type has it; what is no such value finds nothing.
    fn condition(&self, shape: &Shape, operator: &str, text: &str) -> Json {
        let (name, text) = (shape.name.as_str(), text.trim());
        let nothing = || json!([0, "=", 1]);
        match shape.kind() {
            "boolean" => {
                let yes = ["1", "true", "yes", "ja", "on"].contains(&text.to_lowercase().as_str());
                json!([name, if operator == "!=" { "!=" } else { "=" }, yes])
            }
            "integer" | "many2one_reference" => text
                .parse::<i64>()
                .map_or_else(|_error| nothing(), |number| json!([name, exact(operator), number])),
            "float" | "monetary" => text
                .replace(',', ".")
                .parse::<f64>()
                .map_or_else(|_error| nothing(), |number| json!([name, exact(operator), number])),
            "selection" => {
                let lower = text.to_lowercase();
                let fits = |key: &str, label: &str| match operator {
                    "=" | "!=" => key == text || self.desk.t(label).to_lowercase() == lower,
                    _ => {
                        self.desk.t(label).to_lowercase().contains(&lower)
                            || label.to_lowercase().contains(&lower)
                    }
                };
                let keys: Vec<&str> =
                    shape.choices().filter(|(key, label)| fits(key, label)).map(|(key, _)| key).collect();
                json!([name, if ["!=", "not ilike"].contains(&operator) { "not in" } else { "in" }, keys])
            }
            "datetime" => shown::from_local(
                self.desk,
                &if text.len() == 10 { format!("{text} 00:00") } else { text.to_owned() },
            )
            .map_or_else(nothing, |moment| json!([name, exact(operator), moment])),
            "date" => json!([name, exact(operator), text]),
            // A record by its number, as an action names it.
            "many2one" | "one2many" | "many2many" if ["=", "!="].contains(&operator) => text
                .parse::<i64>()
                .map_or_else(|_error| json!([name, operator, text]), |id| json!([name, operator, id])),
            _ => json!([name, operator, text]),
        }
    }

    fn custom(&self, custom: &Custom) -> Option<Vec<Json>> {
        let shape = self.shape(&custom.field)?;
        Some(vec![match custom.operator.as_str() {
            "set" => json!([shape.name, "!=", false]),
            "unset" => json!([shape.name, "=", false]),
            known if OPERATORS.iter().any(|(operator, _)| *operator == known) => {
                self.condition(shape, known, &custom.value)
            }
            _ => return None,
        }])
    }

    /// The domain of a period of a date.
    fn period(&self, field: &str, period: &str) -> Option<Vec<Json>> {
        let days = PERIODS.iter().find(|(name, ..)| *name == period)?.2;
        let since = self.desk.now - chrono::TimeDelta::days(days);
        Some(vec![json!([field, ">=", since.format("%Y-%m-%d %H:%M:%S").to_string()])])
    }
}

/// Periods of a filter by date: the name, the label, days.
pub(in crate::http) const PERIODS: [(&str, &str, i64); 4] = [
    ("day", "last 24 hours", 1),
    ("week", "last 7 days", 7),
    ("month", "last 30 days", 30),
    ("year", "last 365 days", 365),
];

fn usual_operator(shape: &Shape) -> &'static str {
    match shape.kind() {
        "char" | "text" | "html" | "many2one" | "one2many" | "many2many" | "selection" => "ilike",
        _ => "=",
    }
}

/// An operator of a value that is no text.
fn exact(operator: &str) -> &str {
    match operator {
        "ilike" => "=",
        "not ilike" => "!=",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_keep_their_meaning_within_others() {
        let both = vec![json!(["a", "=", 1]), json!(["b", "=", 2])];
        let one = vec![json!(["c", "=", 3])];

        assert_eq!(
            json!(any_of(vec![both.clone(), one.clone()])),
            json!(["|", "&", ["a", "=", 1], ["b", "=", 2], ["c", "=", 3]])
        );
        assert_eq!(json!(all_of(vec![Vec::new(), one.clone()])), json!([["c", "=", 3]]));
        assert_eq!(
            json!(explicit(vec![json!("!"), json!(["a", "=", 1]), json!(["b", "=", 2])])),
            json!(["&", "!", ["a", "=", 1], ["b", "=", 2]])
        );
    }
}
