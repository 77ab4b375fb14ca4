//! `check_access_rights`, `check_access`, `has_access`: what the caller may do, asked beforehand.

use super::super::access::{self, Operation, records};
use super::super::behaviour::Promise;
use super::super::method::{Call, Reply};
use crate::error::{Error, Result};

fn operation(call: &Call<'_>) -> Result<Operation> {
    Operation::parse(call.arguments.text("operation")?.unwrap_or_default())
}

pub(super) fn check_access_rights(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let operation = operation(&call)?;
        if call.arguments.flag("raise_exception", true) {
            access::check_model(call.env, call.model, operation)?;
            return Ok(Reply::Void);
        }
        Ok(Reply::value(&access::has_model_access(call.env, call.model, operation).into()))
    })
}

pub(super) fn check_access(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        check(&call).await?;
        Ok(Reply::Void)
    })
}

pub(super) fn has_access(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        match check(&call).await {
            Ok(()) => Ok(Reply::truth()),
            Err(Error::Access(_)) => Ok(Reply::value(&false.into())),
            Err(error) => Err(error),
        }
    })
}

/// The right on the model, and the rules on the records.
async fn check(call: &Call<'_>) -> Result<()> {
    let operation = operation(call)?;
    access::check_model(call.env, call.model, operation)?;
    records::check(call.env, call.model, &call.ids, operation).await
}
