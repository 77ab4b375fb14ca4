//! Who is calling: passwords, sessions, OAuth 2.0, and how often somebody may fail.

pub mod audit;
pub mod limit;
pub mod oauth;
pub mod parameter;
pub mod password;
pub mod session;
