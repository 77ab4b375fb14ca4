//! What PostgreSQL and the driver report, sorted into [`Error`]: whose fault, and whether to try again.

use tokio_postgres::error::{DbError, Severity, SqlState};

use super::value::{OutOfRange, WrongType};
use crate::error::{Constraint, ConstraintKind, Error};

/// The text of an outage, the same for every way in which a database can be away.
const AWAY: &str =
    "The database does not answer at the moment. Nothing was changed; please try again shortly.";

/// The text of a database that refuses the server's name or password.
const SHUT: &str =
    "The database does not let the server in. The log says why; name and password stand in --database-url.";

/// The text of a connection that was to be secured by TLS, and could not be.
const NOT_SECURED: &str = "There is no secured connection to the database. The log says why; how it is to be secured stands in --database-url (sslmode, sslrootcert, sslcert, sslkey).";

/// The text of a role without the rights that the server needs.
const NOT_ALLOWED: &str =
    "The server's role in the database lacks a right. The log says which; it has to own the database.";

/// The text of a full disk.
const NO_SPACE: &str = "The database has no space left on its disk. Nothing was changed; whoever runs the server has to make room.";

/// The text of a statement that took longer than statements may.
const TOO_LONG: &str = "The database had not finished within the time that one statement may take, and nothing was changed. Ask for less at a time; whoever runs the server can allow more (--statement-timeout).";

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(refusal) = error.as_db_error() {
            return sort(refusal);
        }
        if let Some(number) = cause_of::<OutOfRange>(&error) {
            return Self::Database { name: "NumericValueOutOfRange", message: number.to_string() };
        }
        if let Some(wrong) = cause_of::<WrongType>(&error) {
            return Self::Database { name: "UndefinedFunction", message: wrong.to_string() };
        }
        if let Some(reason) = not_secured(&error) {
            tracing::error!(reason, "there is no secured connection to the database");
            return Self::Unavailable(NOT_SECURED.to_owned());
        }
        tracing::warn!(error = ?error, "the connection to the database failed");
        Self::Unavailable(AWAY.to_owned())
    }
}

/// The cause of this kind, if one stands behind the error.
fn cause_of<T: std::error::Error + 'static>(error: &tokio_postgres::Error) -> Option<&T> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.into_iter().find_map(<dyn std::error::Error>::downcast_ref)
}

/// Whether a value had no room in the statement, of which nothing was sent then.
pub(super) fn was_not_sent(error: &tokio_postgres::Error) -> bool {
    cause_of::<OutOfRange>(error).is_some() || cause_of::<WrongType>(error).is_some()
}

/// Why TLS could not be had, where that is what failed.
fn not_secured(error: &tokio_postgres::Error) -> Option<String> {
    let cause = std::error::Error::source(error)?;
    let io = cause.downcast_ref::<std::io::Error>();
    // The other end refuses what we are after the handshake, on what the driver takes for a broken line.
    let is_tls = io
        .and_then(std::io::Error::get_ref)
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
    // The driver has no way to ask which part failed but its words.
    (is_tls || error.to_string().starts_with("error performing TLS handshake")).then(|| cause.to_string())
}

/// What went wrong while the database kept a change. A refusal has kept nothing; a connection that breaks, or
/// that the database itself ends, may do so before or after.
pub(super) fn of_keeping(error: tokio_postgres::Error) -> Error {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    let is_refusal = severity.is_some_and(|severity| !matches!(severity, Severity::Fatal | Severity::Panic));
    let is_broken = error.is_closed() || severity.is_some() || is_io(&error);
    if is_refusal || !is_broken {
        return error.into();
    }
    tracing::warn!(error = ?error, "the connection to the database failed while a change was being kept");
    Error::InDoubt
}

/// Whether the connection was broken off, by whichever end.
pub(super) fn was_broken_off(error: &tokio_postgres::Error) -> bool {
    match error.as_db_error() {
        Some(refusal) => matches!(refusal.parsed_severity(), Some(Severity::Fatal | Severity::Panic)),
        None => error.is_closed() || is_io(error),
    }
}

/// Whether the way to the database failed, and not what was said on it.
fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

/// The database is away, which was known before anything was sent.
pub(super) fn away() -> Error {
    Error::Unavailable(AWAY.to_owned())
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => {
                tracing::warn!(error = %other, "no connection to the database could be had");
                Self::Unavailable(AWAY.to_owned())
            }
        }
    }
}

