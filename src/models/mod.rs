//! The shipped models: what each declares and what is special about it, one file a subject.

mod ir_access;
mod ir_attachment;
mod ir_config_parameter;
mod ir_filters;
mod ir_model;
mod ir_model_data;
mod oregional_application;
mod oregional_authorization;
mod oregional_model_scheme;
mod res_company;
mod res_country;
mod res_currency;
mod res_groups;
mod res_lang;
mod res_partner;
mod res_partner_address;
mod res_partner_avatar;
pub mod res_users;
pub mod seed;
mod world;

use crate::orm::model::Model;

/// The group that administers applications.
pub const ADMIN: &str = "oregional.group_app_admin";

/// All shipped models.
pub fn all() -> Vec<Model> {
    [
        ir_access::models(),
        ir_attachment::models(),
        ir_filters::models(),
        ir_config_parameter::models(),
        ir_model::models(),
        ir_model_data::models(),
        oregional_application::models(),
        oregional_authorization::models(),
        oregional_model_scheme::models(),
        res_company::models(),
        res_country::models(),
        res_currency::models(),
        res_groups::models(),
        res_lang::models(),
        res_partner::models(),
        res_users::models(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
