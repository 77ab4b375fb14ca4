//! OAuth 2.0 without its wire: clients, requests, grants, codes and tokens in the database.
//!
//! A user allows an application something: that is a grant, the record `oregional.authorization`. A code
//! is made under it and exchanged once; what is refreshed from one exchange is a family. Every change of
//! state is one statement with its condition in the WHERE clause, so that of many at once exactly one
//! finds a row, on any number of servers.

pub mod client;
pub mod code;
pub mod grant;
pub mod pkce;
pub mod refusal;
pub mod request;
pub mod scope;
pub mod token;

use sha2::{Digest as _, Sha256};

pub use self::refusal::Refusal;

/// Characters of codes and tokens, each one of 62: 256 bits. API keys have another length, so that a bearer
/// header tells which of the two it has.
pub const TOKEN_LENGTH: usize = 43;

/// The result of what a client asks for.
pub type Outcome<T> = Result<T, Refusal>;

/// What the database knows a code or a token by.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Whether a text can be a code or a token of ours; anything else is not looked up.
pub fn is_token(text: &str) -> bool {
    text.len() == TOKEN_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