fn sort(refusal: &DbError) -> Error {
    let code = refusal.code();
    if let Some(kind) = constraint_kind(code) {
        return Error::Constraint(Box::new(Constraint {
            kind,
            name: refusal.constraint().unwrap_or_default().to_owned(),
            table: refusal.table().unwrap_or_default().to_owned(),
            column: refusal.column().unwrap_or_default().to_owned(),
        }));
    }
    if is_conflict(refusal) {
        return Error::Conflict;
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Error::Locked;
    }
    if code.code().starts_with("28") {
        tracing::error!(
            code = code.code(),
            message = refusal.message(),
            "the database does not let the server in"
        );
        return Error::Unavailable(SHUT.to_owned());
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        tracing::error!(
            message = refusal.message(),
            "the role of the server may not do that in its database"
        );
        return Error::Internal(NOT_ALLOWED.to_owned());
    }
    if *code == SqlState::DISK_FULL {
        tracing::error!(message = refusal.message(), "the disk of the database is full");
        return Error::Unavailable(NO_SPACE.to_owned());
    }
    if is_outage(code) {
        tracing::warn!(code = code.code(), message = refusal.message(), "the database is going away");
        return Error::Unavailable(AWAY.to_owned());
    }
    if *code == SqlState::QUERY_CANCELED {
        tracing::warn!(message = refusal.message(), "a statement of a call was given up");
        return Error::Database { name: "QueryCanceled", message: TOO_LONG.to_owned() };
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        return Error::NoDatabase(refusal.message().to_owned());
    }
    if let Some(name) = data_error(code) {
        Error::Database { name, message: refusal.message().to_owned() }
    } else {
        tracing::error!(code = code.code(), message = refusal.message(), position = ?refusal.position(), "a statement was refused");
        Error::Internal(
            "The server built a statement that the database refuses. The log says more.".to_owned(),
        )
    }
}

fn constraint_kind(code: &SqlState) -> Option<ConstraintKind> {
    Some(match *code {
        SqlState::UNIQUE_VIOLATION => ConstraintKind::Unique,
        SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => ConstraintKind::ForeignKey,
        SqlState::NOT_NULL_VIOLATION => ConstraintKind::NotNull,
        SqlState::CHECK_VIOLATION | SqlState::EXCLUSION_VIOLATION => ConstraintKind::Check,
        _ => return None,
    })
}

fn is_conflict(refusal: &DbError) -> bool {
    let code = refusal.code();
    *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::T_R_DEADLOCK_DETECTED
        || is_stale_plan(refusal)
}

/// A prepared statement whose table was altered: it works again once it is prepared again.
pub(super) fn is_stale_plan(refusal: &DbError) -> bool {
    *refusal.code() == SqlState::FEATURE_NOT_SUPPORTED && refusal.message().contains("cached plan")
}

fn is_outage(code: &SqlState) -> bool {
    // Classes 08 (connection), 53 (resources) and 57P (operator) pass by themselves.
    ["08", "53", "57P"].iter().any(|class| code.code().starts_with(class))
}

/// Conditions that a client's value can cause; everything else is a defect of ours.
fn data_error(code: &SqlState) -> Option<&'static str> {
    Some(match *code {
        SqlState::INVALID_TEXT_REPRESENTATION => "InvalidTextRepresentation",
        SqlState::INVALID_DATETIME_FORMAT => "InvalidDatetimeFormat",
        SqlState::DATETIME_FIELD_OVERFLOW => "DatetimeFieldOverflow",
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE => "NumericValueOutOfRange",
        SqlState::INVALID_ESCAPE_SEQUENCE => "InvalidEscapeSequence",
        SqlState::CHARACTER_NOT_IN_REPERTOIRE => "CharacterNotInRepertoire",
        SqlState::UNTRANSLATABLE_CHARACTER => "UntranslatableCharacter",
        SqlState::STRING_DATA_RIGHT_TRUNCATION => "StringDataRightTruncation",
        SqlState::DIVISION_BY_ZERO => "DivisionByZero",
        SqlState::INVALID_REGULAR_EXPRESSION => "InvalidRegularExpression",
        SqlState::PROGRAM_LIMIT_EXCEEDED | SqlState::STATEMENT_TOO_COMPLEX => "ProgramLimitExceeded",
        SqlState::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE => "InvalidRowCountInLimitClause",
        SqlState::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE => "InvalidRowCountInResultOffsetClause",
        SqlState::READ_ONLY_SQL_TRANSACTION => "ReadOnlySqlTransaction",
        SqlState::INVALID_PARAMETER_VALUE => "InvalidParameterValue",
        SqlState::UNDEFINED_TABLE => "UndefinedTable",
        SqlState::UNDEFINED_COLUMN => "UndefinedColumn",
        _ => return None,
    })
}
