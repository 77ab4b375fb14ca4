//! Odoo's exceptions as one enum, and the table that gives each its dotted name and JSON-RPC code.
//!
//! Clients branch on the name (`odoo.exceptions.AccessError`) and on the code; the message is for
//! people. The cause of a defect never reaches a client: [`Error::told`] is what does, and where an
//! answer is made of [`Error::Internal`] its cause goes into the log.

use std::borrow::Cow;

/// After how many seconds a client may ask again when the database was away.
const RETRY_SECONDS: i64 = 1;

/// What clients are told of a defect.
const DEFECT: &str = "The server made a mistake; its log says which.";

/// The result of everything that a call can fail at.
pub type Result<T> = std::result::Result<T, Error>;

/// What a call can fail with; the first words of each variant say who is to blame.
#[expect(clippy::error_impl_error, reason = "there is one error for all calls, and its module names it")]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The user may not do that.
    #[error("{0}")]
    Access(String),
    /// Login, password or key is wrong.
    #[error("{0}")]
    AccessDenied(String),
    /// The user asked for something that cannot be done.
    #[error("{0}")]
    User(String),
    /// A value breaks a constraint.
    #[error("{0}")]
    Validation(String),
    /// A record is gone.
    #[error("{0}")]
    Missing(String),
    /// There is no session, or it has ended.
    #[error("The session has expired, please log in again.")]
    SessionExpired,
    /// There is no such model, or no such page.
    #[error("{0}")]
    NotFound(String),
    /// An argument has a value that makes no sense.
    #[error("{0}")]
    Value(String),
    /// An argument has the wrong type, or is missing, or is one too many.
    #[error("{0}")]
    Type(String),
    /// A record method was called without ids.
    #[error("{0}")]
    Index(String),
    /// A key is unknown.
    #[error("{0}")]
    Key(String),
    /// There is no such method.
    #[error("{0}")]
    Attribute(String),
    /// There is no such method of a service that looks them up by name.
    #[error("{0}")]
    Name(String),
    /// A service has no such method.
    #[error("{0}")]
    Exception(String),
    /// An argument breaks what the method takes for granted.
    #[error("{0}")]
    Assertion(String),
    /// The body is no JSON.
    #[error("{0}")]
    JsonDecode(String),
    /// Nothing says who calls, or what says so is not good.
    #[error("{0}")]
    Unauthorized(String),
    /// The body of a plain HTTP call is not what its headers say.
    #[error("{0}")]
    BadRequest(String),
    /// An argument of a plain HTTP call is missing, unknown or one too many.
    #[error("{0}")]
    Unprocessable(String),
    /// The body is no XML.
    #[error("{0}")]
    Xml(String),
    /// A number has no room where it has to go.
    #[error("{0}")]
    Overflow(String),
    /// PostgreSQL refused a value; `name` is the condition in its own camel case.
    #[error("{message}")]
    Database {
        /// For example `NumericValueOutOfRange`.
        name: &'static str,
        /// What is wrong with the value.
        message: String,
    },
    /// A constraint of the database was broken; `rpc` puts the model's own words in its place.
    #[error("{0}")]
    Constraint(Box<Constraint>),
    /// Too many failures; after so many seconds it may be tried again.
    #[error("Too many failures from this address. Try again in {0} seconds.")]
    Limited(i64),
    /// There is no such database.
    #[error("{0}")]
    NoDatabase(String),
    /// The database does not answer; the call may be sent again in a moment.
    #[error("{0}")]
    Unavailable(String),
    /// The connection broke while the database kept a change: nobody knows whether it did.
    #[error(
        "The connection to the database broke while a change was being kept. It is not known whether it was kept: look before you repeat it."
    )]
    InDoubt,
    /// Another transaction was first; the whole call is to be run again.
    #[error("the records were changed at the same time by somebody else; please try again")]
    Conflict,
    /// What a statement needs was in use for longer than statements wait for it; the whole call is to be run again.
    #[error("what is to be changed is in use by somebody else; please try again")]
    Locked,
    /// A defect of this program, with its cause: for the log, and for whoever runs a command.
    #[error("{0}")]
    Internal(String),
}

