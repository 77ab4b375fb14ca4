//! Whether what was made fits together with everything else: relations that lead somewhere, paths
//! that end, tables that nobody else has.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::Problem;
use crate::orm::field::{Field, FieldType};
use crate::orm::model::Model;

/// Steps that the value of a related field may take, with those of the related fields on its path. Less than
/// [`DEEPEST`](crate::orm::value_sql::DEEPEST), so that nothing is refused for the first time when it is read.
const MOST_STEPS: usize = 50;

/// The models that are looked at, complete ones, by name.
pub(in crate::orm) type Models = IndexMap<String, Model>;

/// What is wrong with the made models and fields among these, if anything.
pub(in crate::orm) fn find(models: &Models) -> Vec<Problem> {
    let mut problems = Vec::new();
    for model in models.values() {
        problems.extend(order(model));
        for field in model.fields.values().filter(|field| field.manual && !field.inherited) {
            if let Some(reason) = field_problem(models, model, field) {
                let field = Some(field.name.clone());
                problems.push(Problem { model: model.name.clone(), field, reason });
            }
        }
    }
    problems.extend(shared_tables(models));
    problems
}

fn order(model: &Model) -> Option<Problem> {
    let is_sortable = |term: &str| {
        let mut words = term.split_whitespace();
        let field = words.next().and_then(|name| model.field(name));
        let direction = words.next().unwrap_or("asc");
        field.is_some_and(|field| field.has_column() && !field.kind.is_binary())
            && ["asc", "desc"].contains(&direction.to_ascii_lowercase().as_str())
            && words.next().is_none()
    };
    let wrong = model.order.split(',').find(|term| !is_sortable(term)).filter(|_| model.manual)?;
    let reason = format!(
        "The order '{}' of the model '{}' cannot be followed: '{}' names no field of it that can be sorted by.",
        model.order,
        model.name,
        wrong.trim()
    );
    Some(Problem { model: model.name.clone(), field: None, reason })
}

fn field_problem(models: &Models, model: &Model, field: &Field) -> Option<String> {
    let name = format!("'{}' ({})", field.name, model.name);
    if let Some(comodel) = field.kind.comodel()
        && !models.contains_key(comodel)
    {
        return Some(format!("The field {name} points to the model '{comodel}', which does not exist."));
    }
    if let Some(path) = field.related_path() {
        return related(models, model, field, path);
    }
    match &field.kind {
        FieldType::One2many { comodel, inverse } => {
            let other = models.get(comodel)?.field(inverse);
            let leads_here = other.is_some_and(|other| {
                other.has_column()
                    && matches!(&other.kind, FieldType::Many2one { comodel, .. } if *comodel == model.name)
            });
            (!leads_here).then(|| {
                format!(
                    "The field {name} needs a many2one of '{comodel}' that points to '{}'; '{inverse}' is none.",
                    model.name
                )
            })
        }
        FieldType::Monetary => {
            let currency = model.field(field.currency_field.as_deref()?);
            let is_one = currency.is_some_and(|currency| currency.kind.comodel() == Some("res.currency"));
            (!is_one).then(|| {
                format!(
                    "The field {name} needs a many2one to 'res.currency' as its currency; '{}' is none.",
                    field.currency_field.as_deref().unwrap_or_default()
                )
            })
        }
        FieldType::Selection(options) if options.is_empty() => {
            Some(format!("The selection {name} has no options: give it at least one."))
        }
        _ => None,
    }
}

fn related(models: &Models, model: &Model, field: &Field, path: &[String]) -> Option<String> {
    let shown = path.join(".");
    let lost = |step: &str, at: &Model| {
        Some(format!(
            "The path '{shown}' of the related field '{}' ({}) leads nowhere: '{}' has no field '{step}'.",
            field.name, model.name, at.name
        ))
    };
    let (last, links) = path.split_last()?;
    let mut at = model;
    for link in links {
        let Some(step) = at.field(link) else { return lost(link, at) };
        let FieldType::Many2one { comodel, .. } = &step.kind else {
            return Some(format!(
                "The path '{shown}' of the related field '{}' ({}) leads nowhere: '{link}' of '{}' is no many2one.",
                field.name, model.name, at.name
            ));
        };
        let Some(next) = models.get(comodel) else { return lost(link, at) };
        at = next;
    }
    let Some(end) = at.field(last) else { return lost(last, at) };
    if end.sealed || end.kind.is_x2many() || end.kind.is_binary() {
        return Some(format!(
            "The related field '{}' ({}) cannot show '{last}' of '{}': secrets, files and lists are read where they are.",
            field.name, model.name, at.name
        ));
    }
    if end.kind.as_str() != field.kind.as_str() || end.kind.comodel() != field.kind.comodel() {
        return Some(format!(
            "The related field '{}' ({}) is of the type {}, and '{shown}' is of the type {}.",
            field.name,
            model.name,
            typed(field),
            typed(end)
        ));
    }
    endless(models, model, field)
}

