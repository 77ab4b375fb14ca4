//! The texts of the pages in the languages that they speak. English is what the source says; another
//! language is a file that has each English text with its translation.

use std::collections::HashMap;
use std::sync::LazyLock;

type Table = HashMap<String, String>;

/// Read once; a file that cannot be read is caught by the test below.
static GERMAN: LazyLock<Table> =
    LazyLock::new(|| serde_json::from_str(include_str!("texts/de.json")).unwrap_or_default());

/// The texts of one language.
#[derive(Clone, Copy)]
pub(in crate::http) struct Texts {
    table: Option<&'static Table>,
    /// The language for the page's own `lang`.
    pub code: &'static str,
}

impl Texts {
    /// Those of a language such as `de_CH`; English where there is no translation.
    pub(in crate::http) fn of(lang: &str) -> Self {
        match lang.split(['_', '-']).next() {
            Some("de") => Self { table: Some(&GERMAN), code: "de" },
            _ => Self { table: None, code: "en" },
        }
    }

    /// Those that a browser likes best.
    pub(in crate::http) fn accepted(header: &str) -> Self {
        let first = header.split(',').next().unwrap_or_default();
        Self::of(first.split(';').next().unwrap_or_default().trim())
    }

    /// A text in this language.
    pub(in crate::http) fn t<'a>(&self, english: &'a str) -> &'a str {
        self.table.and_then(|table| table.get(english)).map_or(english, String::as_str)
    }

    /// A text with values in the place of `{}`, one after the other.
    pub(in crate::http) fn fill(&self, english: &str, values: &[&dyn std::fmt::Display]) -> String {
        let mut parts = self.t(english).split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for part in parts {
            if let Some(value) = values.next() {
                text.push_str(&value.to_string());
            }
            text.push_str(part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{GERMAN, Texts};

    #[test]
    fn german_is_spoken_and_anything_else_is_english() {
        assert!(!GERMAN.is_empty());
        assert_eq!(Texts::of("de_CH").t("Save"), "Speichern");
        assert_eq!(Texts::of("fr_FR").t("Save"), "Save");
        assert_eq!(Texts::accepted("de-AT,de;q=0.9,en;q=0.5").code, "de");
        assert_eq!(Texts::of("en_US").fill("{} of {}", &[&1, &"many"]), "1 of many");
    }

    #[test]
    fn translations_have_the_places_of_their_originals() {
        for (english, german) in GERMAN.iter() {
            assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{english}");
        }
    }
}
