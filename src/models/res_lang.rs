//! Languages.

use crate::db::sql::column;
use crate::error::Error;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::context::BASE_LANG;
use crate::orm::declare::{boolean, char, selection};
use crate::orm::domain::{Domain, Operator};
use crate::orm::environment::Environment;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::query::{self, Page, SELF};
use crate::orm::registry::int;

const DAYS: [(&str, &str); 7] = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
];

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.lang", "Languages")
            .order("active desc, name")
            .search_names(&["name", "code", "iso_code"])
            .fields([
                char("name").required(),
                char("code").string("Locale Code").required(),
                char("iso_code").string("ISO code"),
                char("url_code").string("URL Code").required(),
                boolean("active"),
                selection("direction", &[("ltr", "Left-to-Right"), ("rtl", "Right-to-Left")])
                    .default("ltr")
                    .required(),
                char("date_format").default("%m/%d/%Y").required(),
                char("time_format").default("%H:%M:%S").required(),
                selection("week_start", &DAYS).string("First Day of Week").default("7").required(),
                char("grouping").string("Separator Format").default("[]").required(),
                char("decimal_point").string("Decimal Separator").default(".").required(),
                char("thousands_sep").string("Thousands Separator").default(","),
            ])
            .constraint("name_uniq", "UNIQUE (name)", "The name of the language must be unique.")
            .constraint("code_uniq", "UNIQUE (code)", "The code of the language must be unique.")
            .behaviour(&Lang),
    ]
}

struct Lang;

impl Behaviour for Lang {
    /// The base language holds the texts that all others fall back to.
    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let deactivates = values.get("active").is_some_and(|active| !python::truth(active));
            if deactivates || values.contains_key("code") {
                refuse_base(env, ids, "deactivated or given another code").await?;
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(refuse_base(env, ids, "deleted"))
    }

    fn staleness(&self) -> Staleness {
        Staleness::Registry
    }
}

async fn refuse_base(env: &Environment, ids: &[i64], deed: &str) -> crate::error::Result<()> {
    let model = env.model("res.lang")?;
    let env = env.sudo().with_active_test(false);
    let domain = Domain::condition("code", Operator::Eq, BASE_LANG);
    let select = query::select(&env, &model, column(SELF, "id"), domain, &Page::default())?;
    let is_named = env
        .connection()
        .query_guarded(|guard| select.statement(guard))
        .await?
        .iter()
        .any(|row| ids.contains(&int(row, 0)));
    if is_named {
        return Err(Error::User(format!(
            "{BASE_LANG} is the language that all others fall back to: it cannot be {deed}."
        )));
    }
    Ok(())
}
