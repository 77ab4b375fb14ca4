//! Seals secrets before they are stored, and hashes them for look-ups by equality.
//!
//! One server key of 32 bytes is the root. Separate keys for sealing, for look-up hashes and for any other
//! purpose are derived from it with HMAC-SHA-256 and a label, so that none of them reveals another.
//!
//! A sealed value is `version (1 byte) | nonce (24 bytes) | XChaCha20-Poly1305 ciphertext and tag`. The
//! version and the context, which is the `table.column` the value belongs to, are authenticated with it: a
//! sealed value copied into another column does not open there.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

/// The length of the server key and of every derived key, in bytes.
pub const KEY_BYTES: usize = 32;

/// The length of the nonce of a sealed value, in bytes.
pub const NONCE_BYTES: usize = 24;

/// The only format of sealed values so far.
const VERSION: u8 = 1;

/// The length of the authentication tag, in bytes.
const TAG_BYTES: usize = 16;

/// How many bytes of the derived value make up the fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// Starts the labels of the keys this module uses itself. Callers' labels start with [`CALLER_LABEL`], so
/// that [`Sealer::derive`] can never return one of them.
const OWN_LABEL: &str = "oregional/own/";

/// Starts the labels of the keys that callers derive.
const CALLER_LABEL: &str = "oregional/derived/";

/// The server's secret root key. It is wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// Why a text is not a server key. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server key is {KEY_BYTES} bytes, written as base64 or as 64 hexadecimal digits")]
pub struct KeyError;

impl Key {
    /// Makes a key of 32 fresh random bytes.
    pub fn generate(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a key from a setting: 64 hexadecimal digits, or base64 of 32 bytes in the standard or the
    /// URL-safe alphabet, with or without padding. Surrounding white space is ignored.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        // 64 characters of base64 would be 48 bytes, so the two forms cannot be confused.
        if text.len() == 2 * KEY_BYTES {
            return decode_hex(text).ok_or(KeyError);
        }
        let standard = Zeroizing::new(text.trim_end_matches('=').replace('-', "+").replace('_', "/"));
        if text.len() - standard.len() > 1 {
            return Err(KeyError);
        }
        let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(standard.as_bytes()).ok().ok_or(KeyError)?);
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok().ok_or(KeyError)?;
        Ok(Self::generate(bytes))
    }

    /// The key as base64, for writing it to the key file and nowhere else.
    pub(crate) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }

    fn subkey(&self, namespace: &str, label: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(hmac(&self.0, &[namespace.as_bytes(), label.as_bytes()]))
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden key)")
    }
}

/// Why a value cannot be sealed or opened. No variant carries any part of the value or of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The value is longer than the cipher can handle (256 GiB).
    #[error("the value is too long to be sealed")]
    TooLong,
    /// The bytes end before a sealed value could.
    #[error("the sealed value is cut short")]
    CutShort,
    /// The first byte names a format this program does not know.
    #[error("the sealed value has the unknown format version {0}")]
    UnknownVersion(u8),
    /// The value was sealed with another key or for another column, or was changed since.
    #[error("the sealed value was made with another server key, belongs to another column, or is damaged")]
    Rejected,
    /// The value opened, but is not UTF-8 text.
    #[error("the sealed value does not contain text")]
    NotText,
}

/// Seals and opens values with the keys derived from one server key.
#[derive(Clone)]
pub struct Sealer {
    root: Key,
    sealing: Zeroizing<[u8; KEY_BYTES]>,
    lookup: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(hidden)")
    }
}

impl Sealer {
    /// Derives the keys for sealing and for look-up hashes.
    pub fn new(key: Key) -> Self {
        Self { sealing: key.subkey(OWN_LABEL, "seal"), lookup: key.subkey(OWN_LABEL, "lookup"), root: key }
    }

    /// Seals `plain` for the column `context` ("table.column").
    ///
    /// `nonce` must be fresh random bytes for every call. Fails only for values longer than 256 GiB.
    pub fn seal(&self, plain: &str, context: &str, nonce: [u8; NONCE_BYTES]) -> Result<Vec<u8>, SealError> {
        let aad = associated_data(context);
        let ciphertext = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain.as_bytes(), aad: &aad })
            .ok()
            .ok_or(SealError::TooLong)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens a value that [`Sealer::seal`] made with the same key for the same column.
    pub fn open(&self, sealed: &[u8], context: &str) -> Result<String, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::CutShort)?;
        if *version != VERSION {
            return Err(SealError::UnknownVersion(*version));
        }
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::CutShort)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(SealError::CutShort);
        }
        let aad = associated_data(context);
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .ok()
            .ok_or(SealError::Rejected)?;
        String::from_utf8(plain).ok().ok_or(SealError::NotText)
    }

    /// A keyed hash that is equal for equal values of one column, for finding a sealed value by equality.
    pub fn lookup_hash(&self, plain: &str, context: &str) -> [u8; 32] {
        // The length of the context keeps ("ab", "c") and ("a", "bc") apart.
        let length = (context.len() as u64).to_be_bytes();
        hmac(&self.lookup, &[&length, context.as_bytes(), plain.as_bytes()])
    }

    /// Sixteen hexadecimal digits that identify the server key without revealing it; safe to store and log.
    pub fn fingerprint(&self) -> String {
        let derived = self.root.subkey(OWN_LABEL, "fingerprint");
        derived
            .iter()
            .take(FINGERPRINT_BYTES)
            .flat_map(|byte| [byte >> 4, byte & 0x0f])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect()
    }

    /// A further key of 32 bytes for the purpose named by `label`, independent of all the others.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        self.root.subkey(CALLER_LABEL, label)
    }

    /// A keyed hash of `text` for the purpose named by `label`: whoever lacks the key cannot make it.
    pub fn mac(&self, label: &str, text: &[u8]) -> [u8; 32] {
        hmac(&self.derive(label), &[text])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.sealing).into())
    }
}

