//! Errors as faults: version 2 has numbers for codes, version 1 texts.

use serde_json::{Value as Json, json};

use super::write;
use crate::error::Error;

/// Which form faults have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `/xmlrpc/<service>`.
    One,
    /// `/xmlrpc/2/<service>`.
    Two,
}

/// What clients compare with.
const DENIED: &str = "Access Denied";

/// The document of a fault.
pub(super) fn fault(error: &Error, version: Version) -> String {
    let (code, text) = match version {
        Version::One => version_1(error),
        Version::Two => version_2(error),
    };
    let mut out = String::from("<?xml version=\"1.0\"?>\n<methodResponse>\n<fault>\n");
    // A small number and two texts can be said in XML-RPC.
    _ = write::value(&mut out, &json!({"faultCode": code, "faultString": text}));
    out.push_str("</fault>\n</methodResponse>\n");
    out
}

fn version_2(error: &Error) -> (Json, String) {
    match error {
        Error::User(text) | Error::Validation(text) | Error::Missing(text) => (2.into(), text.clone()),
        Error::AccessDenied(_) | Error::Limited(_) => (3.into(), DENIED.to_owned()),
        Error::Access(text) => (4.into(), text.clone()),
        other => (1.into(), last_line(other)),
    }
}

fn version_1(error: &Error) -> (Json, String) {
    let warning = |kind: &str, text: &str| (format!("warning -- {kind}\n\n{text}").into(), String::new());
    match error {
        Error::User(text) | Error::Validation(text) => warning("UserError", text),
        Error::Missing(text) => warning("MissingError", text),
        Error::Access(text) => warning("AccessError", text),
        Error::AccessDenied(_) | Error::Limited(_) => ("AccessDenied".into(), DENIED.to_owned()),
        other => (other.told().into(), last_line(other)),
    }
}

/// Odoo sends the traceback; its last line is what clients show.
fn last_line(error: &Error) -> String {
    let name = error.name();
    format!("{}: {}", name.strip_prefix("builtins.").unwrap_or(&name), error.told())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_code_in_both_versions() {
        let text = || "No.".to_owned();
        for (error, two, one) in [
            (Error::User(text()), (2, "No."), ("warning -- UserError\n\nNo.", "")),
            (Error::Validation(text()), (2, "No."), ("warning -- UserError\n\nNo.", "")),
            (Error::Missing(text()), (2, "No."), ("warning -- MissingError\n\nNo.", "")),
            (Error::Access(text()), (4, "No."), ("warning -- AccessError\n\nNo.", "")),
            (Error::AccessDenied(text()), (3, DENIED), ("AccessDenied", DENIED)),
            (Error::Limited(60), (3, DENIED), ("AccessDenied", DENIED)),
            (Error::Value(text()), (1, "ValueError: No."), ("No.", "ValueError: No.")),
            (
                Error::Unavailable(text()),
                (1, "psycopg2.OperationalError: No."),
                ("No.", "psycopg2.OperationalError: No."),
            ),
        ] {
            assert_eq!(version_2(&error), (two.0.into(), two.1.to_owned()), "{error:?}");
            assert_eq!(version_1(&error), (one.0.into(), one.1.to_owned()), "{error:?}");
        }
    }
}
