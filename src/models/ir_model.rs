//! Models as records: the declared ones, and those that administrators make.

use serde_json::{Value as Json, json};

use super::ir_model_fields::{DECLARED, STATES};
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, integer, many2many, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::made::names;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::{int, text as text_of, version};
use crate::orm::schema::remove;
use crate::orm::unlink::unlink;

/// The modules whose external ids name a record, with commas between them.
pub(super) fn modules_of(scope: Scope<'_>, model: &'static str) -> Sql {
    Sql::text(
        "(SELECT string_agg(DISTINCT data.module, ', ') FROM ir_model_data AS data WHERE data.model = '",
    )
    .and_text(model)
    .and_text("' AND data.res_id = ")
    .then(column(scope.alias, "id"))
    .and_text(")")
}

fn modules(scope: Scope<'_>) -> Sql {
    modules_of(scope, "ir.model")
}

fn count(scope: Scope<'_>) -> Sql {
    Sql::text("count_records(").then(column(scope.alias, "model")).and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    let first_field =
        json!([[0, 0, {"name": "x_name", "field_description": "Name", "ttype": "char", "copied": true}]]);
    let model = Model::new("ir.model", "Models")
        .order("model")
        .search_names(&["name", "model"])
        .fields([
            char("name").string("Model Description").required().translate(),
            char("model").required().default("x_").names_model(),
            char("order").default("id").required(),
            text("info").string("Information"),
            selection("state", &STATES).string("Type").default("manual").readonly(),
            boolean("transient").string("Transient Model"),
            boolean("abstract").string("Abstract Model"),
            char("modules").string("In Apps").compute(modules, &[]),
            integer("count").string("Count (Incl. Archived)").compute(count, &["model"]),
            one2many("field_id", "ir.model.fields", "model_id")
                .string("Fields")
                .with_copy()
                .default(first_field),
            many2many("inherited_model_ids", "ir.model", "ir_model_inherit_rel", "model_id", "parent_id")
                .string("Inherited models")
                .readonly()
                .no_copy(),
            one2many("access_ids", "ir.model.access", "model_id").string("Access").with_copy(),
            one2many("rule_ids", "ir.rule", "model_id").string("Record Rules").with_copy(),
        ])
        .constraint("obj_name_uniq", "UNIQUE (model)", "Each model must have a unique name.")
        .behaviour(&Models);
    vec![model]
}

struct Models;

static METHODS: [Method; 2] = [
    method!("get_available_models", Receiver::Model, Effect::Reads, [], get_available_models),
    method!("display_name_for", Receiver::Model, Effect::Reads, [required("models")], display_name_for),
];

fn named(model: &Model) -> Json {
    json!({"display_name": model.description, "model": model.name})
}

/// The models that the caller may read.
#[expect(clippy::needless_pass_by_value, reason = "the table of methods wants them all alike")]
fn get_available_models(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let env = call.env;
        let mut all: Vec<_> = env.registry().models().collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all.retain(|model| access::has_model_access(env, model, Operation::Read));
        Ok(Reply::value(&all.into_iter().map(|model| named(model)).collect()))
    })
}

/// The names for people of some models; of those that the caller may not read the technical name alone.
fn display_name_for(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let wanted = call.arguments.names("models")?.unwrap_or_default();
        let name = |name: String| match call.env.registry().find(&name) {
            Some(model) if access::has_model_access(call.env, model, Operation::Read) => named(model),
            _ => json!({"display_name": name, "model": name}),
        };
        Ok(Reply::value(&wanted.into_iter().map(name).collect()))
    })
}

/// A model as its row has it.
struct Row {
    name: String,
    is_manual: bool,
    values: Values,
}

async fn rows(env: &Environment, ids: &[i64]) -> Result<Vec<Row>> {
    let statement = Sql::text(
        "SELECT model, state, \"order\", coalesce(transient, false)::text, coalesce(abstract, false)::text FROM ir_model WHERE id = ANY(",
    )
    .then(Sql::param(ids.to_vec()))
    .and_text(")");
    let read = |row: &crate::db::Row| {
        let flag = |place| Json::Bool(text_of(row, place) == "true");
        let values = json!({
            "model": text_of(row, 0), "state": text_of(row, 1), "order": text_of(row, 2),
            "transient": flag(3), "abstract": flag(4),
        });
        Row {
            name: text_of(row, 0),
            is_manual: text_of(row, 1) == "manual",
            values: values.as_object().cloned().unwrap_or_default(),
        }
    };
    Ok(env.connection().query(statement).await?.iter().map(read).collect())
}

