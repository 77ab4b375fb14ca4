//! Models and fields that administrators made at run time, as the rows of `ir.model` and
//! `ir.model.fields` tell of them: turned into the very [`Model`] and [`Field`] of declared ones.

pub mod check;
pub mod names;

use std::collections::HashMap;

use super::field::{Field, FieldType, OnDelete, Right, Source};
use super::model::Model;
use super::registry::{int, text};
use crate::db::{Raw, Row, Sql};

/// Something that was made and cannot be served, for its administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The model.
    pub model: String,
    /// The field, when it is one.
    pub field: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// A field with the model that it is on.
#[derive(Debug, Clone)]
pub struct MadeField {
    /// The name of the model.
    pub model: String,
    /// The field.
    pub field: Field,
}

/// All that was made; see the module.
#[derive(Default)]
pub struct Made {
    /// Models, without their fields.
    pub models: Vec<Model>,
    /// Fields of those and of declared models.
    pub fields: Vec<MadeField>,
    /// The groups that fields name without an external id, each under a name of its own.
    pub groups: HashMap<String, i64>,
}

/// The statements whose rows [`Made::from_rows`] reads, in this order.
pub fn statements() -> Vec<Sql> {
    vec![
        Sql::text(
            "SELECT model, name->>'en_US', \"order\" FROM ir_model WHERE state = 'manual' ORDER BY model",
        ),
        Sql::text(include_str!("../../../sql/queries/registry/made_fields.sql")),
        Sql::text(include_str!("../../../sql/queries/registry/made_selections.sql")),
        Sql::text(include_str!("../../../sql/queries/registry/made_groups.sql")),
    ]
}

fn flag(row: &Row, index: usize) -> bool {
    row.try_get::<_, Option<Raw<'_>>>(index).ok().flatten().is_some_and(Raw::boolean)
}

fn given(row: &Row, index: usize) -> Option<String> {
    Some(text(row, index)).filter(|text| !text.is_empty())
}

impl Made {
    /// Reads the rows of [`statements`].
    pub fn from_rows(models: &[Row], fields: &[Row], selections: &[Row], groups: &[Row]) -> Self {
        let mut options: HashMap<i64, Vec<(String, String)>> = HashMap::new();
        for row in selections {
            options.entry(int(row, 0)).or_default().push((text(row, 1), text(row, 2)));
        }
        let mut made = Self::default();
        let mut visible: HashMap<i64, Vec<String>> = HashMap::new();
        for row in groups {
            let (field, group) = (int(row, 0), int(row, 1));
            let name = given(row, 2).unwrap_or_else(|| {
                let own = format!("res.groups,{group}");
                made.groups.insert(own.clone(), group);
                own
            });
            visible.entry(field).or_default().push(name);
        }
        made.models = models.iter().map(model).collect();
        for row in fields {
            let id = int(row, 0);
            let mut field = field(row, options.remove(&id).unwrap_or_default());
            field.groups = visible.remove(&id).unwrap_or_default();
            made.fields.push(MadeField { model: text(row, 1), field });
        }
        made
    }
}

fn model(row: &Row) -> Model {
    let mut model = Model::new(&text(row, 0), &text(row, 1));
    model.manual = true;
    match given(row, 2) {
        Some(order) => model.order(&order),
        None => model,
    }
}

fn field(row: &Row, options: Vec<(String, String)>) -> Field {
    let mut field = Field::new(&text(row, 2), kind(row, options));
    if let Some(label) = given(row, 3) {
        field.string = label;
    }
    field.help = text(row, 4);
    field.currency_field = given(row, 13);
    field.size = usize::try_from(int(row, 14)).ok().filter(|size| *size > 0);
    field.required = flag(row, 15);
    field.readonly = flag(row, 16);
    field.index = flag(row, 18);
    field.copy = flag(row, 19);
    field.translate = flag(row, 20) && field.kind.is_text();
    if let Some(path) = given(row, 12) {
        let steps = path.split('.').map(str::to_owned).collect();
        field.source = if flag(row, 17) { Source::StoredRelated(steps) } else { Source::Related(steps) };
        field.written_as = (!field.readonly).then_some(Right::Caller);
        field.depends = vec![path];
        // Its texts are the other record's: languages are kept there.
        field.translate = false;
        field.required = false;
        field.copy = false;
    }
    field.manual = true;
    field
}

fn kind(row: &Row, options: Vec<(String, String)>) -> FieldType {
    let (comodel, inverse, ondelete) = (text(row, 6), text(row, 7), text(row, 11));
    match text(row, 5).as_str() {
        "text" => FieldType::Text,
        "html" => FieldType::Html,
        "boolean" => FieldType::Boolean,
        "integer" => FieldType::Integer,
        "float" => FieldType::Float,
        "monetary" => FieldType::Monetary,
        "date" => FieldType::Date,
        "datetime" => FieldType::Datetime,
        "binary" => FieldType::Binary,
        "selection" => FieldType::Selection(options),
        "many2one" => FieldType::Many2one { comodel, ondelete: OnDelete::parse(&ondelete) },
        "one2many" => FieldType::One2many { comodel, inverse },
        "many2many" => FieldType::Many2many {
            comodel,
            relation: text(row, 8),
            column1: text(row, 9),
            column2: text(row, 10),
        },
        _ => FieldType::Char,
    }
}
