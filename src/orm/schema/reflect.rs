//! Tells of the models in `ir.model` and `ir.model.fields`, each with its external id, as Odoo does.

use serde_json::{Value as Json, json};

use super::super::field::{Field, FieldType, OnDelete};
use super::super::model::Model;
use crate::db::{Connection, Sql};
use crate::error::Result;

/// Writes the records of all models and their fields.
pub(super) async fn reflect(connection: &Connection, models: &[&Model]) -> Result<()> {
    let all: Vec<Json> = models
        .iter()
        .map(|model| json!({"model": model.name, "name": model.description, "module": model.module, "order": model.order, "transient": model.transient}))
        .collect();
    let fields: Vec<Json> = models
        .iter()
        .flat_map(|model| model.fields.values().map(|field| description(model, field)))
        .collect();
    let options: Vec<Json> = models
        .iter()
        .flat_map(|model| model.fields.values().flat_map(|field| options(model, field)))
        .collect();
    let delegations: Vec<Json> = models
        .iter()
        .flat_map(|model| model.delegations.iter().map(|to| json!({"model": model.name, "parent": to.model})))
        .collect();
    for (statement, records) in [
        (include_str!("../../../sql/queries/schema/reflect_models.sql"), &all),
        (include_str!("../../../sql/queries/schema/reflect_delegations.sql"), &delegations),
        (include_str!("../../../sql/queries/schema/reflect_fields.sql"), &fields),
        (include_str!("../../../sql/queries/schema/reflect_selections.sql"), &options),
    ] {
        connection.execute(Sql::with_parameter(statement, Json::Array(records.clone()))).await?;
    }
    Ok(())
}

fn options(model: &Model, field: &Field) -> Vec<Json> {
    let FieldType::Selection(options) = &field.kind else { return Vec::new() };
    let told = |(sequence, (value, name)): (usize, &(String, String))| {
        json!({
            "model": model.name, "module": model.module, "field": field.name,
            "value": value, "name": name, "sequence": sequence,
        })
    };
    options.iter().enumerate().map(told).collect()
}

fn description(model: &Model, field: &Field) -> Json {
    let (relation_table, column1, column2) = match &field.kind {
        FieldType::Many2many { relation, column1, column2, .. } => {
            (Some(relation), Some(column1), Some(column2))
        }
        _ => (None, None, None),
    };
    let relation_field = match &field.kind {
        FieldType::One2many { inverse, .. } => Some(inverse),
        _ => None,
    };
    let on_delete = match &field.kind {
        FieldType::Many2one { ondelete, .. } => Some(ondelete.as_str()),
        _ => None::<OnDelete>.map(OnDelete::as_str),
    };
    json!({
        "model": model.name,
        "module": model.module,
        "name": field.name,
        "field_description": field.string,
        "help": field.help,
        "ttype": field.kind.as_str(),
        "relation": field.kind.comodel(),
        "relation_field": relation_field,
        "relation_table": relation_table,
        "column1": column1,
        "column2": column2,
        "on_delete": on_delete,
        "required": field.required,
        "readonly": field.readonly,
        "store": field.is_stored(),
        "index": field.index,
        "copied": field.copy,
        "translate": field.translate,
        "related": field.related_path().map(|path| path.join(".")),
        "depends": field.depends.join(","),
        "groups": field.groups.join(","),
    })
}
