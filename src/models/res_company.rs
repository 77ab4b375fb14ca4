//! Companies.

use serde_json::{Value as Json, json};

use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::create::create;
use crate::orm::declare::{boolean, char, html, image, integer, many2many, many2one, one2many};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete, Right};
use crate::orm::model::Model;
use crate::orm::user::SUPERUSER;

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.company", "Companies")
            .order("sequence, name")
            .fields([
                char("name").string("Company Name").required(),
                boolean("active").default(true),
                integer("sequence").default(10),
                many2one("partner_id", "res.partner").required(),
                many2one("currency_id", "res.currency")
                    .required()
                    .ondelete(OnDelete::Restrict)
                    .default_by(Default::Reference("base.USD")),
                many2one("parent_id", "res.company").string("Parent Company").index(),
                one2many("child_ids", "res.company", "parent_id").string("Branches"),
                many2many("user_ids", "res.users", "res_company_users_rel", "cid", "user_id")
                    .string("Accepted Users"),
                char("email").related("partner_id.email").shared(),
                char("phone").related("partner_id.phone").shared(),
                char("website").related("partner_id.website").shared(),
                char("street").related("partner_id.street").shared(),
                char("street2").related("partner_id.street2").shared(),
                char("city").related("partner_id.city").shared(),
                char("zip").related("partner_id.zip").shared(),
                many2one("state_id", "res.country.state")
                    .string("Fed. State")
                    .related("partner_id.state_id")
                    .shared(),
                many2one("country_id", "res.country").related("partner_id.country_id").shared(),
                char("country_code").related("partner_id.country_id.code"),
                char("mobile").related("partner_id.mobile").shared(),
                char("vat").string("Tax ID").related("partner_id.vat").shared(),
                char("company_registry").string("Company ID").related("partner_id.company_registry").shared(),
                image("logo", 0, 0).string("Company Logo").related("partner_id.image_1920").shared(),
                image("logo_web", 0, 0).string("Logo Web").related("partner_id.image_256"),
                integer("color").related("partner_id.color").shared(),
                html("report_header").string("Company Tagline").translate(),
                html("report_footer").string("Report Footer").translate(),
                html("company_details").string("Company Details").translate(),
                char("primary_color"),
                char("secondary_color"),
            ])
            .constraint("name_uniq", "UNIQUE (name)", "The company name must be unique.")
            .behaviour(&Company),
    ]
}

struct Company;

/// Takes out the values that the company's contact has in its stead.
fn take_contact(model: &Model, company: &mut Values) -> Values {
    let mut contact = Values::new();
    for field in model.fields.values().filter(|field| field.written_as == Some(Right::Owner)) {
        if let Some([link, target]) = field.related_path()
            && link == "partner_id"
            && let Some(value) = company.shift_remove(&field.name)
        {
            contact.insert(target.clone(), value);
        }
    }
    contact
}

/// Whoever makes a company works in it at once. The server itself belongs to none.
fn admit_maker(env: &Environment, company: &mut Values) {
    let maker = env.user().id;
    if maker == SUPERUSER {
        return;
    }
    let admit = json!([4, maker, 0]);
    match company.get_mut("user_ids") {
        Some(Json::Array(commands)) if commands.iter().any(Json::is_i64) => {
            if !commands.contains(&maker.into()) {
                commands.push(maker.into());
            }
        }
        Some(Json::Array(commands)) => commands.push(admit),
        _ => _ = company.insert("user_ids".to_owned(), json!([admit])),
    }
}

impl Behaviour for Company {
    /// A company is a contact too.
    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            let (model, partner) = (env.model("res.company")?, env.model("res.partner")?);
            for company in values {
                admit_maker(env, company);
                if company.contains_key("partner_id") {
                    continue;
                }
                let mut contact = take_contact(&model, company);
                contact.insert("name".to_owned(), company.get("name").cloned().unwrap_or_default());
                contact.insert("is_company".to_owned(), true.into());
                let made = create(&env.sudo(), &partner, vec![contact]).await?;
                company.insert("partner_id".to_owned(), made.first().copied().into());
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}
