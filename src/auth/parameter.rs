//! System parameters that say how sign-in works. Read where they count: a change holds at the next request,
//! on all servers. What is no value is refused when it is written; one that got in all the same counts as
//! the safe value, and each round of housekeeping warns of it.

use crate::db::{Connection, Sql};
use crate::error::Result;
use crate::orm::registry::text;

/// Parameters that are on or off, and which of it an odd value counts as: what protects more.
const FLAGS: [(&str, bool); 3] = [(ALLOW_HTTP, false), (REQUIRE_CONSENT, true), (REQUIRE_PKCE, true)];

/// Parameters that are whole numbers.
const NUMBERS: [&str; 2] = [AUDIT_DAYS, IDLE_EXPIRY];

/// Parameters that can be set for one application, with its client id behind the key.
const OF_CLIENTS: [&str; 2] = [REQUIRE_PKCE, IDLE_EXPIRY];

/// Whether callback URIs may be http.
pub const ALLOW_HTTP: &str = "oregional.allow_http";

/// Whether users are asked who come by the plugin's face.
pub const REQUIRE_CONSENT: &str = "oregional.require_consent";

/// Whether a request for a code has to have a challenge.
pub const REQUIRE_PKCE: &str = "oregional.require_pkce";

/// For how many days audit entries are kept.
const AUDIT_DAYS: &str = "oregional.audit_days";

/// The same when nobody has said.
const USUAL_DAYS: i64 = 365;

/// After how many seconds without use a refresh token is refused; 0 is never. The statements that judge
/// refresh tokens read it themselves.
pub const IDLE_EXPIRY: &str = "oregional.idle_expiry";

/// The most digits of a number.
const MOST_DIGITS: usize = 9;

/// The most days that audit entries are kept, short of for ever: a hundred years.
const MOST_DAYS: i64 = 36_500;

/// A parameter's value, if it is set.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn value(connection: &Connection, key: &str) -> Result<Option<String>> {
    Ok(stored(connection, key).await?.filter(|value| !value.is_empty()))
}

/// The same, where an empty value is one as well.
async fn stored(connection: &Connection, key: &str) -> Result<Option<String>> {
    let statement = Sql::text("SELECT value FROM ir_config_parameter WHERE key = ").then(Sql::param(key));
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| text(row, 0).trim().to_owned()))
}

/// A parameter that is on or off, and which it is when nobody has said.
///
/// # Errors
///
/// As [`value`].
pub async fn flag(connection: &Connection, key: &str, default: bool) -> Result<bool> {
    Ok(value(connection, key).await?.map_or(default, |value| judged(key, key, &value)))
}

/// The same of one application: what is said of it, or of all.
///
/// # Errors
///
/// As [`value`].
pub async fn flag_of(connection: &Connection, key: &str, client_id: &str, default: bool) -> Result<bool> {
    let own = format!("{key}.{client_id}");
    match value(connection, &own).await? {
        Some(value) => Ok(judged(key, &own, &value)),
        None => flag(connection, key, default).await,
    }
}

/// For how many days audit entries are kept; 0 is for ever. None for a value that is no number of days: what is
/// deleted by mistake never comes back, so nothing is deleted until it is put right.
///
/// # Errors
///
/// As [`value`].
pub async fn audit_days(connection: &Connection) -> Result<Option<i64>> {
    let Some(value) = stored(connection, AUDIT_DAYS).await? else { return Ok(Some(USUAL_DAYS)) };
    Ok(if objection(AUDIT_DAYS, &value).is_none() { value.parse().ok() } else { None })
}

/// What a word means; none for a word that means neither.
fn word(value: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match value {
        _ if is_one_of(["1", "true", "yes", "on"]) => Some(true),
        _ if is_one_of(["0", "false", "no", "off"]) => Some(false),
        _ => None,
    }
}

fn judged(name: &str, key: &str, value: &str) -> bool {
    word(value).unwrap_or_else(|| {
        let safe = FLAGS.iter().any(|(flag, safe)| *flag == name && *safe);
        tracing::warn!(key, value, counts_as = safe, "a system parameter is neither true nor false");
        safe
    })
}

/// Says what is wrong with a value, if something is.
pub fn objection(key: &str, value: &str) -> Option<String> {
    let names = |name: &str| {
        key == name
            || (OF_CLIENTS.contains(&name)
                && key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    };
    let value = value.trim();
    if FLAGS.iter().any(|(name, _)| names(name)) && word(value).is_none() {
        return Some(format!("The system parameter {key} is true or false, not '{value}'."));
    }
    let is_number =
        (1..=MOST_DIGITS).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if NUMBERS.iter().any(|name| names(name)) && !is_number {
        return Some(format!(
            "The system parameter {key} is a whole number of at most {MOST_DIGITS} digits, not '{value}'."
        ));
    }
    if key == AUDIT_DAYS && value.parse().is_ok_and(|days: i64| days > MOST_DAYS) {
        return Some(format!(
            "The system parameter {key} is at most {MOST_DAYS} days, or 0 for ever, not {value}."
        ));
    }
    None
}

/// Warns of values that are none: they were there before, or came past the server.
///
/// # Errors
///
/// As [`value`].
pub async fn warn_of_odd(connection: &Connection) -> Result<()> {
    let statement = Sql::text("SELECT key, value FROM ir_config_parameter WHERE key LIKE 'oregional.%'");
    for row in connection.query(statement).await? {
        if let Some(objection) = objection(&text(&row, 0), &text(&row, 1)) {
            tracing::warn!("{objection} Until it is put right, what protects more holds.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_objected_to() {
        for (key, value) in [
            ("oregional.require_pkce", "1"),
            ("oregional.require_pkce.wiki", "False"),
            ("oregional.idle_expiry.wiki", "86400"),
            ("oregional.audit_days", "0"),
            ("oregional.audit_days", "36500"),
            ("oregional.require_pkcesome", "perhaps"),
            ("web.base.url", "anything"),
        ] {
            assert_eq!(objection(key, value), None, "{key} {value}");
        }
        for (key, value) in [
            ("oregional.require_pkce", "perhaps"),
            ("oregional.require_pkce.wiki", ""),
            ("oregional.idle_expiry", "-1"),
            ("oregional.idle_expiry.wiki", "1 day"),
            ("oregional.idle_expiry", "9999999999"),
            ("oregional.audit_days", "a year"),
            ("oregional.audit_days", "36501"),
        ] {
            assert!(objection(key, value).is_some(), "{key} {value}");
        }
    }
}
