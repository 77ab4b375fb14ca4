//! What may be the name of a model, a field, a table of links: letters, digits and underscores, short
//! enough for PostgreSQL, and `x_` in front of what people make, so that no version of the program
//! will ever need the same name.

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// The longest name that PostgreSQL takes; it cuts longer ones, and two of them may then be one.
pub const LONGEST_NAME: usize = 63;

/// What the names of models and fields begin with that administrators make.
pub const PREFIX: &str = "x_";

/// A name of a constraint, an index or a table of links that is whole, or cut with a hash of the whole.
pub fn object_name(whole: &str) -> String {
    if whole.len() <= LONGEST_NAME {
        return whole.to_owned();
    }
    let [first, second, third, fourth, ..] = <[u8; 32]>::from(Sha256::digest(whole));
    let hash = format!("{:08x}", u32::from_be_bytes([first, second, third, fourth]));
    let kept: String = whole.chars().take(LONGEST_NAME - hash.len() - 1).collect();
    format!("{kept}_{hash}")
}

/// Whether a text is a plain identifier: it begins with a letter or an underscore, and has small
/// letters, digits and underscores alone.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn refuse_unless_made(what: &str, name: &str) -> Result<()> {
    match name.strip_prefix(PREFIX) {
        Some(rest) if !rest.is_empty() => {}
        _ => {
            return Err(Error::Validation(format!(
                "The {what} '{name}' has to begin with '{PREFIX}', as everything does that is not shipped."
            )));
        }
    }
    if name.len() > LONGEST_NAME {
        return Err(Error::Validation(format!(
            "The {what} '{name}' is too long: at most {LONGEST_NAME} characters are allowed, it has {}.",
            name.len()
        )));
    }
    Ok(())
}

/// Checks the name of a model that is to be made.
///
/// # Errors
///
/// [`Error::Validation`] that says what is wrong with it.
pub fn check_model(name: &str) -> Result<()> {
    refuse_unless_made("name of the model", name)?;
    if name.split('.').all(is_identifier_part) {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The name of the model '{name}' may have small letters, digits, underscores and single dots only."
    )))
}

fn is_identifier_part(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Checks the name of a field that is to be made.
///
/// # Errors
///
/// [`Error::Validation`] that says what is wrong with it.
pub fn check_field(name: &str) -> Result<()> {
    refuse_unless_made("name of the field", name)?;
    if is_identifier(name) {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The name of the field '{name}' may have small letters, digits and underscores only."
    )))
}

/// Checks a name that a client chose for a table of links or a column of it.
///
/// # Errors
///
/// [`Error::Validation`] that says what is wrong with it.
pub fn check_object(what: &str, name: &str) -> Result<()> {
    if is_identifier(name) && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(Error::Validation(format!(
        "The {what} '{name}' has to be an identifier: small letters, digits and underscores, {LONGEST_NAME} at most."
    )))
}

/// Where the links of a many2many are kept that names no table: the table and its two columns.
pub fn links(table: &str, cotable: &str, field: &str) -> (String, String, String) {
    let relation = object_name(&format!("x_{table}_{cotable}_{field}_rel"));
    if table == cotable {
        return (relation, "id1".to_owned(), "id2".to_owned());
    }
    (relation, object_name(&format!("{table}_id")), object_name(&format!("{cotable}_id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_behind_the_prefix_are_names() {
        for good in ["x_a", "x_1", "x_order", "x_select", "x__", "x_thing.line"] {
            assert_eq!(check_model(good), Ok(()), "{good}");
        }
        for bad in [
            "", "x_", "a", "x", "X_a", "x_A", "x_ä", "x_a b", "x_a-b", "x_a\"", "x_a..b", "x_a.", "x_.a.",
            "x_a;",
        ] {
            assert!(check_model(bad).is_err(), "{bad}");
            assert!(check_field(bad).is_err(), "{bad}");
        }
        assert!(check_field("x_a.b").is_err());
        assert!(check_field(&format!("x_{}", "a".repeat(61))).is_ok());
        assert!(check_field(&format!("x_{}", "a".repeat(62))).is_err());
    }
}
