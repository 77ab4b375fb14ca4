//! What a browser may show of what people have uploaded, and under which name it is saved.

use crate::orm::file::{self, UNKNOWN};

/// Types that run nothing. All else of a foreign hand is saved and not shown.
const SHOWN: [&str; 12] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/x-icon",
    "image/vnd.microsoft.icon",
    "image/avif",
    "application/pdf",
    "text/plain",
    "audio/mpeg",
    "video/mp4",
];

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 200;

/// Whether a browser may show a file of this type.
pub(super) fn may_be_shown(mimetype: &str) -> bool {
    SHOWN.contains(&mimetype)
}

/// The type of a file: the one that is known, if it is one, or else as [`file::mimetype`] finds it.
pub(super) fn mimetype(known: Option<&str>, name: &str, bytes: &[u8]) -> String {
    let is_type = |text: &&str| {
        text.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte))
    };
    if let Some(known) = known.filter(is_type) {
        return known.to_ascii_lowercase();
    }
    file::mimetype(name, bytes)
}

/// Text is UTF-8 here.
pub(super) fn with_charset(mimetype: String) -> String {
    if mimetype.starts_with("text/") { format!("{mimetype}; charset=utf-8") } else { mimetype }
}

/// A name without ways to other folders, and with an ending when it has none.
pub(super) fn file_name(name: &str, mimetype: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    let clean = clean.trim().trim_start_matches('.');
    let clean = if clean.is_empty() { "file" } else { clean };
    match ending(mimetype) {
        Some(ending) if !clean.contains('.') => format!("{clean}.{ending}"),
        _ => clean.to_owned(),
    }
}

fn ending(mimetype: &str) -> Option<&'static str> {
    Some(match mimetype {
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "text/plain" => "txt",
        UNKNOWN => return None,
        other => mime_guess::get_mime_extensions_str(other)?.first().copied()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_no_other_folder() {
        for (name, saved) in [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("/", "file"),
            ("..", "file"),
            (".bashrc", "bashrc"),
            ("a\r\nX: y", "aX: y"),
            ("logo", "logo.png"),
        ] {
            let mimetype = if saved.ends_with("png") { "image/png" } else { UNKNOWN };
            assert_eq!(file_name(name, mimetype), saved);
        }
    }

    #[test]
    fn a_type_that_is_none_is_not_believed() {
        assert_eq!(mimetype(Some("text/html\r\nX: y"), "a", b"\0"), UNKNOWN);
        assert_eq!(mimetype(Some("TEXT/HTML"), "a.bin", b"x"), "text/html");
        assert_eq!(mimetype(None, "", b"<svg/>"), "image/svg+xml");
    }
}
