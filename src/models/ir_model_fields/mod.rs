//! Fields as records: the declared ones, and those that administrators make.

mod prepare;

use serde_json::{Map, Value as Json};

use super::ir_model::{is_same, modules_of};
use super::ir_model_fields_selection;
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, integer, many2many, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::{int, text as text_of, version};
use crate::orm::schema::remove;
use crate::orm::value_sql::translated;

pub(super) const STATES: [(&str, &str); 2] = [("manual", "Custom Object"), ("base", "Base Object")];

const FIELD_STATES: [(&str, &str); 2] = [("manual", "Custom Field"), ("base", "Base Field")];

const TYPES: [(&str, &str); 14] = [
    ("binary", "binary"),
    ("boolean", "boolean"),
    ("char", "char"),
    ("date", "date"),
    ("datetime", "datetime"),
    ("float", "float"),
    ("html", "html"),
    ("integer", "integer"),
    ("many2many", "many2many"),
    ("many2one", "many2one"),
    ("monetary", "monetary"),
    ("one2many", "one2many"),
    ("selection", "selection"),
    ("text", "text"),
];

const ON_DELETE: [(&str, &str); 3] =
    [("cascade", "Cascade"), ("set null", "Set NULL"), ("restrict", "Restrict")];

/// The words for whoever tries to change what is shipped.
pub(super) const DECLARED: &str = "Models and fields that are shipped cannot be made, changed or deleted here; their labels can be changed.";

/// What may be changed of a shipped field.
const LABELS: [&str; 2] = ["field_description", "help"];

/// What may not be changed of a made field: its column and its values hang on it.
const FIXED: [&str; 11] = [
    "name",
    "model",
    "model_id",
    "ttype",
    "state",
    "relation",
    "relation_field",
    "relation_table",
    "column1",
    "column2",
    "related",
];

/// `label (model)`.
fn field_name(scope: Scope<'_>) -> Sql {
    Sql::text("(")
        .then(translated(scope.alias, "field_description", scope.lang))
        .and_text(" || ' (' || ")
        .then(column(scope.alias, "model"))
        .and_text(" || ')')")
}

/// The options as Python writes them, as older clients read and write them.
fn options(scope: Scope<'_>) -> Sql {
    let quoted = |text: Sql| Sql::text("replace(").then(text).and_text(r", '''', '\''')");
    Sql::text("(SELECT '[' || string_agg('(''' || ")
        .then(quoted(column("option", "value")))
        .and_text(" || ''', ''' || ")
        .then(quoted(translated("option", "name", scope.lang)))
        .and_text(" || ''')', ', ' ORDER BY option.sequence, option.id) || ']' ")
        .and_text("FROM ir_model_fields_selection AS option WHERE option.field_id = ")
        .then(column(scope.alias, "id"))
        .and_text(")")
}

fn modules(scope: Scope<'_>) -> Sql {
    modules_of(scope, "ir.model.fields")
}

pub(super) fn models() -> Vec<Model> {
    let fields = Model::new("ir.model.fields", "Fields")
        .order("name, id")
        .rec_name("field_description")
        .search_names(&["field_description", "name"])
        .fields([
            char("name").string("Field Name").required().default("x_"),
            char("model").string("Model Name").required().index().names_model(),
            many2one("model_id", "ir.model").string("Model").ondelete(OnDelete::Cascade).required().index(),
            char("field_description").string("Field Label").required().translate(),
            text("help").string("Field Help").translate(),
            selection("ttype", &TYPES).string("Field Type").required(),
            text("selection").string("Selection Options (Deprecated)").compute(options, &["selection_ids"]),
            one2many("selection_ids", "ir.model.fields.selection", "field_id")
                .string("Selection Options")
                .with_copy(),
            char("relation").string("Related Model").names_model(),
            char("relation_field"),
            char("relation_table"),
            char("column1").string("Column 1"),
            char("column2").string("Column 2"),
            selection("on_delete", &ON_DELETE).string("On Delete"),
            char("currency_field").string("Currency field"),
            char("domain").default("[]"),
            many2many("groups", "res.groups", "ir_model_fields_group_rel", "field_id", "group_id"),
            integer("size"),
            boolean("required"),
            boolean("readonly"),
            boolean("store").string("Stored").default(true),
            boolean("index").string("Indexed"),
            boolean("copied").default(true),
            boolean("translate").string("Translatable"),
            boolean("selectable").default(true),
            boolean("company_dependent").string("Company Dependent").readonly(),
            char("related").string("Related Field Definition"),
            text("compute"),
            char("depends").string("Dependencies"),
            char("modules").string("In Apps").compute(modules, &[]),
            selection("state", &FIELD_STATES).string("Type").default("manual").readonly().required(),
        ])
        .display_name(field_name, &["field_description", "model"])
        .constraint("name_unique", "UNIQUE (model, name)", "Field names must be unique per model.")
        .behaviour(&Fields);
    vec![fields]
}

struct Fields;

fn text_in<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn is_set(values: &Values, name: &str) -> bool {
    values.get(name).is_some_and(python::truth)
}