/// The kinds of constraint that PostgreSQL knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A value that another record has.
    Unique,
    /// A record that is still, or not, there.
    ForeignKey,
    /// A value that is required.
    NotNull,
    /// A condition on one record.
    Check,
}

/// A broken constraint as PostgreSQL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Which kind.
    pub kind: ConstraintKind,
    /// The name of the constraint, empty for NOT NULL.
    pub name: String,
    /// The table it stands on.
    pub table: String,
    /// The column, for NOT NULL.
    pub column: String,
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            ConstraintKind::Unique => {
                write!(formatter, "Another record has this value already ({}).", self.name)
            }
            ConstraintKind::ForeignKey => write!(
                formatter,
                "A record that is referred to does not exist, or the record is still in use by another one ({}).",
                self.name
            ),
            ConstraintKind::NotNull => {
                write!(formatter, "A value is required: {} in {}.", self.column, self.table)
            }
            ConstraintKind::Check => write!(formatter, "A value is not allowed ({}).", self.name),
        }
    }
}

impl Error {
    /// The dotted name of the Python exception that an Odoo client expects.
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Access(_) => "odoo.exceptions.AccessError",
            Self::AccessDenied(_) | Self::Limited(_) => "odoo.exceptions.AccessDenied",
            Self::User(_) => "odoo.exceptions.UserError",
            Self::Validation(_) | Self::Constraint(_) => "odoo.exceptions.ValidationError",
            Self::Missing(_) => "odoo.exceptions.MissingError",
            Self::SessionExpired => "odoo.http.SessionExpiredException",
            Self::NotFound(_) => "werkzeug.exceptions.NotFound",
            Self::Value(_) => "builtins.ValueError",
            Self::Type(_) => "builtins.TypeError",
            Self::Index(_) => "builtins.IndexError",
            Self::Key(_) => "builtins.KeyError",
            Self::Attribute(_) => "builtins.AttributeError",
            Self::Name(_) => "builtins.NameError",
            Self::Exception(_) => "builtins.Exception",
            Self::Assertion(_) => "builtins.AssertionError",
            Self::JsonDecode(_) => "json.decoder.JSONDecodeError",
            Self::Unauthorized(_) => "werkzeug.exceptions.Unauthorized",
            Self::BadRequest(_) => "werkzeug.exceptions.BadRequest",
            Self::Unprocessable(_) => "werkzeug.exceptions.UnprocessableEntity",
            Self::Xml(_) => "xml.parsers.expat.ExpatError",
            Self::Overflow(_) => "builtins.OverflowError",
            Self::Database { name, .. } => return Cow::Owned(format!("psycopg2.errors.{name}")),
            Self::NoDatabase(_) | Self::Unavailable(_) | Self::InDoubt => "psycopg2.OperationalError",
            Self::Conflict => "psycopg2.errors.SerializationFailure",
            Self::Locked => "psycopg2.errors.LockNotAvailable",
            Self::Internal(_) => "builtins.RuntimeError",
        })
    }

    /// The message that a client may see: of a defect, only that there was one.
    pub fn told(&self) -> Cow<'static, str> {
        match self {
            Self::Internal(_) => Cow::Borrowed(DEFECT),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The code of the JSON-RPC error object.
    pub fn code(&self) -> u16 {
        match self {
            Self::SessionExpired => 100,
            Self::NotFound(_) => 404,
            _ => 200,
        }
    }

    /// After how many seconds a client may ask again, where that helps.
    pub fn retry_after(&self) -> Option<i64> {
        match self {
            Self::Unavailable(_) => Some(RETRY_SECONDS),
            Self::Limited(seconds) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether the id of the request is withheld, as Odoo does where it fails before it reads the body.
    pub fn hides_request_id(&self) -> bool {
        matches!(self, Self::SessionExpired | Self::NotFound(_) | Self::JsonDecode(_))
    }
}
