//! Contacts: people and companies, what they are called, their pictures and addresses.

use super::{res_partner_address, res_partner_avatar, res_partner_line};
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::audit::Audit;
use crate::orm::behaviour::{Behaviour, Form, Promise, Staleness, Values};
use crate::orm::choices::Choices;
use crate::orm::declare::{
    binary, boolean, char, choice, float, html, image, integer, many2one, one2many, selection,
};
use crate::orm::environment::Environment;
use crate::orm::field::{Expression, Field, OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::text;

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

/// The name of the company that a contact belongs to in the end, or the one that was typed in.
fn commercial_company_name(scope: Scope<'_>) -> Sql {
    let own = |name: &str| column(scope.alias, name);
    Sql::text("COALESCE((SELECT commercial.name FROM res_partner AS commercial WHERE commercial.is_company AND commercial.id = ")
        .then(own("commercial_partner_id"))
        .and_text("), ")
        .then(own("company_name"))
        .and_text(")")
}

/// `"Name" <address>`.
fn email_formatted(scope: Scope<'_>) -> Sql {
    let own = |name: &str| column(scope.alias, name);
    Sql::text("(CASE WHEN ")
        .then(own("email"))
        .and_text(" <> '' THEN '\"' || replace(replace(COALESCE(")
        .then(own("name"))
        .and_text(", ''), '\\', ''), '\"', '') || '\" <' || ")
        .then(own("email"))
        .and_text(" || '>' END)")
}

/// The address as the country writes it, with the name of the company above it.
fn contact_address(scope: Scope<'_>) -> Sql {
    let layout = Sql::with_piece(
        include_str!("../../sql/queries/partners/contact_address.sql"),
        column(scope.alias, "id"),
    );
    layout.parenthesized()
}

/// All time zones, each under its own name.
fn time_zones(name: &str) -> Field {
    let zones: Vec<(&str, &str)> =
        chrono_tz::TZ_VARIANTS.iter().map(|zone| (zone.name(), zone.name())).collect();
    selection(name, &zones)
}

/// The picture, its smaller ones, and for each of them what is shown where there is none.
fn pictures() -> Vec<Field> {
    const SIZES: [(u32, Expression); 5] = [
        (1920, res_partner_avatar::avatar_1920),
        (1024, res_partner_avatar::avatar_1024),
        (512, res_partner_avatar::avatar_512),
        (256, res_partner_avatar::avatar_256),
        (128, res_partner_avatar::avatar_128),
    ];
    let mut fields = vec![image("image_1920", 1920, 1920).string("Image")];
    for (size, avatar) in SIZES {
        let stored = format!("image_{size}");
        if size < 1920 {
            let label = format!("Image {size}");
            fields.push(image(&stored, size, size).string(&label).related_stored("image_1920"));
        }
        let label = if size == 1920 { "Avatar".to_owned() } else { format!("Avatar {size}") };
        let name = format!("avatar_{size}");
        fields.push(binary(&name).string(&label).compute(avatar, &["name", &stored]));
    }
    fields
}

/// Whether it is the contact of a user, whose name and address are the user's.
fn has_user(scope: Scope<'_>) -> Sql {
    Sql::text("EXISTS (SELECT FROM res_users AS usr WHERE usr.partner_id = ")
        .then(column(scope.alias, "id"))
        .and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.partner", "Contact")
            .order("complete_name ASC, id DESC")
            .rec_name("complete_name")
            .search_names(&["complete_name", "email", "ref", "vat", "company_registry"])
            .fields(names())
            .fields(addresses())
            .fields(pictures())
            .constraint(
                "check_name",
                "CHECK ((type = 'contact' AND name IS NOT NULL) OR (type <> 'contact'))",
                "Contacts require a name.",
            )
            .audited_as(Audit { only: Some(has_user), ..Audit::default() })
            .behaviour(&Partner),
    ]
}

