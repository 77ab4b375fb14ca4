//! Companies.

use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::create::create;
use crate::orm::declare::{boolean, char, integer, many2many, many2one, one2many};
use crate::orm::environment::Environment;
use crate::orm::model::Model;

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.company", "Companies")
            .order("sequence, name")
            .fields([
                char("name").string("Company Name").required(),
                boolean("active").default(true),
                integer("sequence").default(10),
                many2one("partner_id", "res.partner").required(),
                many2one("parent_id", "res.company").string("Parent Company").index(),
                one2many("child_ids", "res.company", "parent_id").string("Branches"),
                many2many("user_ids", "res.users", "res_company_users_rel", "cid", "user_id")
                    .string("Accepted Users"),
                char("email").related("partner_id.email"),
                char("phone").related("partner_id.phone"),
                char("website").related("partner_id.website"),
                char("street").related("partner_id.street"),
                char("street2").related("partner_id.street2"),
                char("city").related("partner_id.city"),
                char("zip").related("partner_id.zip"),
                char("vat").string("Tax ID").related("partner_id.vat"),
                integer("color"),
            ])
            .constraint("name_uniq", "UNIQUE (name)", "The company name must be unique.")
            .behaviour(&Company),
    ]
}

struct Company;

impl Behaviour for Company {
    /// A company is a contact too.
    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            let partner = env.model("res.partner")?;
            for company in values {
                if company.contains_key("partner_id") {
                    continue;
                }
                let mut contact = Values::new();
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
