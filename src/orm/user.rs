//! What is known of a user while a call runs, loaded once and kept until something of it changes.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::registry::Registry;
use super::value_sql;
use crate::db::sql::{column, ident};
use crate::db::{Connection, Raw, Row, Sql};
use crate::error::{Error, Result};

/// The user that the server itself is.
pub const SUPERUSER: i64 = 1;

/// A user; see the module.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// The id in `res.users`.
    pub id: i64,
    /// What is typed in to sign in.
    pub login: String,
    /// The name for people.
    pub name: String,
    /// The language that the user prefers.
    pub lang: String,
    /// The time zone that the user prefers; empty where there is none.
    pub tz: String,
    /// The person.
    pub partner_id: i64,
    /// The main company.
    pub company_id: i64,
    /// All companies.
    pub company_ids: Vec<i64>,
    /// All groups, the implied ones too.
    pub groups: HashSet<i64>,
    /// What record rules ask of the user beyond that, by its path: `user.partner_id.id`.
    pub attributes: HashMap<Vec<String>, Json>,
}

impl User {
    /// Whether it is the server itself.
    pub fn is_superuser(&self) -> bool {
        self.id == SUPERUSER
    }

    /// The server itself.
    pub fn server() -> Self {
        Self { id: SUPERUSER, company_id: 1, company_ids: vec![1], ..Self::default() }
    }

    /// Whether the user is in a group, named by its external id.
    pub fn has_group(&self, xmlid: &str, registry: &Registry) -> bool {
        registry.references.get(xmlid).is_some_and(|id| self.groups.contains(id))
    }

    /// Loads an active user.
    ///
    /// # Errors
    ///
    /// [`Error::SessionExpired`] when there is none of that id, or an archived one.
    pub async fn load(connection: &Connection, registry: &Registry, id: i64) -> Result<Self> {
        let mut statements = vec![
            Sql::with_parameter(include_str!("../../sql/queries/users/load.sql"), id),
            Sql::text("SELECT cid FROM res_company_users_rel WHERE user_id = ").then(Sql::param(id)),
            Sql::text("SELECT gid FROM res_groups_users_rel WHERE uid = ").then(Sql::param(id)),
        ];
        let (paths, further): (Vec<&[String]>, Vec<Sql>) =
            registry.access.user_paths().filter_map(|path| known_attribute(registry, path, id)).unzip();
        statements.extend(further);
        let mut answers = connection.query_all(statements).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let (base, companies, groups) = (next(), next(), next());
        let row = base.first().ok_or(Error::SessionExpired)?;
        let mut user = Self {
            id,
            login: text(row, 0),
            name: text(row, 1),
            lang: text(row, 2),
            tz: text(row, 3),
            partner_id: int(row, 4),
            company_id: int(row, 5),
            company_ids: companies.iter().map(|row| int(row, 0)).collect(),
            groups: groups.iter().map(|row| int(row, 0)).collect(),
            attributes: HashMap::new(),
        };
        for path in paths {
            user.attributes.insert(path.to_vec(), attribute_value(path, &next()));
        }
        Ok(user)
    }
}

/// What records of rules ask of a user, by its path.
///
/// # Errors
///
/// [`Error::Value`] for a path that leads nowhere.
pub async fn attributes(
    connection: &Connection,
    registry: &Registry,
    paths: impl Iterator<Item = &[String]>,
    id: i64,
) -> Result<HashMap<Vec<String>, Json>> {
    let paths: Vec<&[String]> = paths.collect();
    let statements: Result<Vec<Sql>> = paths.iter().map(|path| attribute(registry, path, id)).collect();
    let answers = connection.query_all(statements?).await?;
    Ok(paths
        .into_iter()
        .zip(answers)
        .map(|(path, rows)| (path.to_vec(), attribute_value(path, &rows)))
        .collect())
}

/// The statement of a path, unless it leads nowhere: a field may have gone since the rule was written, and then
/// that rule alone must not work, and nobody be locked out.
fn known_attribute<'a>(registry: &Registry, path: &'a [String], user: i64) -> Option<(&'a [String], Sql)> {
    attribute(registry, path, user)
        .inspect_err(|error| {
            tracing::warn!(path = path.join("."), %error, "a record rule asks for what no user has");
        })
        .ok()
        .map(|statement| (path, statement))
}

fn attribute_value(path: &[String], rows: &[Row]) -> Json {
    let mut values = rows.iter().map(value);
    if path.last().is_some_and(|last| last == "ids") {
        values.collect()
    } else {
        values.next().unwrap_or(Json::Bool(false))
    }
}

/// The statement that follows a path such as `user.partner_id.country_id.id` or `user.groups_id.ids`.
fn attribute(registry: &Registry, path: &[String], user: i64) -> Result<Sql> {
    let model = registry.model("res.users")?;
    let fields: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
    let value = value_sql::path(registry, &model, "u", &fields)?;
    Ok(Sql::text("SELECT ")
        .then(value)
        .and_text(" FROM ")
        .then(ident(&model.table))
        .and_text(" AS u WHERE ")
        .then(column("u", "id"))
        .and_text(" = ")
        .then(Sql::param(user)))
}

fn raw(row: &Row, index: usize) -> Option<Raw<'_>> {
    row.try_get(index).ok().flatten()
}

fn int(row: &Row, index: usize) -> i64 {
    raw(row, index).and_then(Raw::int).unwrap_or_default()
}

fn text(row: &Row, index: usize) -> String {
    raw(row, index).and_then(Raw::text).unwrap_or_default().to_owned()
}

fn value(row: &Row) -> Json {
    use crate::db::ColumnType as Type;
    let (Some(raw), Some(column)) = (raw(row, 0), row.columns().first()) else { return Json::Bool(false) };
    match *column.type_() {
        Type::INT2 | Type::INT4 | Type::INT8 => raw.int().map_or(Json::Bool(false), Json::from),
        Type::BOOL => Json::Bool(raw.boolean()),
        Type::FLOAT8 => raw.float().map_or(Json::Bool(false), Json::from),
        _ => raw.text().map_or(Json::Bool(false), Json::from),
    }
}