fn names() -> Vec<Field> {
    vec![
        char("name").index(),
        char("complete_name")
            .compute_stored(complete_name, &["name", "is_company", "type", "parent_id.name"])
            .index(),
        boolean("active").default(true),
        boolean("is_company"),
        selection("company_type", &[("person", "Individual"), ("company", "Company")])
            .compute(company_type, &["is_company"]),
        many2one("parent_id", "res.partner").string("Related Company").index(),
        char("parent_name").string("Parent name").related("parent_id.name"),
        one2many("child_ids", "res.partner", "parent_id").string("Contact"),
        many2one("commercial_partner_id", "res.partner")
            .string("Commercial Entity")
            .compute_stored(commercial, &["is_company", "parent_id.commercial_partner_id"])
            .index(),
        char("company_name"),
        char("commercial_company_name").string("Company Name Entity").compute_stored(
            commercial_company_name,
            &[
                "company_name",
                "is_company",
                "name",
                "commercial_partner_id.name",
                "commercial_partner_id.is_company",
            ],
        ),
        char("function").string("Job Position"),
        char("ref").string("Reference").index(),
        char("vat").string("Tax ID").index(),
        char("company_registry").string("Company ID"),
        char("barcode"),
        choice("lang", Choices::Languages)
            .string("Language")
            .default_by(crate::orm::field::Default::Make(|env| env.context.lang.clone().into())),
        time_zones("tz").string("Timezone"),
        html("comment").string("Notes"),
        integer("color").string("Color Index"),
        many2one("company_id", "res.company").index(),
        many2one("user_id", "res.users").string("Salesperson"),
        one2many("user_ids", "res.users", "partner_id").string("Users"),
        boolean("partner_share").string("Share Partner").compute(partner_share, &["user_ids"]).searchable(),
        boolean("employee"),
    ]
}

fn addresses() -> Vec<Field> {
    vec![
        selection("type", &TYPES).string("Address Type").default("contact"),
        char("email"),
        char("email_formatted").string("Formatted Email").compute(email_formatted, &["name", "email"]),
        char("phone"),
        char("mobile"),
        char("website").string("Website Link"),
        char("street"),
        char("street2"),
        char("city"),
        char("zip"),
        many2one("state_id", "res.country.state").ondelete(OnDelete::Restrict),
        many2one("country_id", "res.country").ondelete(OnDelete::Restrict),
        char("country_code").related("country_id.code"),
        char("contact_address").string("Complete Address").compute(
            contact_address,
            &["street", "street2", "zip", "city", "state_id", "country_id", "commercial_company_name"],
        ),
        float("partner_latitude").string("Geo Latitude"),
        float("partner_longitude").string("Geo Longitude"),
    ]
}

struct Partner;

/// `company_type` is `is_company` in words.
fn company_in_words(values: &mut Values) {
    let Some(kind) = values.get("company_type").and_then(serde_json::Value::as_str) else { return };
    let is_company = kind == "company";
    values.entry("is_company").or_insert_with(|| is_company.into());
}

/// What a form shows of the two that say the same: the one that was changed decides.
fn kinds(form: &Form<'_>) -> Values {
    let mut told = Values::new();
    let kind = form.given.get("company_type").and_then(serde_json::Value::as_str);
    let is_company = form.given.get("is_company").map(python::truth);
    match kind.filter(|_| form.concerns("company_type")) {
        Some(kind) if is_company != Some(kind == "company") => {
            told.insert("is_company".to_owned(), (kind == "company").into());
        }
        None if form.concerns("is_company") => {
            let kind = if is_company == Some(true) { "company" } else { "person" };
            told.insert("company_type".to_owned(), kind.into());
        }
        _ => {}
    }
    told
}

/// Whoever signs in is told by a contact, which stays as long as that.
async fn refuse_contacts_of_users(env: &Environment, ids: &[i64]) -> Result<()> {
    let statement = Sql::text("SELECT login FROM res_users WHERE active AND partner_id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") ORDER BY login");
    let rows = env.connection().query(statement).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let logins: Vec<String> = rows.iter().map(|row| text(row, 0)).collect();
    Err(Error::Validation(format!(
        "Contacts of active users cannot be archived. Archive the users first: {}.",
        logins.join(", ")
    )))
}

impl Behaviour for Partner {
    fn renamed_in_copies(&self) -> &'static [&'static str] {
        &["name"]
    }

    /// The name that is shown follows from others; a new contact gets the one that it follows from.
    fn named(&self, _model: &Model, name: serde_json::Value) -> Option<Values> {
        Some(res_partner_line::values(name))
    }

    fn before_create<'a>(&'a self, _env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        values.iter_mut().for_each(company_in_words);
        Box::pin(std::future::ready(Ok(())))
    }

    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        company_in_words(values);
        Box::pin(std::future::ready(Ok(())))
    }

    fn onchange<'a>(
        &'a self,
        _env: &'a Environment,
        _model: &'a Model,
        form: &'a Form<'a>,
    ) -> Promise<'a, Values> {
        Box::pin(std::future::ready(Ok(kinds(form))))
    }

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
            // Once it is known that the caller may change them: the words name users.
            if values.iter().any(|record| record.get("active").is_some_and(|active| !python::truth(active))) {
                refuse_contacts_of_users(env, ids).await?;
            }
            res_partner_address::share(env, ids, values).await
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
