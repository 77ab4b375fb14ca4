//! What there is to know of a model and its records: `fields_get`, `default_get`, metadata, external ids.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::super::access::{self, Operation};
use super::super::behaviour::Promise;
use super::super::convert;
use super::super::create;
use super::super::external_ids::are_offered;
use super::super::field::{Field, FieldType};
use super::super::method::{Call, Reply};
use super::super::python;
use super::super::read::{self, Load};
use super::super::registry::{int, text};
use crate::db::{Raw, Row, Sql};
use crate::error::Result;

pub(super) fn fields_get(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let wanted = call.arguments.names("allfields")?;
        let attributes: Option<Vec<String>> = match call.arguments.get("attributes") {
            Some(Json::Array(items)) if items.is_empty() => Some(Vec::new()),
            _ => call.arguments.names("attributes")?,
        };
        let mut all = Map::new();
        for field in call.model.fields.values() {
            let is_wanted = wanted.as_ref().is_none_or(|names| names.contains(&field.name));
            if !is_wanted || !access::has_field_access(call.env, call.model, field) {
                continue;
            }
            let mut description = describe(field);
            if let Some(attributes) = &attributes {
                description.retain(|name, _| attributes.contains(name));
            }
            all.insert(field.name.clone(), Json::Object(description));
        }
        Ok(Reply::value(&Json::Object(all)))
    })
}

/// All attributes of a field that clients ask for.
fn describe(field: &Field) -> Map<String, Json> {
    let is_stored = field.is_stored();
    let depends = field.depends.clone();
    let mut all = json!({
        "type": field.kind.as_str(),
        "string": field.string,
        "name": field.name,
        "required": field.required,
        "readonly": field.readonly,
        "store": is_stored,
        "searchable": field.is_searchable(),
        "sortable": is_stored && !field.kind.is_x2many() && !field.kind.is_binary() && !field.sealed,
        "groupable": is_stored
            && !field.kind.is_binary()
            && !field.sealed
            && !matches!(field.kind, FieldType::One2many { .. }),
        "exportable": true,
        "manual": field.manual,
        "depends": depends,
        "company_dependent": false,
        "change_default": false,
        "default_export_compatible": false,
    });
    let Some(all) = all.as_object_mut() else { return Map::new() };
    if !field.help.is_empty() {
        all.insert("help".to_owned(), field.help.clone().into());
    }
    if !field.groups.is_empty() {
        all.insert("groups".to_owned(), field.groups.join(",").into());
    }
    if let Some(path) = field.related_path() {
        all.insert("related".to_owned(), path.join(".").into());
    }
    if let Some(size) = field.size {
        all.insert("size".to_owned(), size.into());
    }
    if let Some(currency) = &field.currency_field {
        all.insert("currency_field".to_owned(), currency.clone().into());
    }
    all.extend(by_type(field));
    std::mem::take(all)
}

/// The attributes that whoever draws a view asks for.
pub fn for_view(field: &Field) -> Map<String, Json> {
    const WANTED: [&str; 21] = [
        "aggregator",
        "change_default",
        "context",
        "domain",
        "groupable",
        "groups",
        "help",
        "name",
        "readonly",
        "related",
        "relation",
        "relation_field",
        "required",
        "searchable",
        "selection",
        "sortable",
        "store",
        "string",
        "translate",
        "trim",
        "type",
    ];
    let mut attributes = describe(field);
    attributes.retain(|name, _| WANTED.contains(&name.as_str()));
    attributes
}

fn by_type(field: &Field) -> Map<String, Json> {
    let attributes = match &field.kind {
        FieldType::Char => json!({"translate": field.translate, "trim": true}),
        FieldType::Text => json!({"translate": field.translate}),
        FieldType::Html => json!({"translate": field.translate, "sanitize": true}),
        // What nobody keeps cannot be added up by the database.
        FieldType::Integer | FieldType::Float | FieldType::Monetary
            if field.name != "id" && field.has_column() =>
        {
            json!({"aggregator": "sum"})
        }
        FieldType::Selection(options) => json!({"selection": options}),
        FieldType::One2many { comodel, inverse } => {
            json!({"relation": comodel, "relation_field": inverse, "context": {}, "domain": []})
        }
        FieldType::Many2one { comodel, .. } | FieldType::Many2many { comodel, .. } => {
            json!({"relation": comodel, "context": {}, "domain": []})
        }
        FieldType::Binary | FieldType::Image { .. } => json!({"attachment": true}),
        FieldType::Boolean
        | FieldType::Integer
        | FieldType::Float
        | FieldType::Monetary
        | FieldType::Date
        | FieldType::Datetime => json!({}),
    };
    match attributes {
        Json::Object(attributes) => attributes,
        _ => Map::new(),
    }
}

