//! What the audit log hears of a model's records, and in whose name: each change of an audited model is
//! noted by triggers on its tables ([`super::schema::audit`]), so that no way of changing one passes it by.

use super::environment::Environment;
use super::field::{Expression, Field, Scope};
use super::model::{AUDIT, Model};
use crate::db::Sql;

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

/// The statement that tells the triggers who acts, and when by the server's clock, for the rest of the
/// transaction. A record that is made or changed says so itself; one that goes does not, nor does a link.
pub fn actor(env: &Environment) -> Sql {
    Sql::text("SELECT set_config('oregional.uid', ")
        .then(Sql::param(env.user().id.to_string()))
        .and_text(", true), set_config('oregional.now', ")
        .then(Sql::param(env.now().format("%Y-%m-%d %H:%M:%S%.6f").to_string()))
        .and_text(", true)")
}
