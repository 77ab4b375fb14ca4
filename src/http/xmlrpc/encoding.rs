//! The bytes of a document to its text: by the mark at its beginning, or else by what its declaration says,
//! as any reader of XML does. The header of the request says nothing about it: Odoo does not look there.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::error::{Error, Result};

/// How far a declaration is looked for: those that clients send have some forty letters.
const DECLARATION: usize = 200;

/// The text of a document.
///
/// # Errors
///
/// [`Error::Xml`] for an encoding that nobody knows, and for bytes that are not of it.
pub(super) fn text(body: &[u8]) -> Result<Cow<'_, str>> {
    let (encoding, body) = match Encoding::for_bom(body) {
        Some((encoding, length)) => (encoding, body.get(length..).unwrap_or_default()),
        None => (declared(body)?, body),
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(body);
    text.ok_or_else(|| Error::Xml(format!("The body is no XML-RPC call: it is no {}.", encoding.name())))
}

/// What a document without a mark is written in.
fn declared(body: &[u8]) -> Result<&'static Encoding> {
    match body {
        [0, b'<', ..] => return Ok(UTF_16BE),
        [b'<', 0, ..] => return Ok(UTF_16LE),
        _ => {}
    }
    let head = body.get(..body.len().min(DECLARATION)).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let Some(name) = name(&head) else { return Ok(UTF_8) };
    match Encoding::for_label(name.as_bytes()) {
        // The declaration could be read, so that the letters are no pairs of bytes, whatever it says.
        Some(encoding) if encoding != UTF_16BE && encoding != UTF_16LE => Ok(encoding),
        _ => {
            Err(Error::Xml(format!("The body is no XML-RPC call: '{name}' is no encoding that it can have.")))
        }
    }
}

/// The name that stands in `<?xml … encoding="…"?>`.
fn name(head: &str) -> Option<&str> {
    let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.split(quote).nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_in_its_own_encoding() {
        let of =
            |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let plain = "<a>\u{e9}</a>";
        for body in [
            plain.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
            of(plain, u16::to_be_bytes),
            of(plain, u16::to_le_bytes),
            of(&format!("\u{feff}{plain}"), u16::to_be_bytes),
            of(&format!("\u{feff}{plain}"), u16::to_le_bytes),
        ] {
            assert_eq!(text(&body).as_deref(), Ok(plain), "{body:?}");
        }
        for name in ["'ISO-8859-1'", "\"latin1\"", "'windows-1252' standalone='yes'"] {
            let body = [format!("<?xml version='1.0' encoding={name}?>").as_bytes(), b"<a>\xe9</a>"].concat();
            assert!(text(&body).is_ok_and(|text| text.ends_with(plain)), "{name}");
        }
    }

    #[test]
    fn what_is_not_of_its_encoding_is_refused() {
        for body in [
            b"<a>\xe9</a>".as_slice(),
            b"<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>",
            b"<?xml version='1.0' encoding='utf-16'?><a/>",
            b"<?xml version='1.0' encoding='klingon'?><a/>",
            b"\xff\xfe<\0a",
        ] {
            assert!(matches!(text(body), Err(Error::Xml(_))), "{body:?}");
        }
    }
}
