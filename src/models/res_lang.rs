//! Languages: which are active, and how dates and numbers are written in them.

use serde_json::{Value as Json, json};

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::context::BASE_LANG;
use crate::orm::declare::{boolean, char, image, selection};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::text;

const DAYS: [(&str, &str); 7] = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
];

/// The directives of a date or a time that clients understand.
const DIRECTIVES: &str = "aAbBdmyYHIMSpjwW%";

fn flag_image_url(scope: Scope<'_>) -> Sql {
    Sql::text("(CASE WHEN ")
        .then(column(scope.alias, "flag_image"))
        .and_text(" IS NOT NULL THEN '/web/image/res.lang/' || ")
        .then(column(scope.alias, "id"))
        .and_text(" || '/flag_image' END)")
}

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
                char("short_time_format").default("%H:%M").required(),
                selection("week_start", &DAYS).string("First Day of Week").default("7").required(),
                char("grouping").string("Separator Format").default("[]").required(),
                char("decimal_point").string("Decimal Separator").default(".").required(),
                char("thousands_sep").string("Thousands Separator").default(","),
                image("flag_image", 128, 128).string("Image"),
                char("flag_image_url").compute(flag_image_url, &["flag_image"]),
            ])
            .constraint("name_uniq", "UNIQUE (name)", "The name of the language must be unique.")
            .constraint("code_uniq", "UNIQUE (code)", "The code of the language must be unique.")
            .constraint("url_code_uniq", "UNIQUE (url_code)", "The URL code of the language must be unique.")
            .behaviour(&Lang),
    ]
}

struct Lang;

static METHODS: [Method; 1] = [method!("get_installed", Receiver::Model, Effect::Reads, [], get_installed)];

/// The active languages by name, as codes and names.
async fn installed(env: &Environment) -> Result<Vec<(String, String)>> {
    let statement = Sql::text("SELECT code, name FROM res_lang WHERE active ORDER BY name");
    let rows = env.connection().query(statement).await?;
    Ok(rows.iter().map(|row| (text(row, 0), text(row, 1))).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "all methods of the table are called alike")]
fn get_installed(call: Call<'_>) -> Promise<'_, Reply> {
    let Call { env, .. } = call;
    Box::pin(async move { Ok(Reply::value(&json!(installed(env).await?))) })
}

/// The words of `grouping`: how many digits stand together, from the right.
fn check_grouping(grouping: &str) -> Result<()> {
    let is_list = serde_json::from_str::<Vec<i64>>(grouping);
    if is_list.is_ok_and(|sizes| sizes.iter().all(|size| *size >= -1)) {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "'{grouping}' is no separator format: write the sizes of the groups of digits from the right, such as [3,0], where 0 repeats the last one and -1 ends the grouping."
    )))
}

fn check_format(format: &str, what: &str) -> Result<()> {
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' && !letters.next().is_some_and(|directive| DIRECTIVES.contains(directive)) {
            return Err(Error::Validation(format!(
                "'{format}' is no {what} format: a % is followed by one of the letters {DIRECTIVES}."
            )));
        }
    }
    Ok(())
}

impl Behaviour for Lang {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        let given = |name: &str| values.get(name).and_then(Json::as_str);
        for (name, what) in [("date_format", "date"), ("time_format", "time"), ("short_time_format", "time")]
        {
            given(name).map_or(Ok(()), |format| check_format(format, what))?;
        }
        given("grouping").map_or(Ok(()), check_grouping)
    }

    fn before_create<'a>(&'a self, _env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        for language in values {
            if !language.get("url_code").is_some_and(python::truth) {
                let code = ["iso_code", "code"]
                    .iter()
                    .find_map(|name| language.get(*name).filter(|code| python::truth(code)).cloned());
                language.insert("url_code".to_owned(), code.unwrap_or_default());
            }
        }
        Box::pin(std::future::ready(Ok(())))
    }

    /// The base language holds the texts that all others fall back to.
    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            if let Some(code) = values.get("code") {
                refuse_other_code(env, ids, code).await?;
            }
            if values.get("active").is_some_and(|active| !python::truth(active)) {
                refuse_base(env, ids, "deactivated").await?;
                refuse_used(env, ids).await?;
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move {
            refuse_base(env, ids, "deleted").await?;
            for (code, is_active) in codes(env, ids).await? {
                if is_active {
                    return Err(Error::User(format!("The language {code} is active: deactivate it first.")));
                }
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Registry
    }
}

/// The codes of languages, and whether they are active.
async fn codes(env: &Environment, ids: &[i64]) -> Result<Vec<(String, bool)>> {
    let statement = Sql::text("SELECT code, active::text FROM res_lang WHERE id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(")");
    let rows = env.connection().query(statement).await?;
    Ok(rows.iter().map(|row| (text(row, 0), text(row, 1) == "true")).collect())
}

async fn refuse_other_code(env: &Environment, ids: &[i64], code: &Json) -> Result<()> {
    if codes(env, ids).await?.iter().all(|(known, _)| code.as_str() == Some(known)) {
        return Ok(());
    }
    Err(Error::User("The code of a language cannot be changed: texts are kept under it.".to_owned()))
}

async fn refuse_base(env: &Environment, ids: &[i64], deed: &str) -> Result<()> {
    if codes(env, ids).await?.iter().any(|(code, _)| code == BASE_LANG) {
        return Err(Error::User(format!(
            "{BASE_LANG} is the language that all others fall back to: it cannot be {deed}."
        )));
    }
    Ok(())
}

/// A language that somebody signs in with stays active.
async fn refuse_used(env: &Environment, ids: &[i64]) -> Result<()> {
    let statement =
        Sql::with_parameter(include_str!("../../sql/queries/users/of_languages.sql"), ids.to_vec());
    match env.connection().query(statement).await?.first() {
        None => Ok(()),
        Some(row) => Err(Error::User(format!(
            "The language {} cannot be deactivated: the user {} uses it.",
            text(row, 0),
            text(row, 1)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_made_of_known_directives() {
        for good in ["%d/%m/%Y", "%Y. %m. %d.", "%p %I:%M", "100%%"] {
            assert!(check_format(good, "date").is_ok(), "{good}");
        }
        for bad in ["%Q", "%", "%d/%"] {
            assert!(check_format(bad, "date").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_grouping_is_a_list_of_sizes() {
        for good in ["[]", "[3,0]", "[3,2,-1]"] {
            assert!(check_grouping(good).is_ok(), "{good}");
        }
        for bad in ["", "3", "[a]", "[-2]", "{}"] {
            assert!(check_grouping(bad).is_err(), "{bad}");
        }
    }
}
