//! What the audit log hears of a model's records, and in whose name: each change of an audited model is
//! noted by triggers on its tables ([`super::schema::audit`]), so that no way of changing one passes it by.

use chrono::{NaiveDateTime, SubsecRound as _};
use serde::Serialize;

use super::field::{Expression, Field, Scope};
use super::model::{AUDIT, Model};
use super::user::User;
use crate::db::Sql;
use crate::origin::Origin;

/// How a model is audited; [`Model::audit`] is nothing for one that is not.
#[derive(Clone, Default)]
pub struct Audit {
    /// Fields that report and that nobody sets.
    pub except: &'static [&'static str],
    /// Where the application stands that a record belongs to: a many2one, or `id`.
    pub application: Option<&'static str>,
    /// A field of which only a change is told where the condition holds.
    pub conceals: Option<(&'static str, Expression)>,
    /// Changes are noted only of records for which this holds, and neither that one is made nor that it goes.
    pub only: Option<Expression>,
}

/// Tells the expressions by their SQL, as fields do.
impl std::fmt::Debug for Audit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sql = |expression: Expression| expression(Scope { alias: "t", lang: "en_US" }).render().0;
        formatter
            .debug_struct("Audit")
            .field("except", &self.except)
            .field("application", &self.application)
            .field("conceals", &self.conceals.map(|(field, when)| (field, sql(when))))
            .field("only", &self.only.map(sql))
            .finish()
    }
}

impl Audit {
    /// The fields with a column whose change is noted: what somebody sets.
    pub fn fields<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = &'a Field> {
        model.fields.values().filter(|field| {
            field.has_column()
                && !field.is_computed()
                && field.related_path().is_none()
                && !AUDIT.contains(&field.name.as_str())
                && !self.except.contains(&field.name.as_str())
        })
    }
}

/// What tells the triggers, for the length of a transaction, who acts from where, and when by the server's
/// clock. It is a condition that always holds; see [`Connection::tell`](crate::db::Connection::tell).
pub fn call(user: &User, now: NaiveDateTime) -> Sql {
    let login = Some(user.login.as_str()).filter(|login| !login.is_empty());
    Sql::text("set_config('oregional.call', ")
        .then(Sql::param(as_told(user.id, login, now)))
        .and_text(", true) <> ''")
}

/// A call, as the triggers read it.
#[derive(Serialize)]
struct Told<'a> {
    uid: i64,
    login: Option<&'a str>,
    now: NaiveDateTime,
    address: Option<&'a str>,
    agent: Option<&'a str>,
}

/// What is told there. Without a login the triggers look it up.
pub fn as_told(user: i64, login: Option<&str>, now: NaiveDateTime) -> String {
    let origin = Origin::current();
    let told = Told {
        uid: user,
        login,
        // As exact as the database's own moments, which end there and are not rounded.
        now: now.trunc_subsecs(6),
        address: origin.known_address(),
        agent: origin.known_agent(),
    };
    // Nothing in it can fail to be JSON. An empty text would not hold as a condition, and nothing would be changed.
    serde_json::to_string(&told).unwrap_or_default()
}
