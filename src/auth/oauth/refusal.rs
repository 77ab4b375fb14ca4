//! Why an OAuth request is refused, in the words of RFC 6749 (4.1.2.1, 5.2) and RFC 6750.

use std::borrow::Cow;

use crate::error::Error;

/// A refusal; see the module. The texts are for the developer of the client.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A parameter is missing, given twice, or makes no sense.
    #[error("{0}")]
    InvalidRequest(Cow<'static, str>),
    /// The client is not known, or its secret is wrong.
    #[error("The client is unknown, archived, or its secret is wrong.")]
    InvalidClient,
    /// The code or the refresh token is not good, or not this client's.
    #[error("{0}")]
    InvalidGrant(Cow<'static, str>),
    /// The code or the refresh token was good, and comes again: no guess, and no success either.
    #[error("It has already been used.")]
    Spent,
    /// The grant type is not served.
    #[error("Only authorization_code and refresh_token are served.")]
    UnsupportedGrantType,
    /// The response type is not served.
    #[error("Only the response type code is served.")]
    UnsupportedResponseType,
    /// The scope is not known, or larger than what was granted.
    #[error("{0}")]
    InvalidScope(Cow<'static, str>),
    /// The user said no.
    #[error("The user did not allow it.")]
    AccessDenied,
    /// Too many failures; after so many seconds it may be tried again.
    #[error("Too many failures from this address. Try again in {0} seconds.")]
    Limited(i64),
    /// The database does not answer, or a defect of ours.
    #[error("{0}")]
    Failed(Error),
}

impl Refusal {
    /// An invalid request, in words.
    pub fn request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidRequest(text.into())
    }

    /// An invalid grant, in words.
    pub fn grant(text: &'static str) -> Self {
        Self::InvalidGrant(Cow::Borrowed(text))
    }

    /// The code of the specifications.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) | Self::Spent => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::Limited(_) | Self::Failed(Error::Unavailable(_) | Error::Conflict | Error::Locked) => {
                "temporarily_unavailable"
            }
            Self::Failed(_) => "server_error",
        }
    }

    /// Whether it counts as a failed attempt: a guess, and no slip of the pen.
    pub fn is_failed_attempt(&self) -> bool {
        matches!(self, Self::InvalidClient | Self::InvalidGrant(_))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
