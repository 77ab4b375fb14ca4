//! The context of a call: language, time zone, defaults, and what else clients send along.

use serde_json::{Map, Value as Json};

use super::python;
use super::registry::Registry;
use super::user::User;
use crate::error::{Error, Result};

/// The language that every translated text has.
pub const BASE_LANG: &str = "en_US";

/// A context; see the module.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The language of translated texts.
    pub lang: String,
    /// The time zone in which days begin, for groups by date; UTC when empty.
    pub tz: String,
    /// Whether archived records stay out of sight.
    pub active_test: bool,
    /// Whether binary fields are read as their size.
    pub bin_size: bool,
    /// The companies that the user works in, the main one first.
    pub companies: Vec<i64>,
    /// Everything that was sent, `default_…` among it.
    pub raw: Map<String, Json>,
}

impl Context {
    /// What a client sent, checked against the user and the languages of the database.
    ///
    /// # Errors
    ///
    /// [`Error::User`] for a language that is not active, [`Error::Access`] for a company that is
    /// not the user's.
    pub fn parse(raw: Map<String, Json>, user: &User, registry: &Registry) -> Result<Self> {
        let lang = match raw.get("lang").filter(|lang| python::truth(lang)) {
            Some(Json::String(lang)) if registry.languages.contains(lang) => lang.clone(),
            Some(other) => {
                return Err(Error::User(format!("Invalid language code: {}", python::text(other))));
            }
            // Without a word about it Odoo reads the base language, whatever the user prefers.
            None => BASE_LANG.to_owned(),
        };
        let zone = raw.get("tz").and_then(Json::as_str).unwrap_or(&user.tz);
        let tz = if zone.parse::<chrono_tz::Tz>().is_ok() { zone.to_owned() } else { String::new() };
        Ok(Self {
            lang,
            tz,
            active_test: raw.get("active_test").is_none_or(python::truth),
            bin_size: raw.get("bin_size").is_some_and(python::truth),
            companies: companies(&raw, user)?,
            raw,
        })
    }

    /// The context of what the server does for itself.
    pub fn of_server() -> Self {
        Self { lang: BASE_LANG.to_owned(), active_test: true, companies: vec![1], ..Self::default() }
    }

    /// The default that the context has for a field.
    pub fn default_of(&self, field: &str) -> Option<&Json> {
        self.raw.get(&format!("default_{field}"))
    }

    /// The same context without the defaults, which are meant for the first model only.
    #[must_use]
    pub fn without_defaults(&self) -> Self {
        let mut context = self.clone();
        context.raw.retain(|key, _| !key.starts_with("default_"));
        context
    }
}

/// The companies that a call works in. One that says nothing of them works in all of its user's, the main one
/// first: new records are of that, and the rules let it see the others.
fn companies(raw: &Map<String, Json>, user: &User) -> Result<Vec<i64>> {
    let own = || {
        let others = user.company_ids.iter().copied().filter(|id| *id != user.company_id);
        std::iter::once(user.company_id).chain(others).collect()
    };
    let Some(Json::Array(wanted)) = raw.get("allowed_company_ids") else { return Ok(own()) };
    let mut companies = Vec::with_capacity(wanted.len());
    for company in wanted {
        match company.as_i64().filter(|id| user.company_ids.contains(id) || user.is_superuser()) {
            Some(id) => companies.push(id),
            None => return Err(Error::Access("Access to unauthorized or invalid companies.".to_owned())),
        }
    }
    Ok(if companies.is_empty() { own() } else { companies })
}