/// What is authenticated along with a sealed value: its format version and its column.
fn associated_data(context: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + context.len());
    data.push(VERSION);
    data.extend_from_slice(context.as_bytes());
    data
}

fn hmac(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*padded(key)).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The key as one whole block of the hash, filled with zeros as HMAC itself does for short keys. A key of
/// exactly one block cannot be rejected, which keeps the caller free of an error that never happens.
fn padded(key: &[u8; KEY_BYTES]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    block
}

fn decode_hex(text: &str) -> Option<Key> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let mut digits = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    for byte in bytes.iter_mut() {
        *byte = (digits.next()?? << 4) | digits.next()??;
    }
    digits.next().is_none().then_some(Key(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: &str = "res_users.totp_secret";

    fn sealer(fill: u8) -> Sealer {
        Sealer::new(Key::generate([fill; 32]))
    }

    #[test]
    fn a_sealed_value_opens_again() {
        for plain in ["", "secret", "Zürich €"] {
            let sealed = sealer(1).seal(plain, COLUMN, [9; 24]).unwrap();
            assert_eq!(sealed.len(), 1 + 24 + plain.len() + 16);
            assert_eq!(sealed[0], 1);
            assert_eq!(sealer(1).open(&sealed, COLUMN).unwrap(), plain);
        }
    }

    #[test]
    fn a_sealed_value_does_not_open_in_another_column_or_with_another_key() {
        let sealed = sealer(1).seal("secret", COLUMN, [9; 24]).unwrap();
        assert_eq!(sealer(1).open(&sealed, "res_users.name"), Err(SealError::Rejected));
        assert_eq!(sealer(2).open(&sealed, COLUMN), Err(SealError::Rejected));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = sealer(1).seal("secret", COLUMN, [9; 24]).unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 0x80;
            assert!(sealer(1).open(&changed, COLUMN).is_err(), "byte {position}");
        }
        for length in 0..sealed.len() {
            assert!(sealer(1).open(&sealed[..length], COLUMN).is_err(), "length {length}");
        }
    }

    #[test]
    fn an_unknown_version_and_a_short_value_are_named() {
        assert_eq!(sealer(1).open(&[], COLUMN), Err(SealError::CutShort));
        assert_eq!(sealer(1).open(&[1; 40], COLUMN), Err(SealError::CutShort));
        assert_eq!(sealer(1).open(&[2; 60], COLUMN), Err(SealError::UnknownVersion(2)));
    }

    #[test]
    fn look_up_hashes_depend_on_key_column_and_value() {
        let hash = sealer(1).lookup_hash("token", "t.c");
        assert_eq!(hash, sealer(1).lookup_hash("token", "t.c"));
        assert_ne!(hash, sealer(2).lookup_hash("token", "t.c"));
        assert_ne!(hash, sealer(1).lookup_hash("token2", "t.c"));
        assert_ne!(hash, sealer(1).lookup_hash("token", "t.d"));
        assert_ne!(hash, sealer(1).lookup_hash("ctoken", "t."));
    }

    #[test]
    fn derived_keys_differ_from_each_other_and_from_the_root() {
        let sealer = sealer(1);
        let keys = [*sealer.derive("seal"), *sealer.derive("csrf"), *sealer.sealing, *sealer.lookup, [1; 32]];
        for (i, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(i + 1).all(|other| other != one));
        }
    }

    #[test]
    fn the_keyed_hash_is_plain_hmac_sha_256() {
        // Reference value from Python: hmac.new(b"\x0b" * 32, b"Hi There", "sha256").
        let digest = hmac(&[0x0b; 32], &[b"Hi ", b"There"]);
        assert_eq!(
            digest,
            *decode_hex("198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7").unwrap().0
        );
    }

    #[test]
    fn keys_are_read_from_hex_and_base64() {
        let expected = sealer(0xfb).fingerprint();
        assert_eq!(expected.len(), 16);
        let hex = "fb".repeat(32);
        let padded = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
        let url_safe = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
        for text in [hex.as_str(), &hex.to_uppercase(), padded, url_safe, &format!(" {padded}\n")] {
            assert_eq!(Sealer::new(text.parse().unwrap()).fingerprint(), expected, "{text}");
        }
    }

    #[test]
    fn texts_that_are_not_keys_are_refused() {
        for text in ["", "secret", &"f".repeat(63), &"g".repeat(64), &"é".repeat(32), &"A".repeat(42)] {
            assert_eq!(Key::parse(text).err(), Some(KeyError), "{text}");
        }
        assert!(Key::parse(&format!("{}==", "A".repeat(43))).is_err());
    }

    #[test]
    fn a_written_key_is_read_back() {
        let key = Key::generate([0xfb; 32]);
        let read = Key::parse(&key.to_base64()).unwrap();
        assert_eq!(*read.0, *key.0);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let key = Key::generate([0xab; 32]);
        assert_eq!(format!("{key:?} {key}"), "Key(hidden) (hidden key)");
        assert_eq!(format!("{:?}", Sealer::new(key)), "Sealer(hidden)");
    }
}
