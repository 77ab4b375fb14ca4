//! What a file is: its type by its content and its name, its hash in digits.

/// What nothing is known of.
pub const UNKNOWN: &str = "application/octet-stream";

/// The type of a file: what its content shows, else what its name says, else whether it is text.
pub fn mimetype(name: &str, content: &[u8]) -> String {
    if let Some(known) = infer::get(content) {
        return known.mime_type().to_owned();
    }
    if content.trim_ascii_start().starts_with(b"<svg") {
        return "image/svg+xml".to_owned();
    }
    let is_text =
        || !content.is_empty() && std::str::from_utf8(content).is_ok_and(|text| !text.contains('\0'));
    match mime_guess::from_path(name).first_raw() {
        Some(known) => known.to_owned(),
        None if is_text() => "text/plain".to_owned(),
        None => UNKNOWN.to_owned(),
    }
}

/// Bytes as digits.
pub fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    let digits =
        |byte: u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'));
    bytes.into_iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_file_says_more_than_its_name() {
        let png = b"\x89PNG\r\n\x1a\n0000";
        assert_eq!(mimetype("page.html", png), "image/png");
        assert_eq!(mimetype("picture.png", b"<svg xmlns=''/>"), "image/svg+xml");
        assert_eq!(mimetype("table.csv", b"a,b"), "text/csv");
        assert_eq!(mimetype("notes", b"plain"), "text/plain");
        assert_eq!(mimetype("notes", b"\0\xff"), UNKNOWN);
        assert_eq!(mimetype("", b""), UNKNOWN);
    }

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex([0, 0x0f, 0xa5]), "000fa5");
    }
}
