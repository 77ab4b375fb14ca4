//! What the Confluence plugin asks of records: models, names, rows, fields, as the user of a token and
//! within the scheme of its application.

mod fields;
mod models;
mod records;

use super::App;
use super::retrying::{self, Caller};
use crate::error::{Error, Result};
use crate::orm::context::Context;
use crate::orm::environment::Environment;
use serde_json::Map;

pub use self::fields::fields;
pub use self::models::models;
pub use self::records::{Page, name_search, read};

/// Why a request is refused, for the code that the plugin knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The user may not read the model, or there is no such model.
    Unreadable,
    /// The scheme does not offer it.
    NotOffered,
    /// There are no ids, or none that are numbers.
    BadIds,
    /// A field is not known, or not offered.
    BadFields(String),
    /// Nothing was found.
    Nothing,
}

/// An answer, or the plugin's reason for none.
pub type Answer = std::result::Result<String, Refusal>;

/// Runs `look` in the name of a caller.
async fn run(
    app: &App,
    caller: Caller,
    look: impl AsyncFn(&Environment) -> Result<Answer>,
) -> Result<Answer> {
    retrying::run(
        app,
        caller,
        |_registry| false,
        async |services| {
            let context = Context::parse(Map::new(), &services.user, &services.registry)?;
            look(&Environment::new(services, context)).await
        },
    )
    .await
}

/// What an error of reading means to the plugin; what is none of its business stays an error.
fn refused(error: Error) -> Result<Answer> {
    match error {
        Error::Access(_) => Ok(Err(Refusal::Unreadable)),
        // What the database refuses of an argument, such as a NUL, is the plugin's mistake as well.
        Error::Value(text) | Error::User(text) | Error::Database { message: text, .. } => {
            Ok(Err(Refusal::BadFields(text)))
        }
        other => Err(other),
    }
}
