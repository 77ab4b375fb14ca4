//! What there is of models and fields, as records.

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::Error;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::value_sql::translated;

const STATES: [(&str, &str); 2] = [("manual", "Custom Object"), ("base", "Base Object")];
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

/// `label (model)`.
fn field_name(scope: Scope<'_>) -> Sql {
    Sql::text("(")
        .then(translated(scope.alias, "field_description", scope.lang))
        .and_text(" || ' (' || ")
        .then(column(scope.alias, "model"))
        .and_text(" || ')')")
}

pub(super) fn models() -> Vec<Model> {
    vec![model(), fields()]
}

fn model() -> Model {
    Model::new("ir.model", "Models")
        .order("model")
        .search_names(&["name", "model"])
        .fields([
            char("name").string("Model Description").required().translate(),
            char("model").required(),
            char("order").default("id").required(),
            text("info").string("Information"),
            selection("state", &STATES).string("Type").default("manual").readonly(),
            boolean("transient").string("Transient Model"),
            one2many("field_id", "ir.model.fields", "model_id").string("Fields"),
            one2many("access_ids", "ir.model.access", "model_id").string("Access"),
            one2many("rule_ids", "ir.rule", "model_id").string("Record Rules"),
        ])
        .constraint("obj_name_uniq", "UNIQUE (model)", "Each model must have a unique name.")
        .behaviour(&Reflected { is_model: true })
}

fn fields() -> Model {
    Model::new("ir.model.fields", "Fields")
        .order("name, id")
        .rec_name("field_description")
        .fields([
            char("name").string("Field Name").required(),
            char("model").string("Model Name").required().index(),
            many2one("model_id", "ir.model").string("Model").ondelete(OnDelete::Cascade).required().index(),
            char("field_description").string("Field Label").required().translate(),
            text("help").string("Field Help").translate(),
            selection("ttype", &TYPES).string("Field Type").required(),
            char("relation").string("Related Model"),
            char("relation_field"),
            char("relation_table"),
            char("column1").string("Column 1"),
            char("column2").string("Column 2"),
            selection("on_delete", &ON_DELETE).string("On Delete"),
            boolean("required"),
            boolean("readonly"),
            boolean("store").string("Stored").default(true),
            boolean("index").string("Indexed"),
            boolean("copied"),
            boolean("translate").string("Translatable"),
            char("related").string("Related Field"),
            char("depends").string("Dependencies"),
            selection("state", &STATES).string("Type").default("manual").readonly().required(),
        ])
        .display_name(field_name, &["field_description", "model"])
        .constraint("name_unique", "UNIQUE (model, name)", "Field names must be unique per model.")
        .behaviour(&Reflected { is_model: false })
}

/// Records that tell of what the program declares: they follow it, not the other way round.
struct Reflected {
    is_model: bool,
}

const DECLARED: &str = "Models and fields that the program declares cannot be made, changed or deleted here.";

impl Behaviour for Reflected {
    fn before_create<'a>(&'a self, _env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async {
            Err(Error::User(format!("{DECLARED} This version serves the declared ones only.")))
        })
    }

    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            // Labels may be put into other words; what they stand for may not be changed. The name of a
            // model is a label, the name of a field is not: that one has a label of its own.
            let labels: &[&str] =
                if self.is_model { &["name", "info"] } else { &["field_description", "help"] };
            if !values.keys().all(|name| labels.contains(&name.as_str())) {
                return Err(Error::User(DECLARED.to_owned()));
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, _env: &'a Environment, _ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async { Err(Error::User(DECLARED.to_owned())) })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Registry
    }
}
