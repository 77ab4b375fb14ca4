//! Puts declared models and made ones together: their fields, what they delegate to, what follows
//! from what.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{Registry, Trigger, related};
use crate::error::{Error, Result};
use crate::orm::choices;
use crate::orm::field::{Field, FieldType, Right, Source};
use crate::orm::made::check::{self, Models};
use crate::orm::made::{Made, Problem};
use crate::orm::model::Model;

impl Registry {
    /// A registry of declared models, before anything is known from the database.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when a declaration contradicts another.
    pub fn declared(models: impl IntoIterator<Item = Model>) -> Result<Self> {
        Self::assemble(models, Made::default())
    }

    /// A registry of declared models and of made ones. What was made and does not fit is left out,
    /// and told in `problems`: one bad field must not keep a server from starting.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when a declaration contradicts another.
    pub(super) fn assemble(models: impl IntoIterator<Item = Model>, made: Made) -> Result<Self> {
        let mut registry = Self::default();
        let mut open = IndexMap::new();
        for model in models {
            for name in model.other_names {
                registry.other_names.insert((*name).to_owned(), model.name.clone());
            }
            open.insert(model.name.clone(), model);
        }
        add(&mut open, made, &mut registry.problems);
        let mut complete = loop {
            let complete = complete(&open)?;
            let found = check::find(&complete);
            if found.is_empty() {
                break complete;
            }
            for problem in &found {
                leave_out(&mut open, problem);
            }
            registry.problems.extend(found);
        };
        related::inherit_groups(&mut complete);
        registry.models = complete.into_iter().map(|(name, model)| (name, Arc::new(model))).collect();
        choices::fill(&mut registry.models, Vec::new());
        registry.check_relations()?;
        registry.triggers = registry.find_triggers();
        registry.languages.insert(crate::orm::context::BASE_LANG.to_owned());
        Ok(registry)
    }

    fn check_relations(&self) -> Result<()> {
        for model in self.models.values() {
            for field in model.fields.values() {
                if let Some(comodel) = field.kind.comodel()
                    && !self.models.contains_key(comodel)
                {
                    return Err(Error::Internal(format!("{}.{} points to no model", model.name, field.name)));
                }
                if let Some(path) = field.related_path() {
                    self.end_of_path(model, path)?;
                }
            }
        }
        Ok(())
    }

    fn find_triggers(&self) -> HashMap<(String, String), Vec<Trigger>> {
        let mut triggers: HashMap<(String, String), Vec<Trigger>> = HashMap::new();
        for model in self.models.values() {
            for field in model.fields.values() {
                if !matches!(field.source, Source::StoredComputed(_) | Source::StoredRelated(_)) {
                    continue;
                }
                for depends in &field.depends {
                    self.follow(model, field, depends, &mut triggers);
                }
            }
        }
        triggers
    }

    fn follow(
        &self,
        model: &Model,
        field: &Field,
        depends: &str,
        triggers: &mut HashMap<(String, String), Vec<Trigger>>,
    ) {
        let mut at = model;
        let mut path = Vec::new();
        for step in depends.split('.') {
            let trigger =
                Trigger { model: model.name.clone(), field: field.name.clone(), path: path.clone() };
            let known = triggers.entry((at.name.clone(), step.to_owned())).or_default();
            if !known.contains(&trigger) {
                known.push(trigger);
            }
            let comodel = at.field(step).and_then(|field| match &field.kind {
                FieldType::Many2one { comodel, .. } => Some(comodel),
                _ => None,
            });
            let Some(next) = comodel.and_then(|name| self.models.get(name)) else { return };
            path.push(step.to_owned());
            at = next;
        }
    }
}

fn add(open: &mut Models, made: Made, problems: &mut Vec<Problem>) {
    for model in made.models {
        if open.contains_key(&model.name) {
            let reason = format!("The model '{}' is a shipped one now.", model.name);
            problems.push(Problem { model: model.name, field: None, reason });
        } else {
            open.insert(model.name.clone(), model);
        }
    }
    for made in made.fields {
        let name = made.field.name.clone();
        match open.get_mut(&made.model) {
            Some(model) if !model.fields.contains_key(&name) => _ = model.fields.insert(name, made.field),
            _ => {
                let reason = format!("The field '{name}' cannot be on '{}'.", made.model);
                problems.push(Problem { model: made.model, field: Some(name), reason });
            }
        }
    }
}

/// A field goes; a model whose order is at fault is sorted by id instead, any other goes.
fn leave_out(open: &mut Models, problem: &Problem) {
    let Some(model) = open.get_mut(&problem.model) else { return };
    if let Some(field) = &problem.field {
        model.fields.shift_remove(field);
    } else if model.order == "id" {
        open.shift_remove(&problem.model);
    } else {
        "id".clone_into(&mut model.order);
    }
}

fn complete(open: &Models) -> Result<Models> {
    let mut complete: Vec<Model> = open.values().cloned().map(Model::complete).collect();
    delegate(&mut complete)?;
    Ok(complete.into_iter().map(|model| (model.name.clone(), model)).collect())
}

/// Gives each model the fields of those that it delegates to, as related ones.
fn delegate(models: &mut [Model]) -> Result<()> {
    let by_name: HashMap<String, Model> =
        models.iter().map(|model| (model.name.clone(), model.clone())).collect();
    for model in models {
        for delegation in model.delegations.clone() {
            let parent = by_name
                .get(&delegation.model)
                .ok_or_else(|| Error::Internal(format!("{} delegates to no model", model.name)))?;
            for field in parent.fields.values() {
                // Lines of the other record are read there; links to lines through a link would need
                // a second way to write them.
                if model.fields.contains_key(&field.name) || field.kind.is_x2many() {
                    continue;
                }
                let mut own = field.clone();
                own.copy = field.copy && !field.is_computed() && field.related_path().is_none();
                own.source = Source::Related(vec![delegation.field.clone(), field.name.clone()]);
                // What takes the caller's rights there takes them from here as well.
                own.written_as = Some(field.written_as.unwrap_or(Right::Owner));
                own.inherited = true;
                own.default = None;
                own.required = false;
                model.fields.insert(own.name.clone(), own);
            }
        }
        // The naming field may have come just now.
        if model.rec_name.is_none() && model.fields.contains_key("name") {
            model.rec_name = Some("name".to_owned());
            if let Some(own) = model.fields.get_mut("display_name") {
                own.depends = vec!["name".to_owned()];
            }
        }
    }
    Ok(())
}
