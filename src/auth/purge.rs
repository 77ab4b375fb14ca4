//! Takes out what has no more use: expired codes, tokens, sessions, requests, old audit entries. In
//! batches, by one server at a time.

use chrono::{NaiveDateTime, TimeDelta};

use super::parameter;
use crate::db::{Connection, Sql};
use crate::error::{Error, Result};
use crate::orm::registry::int;

/// The lock that the purging server holds.
const LOCK: &str = "SELECT pg_try_advisory_xact_lock(6830471103)::int";

/// Rows that one statement takes out at the most: nobody waits long for its locks.
const BATCH: i64 = 2_000;

/// Batches of one kind in one round; the next round goes on.
const ROUNDS: u32 = 50;

/// Rows of one kind that go in one round at the most: after so many there may be more to do at once.
pub const MOST: u64 = BATCH.unsigned_abs() * ROUNDS as u64;

/// For how many days a spent refresh token is recognized when it comes again.
const REUSE_DAYS: i64 = 90;

/// A kind of row, and the statement that takes a batch of it out.
struct Kind {
    name: &'static str,
    statement: &'static str,
    before: TimeDelta,
}

fn kinds() -> [Kind; 9] {
    let kind = |name, statement, before| Kind { name, statement, before };
    let now = TimeDelta::zero();
    [
        kind("sessions", include_str!("../../sql/queries/purge/sessions.sql"), now),
        kind("requests", include_str!("../../sql/queries/purge/requests.sql"), now),
        kind("failures", include_str!("../../sql/queries/purge/failures.sql"), now),
        kind("code records", include_str!("../../sql/queries/purge/code_records.sql"), now),
        // Some time after its expiry nobody asks for it by mistake any more.
        kind("tokens", include_str!("../../sql/queries/purge/tokens.sql"), TimeDelta::days(1)),
        kind(
            "spent tokens",
            include_str!("../../sql/queries/purge/spent_tokens.sql"),
            TimeDelta::days(REUSE_DAYS),
        ),
        kind("idle tokens", include_str!("../../sql/queries/purge/idle_tokens.sql"), TimeDelta::days(1)),
        kind("families", include_str!("../../sql/queries/purge/families.sql"), TimeDelta::days(1)),
        kind("codes", include_str!("../../sql/queries/purge/codes.sql"), TimeDelta::days(1)),
    ]
}

/// One round; nothing when another server is at it. Gives the number of rows that went, and tells `counted`
/// of each kind. A kind that fails is told in the log, and the others go all the same: what nobody takes out
/// would grow for months before anybody looks.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer; what went is gone.
pub async fn run(
    connection: &Connection,
    now: NaiveDateTime,
    counted: impl Fn(&'static str, u64),
) -> Result<u64> {
    parameter::warn_of_odd(connection).await?;
    let days = match parameter::audit_days(connection).await {
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(error) => {
            tracing::warn!(%error, "nobody knows how long audit entries are kept; they are, for now");
            connection.rollback().await;
            None
        }
        Ok(days) => days.filter(|days| *days > 0),
    };
    let kept = days.and_then(TimeDelta::try_days);
    let audit = kept.filter(|kept| now.checked_sub_signed(*kept).is_some()).map(|before| Kind {
        name: "audit entries",
        statement: include_str!("../../sql/queries/purge/audit.sql"),
        before,
    });
    let mut gone = 0;
    for kind in kinds().into_iter().chain(audit) {
        match batches(connection, &kind, now - kind.before).await {
            Ok(rows) => {
                counted(kind.name, rows);
                gone += rows;
            }
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, kind = kind.name, "rows of a kind could not be taken out; the others are");
                connection.rollback().await;
            }
        }
    }
    Ok(gone)
}

/// Batch by batch, each in a transaction that holds the lock.
async fn batches(connection: &Connection, kind: &Kind, before: NaiveDateTime) -> Result<u64> {
    let mut gone = 0;
    for _ in 0..ROUNDS {
        connection.begin();
        let locked = connection.query(Sql::text(LOCK)).await?;
        let count = if locked.first().is_some_and(|row| int(row, 0) == 1) {
            connection.execute(Sql::file(kind.statement, &[before.into(), BATCH.into()])).await?
        } else {
            0
        };
        connection.commit().await?;
        gone += count;
        if count < BATCH.unsigned_abs() {
            break;
        }
    }
    if gone > 0 {
        tracing::info!(kind = kind.name, rows = gone, "purged");
    }
    Ok(gone)
}
