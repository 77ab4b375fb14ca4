//! Who is calling: passwords, API keys and sessions.

pub mod api_key;
pub mod credential;
pub mod password;
pub mod session;
