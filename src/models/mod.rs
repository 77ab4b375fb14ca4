//! The shipped models: what each declares and what is special about it, one file a subject.

mod audit_log;
mod ir_access;
pub mod ir_actions;
mod ir_attachment;
mod ir_config_parameter;
mod ir_cron;
mod ir_default;
mod ir_filters;
mod ir_logging;
mod ir_model;
pub mod ir_model_data;
mod ir_model_fields;
mod ir_model_fields_selection;
mod ir_module;
pub mod ir_ui_menu;
mod ir_ui_view;
mod oregional_application;
mod oregional_authorization;
mod oregional_model_scheme;
mod res_company;
mod res_config_settings;
mod res_country;
mod res_currency;
mod res_groups;
mod res_lang;
mod res_partner;
mod res_partner_address;
mod res_partner_avatar;
mod res_partner_line;
pub mod res_users;
pub mod res_users_apikeys;
mod res_users_membership;
mod res_users_preferences;
pub mod seed;
mod shipped;
mod world;

use crate::db::Sql;
use crate::db::sql::column;
use crate::orm::field::Scope;
use crate::orm::model::Model;

/// The group that administers applications.
pub const ADMIN: &str = "oregional.group_app_admin";

/// The oldest external id of a record of a model; empty where it has none.
fn xml_id(model: &'static str, scope: Scope<'_>) -> Sql {
    Sql::text("COALESCE((SELECT d.module || '.' || d.name FROM ir_model_data AS d WHERE d.model = ")
        .then(Sql::literal(model))
        .and_text(" AND d.res_id = ")
        .then(column(scope.alias, "id"))
        .and_text(" ORDER BY d.id LIMIT 1), '')")
}

/// All shipped models.
pub fn all() -> Vec<Model> {
    [
        audit_log::models(),
        ir_access::models(),
        ir_attachment::models(),
        ir_filters::models(),
        ir_actions::models(),
        ir_config_parameter::models(),
        ir_cron::models(),
        ir_default::models(),
        ir_logging::models(),
        ir_model::models(),
        ir_model_data::models(),
        ir_model_fields::models(),
        ir_model_fields_selection::models(),
        ir_module::models(),
        ir_ui_menu::models(),
        ir_ui_view::models(),
        oregional_application::models(),
        oregional_authorization::models(),
        oregional_model_scheme::models(),
        res_company::models(),
        res_country::models(),
        res_currency::models(),
        res_config_settings::models(),
        res_groups::models(),
        res_lang::models(),
        res_partner::models(),
        res_users::models(),
        res_users_apikeys::models(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
