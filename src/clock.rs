//! The two unknowns of the outside world, time and chance, as arguments: nothing else in the
//! program reads a clock or a random source, so that a test can set both.

use std::sync::Arc;

use chrono::{NaiveDateTime, Utc};
use rand::Rng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> NaiveDateTime;
}

/// Gives random bytes that nobody can foresee.
pub trait Chance: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the random source of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the place where the time comes from")]
    fn now(&self) -> NaiveDateTime {
        Utc::now().naive_utc()
    }
}

impl Chance for System {
    fn fill(&self, bytes: &mut [u8]) {
        UnwrapErr(SysRng).fill_bytes(bytes);
    }
}

/// Both, as they are handed around.
#[derive(Clone)]
pub struct World {
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
}

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Letters of `[A-Za-z0-9]` made of random bytes, each of them equally likely; some bytes are passed over.
pub fn letters(bytes: &[u8]) -> impl Iterator<Item = char> {
    // 248 is the largest multiple of 62 in a byte: what lies above would favour some letters.
    let wanted = bytes.iter().filter(|byte| **byte < 248);
    wanted.filter_map(|byte| ALPHABET.get(usize::from(byte % 62))).map(|letter| char::from(*letter))
}

impl World {
    /// The operating system's.
    pub fn system() -> Self {
        Self { clock: Arc::new(System), chance: Arc::new(System) }
    }

    /// Others, for tests.
    pub fn new(clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        Self { clock, chance }
    }

    /// Now, in UTC.
    pub fn now(&self) -> NaiveDateTime {
        self.clock.now()
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill(&mut bytes);
        bytes
    }

    /// A token of `length` characters of `[A-Za-z0-9]`, each of them equally likely.
    pub fn token(&self, length: usize) -> String {
        let mut token = String::with_capacity(length);
        while token.len() < length {
            token.extend(letters(&self.bytes::<64>()).take(length - token.len()));
        }
        token
    }

    /// A number below `limit`, for pauses between tries.
    pub fn below(&self, limit: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_length_and_its_alphabet() {
        let token = World::system().token(200);

        assert_eq!(token.len(), 200);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn two_tokens_differ() {
        let world = World::system();

        assert_ne!(world.token(32), world.token(32));
    }
}
