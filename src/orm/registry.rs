//! The Registry: models, rights, groups and languages as they are, a snapshot that is swapped whole.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::access::Access;
use super::choices;
use super::field::{Field, FieldType, Source};
use super::model::Model;
use crate::db::{Connection, Raw, Row, Sql};
use crate::error::{Error, Result};

/// What has to be evaluated again when a field changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The model of the field that follows.
    pub model: String,
    /// The field that follows.
    pub field: String,
    /// The many2one fields that lead from its record to the one that changed; empty for the same one.
    pub path: Vec<String>,
}

/// Finds a row where the database sorts by code point.
pub const COLLATION: &str =
    "SELECT 1 FROM pg_database WHERE datname = current_database() AND datcollate IN ('C', 'POSIX')";

/// A snapshot; see the module.
#[derive(Default)]
pub struct Registry {
    models: HashMap<String, Arc<Model>>,
    triggers: HashMap<(String, String), Vec<Trigger>>,
    /// Rights and rules.
    pub access: Access,
    /// The groups that each group implies, directly and through others.
    pub implied: HashMap<i64, HashSet<i64>>,
    /// The ids behind external ids that the program itself leans on: groups and defaults.
    pub references: HashMap<String, i64>,
    /// Whether texts have to be told to sort by code point, as the database would not by itself.
    pub needs_collation: bool,
    /// The codes of active languages.
    pub languages: HashSet<String>,
}

impl Registry {
    /// A registry of declared models, before anything is known from the database.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when a declaration contradicts another.
    pub fn declared(models: impl IntoIterator<Item = Model>) -> Result<Self> {
        let mut registry = Self::default();
        let mut complete: Vec<Model> = models.into_iter().map(Model::complete).collect();
        delegate(&mut complete)?;
        for model in complete {
            registry.models.insert(model.name.clone(), Arc::new(model));
        }
        registry.check_relations()?;
        choices::fill(&mut registry.models, Vec::new());
        registry.triggers = registry.find_triggers();
        registry.languages.insert(super::context::BASE_LANG.to_owned());
        Ok(registry)
    }