fn put(values: &mut Values, name: &str, value: impl Into<Json>) {
    values.insert(name.to_owned(), value.into());
}

/// A field as its row has it.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) model: String,
    pub(super) ttype: String,
    pub(super) is_manual: bool,
    has_column: bool,
    values: Map<String, Json>,
}

impl Row {
    pub(super) fn table(&self, env: &Environment) -> String {
        table_of(env, &self.model)
    }
}

/// The table of a model, of one that is only just being made too.
fn table_of(env: &Environment, model: &str) -> String {
    env.registry().find(model).map_or_else(|| model.replace('.', "_"), |model| model.table.clone())
}

/// The fields of some ids.
pub(super) async fn rows(env: &Environment, ids: &[i64]) -> Result<Vec<Row>> {
    let statement = Sql::with_parameter(include_str!("../../../sql/queries/models/fields.sql"), ids.to_vec());
    let read = |row: &crate::db::Row| {
        let names = FIXED.iter().enumerate();
        // The id stands before them.
        let mut values: Map<String, Json> =
            names.map(|(place, name)| ((*name).to_owned(), text_of(row, place + 1).into())).collect();
        values.insert("model_id".to_owned(), int(row, 3).into());
        let ttype = text_of(row, 4);
        Row {
            id: int(row, 0),
            name: text_of(row, 1),
            model: text_of(row, 2),
            is_manual: text_of(row, 5) == "manual",
            has_column: !["one2many", "many2many"].contains(&ttype.as_str()),
            ttype,
            values,
        }
    };
    Ok(env.connection().query(statement).await?.iter().map(read).collect())
}

fn check_change(field: &Row, values: &Values) -> Result<()> {
    if !field.is_manual {
        if values.keys().all(|name| LABELS.contains(&name.as_str())) {
            return Ok(());
        }
        return Err(Error::User(format!("The field '{}' of '{}': {DECLARED}", field.name, field.model)));
    }
    for name in FIXED {
        let known = field.values.get(name).unwrap_or(&Json::Null);
        if values.get(name).is_some_and(|sent| !is_same(sent, known)) {
            return Err(Error::User(format!(
                "'{name}' of the field '{}' ({}) cannot be changed once the field is there: make another field, and delete this one.",
                field.name, field.model
            )));
        }
    }
    if is_set(values, "compute") || values.get("store").is_some_and(|store| !python::truth(store)) {
        return Err(Error::User(format!(
            "The field '{}' ({}) is stored, and stays so: this server runs no Python.",
            field.name, field.model
        )));
    }
    Ok(())
}

/// A view that draws a field would be broken without it.
async fn refuse_drawn(env: &Environment, fields: &[Row]) -> Result<()> {
    for field in fields {
        let pattern = format!(r#"[^A-Za-z0-9_]name=["']{}["']"#, field.name);
        let statement = Sql::text("SELECT name FROM ir_ui_view WHERE model = ")
            .then(Sql::param(field.model.as_str()))
            .and_text(" AND arch_db ~ ")
            .then(Sql::param(pattern))
            .and_text(" ORDER BY id");
        let views: Vec<String> =
            env.connection().query(statement).await?.iter().map(|row| text_of(row, 0)).collect();
        if !views.is_empty() {
            return Err(Error::User(format!(
                "The field '{}' ({}) cannot be deleted as long as views show it: {}.",
                field.name,
                field.model,
                views.join(", ")
            )));
        }
    }
    Ok(())
}

impl Behaviour for Fields {
    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            for record in values {
                prepare::prepare(env, record).await?;
            }
            Ok(())
        })
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            let fields = rows(env, ids).await?;
            fields.iter().try_for_each(|field| check_change(field, values))?;
            if let Some(options) = values.remove("selection") {
                let [field] = fields.as_slice() else {
                    return Err(Error::User("The options of one field are changed at a time.".to_owned()));
                };
                let commands = ir_model_fields_selection::replace(env, field, &options).await?;
                put(values, "selection_ids", commands);
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            let fields = rows(env, ids).await?;
            if let Some(shipped) = fields.iter().find(|field| !field.is_manual) {
                return Err(Error::User(format!(
                    "The field '{}' of '{}' cannot be deleted. {DECLARED}",
                    shipped.name, shipped.model
                )));
            }
            refuse_drawn(env, &fields).await?;
            for field in &fields {
                if field.has_column {
                    remove::column(env.services(), &field.table(env), &field.name).await?;
                }
            }
            let unused = Sql::with_parameter(
                include_str!("../../../sql/queries/models/unused_links.sql"),
                ids.to_vec(),
            );
            for row in env.connection().query(unused).await? {
                remove::table(env.services(), &text_of(&row, 0)).await?;
            }
            // The options of a field go with it, past the hooks that would look after its values.
            let options = Sql::text("DELETE FROM ir_model_fields_selection WHERE field_id = ANY(")
                .then(Sql::param(ids.to_vec()))
                .and_text(")");
            env.connection().execute(options).await?;
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Schema
    }
}
