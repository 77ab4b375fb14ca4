//! The fields of a model, as `ir.model.fields` tells of them.

use serde_json::json;

use super::super::App;
use super::super::retrying::Caller;
use super::models::offered;
use super::{Answer, refused, run};
use crate::error::{Error, Result};
use crate::orm::access;
use crate::orm::domain::parse;
use crate::orm::environment::Environment;
use crate::orm::model::Model;
use crate::orm::query::Page;
use crate::orm::read::{self, Load, Wanted};

/// The asked attributes of the fields that are offered; no names are all fields, no attributes all of them.
///
/// # Errors
///
/// What a call fails with.
pub async fn fields(
    app: &App,
    caller: Caller,
    model: &str,
    names: &[String],
    attributes: Option<&[String]>,
) -> Result<Answer> {
    run(app, caller, async |env| {
        let model = match offered(env, model) {
            Ok(model) => model,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match told(env, &model, names, attributes).await {
            Ok(text) => Ok(Ok(text)),
            Err(error) => refused(error),
        }
    })
    .await
}

async fn told(
    env: &Environment,
    model: &Model,
    names: &[String],
    attributes: Option<&[String]>,
) -> Result<String> {
    let is_asked = |name: &String| names.is_empty() || names.contains(name);
    let offered: Vec<&str> = model
        .fields
        .values()
        .filter(|field| is_asked(&field.name) && access::has_field_access(env, model, field))
        .map(|field| field.name.as_str())
        .collect();
    // What a field is, is no secret of a model that is offered; the right to look at all models is.
    let env = env.sudo();
    let described = env.model("ir.model.fields")?;
    let known = |name: &String| described.field(name).is_some();
    let attributes: Option<Vec<String>> =
        attributes.map(|wanted| wanted.iter().filter(|name| known(name)).cloned().collect());
    let columns = read::fields(&env, &described, attributes.as_deref())?;
    let domain = parse::parse(&json!([["model", "=", model.name], ["name", "in", offered]]))?;
    let text = read::read(&env, &described, Wanted::Domain(domain, Page::default()), &columns, Load::Classic)
        .await?;
    String::from_utf8(text).map_err(|error| Error::Internal(error.to_string()))
}
