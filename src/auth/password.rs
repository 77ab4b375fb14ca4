//! Hashes and checks passwords in passlib's `pbkdf2_sha512` text format.
//!
//! The format is `$pbkdf2-sha512$<rounds>$<salt>$<checksum>`. Salt and checksum are base64 with `.` in
//! place of `+` and without padding. The password is hashed as its UTF-8 bytes, without normalisation, so
//! that hashes stay interchangeable with the ones already stored in existing databases.

use crate::db::Veiled;
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pbkdf2::pbkdf2_hmac_array;
use secrecy::zeroize::Zeroizing;
use sha2::Sha512;
use subtle::ConstantTimeEq;

/// Rounds for newly made hashes; a stored hash with fewer counts as outdated.
pub const DEFAULT_ROUNDS: u32 = 600_000;

/// The most rounds that are ever computed, so that a hostile stored hash cannot occupy a processor.
pub const MAX_ROUNDS: u32 = 10_000_000;

/// The longest accepted salt, in bytes (passlib's own limit).
const MAX_SALT_BYTES: usize = 1024;

/// The length of the checksum in bytes: one SHA-512 output.
const CHECKSUM_BYTES: usize = 64;

/// The identifier that starts every hash of this format.
const PREFIX: &str = "$pbkdf2-sha512$";

/// What a password check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The password does not belong to the stored hash.
    Wrong,
    /// The password is the right one.
    Right,
    /// The password is the right one, but its hash has fewer than [`DEFAULT_ROUNDS`] and should be replaced.
    RightButOutdated,
}

/// Why a stored hash cannot be used. No variant carries any part of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The text is not in the `pbkdf2_sha512` format at all.
    #[error("the stored password hash is not in the format $pbkdf2-sha512$<rounds>$<salt>$<checksum>")]
    Format,
    /// The number of rounds is not a plain decimal number from 1 to [`MAX_ROUNDS`].
    #[error("the stored password hash has a number of rounds that is not between 1 and {MAX_ROUNDS}")]
    Rounds,
    /// The salt is not valid adapted base64, or is too long.
    #[error("the stored password hash has a malformed salt")]
    Salt,
    /// The checksum is not valid adapted base64 of 64 bytes.
    #[error("the stored password hash has a malformed checksum")]
    Checksum,
}

/// Hashes `password` with the given salt, which must be fresh random bytes.
///
/// `rounds` is brought into the range 1 to [`MAX_ROUNDS`], so that [`verify`] accepts every result. This
/// takes a noticeable part of a second at [`DEFAULT_ROUNDS`]: keep it off the threads that serve requests.
pub fn hash(password: &str, rounds: u32, salt: [u8; 16]) -> String {
    let rounds = rounds.clamp(1, MAX_ROUNDS);
    let checksum = checksum(password, &salt, rounds);
    format!("{PREFIX}{rounds}${}${}", encode(&salt), encode(&checksum))
}

/// Checks `password` against a stored hash, in time that does not depend on where the two differ.
///
/// As slow as [`hash`] with the rounds of the stored hash.
pub fn verify(password: &str, stored: &str) -> Result<Verdict, PasswordError> {
    let stored = Stored::parse(stored)?;
    let computed = checksum(password, &stored.salt, stored.rounds);
    if !bool::from(computed.ct_eq(&stored.checksum)) {
        return Ok(Verdict::Wrong);
    }
    Ok(if stored.rounds < DEFAULT_ROUNDS { Verdict::RightButOutdated } else { Verdict::Right })
}

/// The parts of a stored hash.
struct Stored {
    rounds: u32,
    salt: Vec<u8>,
    checksum: [u8; CHECKSUM_BYTES],
}

impl Stored {
    fn parse(text: &str) -> Result<Self, PasswordError> {
        let rest = text.strip_prefix(PREFIX).ok_or(PasswordError::Format)?;
        let mut parts = rest.split('$');
        let (Some(rounds), Some(salt), Some(checksum), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PasswordError::Format);
        };
        let salt = decode(salt).filter(|salt| salt.len() <= MAX_SALT_BYTES).ok_or(PasswordError::Salt)?;
        let checksum =
            decode(checksum).and_then(|bytes| bytes.try_into().ok()).ok_or(PasswordError::Checksum)?;
        Ok(Self { rounds: parse_rounds(rounds)?, salt, checksum })
    }
}

/// Reads the rounds the way they are always written: digits only, no sign, no leading zero.
fn parse_rounds(text: &str) -> Result<u32, PasswordError> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PasswordError::Rounds);
    }
    text.parse().ok().filter(|rounds| *rounds <= MAX_ROUNDS).ok_or(PasswordError::Rounds)
}

fn checksum(password: &str, salt: &[u8], rounds: u32) -> [u8; CHECKSUM_BYTES] {
    pbkdf2_hmac_array::<Sha512, CHECKSUM_BYTES>(password.as_bytes(), salt, rounds)
}

fn encode(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes).replace('+', ".")
}

/// Decodes adapted base64. A plain `+` is read as well, because passlib reads it too.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

/// Passwords that the longest hash would still be quick for; passlib has the same limit.
const LONGEST: usize = 4096;

