//! Selections whose options are not declared but follow from what there is: active languages, models.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use super::context::BASE_LANG;
use super::field::{Field, FieldType};
use super::model::Model;

/// Where the options of a selection come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choices {
    /// The active languages.
    Languages,
    /// All models.
    Models,
}

/// Gives all such fields their options. `languages` are codes and names.
pub(super) fn fill(
    models: &mut HashMap<String, Arc<Model>, impl BuildHasher>,
    mut languages: Vec<(String, String)>,
) {
    if languages.iter().all(|(code, _)| code != BASE_LANG) {
        languages.insert(0, (BASE_LANG.to_owned(), "English (US)".to_owned()));
    }
    let mut all: Vec<(String, String)> =
        models.values().map(|model| (model.name.clone(), model.description.clone())).collect();
    all.sort_unstable();
    let chosen = |field: &Field| field.choices.is_some();
    for model in models.values_mut().filter(|model| model.fields.values().any(chosen)) {
        for field in Arc::make_mut(model).fields.values_mut() {
            let options = match field.choices {
                Some(Choices::Languages) => languages.clone(),
                Some(Choices::Models) => all.clone(),
                None => continue,
            };
            field.kind = FieldType::Selection(options);
        }
    }
}
