//! `update_field_translations` and `get_field_translations`: the texts of one field in all languages.

use serde_json::{Map, Value as Json, json};

use super::super::access::{self, Operation, records};
use super::super::behaviour::{Promise, Values};
use super::super::context::{BASE_LANG, Context};
use super::super::environment::Environment;
use super::super::field::Field;
use super::super::method::{Call, Reply};
use super::super::model::Model;
use super::super::prepare;
use super::super::python;
use super::super::read::{self, Load};
use super::super::write::write;
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};

fn translated<'a>(env: &Environment, model: &'a Model, name: &str) -> Result<&'a Field> {
    let field = model
        .field(name)
        .ok_or_else(|| Error::Value(format!("Invalid field '{name}' on model '{}'.", model.name)))?;
    access::check_field(env, model, field)?;
    if !field.translate {
        return Err(Error::User(format!(
            "The field '{name}' of '{}' has one text for all languages.",
            model.description
        )));
    }
    Ok(field)
}

fn check_language(env: &Environment, lang: &str) -> Result<()> {
    if env.registry().languages.contains(lang) {
        return Ok(());
    }
    Err(Error::User(format!("Invalid language code: {lang}")))
}

fn in_language(env: &Environment, lang: &str) -> Environment {
    env.with_context(Context { lang: lang.to_owned(), ..(*env.context).clone() })
}

/// Gives texts to some languages, or takes them away: what has none falls back to the base language.
pub(super) fn update_field_translations(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let translations = match call.arguments.take("translations") {
            Json::Object(translations) => translations,
            other => {
                return Err(Error::Type(format!(
                    "'translations' has to be an object of texts by language, not {}.",
                    python::type_name(&other)
                )));
            }
        };
        access::check_model(env, model, Operation::Write)?;
        let field = translated(env, model, call.arguments.text("field_name")?.unwrap_or_default())?;
        for lang in translations.keys() {
            check_language(env, lang)?;
        }
        let (texts, none): (Map<String, Json>, Map<String, Json>) =
            // An empty text is one, too.
            translations.into_iter().partition(|(_, text)| python::truth(text) || text.as_str() == Some(""));
        if none.contains_key(BASE_LANG) {
            return Err(if field.required {
                prepare::missing(model, field)
            } else {
                Error::User(format!(
                    "The text in {BASE_LANG} is what all languages fall back to: to empty the field, write false into it."
                ))
            });
        }
        for (lang, text) in texts {
            let values: Values = [(field.name.clone(), text)].into_iter().collect();
            write(&in_language(env, &lang), model, &call.ids, values).await?;
        }
        take_away(&call, field, none.into_iter().map(|(lang, _)| lang).collect()).await?;
        Ok(Reply::truth())
    })
}

async fn take_away(call: &Call<'_>, field: &Field, languages: Vec<String>) -> Result<()> {
    let (env, model) = (call.env, call.model);
    if languages.is_empty() || call.ids.is_empty() {
        return Ok(());
    }
    if !field.has_column() {
        return Err(Error::User(format!(
            "The texts of '{}' belong to another record: change them there.",
            field.string
        )));
    }
    records::check(env, model, &call.ids, Operation::Write).await?;
    let statement = Sql::text("UPDATE ")
        .then(ident(&model.table))
        .and_text(" SET ")
        .then(ident(&field.name))
        .and_text(" = ")
        .then(ident(&field.name))
        .and_text(" - ")
        .then(Sql::param(languages))
        .and_text("::text[], write_uid = ")
        .then(Sql::param(env.user().id))
        .and_text(", write_date = ")
        .then(Sql::param(env.now()))
        .and_text(" WHERE id = ANY(")
        .then(Sql::param(call.ids.clone()))
        .and_text(")");
    env.connection().execute(statement).await?;
    env.mark_stale(env.registry().staleness(model));
    Ok(())
}

/// The texts of one record's field: in each language what is read there, and what it falls back to.
pub(super) fn get_field_translations(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let field = translated(env, model, call.arguments.text("field_name")?.unwrap_or_default())?;
        let [id] = call.ids.as_slice() else {
            return Err(Error::Value("Translations are asked of one record at a time.".to_owned()));
        };
        let mut languages = match call.arguments.names("langs")? {
            Some(languages) => languages,
            None => env.registry().languages.iter().cloned().collect(),
        };
        languages.sort_unstable();
        let source = text_in(env, model, field, *id, BASE_LANG).await?;
        let mut told = Vec::with_capacity(languages.len());
        for lang in languages {
            check_language(env, &lang)?;
            let value = text_in(env, model, field, *id, &lang).await?;
            told.push(json!({"lang": lang, "source": source, "value": value}));
        }
        let kind = if field.kind.as_str() == "char" { "char" } else { "text" };
        Ok(Reply::value(&json!([told, {"translation_type": kind, "translation_show_source": false}])))
    })
}

async fn text_in(env: &Environment, model: &Model, field: &Field, id: i64, lang: &str) -> Result<Json> {
    let env = in_language(env, lang);
    let mut found = read::values(&env, model, &[id], &[field], Load::Raw).await?;
    let record = found.pop().ok_or_else(|| super::super::write::gone(model, &[id]))?;
    let value = record.get(&field.name).filter(|value| python::truth(value)).cloned();
    Ok(value.unwrap_or_else(|| "".into()))
}
