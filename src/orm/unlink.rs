//! Deletes records, the external ids that named them, and the files that belonged to them.

use super::access::{self, Operation, records};
use super::behaviour::Promise;
use super::environment::Environment;
use super::model::Model;
use crate::db::Sql;
use crate::db::sql::ident;

/// Deletes records. Those that are gone already are no failure.
///
/// # Errors
///
/// [`crate::error::Error::Access`] when the caller may not, and a broken constraint when another
/// record still needs one of them.
pub fn unlink<'a>(env: &'a Environment, model: &'a Model, ids: &'a [i64]) -> Promise<'a, ()> {
    Box::pin(async move {
        // As in Odoo, to delete nothing needs no right.
        if ids.is_empty() {
            return Ok(());
        }
        access::check_model(env, model, Operation::Unlink)?;
        records::check(env, model, ids, Operation::Unlink).await?;
        model.behaviour.before_unlink(env, ids).await?;
        let names = Sql::text("DELETE FROM ir_model_data WHERE model = ")
            .then(Sql::param(model.name.as_str()))
            .and_text(" AND res_id = ANY(")
            .then(Sql::param(ids.to_vec()))
            .and_text(")");
        let records = Sql::text("DELETE FROM ")
            .then(ident(&model.table))
            .and_text(" WHERE id = ANY(")
            .then(Sql::param(ids.to_vec()))
            .and_text(")");
        let files = Sql::text("DELETE FROM ir_attachment WHERE res_model = ")
            .then(Sql::param(model.name.as_str()))
            .and_text(" AND res_id = ANY(")
            .then(Sql::param(ids.to_vec()))
            .and_text(")");
        env.connection().query_all(vec![names, files, records]).await?;
        env.mark_stale(env.registry().staleness(model));
        Ok(())
    })
}