/// Whether a client sends what is there already: no change, and nothing to be refused.
pub(super) fn is_same(sent: &Json, known: &Json) -> bool {
    sent == known || (!python::truth(sent) && !python::truth(known))
}

fn prepare(values: &mut Values) -> Result<()> {
    let name = values.get("model").and_then(Json::as_str).unwrap_or_default();
    names::check_model(name)?;
    for (flag, kind) in [("transient", "transient"), ("abstract", "abstract")] {
        if values.get(flag).is_some_and(python::truth) {
            return Err(Error::User(format!("The model '{name}' cannot be {kind}: its records are kept.")));
        }
    }
    if values.get("state").is_some_and(|state| state != "manual") {
        return Err(Error::User(DECLARED.to_owned()));
    }
    Ok(())
}

impl Behaviour for Models {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            values.iter_mut().try_for_each(prepare)?;
            version::take_turn(env.services()).await
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
            for row in rows(env, ids).await? {
                for (name, value) in &mut *values {
                    let is_fixed = match name.as_str() {
                        "model" | "state" | "transient" | "abstract" | "inherited_model_ids" => true,
                        "order" => !row.is_manual,
                        _ => false,
                    };
                    let known = row.values.get(name).unwrap_or(&Json::Null);
                    if is_fixed && !is_same(value, known) {
                        return Err(Error::User(format!(
                            "'{name}' of the model '{}' cannot be changed once the model is there.",
                            row.name
                        )));
                    }
                }
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            let models = rows(env, ids).await?;
            if let Some(shipped) = models.iter().find(|row| !row.is_manual) {
                return Err(Error::User(format!(
                    "The model '{}' cannot be deleted. {DECLARED}",
                    shipped.name
                )));
            }
            let names: Vec<String> = models.into_iter().map(|row| row.name).collect();
            forget(env, ids, &names).await?;
            for name in &names {
                remove::table(env.services(), &name.replace('.', "_")).await?;
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Schema
    }
}

/// Where else records speak of a model, each with the field that names it.
const MENTIONS: [(&str, &str); 5] = [
    ("ir.ui.view", "model"),
    ("ir.actions.act_window", "res_model"),
    ("ir.filters", "model_id"),
    ("ir.attachment", "res_model"),
    ("ir.model.data", "model"),
];

/// Deletes all that speaks of models which go: fields of theirs and fields that point to them, rights,
/// rules, views, external ids.
async fn forget(env: &Environment, ids: &[i64], names: &[String]) -> Result<()> {
    let sudo = env.sudo().with_active_test(false);
    let (ids, names) = (Sql::param(ids.to_vec()), Sql::param(names.to_vec()));
    let of_model = |table: &'static str| {
        let owned = Sql::text("SELECT id FROM ").and_text(table).and_text(" WHERE model_id = ANY(");
        owned.then(ids.clone()).and_text(")")
    };
    let pointing = Sql::text("SELECT id FROM ir_model_fields WHERE state = 'manual' AND relation = ANY(")
        .then(names.clone())
        .and_text(")");
    let fields = of_model("ir_model_fields").and_text(" UNION ").then(pointing);
    let mut doomed = vec![("ir.model.access", of_model("ir_model_access")), ("ir.rule", of_model("ir_rule"))];
    for (model, field) in MENTIONS {
        let Some(known) = env.registry().find(model) else { continue };
        if !known.field(field).is_some_and(|field| field.has_column() && field.kind.is_text()) {
            continue;
        }
        let found = Sql::text("SELECT id FROM ")
            .then(crate::db::sql::ident(&known.table))
            .and_text(" WHERE ")
            .then(crate::db::sql::ident(field))
            .and_text(" = ANY(");
        doomed.push((model, found.then(names.clone()).and_text(")")));
    }
    doomed.push(("ir.model.fields", fields));
    for (model, statement) in doomed {
        let found: Vec<i64> =
            env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
        if !found.is_empty() {
            unlink(&sudo, &*env.model(model)?, &found).await?;
        }
    }
    Ok(())
}
