//! What can be wrong with the domain of a record rule.

use std::fmt;

/// The error a [`super::Names`] implementation may return.
pub type LookupError = Box<dyn std::error::Error + Send + Sync>;

/// Ends every message about a construct that is not allowed.
const ALLOWED: &str = "allowed are lists, tuples, texts, numbers, True, False, None, names such as user.id, \
                       the operator `+`, and time.strftime('…')";

/// A place in the text of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why an expression cannot be parsed or evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The text is longer than [`super::MAX_BYTES`].
    #[error("the domain has {bytes} bytes, more than the {max} allowed", max = super::MAX_BYTES)]
    TooLong {
        /// The length of the text in bytes.
        bytes: usize,
    },
    /// Brackets are nested deeper than [`super::MAX_DEPTH`].
    #[error("the domain is nested deeper than {max} levels ({at})", max = super::MAX_DEPTH)]
    TooDeep {
        /// Where the limit is exceeded.
        at: Position,
    },
    /// The text is not an expression.
    #[error("the domain cannot be read: {message} ({at})")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where it is.
        at: Position,
    },
    /// The text is an expression, but of a kind that rules may not use.
    #[error("the domain uses {construct}, which is not allowed ({at}); {ALLOWED}")]
    Refused {
        /// The construct that is not allowed.
        construct: String,
        /// Where it is.
        at: Position,
    },
    /// A name has no value.
    #[error("the domain uses the unknown name `{name}` ({at}); known are {known}")]
    UnknownName {
        /// The name with its attributes, as written.
        name: String,
        /// Where it is.
        at: Position,
        /// The known names, separated by commas.
        known: String,
    },
    /// The operands of `+` cannot be added.
    #[error("the domain adds {left} and {right} ({at}); two lists, two texts or two numbers can be added")]
    NotAddable {
        /// The kind of the left operand.
        left: &'static str,
        /// The kind of the right operand.
        right: &'static str,
        /// Where the operator is.
        at: Position,
    },
    /// A sum is outside the range of numbers.
    #[error("the domain adds numbers whose sum is too large ({at})")]
    Overflow {
        /// Where the operator is.
        at: Position,
    },
    /// Looking up the value of a name failed.
    #[error("the value of `{name}` cannot be determined: {source}")]
    Lookup {
        /// The name with its attributes, as written.
        name: String,
        /// What went wrong.
        source: LookupError,
    },
}

impl EvalError {
    pub(super) fn syntax(message: String, at: Position) -> Self {
        Self::Syntax { message, at }
    }

    pub(super) fn refused(construct: String, at: Position) -> Self {
        Self::Refused { construct, at }
    }
}
