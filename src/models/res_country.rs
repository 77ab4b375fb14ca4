//! Countries and their states.

use serde_json::Value as Json;

use crate::db::Sql;
use crate::db::sql::column;
use crate::orm::behaviour::{Behaviour, Named, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, integer, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::model::Model;

/// How an address is written where a country says nothing else.
pub(super) const ADDRESS_FORMAT: &str =
    "%(street)s\n%(street2)s\n%(city)s %(state_code)s %(zip)s\n%(country_name)s";

/// `California (US)`.
fn state_name(scope: Scope<'_>) -> Sql {
    Sql::text("(")
        .then(column(scope.alias, "name"))
        .and_text(" || COALESCE((SELECT ' (' || country.code || ')' FROM res_country AS country WHERE country.id = ")
        .then(column(scope.alias, "country_id"))
        .and_text("), ''))")
}

pub(super) fn models() -> Vec<Model> {
    let country = Model::new("res.country", "Country")
        .order("name")
        .search_names(&["name", "code"])
        .fields([
            char("name").string("Country Name").required().translate(),
            char("code").string("Country Code").required(),
            text("address_format").string("Layout in Reports").default(ADDRESS_FORMAT),
            many2one("currency_id", "res.currency"),
            integer("phone_code").string("Country Calling Code"),
            one2many("state_ids", "res.country.state", "country_id").string("States"),
            selection("name_position", &[("before", "Before Address"), ("after", "After Address")])
                .string("Customer Name Position")
                .default("before"),
            char("vat_label").string("Vat Label").translate(),
            boolean("state_required"),
            boolean("zip_required").default(true),
        ])
        .constraint("name_uniq", "UNIQUE (name)", "The name of the country must be unique.")
        .constraint("code_uniq", "UNIQUE (code)", "The code of the country must be unique.")
        .behaviour(&Country);
    let state = Model::new("res.country.state", "Country state")
        .order("code")
        .search_names(&["name", "code"])
        .fields([
            many2one("country_id", "res.country").required().index(),
            char("name").string("State Name").required(),
            char("code").string("State Code").required(),
        ])
        .display_name(state_name, &["name", "country_id.code"])
        .constraint(
            "name_code_uniq",
            "UNIQUE (country_id, code)",
            "The code of the state must be unique within its country.",
        )
        .behaviour(&Named);
    vec![country, state]
}

struct Country;

/// Codes of countries are written in capitals.
fn capitals(values: &mut Values) {
    if let Some(Json::String(code)) = values.get_mut("code") {
        *code = code.to_uppercase();
    }
}

impl Behaviour for Country {
    fn before_create<'a>(&'a self, _env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        values.iter_mut().for_each(capitals);
        Box::pin(std::future::ready(Ok(())))
    }

    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        capitals(values);
        Box::pin(std::future::ready(Ok(())))
    }

    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}
