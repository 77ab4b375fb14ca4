//! The models that an application is offered and its user may read.

use std::sync::Arc;

use serde_json::json;

use super::super::App;
use super::super::retrying::Caller;
use super::{Answer, Refusal, run};
use crate::error::Result;
use crate::orm::access::{self, Operation};
use crate::orm::environment::Environment;
use crate::orm::model::Model;

/// `[{"model": …, "name": …}]`, by name.
///
/// # Errors
///
/// What a call fails with.
pub async fn models(app: &App, caller: Caller) -> Result<Answer> {
    run(app, caller, async |env| {
        let scheme = env.limits().map(|limits| Arc::clone(&limits.scheme)).unwrap_or_default();
        let readable =
            env.registry().models().filter(|model| access::has_model_access(env, model, Operation::Read));
        let mut named: Vec<(String, &str)> = readable
            .map(|model| {
                let own = scheme.configuration(&model.name).map(|known| known.display_name.clone());
                let name = own.filter(|name| !name.is_empty()).unwrap_or_else(|| model.description.clone());
                (name, model.name.as_str())
            })
            .collect();
        named.sort_unstable();
        let all: Vec<_> =
            named.into_iter().map(|(name, model)| json!({"model": model, "name": name})).collect();
        Ok(Ok(serde_json::Value::Array(all).to_string()))
    })
    .await
}

/// A model that the user may read and the scheme offers.
pub(super) fn offered(env: &Environment, name: &str) -> std::result::Result<Arc<Model>, Refusal> {
    let model = env.registry().find(name).ok_or(Refusal::Unreadable)?;
    if !env.registry().access.is_granted(&model.name, env.user(), Operation::Read) {
        return Err(Refusal::Unreadable);
    }
    if access::check_within(env, model, Operation::Read).is_err() {
        return Err(Refusal::NotOffered);
    }
    Ok(Arc::clone(model))
}
