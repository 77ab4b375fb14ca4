//! The groups of related fields: whoever may not see a value where it is, does not see it over a path either.

use std::collections::{HashMap, HashSet};

use crate::orm::field::Field;
use crate::orm::made::check::Models;
use crate::orm::model::Model;

/// Gives each related field that has no groups of its own those of the field at the end of its path, and of
/// the links that lead there. Groups of its own are a decision of whoever made it.
pub(super) fn inherit_groups(models: &mut Models) {
    let mut found: HashMap<(String, String), Vec<Vec<String>>> = HashMap::new();
    for model in models.values() {
        let without = |field: &&Field| field.related_path().is_some() && field.groups.is_empty();
        for field in model.fields.values().filter(without) {
            let mut groups = Vec::new();
            collect(models, model, field, &mut HashSet::new(), &mut groups);
            if !groups.is_empty() {
                found.insert((model.name.clone(), field.name.clone()), groups);
            }
        }
    }
    for ((model, field), mut groups) in found {
        if let Some(field) = models.get_mut(&model).and_then(|model| model.fields.get_mut(&field)) {
            field.groups = groups.pop().unwrap_or_default();
            field.link_groups = groups;
        }
    }
}

/// The lists of groups of each of which one is needed; that of the field at the end comes last.
/// A field is looked at once, however many paths lead over it.
fn collect<'a>(
    models: &'a Models,
    model: &'a Model,
    field: &'a Field,
    seen: &mut HashSet<(&'a str, &'a str)>,
    groups: &mut Vec<Vec<String>>,
) {
    if !seen.insert((&model.name, &field.name)) {
        return;
    }
    if !field.groups.is_empty() {
        if !groups.contains(&field.groups) {
            groups.push(field.groups.clone());
        }
        return;
    }
    let mut at = Some(model);
    for step in field.related_path().into_iter().flatten() {
        let Some((model, field)) = at.and_then(|model| Some((model, model.field(step)?))) else { return };
        collect(models, model, field, seen, groups);
        at = field.kind.comodel().and_then(|comodel| models.get(comodel));
    }
}
