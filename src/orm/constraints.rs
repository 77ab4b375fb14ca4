//! Broken constraints in the words of the model that declares them.

use super::field::Field;
use super::registry::Registry;
use super::schema;
use crate::error::{Constraint, ConstraintKind, Error};

/// A broken constraint in the words of the model that declares it.
pub fn in_words(registry: &Registry, broken: &Constraint) -> Error {
    for model in registry.models() {
        if let Some(known) = model.constraints.iter().find(|known| known.name == broken.name) {
            return Error::Validation(known.message.clone());
        }
        if model.table != broken.table {
            continue;
        }
        if broken.kind == ConstraintKind::NotNull
            && let Some(field) = model.field(&broken.column)
        {
            return Error::Validation(format!(
                "The field '{}' ({}) of '{}' ({}) is required.",
                field.string, field.name, model.description, model.name
            ));
        }
        let linked = |field: &&Field| broken.name == schema::link_name(&model.table, &field.name);
        if let Some(field) = model.fields.values().find(linked) {
            return Error::Validation(format!(
                "'{}' ({}) of '{}' ({}) points to a record that does not exist, or that is still in use and cannot be deleted.",
                field.string, field.name, model.description, model.name
            ));
        }
    }
    Error::Validation(broken.to_string())
}
