//! The bar above a list: what is searched, what may be, filters and groups. All of it are links and forms
//! that lead to the list in another state.

use maud::{Markup, html};

use super::address::{State, list_path};
use super::drawn::Shape;
use super::search::{OPERATORS, PERIODS, Search};

impl Search<'_> {
    /// The facets of a state: what each is called, and the state without it.
    pub(in crate::http) fn facets(&self, state: &State) -> Vec<(String, State)> {
        let mut facets = Vec::new();
        for set in state.all("s") {
            let (name, text) = set.split_once(':').unwrap_or((set, ""));
            let field = self.fields.iter().find(|field| field.attribute("name") == Some(name));
            let label = field.map_or_else(|| name.to_owned(), |field| self.label_of(field));
            facets.push((format!("{label}: {text}"), state.without("s", set)));
        }
        for (set, label) in self.filter_choices() {
            if state.all("f").any(|known| known == set) {
                facets.push((label, state.without("f", &set)));
            }
        }
        for custom in state.customs() {
            let label = self.shape(&custom.field).map_or(custom.field.as_str(), Shape::label);
            let operator = OPERATORS
                .iter()
                .find(|(known, _)| *known == custom.operator)
                .map_or(custom.operator.as_str(), |(_, name)| name);
            let value = self.names.get(&custom.text()).unwrap_or(&custom.value);
            let text = format!("{} {} {value}", self.desk.t(label), self.desk.t(operator));
            facets.push((text.trim().to_owned(), state.without("c", &custom.text())));
        }
        for by in state.all("g") {
            facets.push((
                format!("{} {}", self.desk.t("Group by:"), self.group_label(by)),
                state.without("g", by),
            ));
        }
        facets
    }

    /// All filters with their labels; a date has one for each period.
    fn filter_choices(&self) -> Vec<(String, String)> {
        let mut choices = Vec::new();
        for filter in self.filters.iter().flatten() {
            let (name, label) = (filter.attribute("name").unwrap_or_default(), self.label_of(filter));
            if filter.attribute("date").is_some() {
                let named = |(period, text, _): &(&str, &str, i64)| {
                    (format!("{name}.{period}"), format!("{label}: {}", self.desk.t(text)))
                };
                choices.extend(PERIODS.iter().map(named));
            } else {
                choices.push((name.to_owned(), label));
            }
        }
        choices
    }

    fn group_label(&self, by: &str) -> String {
        let name = by.split(':').next().unwrap_or(by);
        let own = self.groups.iter().find(|(known, _)| known == by).map(|(_, label)| label.as_str());
        let label = own.filter(|label| !label.is_empty()).or_else(|| self.shape(name).map(Shape::label));
        self.desk.t(label.unwrap_or(name)).to_owned()
    }

    /// The fields by which a list may be grouped, apart from those that the view offers.
    fn groupable(&self) -> Vec<(String, String)> {
        let may =
            |shape: &&Shape| shape.is("groupable") && !self.groups.iter().any(|(by, _)| *by == shape.name);
        let mut fields: Vec<(String, String)> = self
            .shapes
            .iter()
            .filter(may)
            .map(|shape| (shape.name.clone(), self.desk.t(shape.label()).to_owned()))
            .collect();
        fields.sort_by(|left, right| left.1.cmp(&right.1));
        fields
    }

    /// The bar above a list.
    pub(in crate::http) fn bar(&self, model: &str, state: &State) -> Markup {
        let t = |english: &'static str| self.desk.t(english);
        html! {
            search.search aria-label=(t("Search")) {
                form.find method="get" action=(list_path(model)) {
                    (kept(&state.fields()))
                    label.hidden for="q" { (t("Search")) }
                    select name="in" aria-label=(t("Where to search")) {
                        @for field in &self.fields { option value=(field.attribute("name").unwrap_or_default()) { (self.label_of(field)) } }
                    }
                    input #q type="search" name="q" placeholder=(t("Search…")) accesskey="q" autocomplete="off";
                    button type="submit" { (t("Search")) }
                }
                (self.menus(model, state))
                @let facets = self.facets(state);
                @if !facets.is_empty() {
                    ul.facets aria-label=(t("What is searched")) {
                        @for (text, without) in &facets {
                            li { span { (text) } a href=(without.list(model)) title=(t("Remove")) aria-label=(format!("{}: {text}", t("Remove"))) { "×" } }
                        }
                    }
                }
            }
        }
    }

    fn menus(&self, model: &str, state: &State) -> Markup {
        let t = |english: &'static str| self.desk.t(english);
        let has = |name: &str, value: &str| state.all(name).any(|known| known == value);
        let toggle = |name: &str, value: &str| {
            if has(name, value) { state.without(name, value) } else { state.with(name, value) }
        };
        let entry = |name: &str, value: &str, label: &str| {
            html! {
                li { a href=(toggle(name, value).list(model)) aria-current=[has(name, value).then_some("true")] { (label) } }
            }
        };
        let mut fields: Vec<&Shape> =
            self.shapes.iter().filter(|shape| shape.is("searchable") && shape.kind() != "binary").collect();
        fields.sort_by_key(|shape| self.desk.t(shape.label()).to_owned());
        html! {
            details.drop {
                summary { (t("Filters")) }
                div {
                    ul { @for (value, label) in self.filter_choices() { (entry("f", &value, &label)) } }
                    form.custom method="get" action=(list_path(model)) {
                        (kept(&state.fields()))
                        h2 { (t("Custom filter")) }
                        label { (t("Field")) select name="cf" { @for shape in &fields { option value=(shape.name) { (self.desk.t(shape.label())) } } } }
                        label { (t("Operator")) select name="co" { @for (operator, name) in OPERATORS { option value=(operator) { (t(name)) } } } }
                        label { (t("Value")) input type="text" name="cv" autocomplete="off"; }
                        button type="submit" { (t("Add")) }
                    }
                }
            }
            details.drop {
                summary { (t("Group by")) }
                div {
                    ul {
                        @for (by, _) in &self.groups { (entry("g", by, &self.group_label(by))) }
                    }
                    form.custom method="get" action=(list_path(model)) {
                        (kept(&state.fields()))
                        label { (t("Field")) select name="g" { @for (by, label) in self.groupable() { option value=(by) { (label) } } } }
                        button type="submit" { (t("Add")) }
                    }
                }
            }
        }
    }
}

/// What is kept of a state when a form by GET adds to it.
fn kept(fields: &[(String, String)]) -> Markup {
    html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } }
}