/// Makes the hash of a password beside the threads that serve calls: it takes a third of a second.
///
/// # Errors
///
/// [`Error::User`] when the password is too long.
pub async fn make(password: &str, rounds: u32, salt: [u8; 16]) -> crate::error::Result<Veiled> {
    if password.len() > LONGEST {
        return Err(Error::User(format!("A password has {LONGEST} bytes at the most.")));
    }
    if password.contains('\0') {
        return Err(Error::User("A password cannot hold a NUL character.".to_owned()));
    }
    let password = Zeroizing::new(password.to_owned());
    let work = move || hash(&password, rounds, salt).into();
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}

/// Verifies a password beside the threads that serve calls.
///
/// # Errors
///
/// [`Error::Internal`] when what is stored is no hash; the log says so.
pub async fn check(password: &str, stored: String) -> crate::error::Result<Verdict> {
    // HMAC fills its key up with NUL: a password that ends with one would be the same without it.
    if password.len() > LONGEST || password.contains('\0') {
        return Ok(Verdict::Wrong);
    }
    let password = Zeroizing::new(password.to_owned());
    let work = move || verify(&password, &stored);
    let verdict =
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    verdict.map_err(|error| {
        tracing::error!(%error, "a stored password hash cannot be read");
        Error::Internal("The stored password cannot be verified.".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by passlib 1.7.4 with the salt 00 01 … 0f and the password "admin".
    const PLAIN: &str = "$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw$aKgGNHu34fR74hlBgfFekJphXK1N3gnOe3Lgp8FO48d8kwG6FEqYI1r0qdB.aSgGSQ2FwLojT47uLUbOD1cDhw";
    /// Made by passlib 1.7.4 with the salt f0 f1 … ff.
    const NON_ASCII: &str = "$pbkdf2-sha512$25000$8PHy8/T19vf4.fr7/P3./w$smRV/k/2Nu7qX4oeJ9aDxbjnubp1hSiAZaizTWqbHTryQ0Xsxy.3niRxrQ9Zv3pAcQjig2jSs6UTSW8QuWrrqg";
    const NON_ASCII_PASSWORD: &str = "Zürich €uro 密码";
    /// Made by passlib 1.7.4 with the salt "abc" and the empty password.
    const EMPTY: &str = "$pbkdf2-sha512$1$YWJj$xhci4cqkESRYQnwAnvvCO/IW5zitR9q5kJ6i0J0zk2uAwFUKojxf9v.9vCvJEq7tvZ8G.I0lp97eetpQ1CGC9Q";

    fn salt_from(first: u8) -> [u8; 16] {
        let mut next = first;
        [(); 16].map(|()| {
            let byte = next;
            next = next.wrapping_add(1);
            byte
        })
    }

    #[test]
    fn hashes_made_elsewhere_are_verified() {
        assert_eq!(verify("admin", PLAIN), Ok(Verdict::RightButOutdated));
        assert_eq!(verify(NON_ASCII_PASSWORD, NON_ASCII), Ok(Verdict::RightButOutdated));
        assert_eq!(verify("", EMPTY), Ok(Verdict::RightButOutdated));
    }

    #[test]
    fn hashes_are_written_exactly_as_elsewhere() {
        assert_eq!(hash("admin", 1000, salt_from(0)), PLAIN);
        assert_eq!(hash(NON_ASCII_PASSWORD, 25_000, salt_from(0xf0)), NON_ASCII);
    }

    #[test]
    fn a_wrong_password_is_wrong() {
        assert_eq!(verify("Admin", PLAIN), Ok(Verdict::Wrong));
        assert_eq!(verify("", PLAIN), Ok(Verdict::Wrong));
        assert_eq!(verify("Zurich €uro 密码", NON_ASCII), Ok(Verdict::Wrong));
    }

    #[test]
    fn enough_rounds_are_not_outdated() {
        let stored = hash("secret", DEFAULT_ROUNDS, [7; 16]);
        assert_eq!(verify("secret", &stored), Ok(Verdict::Right));
    }

    #[test]
    fn zero_rounds_are_raised_to_one() {
        assert!(hash("secret", 0, [7; 16]).starts_with("$pbkdf2-sha512$1$"));
    }

    #[test]
    fn malformed_hashes_are_errors_that_do_not_repeat_them() {
        let checksum = "A".repeat(86);
        let cases = [
            (String::new(), PasswordError::Format),
            ("plain text".to_owned(), PasswordError::Format),
            (format!("$pbkdf2-sha256$1000$YWJj${checksum}"), PasswordError::Format),
            ("$pbkdf2-sha512$1000$YWJj".to_owned(), PasswordError::Format),
            (format!("$pbkdf2-sha512$1000$YWJj${checksum}$"), PasswordError::Format),
            (format!("$pbkdf2-sha512$$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$0$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$+5$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$05$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$10000001$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$99999999999$YWJj${checksum}"), PasswordError::Rounds),
            (format!("$pbkdf2-sha512$1000$YW=j${checksum}"), PasswordError::Salt),
            (format!("$pbkdf2-sha512$1000${}${checksum}", "AAAA".repeat(400)), PasswordError::Salt),
            ("$pbkdf2-sha512$1000$YWJj$AAAA".to_owned(), PasswordError::Checksum),
            (format!("$pbkdf2-sha512$1000$YWJj${checksum}=="), PasswordError::Checksum),
        ];
        for (stored, expected) in cases {
            assert_eq!(verify("secret", &stored), Err(expected), "{stored}");
            assert!(stored.is_empty() || !expected.to_string().contains(&stored));
        }
    }
}
