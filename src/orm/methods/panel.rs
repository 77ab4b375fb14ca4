//! The panel beside a list: the values of a field, and how many records have each.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::super::behaviour::Promise;
use super::super::domain::Domain;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::method::{Arguments, Call, Reply};
use super::super::model::Model;
use super::super::query::{self, Page, SELF};
use super::super::read;
use super::super::registry::{int, text};
use super::group;
use super::search::optional_domain;
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};

/// The field by which records of a model form a tree.
const PARENT: &str = "parent_id";

/// A value of the field, before it is counted.
struct Choice {
    key: Json,
    name: String,
    parent: Option<i64>,
}

/// One value can be chosen at a time.
pub(super) fn select_range(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let has_tree = call.arguments.flag("hierarchize", true);
        let range = range(&call, has_tree).await?;
        Ok(Reply::value(&Json::Object(range)))
    })
}

/// Several values can be chosen at once.
pub(super) fn select_multi_range(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let mut range = range(&call, false).await?;
        range.shift_remove("parent_field");
        Ok(Reply::value(&Json::Object(range)))
    })
}

fn narrowed(arguments: &Arguments) -> Result<Domain> {
    let parts = ["search_domain", "category_domain", "filter_domain"];
    Ok(Domain::all_of(parts.iter().map(|name| optional_domain(arguments, name)).collect::<Result<_>>()?))
}

async fn range(call: &Call<'_>, has_tree: bool) -> Result<Map<String, Json>> {
    let (env, model) = (call.env, call.model);
    let name = call.arguments.text("field_name")?.unwrap_or_default().to_owned();
    let wanted = [name.clone()];
    let fields = read::fields(env, model, Some(&wanted))?;
    let field = *fields.first().ok_or_else(|| Error::Value("A field is wanted.".to_owned()))?;
    let (choices, parent_field) = choices(env, call, field, has_tree).await?;
    let counts = counts(env, model, &narrowed(&call.arguments)?, &name).await?;
    let is_counted = call.arguments.flag("enable_counters", false);
    let expands = call.arguments.flag("expand", false);
    let kept = kept(&choices, &counts, expands);
    let limit = call.arguments.count("limit")?.and_then(|limit| usize::try_from(limit).ok());
    if limit.is_some_and(|limit| kept.len() > limit) {
        let text = format!("There are more than {} values of '{}'.", limit.unwrap_or_default(), field.string);
        return Ok([("error_msg".to_owned(), text.into())].into_iter().collect());
    }
    let values = kept.into_iter().map(|choice| {
        let mut told = json!({"id": choice.key, "display_name": choice.name});
        if let Some(told) = told.as_object_mut() {
            if parent_field.is_some() {
                told.insert(PARENT.to_owned(), choice.parent.map_or(Json::Bool(false), Json::from));
            }
            if is_counted {
                let count = counts.get(&choice.key.to_string()).copied().unwrap_or_default();
                told.insert("__count".to_owned(), count.into());
            }
        }
        told
    });
    let mut range = Map::new();
    range.insert("parent_field".to_owned(), parent_field.map_or(Json::Bool(false), Json::from));
    range.insert("values".to_owned(), values.collect());
    Ok(range)
}

/// Those that some record has, with all above them in the tree.
fn kept<'a>(choices: &'a [Choice], counts: &HashMap<String, i64>, expands: bool) -> Vec<&'a Choice> {
    if expands {
        return choices.iter().collect();
    }
    let above: HashMap<i64, Option<i64>> =
        choices.iter().filter_map(|choice| choice.key.as_i64().map(|id| (id, choice.parent))).collect();
    let mut wanted: HashSet<String> = HashSet::new();
    for key in counts.keys() {
        let mut at = Some(key.clone());
        while let Some(key) = at.filter(|key| wanted.insert(key.clone())) {
            let parent = key.parse().ok().and_then(|id: i64| above.get(&id).copied().flatten());
            at = parent.map(|id| id.to_string());
        }
    }
    choices.iter().filter(|choice| wanted.contains(&choice.key.to_string())).collect()
}

async fn choices(
    env: &Environment,
    call: &Call<'_>,
    field: &Field,
    has_tree: bool,
) -> Result<(Vec<Choice>, Option<&'static str>)> {
    match &field.kind {
        FieldType::Selection(options) => {
            let choice = |(value, label): &(String, String)| Choice {
                key: value.clone().into(),
                name: label.clone(),
                parent: None,
            };
            Ok((options.iter().map(choice).collect(), None))
        }
        FieldType::Many2one { comodel, .. } | FieldType::Many2many { comodel, .. } => {
            let comodel = env.model(comodel)?;
            let parent = comodel.field(PARENT).filter(|field| has_tree && field.has_column()).map(|_| PARENT);
            let mut wanted =
                column(SELF, "id").and_text(", ").then(read::display_name(env, &comodel)?).and_text(", ");
            wanted = wanted.then(parent.map_or_else(|| Sql::text("NULL"), |name| column(SELF, name)));
            let domain = optional_domain(&call.arguments, "comodel_domain")?;
            let select = query::select(env, &comodel, wanted, domain, &Page::default())?;
            let rows = env.connection().read_guarded(|guard| select.statement(guard)).await?;
            let choice = |row: &crate::db::Row| Choice {
                key: int(row, 0).into(),
                name: text(row, 1),
                parent: Some(int(row, 2)).filter(|id| *id != 0),
            };
            Ok((rows.iter().map(choice).collect(), parent))
        }
        _ => Err(Error::User(format!("'{}' cannot stand in a search panel.", field.string))),
    }
}

/// How many records have each value, by the value's text.
async fn counts(
    env: &Environment,
    model: &Model,
    domain: &Domain,
    field: &str,
) -> Result<HashMap<String, i64>> {
    let groups = group::by_field(env, model, domain, field).await?;
    let count = |group: &Map<String, Json>| {
        let value = group.get(field)?;
        let key = value.get(0).unwrap_or(value);
        let number = group.get("__count").and_then(Json::as_i64)?;
        (*key != Json::Bool(false)).then(|| (key.to_string(), number))
    };
    Ok(groups.iter().filter_map(count).collect())
}
