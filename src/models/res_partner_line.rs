//! A contact as people write it in one line: `Name <address>`, a name alone, or an address alone.

use serde_json::Value as Json;

use crate::orm::behaviour::Values;

/// The values of the contact that a line tells of. What is no text is left to the field to refuse.
pub(super) fn values(line: Json) -> Values {
    let (name, email) = match &line {
        Json::String(text) => parts(text),
        _ => return [("name".to_owned(), line)].into_iter().collect(),
    };
    // Who has no name is called by the address.
    let called = if name.is_empty() { email.clone().unwrap_or_default() } else { name };
    let mut values = Values::new();
    values.insert("name".to_owned(), called.into());
    if let Some(email) = email {
        values.insert("email".to_owned(), email.into());
    }
    values
}

/// The name and the address. A text without an address is a name as it stands.
fn parts(line: &str) -> (String, Option<String>) {
    let text = line.trim();
    if let Some((name, rest)) = text.rsplit_once('<')
        && let Some(address) = rest.strip_suffix('>').and_then(address)
    {
        return (name.trim().trim_matches('"').trim().to_owned(), Some(address));
    }
    match address(text) {
        Some(address) => (String::new(), Some(address)),
        None => (text.to_owned(), None),
    }
}

/// An address in small letters, if that is what a text is.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let is_word = |part: &str| {
        !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || "<>\",;".contains(letter))
    };
    (is_word(local) && is_word(domain) && domain.contains('.') && !local.contains('@'))
        .then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_an_address_or_both() {
        for (line, name, email) in [
            ("Bob", "Bob", None),
            (" Bob <Bob@X.example> ", "Bob", Some("bob@x.example")),
            ("\"Bob, the builder\" <bob@x.example>", "Bob, the builder", Some("bob@x.example")),
            ("<bob@x.example>", "", Some("bob@x.example")),
            ("bob@x.example", "", Some("bob@x.example")),
            ("Bob <no address>", "Bob <no address>", None),
            ("Bob <a@b@x.example>", "Bob <a@b@x.example>", None),
            ("bob@", "bob@", None),
            ("", "", None),
        ] {
            assert_eq!(parts(line), (name.to_owned(), email.map(str::to_owned)), "{line}");
        }
    }
}
