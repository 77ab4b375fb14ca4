//! Who is calling: passwords, API keys, sessions and the tokens of their forms, OAuth 2.0; how often somebody
//! may fail, and what is noted.

pub mod api_key;
pub mod audit;
pub mod credential;
pub mod csrf;
pub mod limit;
pub mod oauth;
pub mod parameter;
pub mod password;
pub mod purge;
pub mod session;