    /// The declared models with all that the database says about them.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn load(declared: &[Model], connection: &Connection) -> Result<Self> {
        let mut registry = Self::declared(declared.iter().cloned())?;
        let wanted: Vec<String> = registry.wanted_references().into_iter().collect();
        let mut answers = connection
            .query_all(vec![
                Sql::text("SELECT id, model FROM ir_model"),
                Sql::text("SELECT id, model, name FROM ir_model_fields"),
                Sql::text("SELECT gid, hid FROM res_groups_implied_rel"),
                Sql::with_parameter(include_str!("../../sql/queries/registry/references.sql"), wanted),
                Sql::text("SELECT code, name FROM res_lang WHERE active ORDER BY name"),
                Sql::text(include_str!("../../sql/queries/registry/access.sql")),
                Sql::text(include_str!("../../sql/queries/registry/rules.sql")),
                Sql::text("SELECT rule_group_id, group_id FROM rule_group_rel"),
                Sql::text(COLLATION),
            ])
            .await?
            .into_iter();
        let mut next = || answers.next().unwrap_or_default();
        registry.number_models(&next(), &next());
        registry.implied = closure(&pairs(&next()));
        registry.references = next().iter().map(|row| (text(row, 0), int(row, 1))).collect();
        let languages: Vec<(String, String)> =
            next().iter().map(|row| (text(row, 0), text(row, 1))).collect();
        registry.languages.extend(languages.iter().map(|(code, _)| code.clone()));
        choices::fill(&mut registry.models, languages);
        registry.access = Access::from_rows(&next(), &next(), &pairs(&next()));
        registry.needs_collation = next().is_empty();
        Ok(registry)
    }

    /// A model by its name.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is none.
    pub fn model(&self, name: &str) -> Result<Arc<Model>> {
        self.find(name).cloned().ok_or_else(|| Error::NotFound(format!("The model '{name}' does not exist.")))
    }

    /// A model by its name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Arc<Model>> {
        self.models.get(name)
    }

    /// All models, in no order.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    /// What follows from a field.
    pub fn triggers(&self, model: &str, field: &str) -> &[Trigger] {
        self.triggers.get(&(model.to_owned(), field.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The external ids that defaults and field groups name, and those of all groups.
    fn wanted_references(&self) -> HashSet<String> {
        let mut wanted = HashSet::new();
        for field in self.models.values().flat_map(|model| model.fields.values()) {
            wanted.extend(field.groups.iter().cloned());
            if let Some(super::field::Default::Reference(name)) = field.default {
                wanted.insert(name.to_owned());
            }
        }
        wanted
    }

    fn number_models(&mut self, models: &[Row], fields: &[Row]) {
        let model_ids: HashMap<String, i64> = models.iter().map(|row| (text(row, 1), int(row, 0))).collect();
        let mut field_ids: HashMap<String, HashMap<String, i64>> = HashMap::new();
        for row in fields {
            field_ids.entry(text(row, 1)).or_default().insert(text(row, 2), int(row, 0));
        }
        for model in self.models.values_mut() {
            let model = Arc::make_mut(model);
            model.id = model_ids.get(&model.name).copied().unwrap_or_default();
            let Some(ids) = field_ids.get(&model.name) else { continue };
            for field in model.fields.values_mut() {
                field.id = ids.get(&field.name).copied().unwrap_or_default();
            }
        }
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

    /// The field at the end of a path over many2one fields.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the path leads nowhere.
    pub fn end_of_path<'a>(&'a self, model: &'a Model, path: &[String]) -> Result<&'a Field> {
        let lost = || Error::Internal(format!("{} has no path {}", model.name, path.join(".")));
        let (last, links) = path.split_last().ok_or_else(lost)?;
        let mut at = model;
        for link in links {
            let comodel = at.field(link).and_then(|field| field.kind.comodel()).ok_or_else(lost)?;
            at = self.find(comodel).ok_or_else(lost)?;
        }
        at.field(last).ok_or_else(lost)
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
                own.source = Source::Related(vec![delegation.field.clone(), field.name.clone()]);
                own.inherited = true;
                own.copy = false;
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

/// For each group, all that it implies through any number of steps.
fn closure(direct: &[(i64, i64)]) -> HashMap<i64, HashSet<i64>> {
    let mut next: HashMap<i64, Vec<i64>> = HashMap::new();
    for (group, implied) in direct {
        next.entry(*group).or_default().push(*implied);
    }
    let mut all = HashMap::new();
    for group in next.keys() {
        let mut seen = HashSet::new();
        let mut open = vec![*group];
        while let Some(at) = open.pop() {
            for implied in next.get(&at).into_iter().flatten() {
                if seen.insert(*implied) {
                    open.push(*implied);
                }
            }
        }
        all.insert(*group, seen);
    }
    all
}

fn pairs(rows: &[Row]) -> Vec<(i64, i64)> {
    rows.iter().map(|row| (int(row, 0), int(row, 1))).collect()
}

/// An integer of a row; 0 where there is none.
pub fn int(row: &Row, index: usize) -> i64 {
    row.try_get::<_, Option<Raw<'_>>>(index).ok().flatten().and_then(Raw::int).unwrap_or_default()
}

/// A text of a row; empty where there is none.
pub fn text(row: &Row, index: usize) -> String {
    let raw = row.try_get::<_, Option<Raw<'_>>>(index).ok().flatten();
    raw.and_then(Raw::text).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_implies_what_its_implied_groups_imply_even_in_a_circle() {
        let all = closure(&[(1, 2), (2, 3), (3, 1)]);

        assert_eq!(all.get(&1), Some(&HashSet::from([1, 2, 3])));
    }
}
