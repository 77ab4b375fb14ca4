//! The methods that every model has, by name: one table.

mod access;
mod aggregate;
mod copy;
pub mod describe;
mod export;
mod group;
mod group_by;
mod load;
mod naming;
mod onchange;
mod panel;
mod records;
mod search;
mod toolbar;
mod translations;
mod web;

use super::method::Effect::{Reads, Writes};
use super::method::Receiver::{Model as OnModel, Records as OnRecords};
use super::method::{Method, Parameter, keyword, optional, required};
use super::model::Model;
use crate::error::{Error, Result};

macro_rules! method {
    ($name:literal, $receiver:expr, $effect:expr, [$($parameter:expr),* $(,)?], $run:expr) => {
        Method {
            name: $name,
            receiver: $receiver,
            effect: $effect,
            parameters: { const PARAMETERS: &[Parameter] = &[$($parameter),*]; PARAMETERS },
            run: $run,
        }
    };
    ($name:literal, $receiver:expr, $effect:expr, $parameters:ident, $run:expr) => {
        Method { name: $name, receiver: $receiver, effect: $effect, parameters: $parameters, run: $run }
    };
}
pub(crate) use method;

/// In the order of Odoo's documentation.
static METHODS: &[Method] = &[
    method!("create", OnModel, Writes, [required("vals_list")], records::create),
    method!("read", OnRecords, Reads, [optional("fields"), optional("load")], records::read),
    method!("write", OnRecords, Writes, [required("vals")], records::write),
    method!("unlink", OnRecords, Writes, [], records::unlink),
    method!("exists", OnRecords, Reads, [], records::exists),
    method!("browse", OnRecords, Reads, [], records::browse),
    method!("copy", OnRecords, Writes, [optional("default")], copy::copy),
    method!("copy_data", OnRecords, Reads, [optional("default")], copy::copy_data),
    method!("action_archive", OnRecords, Writes, [], records::archive),
    method!("action_unarchive", OnRecords, Writes, [], records::unarchive),
    method!("toggle_active", OnRecords, Writes, [], records::toggle_active),
    method!(
        "search",
        OnModel,
        Reads,
        [required("domain"), optional("offset"), optional("limit"), optional("order")],
        search::search
    ),
    method!("search_count", OnModel, Reads, [required("domain"), optional("limit")], search::search_count),
    method!(
        "search_read",
        OnModel,
        Reads,
        [
            optional("domain"),
            optional("fields"),
            optional("offset"),
            optional("limit"),
            optional("order"),
            keyword("load")
        ],
        search::search_read
    ),
    method!(
        "name_search",
        OnModel,
        Reads,
        [optional("name"), optional("args"), optional("operator"), optional("limit")],
        naming::name_search
    ),
    method!("name_create", OnModel, Writes, [required("name")], naming::name_create),
    method!(
        "read_group",
        OnModel,
        Reads,
        [
            required("domain"),
            required("fields"),
            required("groupby"),
            optional("offset"),
            optional("limit"),
            optional("orderby"),
            optional("lazy")
        ],
        group::read_group
    ),
    method!("default_get", OnModel, Reads, [required("fields_list")], describe::default_get),
    method!(
        "fields_get",
        OnModel,
        Reads,
        [optional("allfields"), optional("attributes")],
        describe::fields_get
    ),
    method!("get_metadata", OnRecords, Reads, [], describe::get_metadata),
    method!("get_external_id", OnRecords, Reads, [], describe::get_external_id),
    method!("export_data", OnRecords, Writes, [required("fields_to_export")], export::export_data),
    method!("load", OnModel, Writes, [required("fields"), required("data")], load::load),
    method!(
        "check_access_rights",
        OnModel,
        Reads,
        [required("operation"), optional("raise_exception")],
        access::check_access_rights
    ),
    method!("check_access_rule", OnRecords, Reads, [required("operation")], access::check_access),
    method!("check_access", OnRecords, Reads, [required("operation")], access::check_access),
    method!("has_access", OnRecords, Reads, [required("operation")], access::has_access),
    method!(
        "search_fetch",
        OnModel,
        Reads,
        [
            required("domain"),
            required("field_names"),
            optional("offset"),
            optional("limit"),
            optional("order")
        ],
        search::search_fetch
    ),
    method!(
        "update_field_translations",
        OnRecords,
        Writes,
        [required("field_name"), required("translations"), optional("source_lang")],
        translations::update_field_translations
    ),
    method!(
        "get_field_translations",
        OnRecords,
        Reads,
        [required("field_name"), optional("langs")],
        translations::get_field_translations
    ),
    method!("get_formview_id", OnRecords, Reads, [optional("access_uid")], describe::get_formview_id),
    method!("get_formview_action", OnRecords, Reads, [optional("access_uid")], web::get_formview_action),
    method!("get_views", OnModel, Reads, [required("views"), optional("options")], web::get_views),
    method!("get_view", OnModel, Reads, [optional("view_id"), optional("view_type")], web::get_view),
    method!("web_read", OnRecords, Reads, [required("specification")], web::web_read_records),
    method!(
        "web_search_read",
        OnModel,
        Reads,
        [
            required("domain"),
            required("specification"),
            optional("offset"),
            optional("limit"),
            optional("order"),
            optional("count_limit")
        ],
        web::web_search_read
    ),
    method!(
        "web_save",
        OnRecords,
        Writes,
        [required("vals"), required("specification"), optional("next_id")],
        web::web_save
    ),
    method!(
        "onchange",
        OnRecords,
        Reads,
        [required("values"), required("field_names"), required("fields_spec")],
        onchange::onchange
    ),
    method!(
        "web_read_group",
        OnModel,
        Reads,
        [
            required("domain"),
            required("fields"),
            required("groupby"),
            optional("limit"),
            optional("offset"),
            optional("orderby"),
            optional("lazy")
        ],
        web::web_read_group
    ),
    method!(
        "web_name_search",
        OnModel,
        Reads,
        [
            required("name"),
            optional("specification"),
            optional("domain"),
            optional("operator"),
            optional("limit")
        ],
        web::web_name_search
    ),
    method!("search_panel_select_range", OnModel, Reads, PANEL, panel::select_range),
    method!("search_panel_select_multi_range", OnModel, Reads, PANEL, panel::select_multi_range),
];

/// All methods of a model that clients may call, its own first.
pub fn all(model: &Model) -> impl Iterator<Item = &'static Method> {
    let own = model.behaviour.methods();
    let others = METHODS.iter().filter(|method| own.iter().all(|known| known.name != method.name));
    own.iter().chain(others)
}

/// What the panel beside a list may be told.
const PANEL: &[Parameter] = &[
    required("field_name"),
    optional("category_domain"),
    optional("comodel_domain"),
    optional("enable_counters"),
    optional("expand"),
    optional("filter_domain"),
    optional("group_by"),
    optional("group_domain"),
    optional("hierarchize"),
    optional("limit"),
    optional("search_domain"),
];

/// A method that every model has, whatever a model puts in its place.
pub fn of_every_model(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// A method that clients may call, by its name.
///
/// # Errors
///
/// [`Error::Access`] for a private one, [`Error::Attribute`] when there is none.
pub fn find(model: &Model, name: &str) -> Result<&'static Method> {
    if name.starts_with('_') {
        return Err(Error::Access(format!(
            "Private methods such as '{name}' cannot be called from outside."
        )));
    }
    let own = model.behaviour.methods().iter().find(|method| method.name == name);
    own.or_else(|| of_every_model(name))
        .ok_or_else(|| Error::Attribute(format!("The model '{}' has no method '{name}'.", model.name)))
}
