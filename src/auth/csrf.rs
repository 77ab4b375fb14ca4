//! The token that a form carries: whoever sends the form has seen the page that this server gave to
//! the very session whose cookie comes along.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use subtle::ConstantTimeEq as _;

use crate::seal::Sealer;

/// How long a form may lie open.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

/// Keeps these hashes apart from all others of the same key.
const CONTEXT: &str = "web_session.csrf_token";

fn hash(sealer: &Sealer, cookie: &str, until: i64) -> String {
    URL_SAFE_NO_PAD.encode(sealer.lookup_hash(&format!("{cookie} {until}"), CONTEXT))
}

/// A token for the forms of the session with this cookie, signed in or not.
pub fn token(sealer: &Sealer, cookie: &str, now: NaiveDateTime) -> String {
    let until = (now + LIFETIME).and_utc().timestamp();
    format!("{}.{until}", hash(sealer, cookie, until))
}

/// Whether a token is one for the session with this cookie, and not too old.
pub fn is_good(sealer: &Sealer, cookie: &str, given: &str, now: NaiveDateTime) -> bool {
    let Some((given, until)) = given.split_once('.') else { return false };
    let Ok(until) = until.parse::<i64>() else { return false };
    let wanted = hash(sealer, cookie, until);
    now.and_utc().timestamp() < until && bool::from(wanted.as_bytes().ct_eq(given.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Key;

    #[test]
    fn a_token_is_good_for_its_session_and_its_time_alone() {
        let sealer = Sealer::new(Key::generate([7; 32]));
        let now = NaiveDateTime::default();
        let good = token(&sealer, "mine", now);

        assert!(is_good(&sealer, "mine", &good, now));
        assert!(!is_good(&sealer, "yours", &good, now));
        assert!(!is_good(&sealer, "mine", &good, now + LIFETIME));
        assert!(!is_good(&Sealer::new(Key::generate([8; 32])), "mine", &good, now));
        let longer = format!("{}.{}", good.split('.').next().unwrap(), i64::MAX);
        for bad in ["", ".", "x", longer.as_str()] {
            assert!(!is_good(&sealer, "mine", bad, now), "{bad}");
        }
    }
}
