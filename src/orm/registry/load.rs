//! Loads the Registry: what is declared, and all that the database says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::defaults::Defaults;
use super::{COLLATION, Registry, int, text, version};
use crate::db::{Connection, Row, Sql};
use crate::error::Result;
use crate::orm::access::Access;
use crate::orm::access::limits;
use crate::orm::choices;
use crate::orm::field::Default;
use crate::orm::made::{self, Made};
use crate::orm::model::Model;

impl Registry {
    /// The declared models and the made ones, with all that the database says about them.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Unavailable`] when the database does not answer.
    pub async fn load(declared: &[Model], connection: &Connection) -> Result<Self> {
        // The version comes first: what is read after it is never older than it says.
        let mut statements = vec![version::current()];
        statements.extend(made::statements());
        statements.extend([
            Sql::text("SELECT id, model, name->>'en_US' FROM ir_model"),
            Sql::text(
                "SELECT id, model, name, field_description->>'en_US', help->>'en_US' FROM ir_model_fields",
            ),
            Sql::text("SELECT gid, hid FROM res_groups_implied_rel"),
            Sql::with_parameter(
                include_str!("../../../sql/queries/registry/references.sql"),
                wanted_references(declared),
            ),
            Sql::text("SELECT code, name FROM res_lang WHERE active ORDER BY name"),
            Sql::text(include_str!("../../../sql/queries/registry/access.sql")),
            Sql::text(include_str!("../../../sql/queries/registry/rules.sql")),
            Sql::text("SELECT rule_group_id, group_id FROM rule_group_rel"),
            Sql::text(COLLATION),
            Defaults::statement(),
        ]);
        statements.extend(limits::statements());
        let mut answers = connection.query_all(statements).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let (version, snapshot) = next().first().map(|row| (text(row, 0), text(row, 1))).unwrap_or_default();
        let made = Made::from_rows(&next(), &next(), &next(), &next());
        let groups = made.groups.clone();
        let mut registry = Self::assemble(declared.iter().cloned(), made)?;
        registry.version = version;
        registry.snapshot = snapshot;
        registry.name_models(&next(), &next());
        registry.implied = closure(&pairs(&next()));
        registry.references = next().iter().map(|row| (text(row, 0), int(row, 1))).collect();
        registry.references.extend(groups);
        let languages: Vec<(String, String)> =
            next().iter().map(|row| (text(row, 0), text(row, 1))).collect();
        registry.languages.extend(languages.iter().map(|(code, _)| code.clone()));
        choices::fill(&mut registry.models, languages);
        registry.access = Access::from_rows(&next(), &next(), &pairs(&next()));
        let mut on_the_way = HashSet::new();
        for path in registry.access.user_paths() {
            // The first word is `user`.
            registry.walk("res.users", path.get(1..).unwrap_or_default(), &mut on_the_way);
        }
        registry.on_the_way = on_the_way;
        registry.needs_collation = next().is_empty();
        registry.defaults = Defaults::from_rows(&next());
        registry.schemes = limits::from_rows(&next(), &next(), &next(), &next());
        Ok(registry)
    }

    /// Adds the models that a path leads over, from either side of whose links its end can change.
    fn walk(&self, model: &str, path: &[String], all: &mut HashSet<String>) {
        let mut at = self.find(model);
        for (place, step) in path.iter().enumerate() {
            let Some(field) = at.and_then(|model| model.field(step)) else { return };
            if let (Some(model), Some(further)) = (at, field.related_path()) {
                self.walk(&model.name, further, all);
            }
            let Some(comodel) = field.kind.comodel() else { return };
            // The id at the end of a many2one stands in the record before; a list changes from its other side too.
            let further = path.get(place + 1..).unwrap_or_default();
            let is_end = further.is_empty() || further == ["id"];
            if !is_end || field.kind.is_x2many() {
                all.insert(comodel.to_owned());
            }
            at = self.find(comodel);
        }
    }

    /// Gives models and fields their ids, and the labels that administrators have put into other words.
    fn name_models(&mut self, models: &[Row], fields: &[Row]) {
        let mut known: HashMap<String, HashMap<String, &Row>> = HashMap::new();
        for row in fields {
            known.entry(text(row, 1)).or_default().insert(text(row, 2), row);
        }
        let put = |label: &mut String, row: &Row, place: usize| {
            let given = text(row, place);
            if !given.is_empty() {
                *label = given;
            }
        };
        for row in models {
            let name = text(row, 1);
            let Some(model) = self.models.get_mut(&name).map(Arc::make_mut) else { continue };
            model.id = int(row, 0);
            put(&mut model.description, row, 2);
            let Some(rows) = known.get(&name) else { continue };
            for field in model.fields.values_mut() {
                let Some(row) = rows.get(&field.name) else { continue };
                field.id = int(row, 0);
                put(&mut field.string, row, 3);
                put(&mut field.help, row, 4);
            }
        }
    }
}

/// The external ids that defaults and field groups name, beside those of all groups.
fn wanted_references(declared: &[Model]) -> Vec<String> {
    let mut wanted = HashSet::new();
    for field in declared.iter().flat_map(|model| model.fields.values()) {
        wanted.extend(field.groups.iter().cloned());
        if let Some(Default::Reference(name)) = field.default {
            wanted.insert(name.to_owned());
        }
    }
    wanted.into_iter().collect()
}

fn pairs(rows: &[Row]) -> Vec<(i64, i64)> {
    rows.iter().map(|row| (int(row, 0), int(row, 1))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_implies_what_its_implied_groups_imply_even_in_a_circle() {
        let all = closure(&[(1, 2), (2, 3), (3, 1)]);

        assert_eq!(all.get(&1), Some(&HashSet::from([1, 2, 3])));
    }
}
