//! Contacts: people and companies, and the addresses that contacts share with their company.

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, html, image, integer, many2one, one2many, selection};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::model::Model;

const TYPES: [(&str, &str); 4] = [
    ("contact", "Contact"),
    ("invoice", "Invoice Address"),
    ("delivery", "Delivery Address"),
    ("other", "Other Address"),
];

/// `company, name` for a contact of a company; an address without a name is called by its type.
fn complete_name(scope: Scope<'_>) -> Sql {
    let own = |name: &str| column(scope.alias, name);
    Sql::text("(CASE WHEN ")
        .then(own("parent_id"))
        .and_text(" IS NOT NULL AND NOT COALESCE(")
        .then(own("is_company"))
        .and_text(", false) THEN concat_ws(', ', (SELECT parent.name FROM res_partner AS parent WHERE parent.id = ")
        .then(own("parent_id"))
        .and_text("), NULLIF(COALESCE(")
        .then(own("name"))
        .and_text(", CASE ")
        .then(own("type"))
        .and_text(" WHEN 'invoice' THEN 'Invoice Address' WHEN 'delivery' THEN 'Delivery Address' WHEN 'other' THEN 'Other Address' END), '')) ELSE ")
        .then(own("name"))
        .and_text(" END)")
}

/// The company that a contact belongs to in the end, or the contact itself.
fn commercial(scope: Scope<'_>) -> Sql {
    let own = |name: &str| column(scope.alias, name);
    Sql::text("(CASE WHEN COALESCE(")
        .then(own("is_company"))
        .and_text(", false) OR ")
        .then(own("parent_id"))
        .and_text(" IS NULL THEN ")
        .then(own("id"))
        .and_text(" ELSE (SELECT parent.commercial_partner_id FROM res_partner AS parent WHERE parent.id = ")
        .then(own("parent_id"))
        .and_text(") END)")
}

fn company_type(scope: Scope<'_>) -> Sql {
    Sql::text("(CASE WHEN ")
        .then(column(scope.alias, "is_company"))
        .and_text(" THEN 'company' ELSE 'person' END)")
}

/// Whether nobody who works here is behind it.
fn partner_share(scope: Scope<'_>) -> Sql {
    Sql::with_piece(include_str!("../../sql/queries/users/partner_share.sql"), column(scope.alias, "id"))
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.partner", "Contact")
            .order("complete_name ASC, id DESC")
            .rec_name("complete_name")
            .search_names(&["complete_name", "email", "ref", "vat"])
            .fields([
                char("name").index(),
                char("complete_name")
                    .compute_stored(complete_name, &["name", "is_company", "type", "parent_id.name"])
                    .index(),
                boolean("active").default(true),
                boolean("is_company"),
                selection("company_type", &[("person", "Individual"), ("company", "Company")])
                    .compute(company_type, &["is_company"]),
                many2one("parent_id", "res.partner").string("Related Company").index(),
                one2many("child_ids", "res.partner", "parent_id").string("Contact"),
                many2one("commercial_partner_id", "res.partner")
                    .string("Commercial Entity")
                    .compute_stored(commercial, &["is_company", "parent_id.commercial_partner_id"])
                    .index(),
                selection("type", &TYPES).string("Address Type").default("contact"),
                char("email"),
                char("phone"),
                char("mobile"),
                char("website"),
                char("street"),
                char("street2"),
                char("city"),
                char("zip"),
                char("function").string("Job Position"),
                char("ref").string("Reference").index(),
                char("vat").string("Tax ID").index(),
                char("lang")
                    .string("Language")
                    .default_by(crate::orm::field::Default::Make(|env| env.context.lang.clone().into())),
                char("tz").string("Timezone"),
                html("comment").string("Notes"),
                integer("color").string("Color Index"),
                many2one("company_id", "res.company").index(),
                many2one("user_id", "res.users").string("Salesperson"),
                one2many("user_ids", "res.users", "partner_id").string("Users"),
                boolean("partner_share")
                    .string("Share Partner")
                    .compute(partner_share, &["user_ids"])
                    .searchable(),
                boolean("employee"),
                image("image_1920", 1920, 1920).string("Image"),
                image("image_128", 128, 128).string("Image 128").related_stored("image_1920"),
            ])
            .constraint(
                "check_name",
                "CHECK ((type = 'contact' AND name IS NOT NULL) OR (type <> 'contact'))",
                "Contacts require a name.",
            )
            .behaviour(&Partner),
    ]
}

struct Partner;

impl Behaviour for Partner {
    fn acts_after_change(&self) -> bool {
        true
    }

    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            if values.iter().any(|record| record.contains_key("parent_id")) {
                check_circle(env, ids).await?;
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}

async fn check_circle(env: &Environment, ids: &[i64]) -> Result<()> {
    let statement = Sql::with_parameter(include_str!("../../sql/queries/partners/circle.sql"), ids.to_vec());
    if env.connection().query(statement).await?.is_empty() {
        return Ok(());
    }
    Err(Error::Validation("A contact cannot belong to itself, not even through others.".to_owned()))
}
