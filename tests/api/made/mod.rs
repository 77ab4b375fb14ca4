//! Models and fields that an administrator makes at run time.

mod circles;
mod fields;
mod grouping;
mod groups;
mod in_use;
mod refusals;
mod removal;
mod servers;

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

/// Makes a model with fields, which every internal user may do everything with.
async fn make(admin: &User, model: &str, fields: Json) -> i64 {
    let lines: Vec<Json> = fields.as_array().unwrap().iter().map(|field| json!([0, 0, field])).collect();
    let id = admin.create("ir.model", json!({"name": "Thing", "model": model, "field_id": lines})).await;
    grant(admin, id).await;
    id
}

/// Lets every internal user do everything with a model.
async fn grant(admin: &User, model: i64) {
    let group = admin.reference("base.group_user").await;
    let rights = json!({
        "name": "all", "model_id": model, "group_id": group,
        "perm_read": true, "perm_write": true, "perm_create": true, "perm_unlink": true,
    });
    admin.create("ir.model.access", rights).await;
}

/// Adds a field to a model.
async fn add(admin: &User, model: i64, mut field: Json) -> i64 {
    field["model_id"] = model.into();
    admin.create("ir.model.fields", field).await
}

/// Everything of the schema, and all that tells of models: what a failed call must leave as it was.
fn catalogue(app: &TestApp) -> Vec<Vec<Option<String>>> {
    [
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT model, name, \"order\" FROM ir_model ORDER BY 1",
        "SELECT model, name, ttype, relation, required, field_description FROM ir_model_fields ORDER BY 1, 2",
        "SELECT field_id, value, name FROM ir_model_fields_selection ORDER BY 1, 2",
        "SELECT module, name, model, res_id FROM ir_model_data ORDER BY 1, 2",
        "SELECT value FROM server_fact WHERE name = 'registry'",
    ]
    .into_iter()
    .flat_map(|statement| app.database.query(statement))
    .collect()
}
