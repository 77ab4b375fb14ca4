//! Lets the tables follow what a call has changed of models and fields, within its transaction.

use std::sync::Arc;

use super::patience::patiently;
use super::{audit, bring};
use crate::error::{Error, Result};
use crate::orm::environment::Services;
use crate::orm::made::Problem;
use crate::orm::model::Model;
use crate::orm::registry::Registry;

/// Loads the models as the transaction sees them, checks that they fit together, and makes and alters
/// the tables of those that differ from the ones that the call began with.
///
/// # Errors
///
/// [`Error::Validation`] for what was made and does not fit, [`Error::User`] when something that was
/// served before would not be any more, or somebody else uses a table, and what the database refuses.
pub async fn follow(services: &Services, declared: &[Model]) -> Result<()> {
    let (connection, before) = (&services.connection, &*services.registry);
    let after = Registry::load(declared, connection).await?;
    if let Some(problem) = after.problems.iter().find(|problem| !before.problems.contains(problem)) {
        let was_served = served(before, problem);
        return Err(if was_served {
            Error::User(format!("This cannot be done. {}", problem.reason))
        } else {
            Error::Validation(problem.reason.clone())
        });
    }
    let is_made = |model: &Model| model.manual || model.fields.values().any(|field| field.manual);
    let differs = |model: &&Arc<Model>| {
        (is_made(model) || before.find(&model.name).is_some_and(|known| is_made(known)))
            && before.find(&model.name).is_none_or(|known| format!("{known:?}") != format!("{model:?}"))
    };
    let mut changed: Vec<&Model> = after.models().filter(differs).map(AsRef::as_ref).collect();
    if changed.is_empty() {
        return Ok(());
    }
    changed.sort_by(|left, right| left.name.cmp(&right.name));
    patiently(services, &tables(&after, &changed), async || {
        for model in &changed {
            if before.find(&model.name).is_some_and(|known| known.order != model.order) {
                super::remove::order_index(connection, model).await?;
            }
        }
        bring(connection, &after, &changed).await?;
        audit::follow(connection, &after, changed.iter().copied()).await
    })
    .await
}

/// The tables of models that changed, and those that their fields point to: a new link locks both of its ends.
fn tables(registry: &Registry, changed: &[&Model]) -> Vec<String> {
    let fields = changed.iter().flat_map(|model| model.fields.values()).filter(|field| field.manual);
    let comodels = fields.filter_map(|field| registry.find(field.kind.comodel()?));
    let own = changed.iter().map(|model| model.table.clone());
    own.chain(comodels.map(|model| model.table.clone())).collect()
}

fn served(before: &Registry, problem: &Problem) -> bool {
    before.find(&problem.model).is_some_and(|model| {
        problem.field.as_ref().map_or(model.manual, |field| model.fields.contains_key(field))
    })
}
