//! The audit log: who did what, from where, with what outcome. Never a secret.

use chrono::NaiveDateTime;

use crate::db::{Param, Sql};
use crate::origin::Origin;

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Event<'a> {
    /// What was done, in a word.
    pub event: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// The user, 0 where there is none.
    pub user_id: i64,
    /// The application, 0 where there is none.
    pub application_id: i64,
    /// The record that it is about, if it is about one.
    pub record: Option<Subject<'a>>,
    /// What else is worth knowing.
    pub details: &'a str,
}

/// A record that an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its model.
    pub model: &'a str,
    /// Its id.
    pub id: i64,
    /// Its name as it is now.
    pub name: &'a str,
}

/// The address and the name of the program that the request comes from, as parameters of what notes it.
pub(super) fn origin() -> [Param; 2] {
    let origin = Origin::current();
    [origin.known_address().into(), origin.known_agent().into()]
}

/// The statement that notes an event; names are noted as they are now.
pub fn note(event: &Event<'_>, now: NaiveDateTime) -> Sql {
    let [address, agent] = origin();
    Sql::file(
        include_str!("../../sql/queries/auth/audit.sql"),
        &[
            event.event.into(),
            event.outcome.into(),
            event.user_id.into(),
            event.application_id.into(),
            address,
            event.details.replace('\0', "").into(),
            now.into(),
            agent,
            event.record.map(|record| record.model).into(),
            event.record.map(|record| record.id).into(),
            event.record.map(|record| record.name.replace('\0', "")).into(),
        ],
    )
}

/// The statement that notes what somebody did with a grant.
pub fn note_grant(
    event: &'static str,
    details: &'static str,
    grant: i64,
    by: i64,
    now: NaiveDateTime,
) -> Sql {
    let [address, agent] = origin();
    Sql::file(
        include_str!("../../sql/queries/auth/audit_grant.sql"),
        &[event.into(), details.into(), grant.into(), by.into(), now.into(), address, agent],
    )
}

/// The statement that notes what was done to users: that they have a new password, or were signed out.
pub fn note_users(event: &'static str, users: &[i64], by: i64, now: NaiveDateTime) -> Sql {
    let [address, agent] = origin();
    Sql::file(
        include_str!("../../sql/queries/auth/audit_users.sql"),
        &[users.to_vec().into(), by.into(), now.into(), address, agent, event.into()],
    )
}
