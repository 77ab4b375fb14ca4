//! Scopes: `read`, which looks, and `write`, which changes too (RFC 6749, 3.3).

use super::{Outcome, Refusal};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Whether records may be looked at.
    pub read: bool,
    /// Whether records may be changed.
    pub write: bool,
}

/// What a request without a scope asks for.
pub const DEFAULT: Scope = Scope { read: true, write: false };

impl Scope {
    /// Reads the words of a request; nothing is [`DEFAULT`].
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidScope`] for a word that is not known.
    pub fn parse(text: Option<&str>) -> Outcome<Self> {
        let mut scope = Self { read: false, write: false };
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            match word {
                "read" => scope.read = true,
                "write" => scope.write = true,
                _ => {
                    return Err(Refusal::InvalidScope("The scopes are read and write.".into()));
                }
            }
        }
        Ok(if scope.read || scope.write { scope } else { DEFAULT })
    }

    /// What was kept in the database, where only known words are.
    pub fn stored(text: &str) -> Self {
        let has = |word: &str| text.split(' ').any(|known| known == word);
        Self { read: has("read"), write: has("write") }
    }

    /// The words, in a fixed order.
    pub fn as_str(self) -> &'static str {
        match (self.read, self.write) {
            (_, false) => "read",
            (true, true) => "read write",
            (false, true) => "write",
        }
    }

    /// Whether all of it is in `other`.
    pub fn is_within(self, other: Self) -> bool {
        (other.read || !self.read) && (other.write || !self.write)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { read: self.read || other.read, write: self.write || other.write }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_is_read_and_an_unknown_word_is_refused() {
        assert_eq!(Scope::parse(None).unwrap(), DEFAULT);
        assert_eq!(Scope::parse(Some(" ")).unwrap(), DEFAULT);
        assert_eq!(Scope::parse(Some("write read")).unwrap().as_str(), "read write");
        assert_eq!(Scope::parse(Some("Read")).unwrap_err().code(), "invalid_scope");
    }

    #[test]
    fn a_scope_may_shrink_and_not_grow() {
        let both = Scope::stored("read write");

        assert!(DEFAULT.is_within(both));
        assert!(!both.is_within(DEFAULT));
    }
}
