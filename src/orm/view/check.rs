//! Whether a view fits its model: every field, button and group that it names is there.

use std::collections::BTreeSet;

use super::super::access;
use super::super::field::FieldType;
use super::super::methods;
use super::super::model::Model;
use super::super::registry::Registry;
use super::arch::{Element, Fault};
use super::names;
use super::{EXPRESSIONS, Kind};

type Result<T> = std::result::Result<T, Fault>;

/// Checks a view, whose extensions have been applied; `groups` are the external ids of all groups.
///
/// # Errors
///
/// A [`Fault`] at the first element that does not fit.
pub fn check(registry: &Registry, groups: &BTreeSet<String>, model: &Model, view: &Element) -> Result<()> {
    let checker = Checker { registry, groups };
    if view.tag == "tree" {
        return Err(Fault::at(view, "a list of records is called <list>"));
    }
    let kind = Kind::parse(&view.tag)
        .ok_or_else(|| Fault::at(view, format!("<{}> is no kind of view: {}", view.tag, Kind::all())))?;
    checker.inside(model, view, kind)
}

/// The kind of view whose root an element is.
pub(super) fn kind_of(element: &Element) -> Option<Kind> {
    Kind::parse(&element.tag)
}

struct Checker<'a> {
    registry: &'a Registry,
    groups: &'a BTreeSet<String>,
}

impl Checker<'_> {
    fn inside(&self, model: &Model, element: &Element, kind: Kind) -> Result<()> {
        self.element(model, element, kind)?;
        element.elements().try_for_each(|child| match child.tag.as_str() {
            "field" => self.field(model, child, kind),
            _ => self.inside(model, child, kind),
        })
    }

    fn field(&self, model: &Model, element: &Element, kind: Kind) -> Result<()> {
        self.element(model, element, kind)?;
        let name = element.attribute("name").ok_or_else(|| Fault::at(element, "a field needs a name"))?;
        let field = model.field(name).ok_or_else(|| {
            Fault::at(element, format!("'{}' ({}) has no field '{name}'", model.description, model.name))
        })?;
        let comodel = field.kind.comodel().and_then(|comodel| self.registry.find(comodel));
        for child in element.elements() {
            match (kind_of(child), comodel) {
                (Some(kind), Some(comodel)) if field.kind.is_x2many() => self.inside(comodel, child, kind)?,
                (Some(_), _) => {
                    return Err(Fault::at(
                        child,
                        format!("'{name}' is no list of records, and has no views"),
                    ));
                }
                (None, _) => self.inside(model, child, kind)?,
            }
        }
        Ok(())
    }

    /// What every element may say.
    fn element(&self, model: &Model, element: &Element, kind: Kind) -> Result<()> {
        self.groups(element)?;
        if kind != Kind::Search {
            Self::expressions(model, element)?;
        }
        match element.tag.as_str() {
            "button" if element.attribute("type") == Some("object") => Self::method(model, element),
            "filter" if kind == Kind::Search => Self::filter(model, element),
            "label" => match element.attribute("for") {
                Some(name) if model.field(name).is_none() && kind == Kind::Form => {
                    Err(Fault::at(element, format!("the label is for '{name}', which is no field")))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn groups(&self, element: &Element) -> Result<()> {
        let names = element.attribute("groups").unwrap_or_default();
        for name in access::group_names(names) {
            if !self.groups.contains(name) {
                return Err(Fault::at(element, format!("there is no group '{name}'")));
            }
        }
        Ok(())
    }

    fn expressions(model: &Model, element: &Element) -> Result<()> {
        let own = element
            .attributes
            .iter()
            .filter(|(name, _)| EXPRESSIONS.contains(&name.as_str()) || name.starts_with("decoration-"));
        for (attribute, expression) in own {
            if let Some(name) = names::fields(expression).into_iter().find(|name| model.field(name).is_none())
            {
                return Err(Fault::at(
                    element,
                    format!(
                        "{attribute}=\"{expression}\" asks for '{name}', which is no field of {}",
                        model.name
                    ),
                ));
            }
        }
        Ok(())
    }

    fn method(model: &Model, element: &Element) -> Result<()> {
        let name = element.attribute("name").unwrap_or_default();
        match methods::find(model, name) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::at(element, format!("the button calls '{name}': {error}"))),
        }
    }

    fn filter(model: &Model, element: &Element) -> Result<()> {
        let Some(name) = element.attribute("date") else { return Ok(()) };
        let is_date = |kind: &FieldType| matches!(kind, FieldType::Date | FieldType::Datetime);
        if model.field(name).is_some_and(|field| is_date(&field.kind)) {
            return Ok(());
        }
        Err(Fault::at(element, format!("the filter is by '{name}', which is no date of {}", model.name)))
    }
}
