//! The values of a field that is to be made: checked, and completed with what follows from them.

use serde_json::{Value as Json, json};

use super::{DECLARED, is_set, put, table_of, text_in};
use crate::db::Sql;
use crate::error::{Error, Result};
use crate::models::ir_model_fields_selection;
use crate::orm::behaviour::Values;
use crate::orm::environment::Environment;
use crate::orm::field::label;
use crate::orm::made::names;
use crate::orm::python;
use crate::orm::registry::{int, text as text_of};

/// The model of a new field: its id, its name.
async fn owner(env: &Environment, values: &Values) -> Result<(i64, String)> {
    let given = values.get("model_id").cloned().unwrap_or_default();
    let statement = Sql::text("SELECT id, model FROM ir_model WHERE ");
    let statement = if let Some(id) = given.as_i64().or_else(|| given.get(0).and_then(Json::as_i64)) {
        statement.and_text("id = ").then(Sql::param(id))
    } else {
        let name = env.registry().current_name(text_in(values, "model"));
        statement.and_text("model = ").then(Sql::param(name))
    };
    let rows = env.connection().query(statement).await?;
    rows.first().map(|row| (int(row, 0), text_of(row, 1))).ok_or_else(|| {
        let name = text_in(values, "name");
        Error::Validation(format!("The field '{name}' needs the model that it is to be on ('model_id')."))
    })
}

/// Checks and completes the values of a new field.
pub(super) async fn prepare(env: &Environment, values: &mut Values) -> Result<()> {
    let name = text_in(values, "name").to_owned();
    names::check_field(&name)?;
    if values.get("state").is_some_and(|state| state != "manual") {
        return Err(Error::User(DECLARED.to_owned()));
    }
    refuse_code(&name, values)?;
    let (model_id, model) = owner(env, values).await?;
    put(values, "model_id", model_id);
    put(values, "model", model.clone());
    if !is_set(values, "field_description") {
        put(values, "field_description", label(name.trim_start_matches(names::PREFIX)));
    }
    let ttype = text_in(values, "ttype").to_owned();
    if ttype.is_empty() {
        return Err(Error::Validation(format!("The field '{name}' needs a type ('ttype').")));
    }
    if is_set(values, "index")
        && ["text", "html", "binary", "one2many", "many2many"].contains(&ttype.as_str())
    {
        return Err(Error::Validation(format!(
            "The field '{name}' of the type {ttype} cannot have an index."
        )));
    }
    if is_set(values, "selection") {
        let lines = ir_model_fields_selection::parse(&name, &values.remove("selection").unwrap_or_default())?;
        put(values, "selection_ids", lines.into_iter().map(|line| json!([0, 0, line])).collect::<Json>());
    }
    values.remove("selection");
    relate(env, values, &name, &ttype, &model)
}

fn refuse_code(name: &str, values: &Values) -> Result<()> {
    if is_set(values, "compute") || (is_set(values, "depends") && !is_set(values, "related")) {
        return Err(Error::User(format!(
            "The field '{name}' cannot be computed: this server runs no Python. A related field shows the value of another record."
        )));
    }
    let is_kept = values.get("store").is_none_or(python::truth);
    if !is_kept && !is_set(values, "related") && text_in(values, "ttype") != "one2many" {
        return Err(Error::User(format!(
            "The field '{name}' has to be stored: only a related one need not be."
        )));
    }
    Ok(())
}

/// What belongs to links and money.
fn relate(env: &Environment, values: &mut Values, name: &str, ttype: &str, model: &str) -> Result<()> {
    let is_related = is_set(values, "related");
    if ["many2one", "one2many", "many2many"].contains(&ttype) {
        let comodel = env.registry().current_name(text_in(values, "relation")).to_owned();
        if comodel.is_empty() {
            return Err(Error::Validation(format!(
                "The field '{name}' needs the model that it points to ('relation')."
            )));
        }
        if ttype == "many2many" && !is_related {
            name_links(env, values, name, model, &comodel)?;
        }
        put(values, "relation", comodel);
    }
    match ttype {
        "many2one" if !is_related => {
            let required = is_set(values, "required");
            match text_in(values, "on_delete") {
                "" => put(values, "on_delete", if required { "restrict" } else { "set null" }),
                "set null" if required => {
                    return Err(Error::Validation(format!(
                        "The field '{name}' is required: it cannot become empty when the other record is deleted. Choose 'restrict' or 'cascade'."
                    )));
                }
                _ => {}
            }
        }
        "one2many" => put(values, "copied", false),
        "monetary" if !is_related && !is_set(values, "currency_field") => {
            let has =
                |field: &str| env.registry().find(model).is_some_and(|model| model.field(field).is_some());
            let usual = if has("currency_id") { "currency_id" } else { "x_currency_id" };
            put(values, "currency_field", usual);
        }
        _ => {}
    }
    Ok(())
}

fn name_links(env: &Environment, values: &mut Values, name: &str, model: &str, comodel: &str) -> Result<()> {
    let (relation, column1, column2) = names::links(&table_of(env, model), &table_of(env, comodel), name);
    for (key, what, usual) in [
        ("relation_table", "table of links", relation),
        ("column1", "column of links", column1),
        ("column2", "column of links", column2),
    ] {
        if is_set(values, key) {
            names::check_object(what, text_in(values, key))?;
        } else {
            put(values, key, usual);
        }
    }
    if text_in(values, "relation_table").starts_with(names::PREFIX) {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The table of links of '{name}' has to begin with '{}', as everything does that is not shipped.",
        names::PREFIX
    )))
}
