//! `export_data`: records as rows of a table.

use serde_json::json;

use super::super::behaviour::Promise;
use super::super::export;
use super::super::method::{Call, Reply};
use crate::error::Error;

pub(super) fn export_data(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let env = call.env;
        let may = |group: &str| env.user().has_group(group, env.registry());
        if !env.su && !may("base.group_allow_export") && !may("base.group_erp_manager") {
            return Err(Error::User(
                "You are not allowed to export records. Ask an administrator for export rights.".to_owned(),
            ));
        }
        let paths = call.arguments.names("fields_to_export")?.unwrap_or_default();
        let rows = export::export(env, call.model, &call.ids, &paths).await?;
        Ok(Reply::value(&json!({"datas": rows})))
    })
}
