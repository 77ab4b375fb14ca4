//! Groups of users, and what they imply.

use super::res_users_membership as membership;
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::Result;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, many2many, many2one, one2many, text};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::model::Model;
use crate::orm::registry::int;
use crate::orm::value_sql::translated;

/// `category / name`.
fn full_name(scope: Scope<'_>) -> Sql {
    Sql::text("(COALESCE((SELECT ")
        .then(translated("category", "name", scope.lang))
        .and_text(" || ' / ' FROM ir_module_category AS category WHERE category.id = ")
        .then(column(scope.alias, "category_id"))
        .and_text("), '') || ")
        .then(translated(scope.alias, "name", scope.lang))
        .and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    let groups = Model::new("res.groups", "Access Groups")
        .order("name")
        .fields([
            char("name").required().translate(),
            many2one("category_id", "ir.module.category").string("Application").index(),
            text("comment").translate(),
            boolean("share").string("Share Group"),
            char("full_name").string("Group Name").compute(full_name, &["category_id", "name"]).searchable(),
            many2many("users", "res.users", "res_groups_users_rel", "gid", "uid"),
            many2many("implied_ids", "res.groups", "res_groups_implied_rel", "gid", "hid").string("Inherits"),
            one2many("model_access", "ir.model.access", "group_id").string("Access Controls").with_copy(),
            many2many("rule_groups", "ir.rule", "rule_group_rel", "group_id", "rule_group_id")
                .string("Rules"),
        ])
        .display_name(full_name, &["category_id", "name"])
        .search_names(&["name", "full_name"])
        .constraint(
            "name_uniq",
            "UNIQUE (category_id, name)",
            "The name of the group must be unique within its application.",
        )
        .audited()
        .behaviour(&Groups);
    vec![groups]
}

struct Groups;

impl Behaviour for Groups {
    fn renamed_in_copies(&self) -> &'static [&'static str] {
        &["name"]
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let concerns = |name: &str| values.iter().any(|record| record.contains_key(name));
            if concerns("users") || concerns("implied_ids") {
                let users = Sql::text("SELECT uid FROM res_groups_users_rel WHERE gid = ANY(")
                    .then(Sql::param(ids.to_vec()))
                    .and_text(")");
                add_implied(env, users.clone()).await?;
                let rows = env.connection().query(users).await?;
                let users: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
                membership::refuse_two_types(env, &users).await?;
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Registry
    }
}

/// Gives users the groups that theirs imply. Losing a group takes none of them away, as in Odoo.
pub(super) async fn add_implied(env: &Environment, users: Sql) -> Result<()> {
    let statement = Sql::with_piece(include_str!("../../sql/queries/users/add_implied.sql"), users);
    env.connection().query(statement).await?;
    Ok(())
}
