//! What a client proves itself with at every call, and the check that it still holds.

use chrono::NaiveDateTime;

use crate::db::Sql;

/// A password or an API key that was found right; what is kept of it is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub user_id: i64,
    /// By what the database tells whether it still holds.
    pub proof: Proof,
}

/// See [`Credential::proof`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The version that the password had.
    Password(i64),
    /// The id of the API key.
    ApiKey(i64),
}

impl Credential {
    /// The statement that finds a row as long as the password is the same, the key is neither revoked
    /// nor expired, and the user is not archived.
    pub fn check(self, now: NaiveDateTime) -> Sql {
        match self.proof {
            Proof::Password(version) => Sql::text(
                "SELECT u.id FROM res_users u JOIN user_password p ON p.user_id = u.id WHERE u.active AND u.id = ",
            )
            .then(Sql::param(self.user_id))
            .and_text(" AND p.version = ")
            .then(Sql::param(version)),
            Proof::ApiKey(id) => Sql::text(
                "SELECT u.id FROM res_users u JOIN res_users_apikeys k ON k.user_id = u.id WHERE u.active AND u.id = ",
            )
            .then(Sql::param(self.user_id))
            .and_text(" AND k.id = ")
            .then(Sql::param(id))
            .and_text(" AND (k.expiration_date IS NULL OR k.expiration_date > ")
            .then(Sql::param(now))
            .and_text(")"),
        }
    }
}