pub(super) fn default_get(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let names = call.arguments.names("fields_list")?.unwrap_or_default();
        let known = create::Known::find(call.env, call.model).await?;
        let mut defaults = Map::new();
        for name in names {
            let Some(field) = call.model.field(&name) else { continue };
            if access::has_field_access(call.env, call.model, field)
                && let Some(value) = create::default(call.env, call.model, field, &known)
            {
                defaults.insert(name, as_kept(field, value)?);
            }
        }
        Ok(Reply::value(&Json::Object(defaults)))
    })
}

/// A default as the field would keep it: a context has texts where there should be numbers.
fn as_kept(field: &Field, value: Json) -> Result<Json> {
    let name = &field.name;
    Ok(match field.kind {
        FieldType::Boolean => python::truth(&value).into(),
        FieldType::Integer => convert::integer(name, &value)?.into(),
        FieldType::Float | FieldType::Monetary => convert::float(name, &value)?.into(),
        FieldType::Char | FieldType::Text => convert::text(&value).map_or(Json::Bool(false), Json::from),
        _ => value,
    })
}

/// An external id of a record.
struct ExternalId {
    name: String,
    noupdate: bool,
}

/// The external ids of each record, the oldest first.
async fn external_ids(call: &Call<'_>) -> Result<HashMap<i64, Vec<ExternalId>>> {
    if !are_offered(call.env, Operation::Read) {
        return Ok(HashMap::new());
    }
    let statement = Sql::text(include_str!("../../../sql/queries/records/external_ids.sql"))
        .and_text(" WHERE model = ")
        .then(Sql::param(call.model.name.as_str()))
        .and_text(" AND res_id = ANY(")
        .then(Sql::param(call.ids.clone()))
        .and_text(") ORDER BY id");
    let made = |row: &Row| ExternalId {
        name: text(row, 1),
        noupdate: row.try_get::<_, Option<Raw<'_>>>(2).ok().flatten().is_some_and(Raw::boolean),
    };
    let mut known: HashMap<i64, Vec<ExternalId>> = HashMap::new();
    for row in call.env.connection().query(statement).await? {
        known.entry(int(&row, 0)).or_default().push(made(&row));
    }
    Ok(known)
}

pub(super) fn get_external_id(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let known = external_ids(&call).await?;
        let first = |id: i64| known.get(&id).and_then(|external| external.first());
        let name = |id: i64| first(id).map_or("", |external| &external.name);
        let all: Map<String, Json> = call.ids.iter().map(|id| (id.to_string(), name(*id).into())).collect();
        Ok(Reply::value(&Json::Object(all)))
    })
}

pub(super) fn get_metadata(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let audit = ["create_uid", "create_date", "write_uid", "write_date"];
        let fields: Vec<&Field> = audit
            .iter()
            .filter_map(|name| call.model.field(name))
            .filter(|field| access::has_field_access(call.env, call.model, field))
            .collect();
        let mut records = read::values(call.env, call.model, &call.ids, &fields, Load::Classic).await?;
        let known = external_ids(&call).await?;
        for record in &mut records {
            let id = record.get("id").and_then(Json::as_i64).unwrap_or_default();
            let own = known.get(&id).map(Vec::as_slice).unwrap_or_default();
            let first = own.first();
            record.insert(
                "xmlid".to_owned(),
                first.map_or(Json::Bool(false), |external| external.name.clone().into()),
            );
            record.insert("noupdate".to_owned(), first.is_some_and(|external| external.noupdate).into());
            let all =
                own.iter().map(|external| json!({"xmlid": external.name, "noupdate": external.noupdate}));
            record.insert("xmlids".to_owned(), all.collect());
        }
        Ok(Reply::value(&records.into_iter().map(Json::Object).collect()))
    })
}

/// No record has a form of its own.
pub(super) fn get_formview_id(_call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move { Ok(Reply::value(&false.into())) })
}
