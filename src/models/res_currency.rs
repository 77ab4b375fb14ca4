//! Currencies, without their rates.

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::Error;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, float, integer, selection};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::model::Model;
use crate::orm::python;

/// How many decimals an amount has: 0.01 has two, and so has 0.05.
fn decimal_places(scope: Scope<'_>) -> Sql {
    let rounding = || column(scope.alias, "rounding");
    Sql::text("(CASE WHEN ")
        .then(rounding())
        .and_text(" > 0 AND ")
        .then(rounding())
        .and_text(" < 1 THEN ceil(-log(")
        .then(rounding())
        .and_text("::numeric))::int ELSE 0 END)")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.currency", "Currency")
            .order("active desc, name")
            .search_names(&["name", "full_name"])
            .fields([
                char("name").string("Currency").required(),
                char("full_name").string("Name"),
                integer("iso_numeric").string("Currency numeric code."),
                char("symbol").required(),
                float("rounding").string("Rounding Factor").default(0.01),
                integer("decimal_places").compute_stored(decimal_places, &["rounding"]),
                selection("position", &[("after", "After Amount"), ("before", "Before Amount")])
                    .string("Symbol Position")
                    .default("after"),
                char("currency_unit_label").string("Currency Unit").translate(),
                char("currency_subunit_label").string("Currency Subunit").translate(),
                boolean("active").default(true),
            ])
            .constraint("unique_name", "UNIQUE (name)", "The code of the currency must be unique.")
            .constraint(
                "rounding_gt_zero",
                "CHECK (rounding > 0)",
                "The rounding factor must be greater than 0.",
            )
            .behaviour(&Currency),
    ]
}

struct Currency;

impl Behaviour for Currency {
    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            if values.get("active").is_none_or(python::truth) {
                return Ok(());
            }
            let statement = Sql::text("SELECT 1 FROM res_company WHERE currency_id = ANY(")
                .then(Sql::param(ids.to_vec()))
                .and_text(") LIMIT 1");
            if env.connection().query(statement).await?.is_empty() {
                return Ok(());
            }
            Err(Error::User("A currency that a company uses cannot be archived.".to_owned()))
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}
