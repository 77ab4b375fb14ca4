//! Who is calling: passwords, API keys, sessions and the tokens of their forms.

pub mod api_key;
pub mod credential;
pub mod csrf;
pub mod password;
pub mod session;