/// What is wrong with a related field that leads over others, back to itself or on and on: its value would be
/// an expression without an end.
fn endless(models: &Models, model: &Model, field: &Field) -> Option<String> {
    let mut walk = Walk { models, above: Vec::new(), left: MOST_STEPS };
    let what = match walk.field(model, field).err()? {
        Endless::Circle => "shows itself".to_owned(),
        Endless::Long => {
            format!("leads over more than {MOST_STEPS} steps, with those of the related fields that it shows")
        }
    };
    Some(format!("The related field '{}' ({}) {what}.", field.name, model.name))
}

enum Endless {
    Circle,
    Long,
}

/// A walk over all that a field shows. A field that is reached twice counts twice, as it is written twice.
struct Walk<'a> {
    models: &'a Models,
    above: Vec<(&'a str, &'a str)>,
    left: usize,
}

impl<'a> Walk<'a> {
    fn field(&mut self, model: &'a Model, field: &'a Field) -> Result<(), Endless> {
        let named = model.is_named_by_field().filter(|_| field.name == "display_name");
        if named.is_none() && field.related_path().is_none() {
            return Ok(());
        }
        let own = (model.name.as_str(), field.name.as_str());
        if self.above.contains(&own) {
            return Err(Endless::Circle);
        }
        self.above.push(own);
        match named {
            Some(named) => self.step(model, named)?,
            None => self.path(model, field.related_path().unwrap_or_default())?,
        }
        self.above.pop();
        Ok(())
    }

    /// A path that breaks off is told of where the field is that has it.
    fn path(&mut self, model: &'a Model, path: &'a [String]) -> Result<(), Endless> {
        let mut at = Some(model);
        for step in path {
            let Some((model, field)) = at.and_then(|model| Some((model, model.field(step)?))) else { break };
            self.step(model, field)?;
            at = field.kind.comodel().and_then(|comodel| self.models.get(comodel));
        }
        Ok(())
    }

    fn step(&mut self, model: &'a Model, field: &'a Field) -> Result<(), Endless> {
        self.left = self.left.checked_sub(1).ok_or(Endless::Long)?;
        self.field(model, field)
    }
}

fn typed(field: &Field) -> String {
    match field.kind.comodel() {
        Some(comodel) => format!("{} to {comodel}", field.kind.as_str()),
        None => field.kind.as_str().to_owned(),
    }
}

/// Two models, or a model and links, that would be kept in one table. Links may share one when they
/// are the same from both sides.
fn shared_tables(models: &Models) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut owners: HashMap<&str, &Model> = HashMap::new();
    // Declared ones first: it is always the made one that has to give way.
    for model in
        models.values().filter(|model| !model.manual).chain(models.values().filter(|model| model.manual))
    {
        if let Some(other) = owners.insert(&model.table, model)
            && model.manual
        {
            let reason = format!(
                "The model '{}' would be kept in the table '{}', which is that of '{}'.",
                model.name, model.table, other.name
            );
            problems.push(Problem { model: model.name.clone(), field: None, reason });
        }
    }
    let mut links: HashMap<&str, [(&str, &str); 2]> = HashMap::new();
    let all = || models.values().flat_map(|model| model.fields.values().map(move |field| (model, field)));
    for (model, field) in
        all().filter(|(_, field)| !field.manual).chain(all().filter(|(_, field)| field.manual))
    {
        let FieldType::Many2many { comodel, relation, column1, column2 } = &field.kind else { continue };
        if field.inherited {
            continue;
        }
        let mut ends = [(column1.as_str(), model.name.as_str()), (column2.as_str(), comodel.as_str())];
        ends.sort_unstable();
        let is_taken = owners.contains_key(relation.as_str())
            || links.get(relation.as_str()).is_some_and(|known| *known != ends)
            || column1 == column2;
        if is_taken && field.manual {
            let reason = format!(
                "The links of '{}' ({}) cannot be kept in '{relation}' ({column1}, {column2}): something else is kept there.",
                field.name, model.name
            );
            problems.push(Problem { model: model.name.clone(), field: Some(field.name.clone()), reason });
        } else {
            links.entry(relation).or_insert(ends);
        }
    }
    problems
}
