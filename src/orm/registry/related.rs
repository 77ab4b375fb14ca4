//! The groups of related fields: whoever may not see a value where it is, does not see it over a path either.

use std::collections::HashMap;

use crate::orm::field::Field;
use crate::orm::made::check::Models;
use crate::orm::model::Model;

/// How many related fields may lead from one to the next; more are a circle.
const LONGEST: usize = 16;

/// Gives each related field that has no groups of its own those of the field at the end of its path, and of
/// the links that lead there. Groups of its own are a decision of whoever made it.
pub(super) fn inherit_groups(models: &mut Models) {
    let mut found: HashMap<(String, String), Vec<Vec<String>>> = HashMap::new();
    for model in models.values() {
        for field in model.fields.values().filter(|field| field.related_path().is_some()) {
            let mut groups = Vec::new();
            collect(models, model, field, LONGEST, &mut groups);
            if field.groups.is_empty() && !groups.is_empty() {
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
fn collect(models: &Models, model: &Model, field: &Field, left: usize, groups: &mut Vec<Vec<String>>) {
    if !field.groups.is_empty() {
        if !groups.contains(&field.groups) {
            groups.push(field.groups.clone());
        }
        return;
    }
    let mut at = Some(model);
    for step in field.related_path().filter(|_| left > 0).into_iter().flatten() {
        let Some((model, field)) = at.and_then(|model| Some((model, model.field(step)?))) else { return };
        collect(models, model, field, left - 1, groups);
        at = field.kind.comodel().and_then(|comodel| models.get(comodel));
    }
}
