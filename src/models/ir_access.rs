//! Rights on models and rules on records, as records.

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::orm::access::eval;
use crate::orm::behaviour::{Behaviour, Staleness, Values};
use crate::orm::declare::{boolean, char, many2many, many2one, text};
use crate::orm::environment::Environment;
use crate::orm::field::OnDelete;
use crate::orm::model::Model;

pub(super) fn models() -> Vec<Model> {
    let access = Model::new("ir.model.access", "Model Access")
        .order("model_id, group_id, name, id")
        .fields([
            char("name").required().index(),
            boolean("active").default(true),
            many2one("model_id", "ir.model").required().ondelete(OnDelete::Cascade).index(),
            many2one("group_id", "res.groups").ondelete(OnDelete::Restrict).index(),
            boolean("perm_read").string("Read Access"),
            boolean("perm_write").string("Write Access"),
            boolean("perm_create").string("Create Access"),
            boolean("perm_unlink").string("Delete Access"),
        ])
        .behaviour(&Access);
    let rule = Model::new("ir.rule", "Record Rule")
        .order("model_id desc, id")
        .fields([
            char("name"),
            boolean("active").default(true),
            many2one("model_id", "ir.model").required().ondelete(OnDelete::Cascade).index(),
            many2many("groups", "res.groups", "rule_group_rel", "rule_group_id", "group_id"),
            text("domain_force").string("Domain"),
            boolean("perm_read").string("Read").default(true),
            boolean("perm_write").string("Write").default(true),
            boolean("perm_create").string("Create").default(true),
            boolean("perm_unlink").string("Delete").default(true),
        ])
        .constraint(
            "no_access_rights",
            "CHECK (perm_read OR perm_write OR perm_create OR perm_unlink)",
            "A rule must speak of at least one operation.",
        )
        .behaviour(&Rule);
    vec![access, rule]
}

struct Access;

impl Behaviour for Access {
    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}

struct Rule;

impl Behaviour for Rule {
    /// A rule that cannot be understood is refused when it is written, not when somebody meets it.
    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        let Some(Json::String(domain)) = values.get("domain_force") else { return Ok(()) };
        if domain.trim().is_empty() {
            return Ok(());
        }
        eval::parse(domain).map(|_| ()).map_err(|error| {
            Error::Validation(format!(
                "The domain of the rule cannot be understood: {error}. It may use user, company_id, company_ids, time, True and False."
            ))
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}
