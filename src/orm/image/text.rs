//! Converts binary values from and to the texts that clients send and receive for them.

/// Why a text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// The text contains characters outside ASCII.
    #[error("base64 text cannot contain characters outside ASCII")]
    NotAscii,
    /// The last group of characters is not completed by `=`.
    #[error("the base64 text is cut short: its padding is missing or incomplete")]
    Padding,
    /// The last group consists of a single character, which no encoder produces.
    #[error("the base64 text is cut short: one character is left over")]
    LeftOver,
}

/// Decodes base64 as leniently as clients are used to.
///
/// Characters outside the alphabet are dropped, and everything after the closing `=` is ignored. So a text
/// such as `"%%%"` decodes to nothing, which callers take as "no image". Missing padding is an error.
pub fn decode_base64_lenient(text: &str) -> Result<Vec<u8>, Base64Error> {
    if !text.is_ascii() {
        return Err(Base64Error::NotAscii);
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    // The bits read and not yet written, how many characters of a group of four are read, and how many
    // `=` have followed them.
    let (mut bits, mut in_group, mut padding) = (0_u32, 0_u32, 0_u32);
    for byte in text.bytes() {
        if byte == b'=' {
            padding += u32::from(in_group >= 2);
            if in_group >= 2 && in_group + padding >= 4 {
                return Ok(bytes);
            }
            continue;
        }
        let Some(value) = sextet(byte) else { continue };
        padding = 0;
        bits = (bits << 6) | u32::from(value);
        in_group = (in_group + 1) % 4;
        // After the second, third and fourth character, 4, 2 and 0 bits are left for the next byte.
        let left = match in_group {
            1 => continue,
            2 => 4,
            3 => 2,
            _ => 0,
        };
        bytes.extend((bits >> left).to_be_bytes().last());
    }
    match in_group {
        0 => Ok(bytes),
        1 => Err(Base64Error::LeftOver),
        _ => Err(Base64Error::Padding),
    }
}

/// The six bits that a character of the base64 alphabet stands for.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// A number of bytes for people, such as `75.00 bytes` or `1.50 Kb`; the units are multiples of 1024.
#[expect(clippy::cast_precision_loss, reason = "the number is shown with two decimals")]
pub fn human_size(bytes: usize) -> String {
    let mut size = bytes as f64;
    let mut unit = "bytes";
    for larger in ["Kb", "Mb", "Gb"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    format!("{size:.2} {unit}")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_is_decoded_leniently() {
        let cases: [(&str, Result<&[u8], Base64Error>); 14] = [
            ("", Ok(b"")),
            ("%%%", Ok(b"")),
            ("====", Ok(b"")),
            ("bm90IGFuIGltYWdl", Ok(b"not an image")),
            ("bm90\r\nIGFu IGlt%YWdl", Ok(b"not an image")),
            ("YQ==", Ok(b"a")),
            ("YQ=\n=", Ok(b"a")),
            ("YWI=", Ok(b"ab")),
            ("YWI=YWI=", Ok(b"ab")),
            ("Y=W=I=", Ok(b"ab")),
            ("YWI", Err(Base64Error::Padding)),
            ("YQ=", Err(Base64Error::Padding)),
            ("YWJjY", Err(Base64Error::LeftOver)),
            ("YWJjé", Err(Base64Error::NotAscii)),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_base64_lenient(text).as_deref(), expected.as_ref().copied(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn proper_base64_is_decoded_to_what_was_encoded(bytes: Vec<u8>) {
            prop_assert_eq!(decode_base64_lenient(&STANDARD.encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn sizes_are_written_for_people() {
        let cases = [(0, "0.00 bytes"), (75, "75.00 bytes"), (1023, "1023.00 bytes"), (1536, "1.50 Kb")];
        for (bytes, expected) in cases {
            assert_eq!(human_size(bytes), expected);
        }
        assert_eq!(human_size(2 << 20), "2.00 Mb");
        assert_eq!(human_size(1 << 30), "1.00 Gb");
        assert_eq!(human_size(5 << 40), "5120.00 Gb");
    }
}
