//! Values on their way out, laid out as Python's library does it.

use std::fmt::Write as _;

use quick_xml::escape::partial_escape;
use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::orm::method::Reply;

/// The document of a result.
///
/// # Errors
///
/// What XML-RPC has no words for: [`Error::Type`] for an empty value, [`Error::Overflow`] for a number
/// beyond 32 bits.
pub(super) fn response(reply: &Reply) -> Result<String> {
    let result = match reply {
        Reply::Void => Json::Null,
        Reply::Json(json) => {
            serde_json::from_slice(json).map_err(|error| Error::Internal(error.to_string()))?
        }
    };
    let mut out = String::from("<?xml version=\"1.0\"?>\n<methodResponse>\n<params>\n<param>\n");
    value(&mut out, &result)?;
    out.push_str("</param>\n</params>\n</methodResponse>\n");
    Ok(out)
}

/// A `<value>`.
///
/// # Errors
///
/// See [`response`].
pub(super) fn value(out: &mut String, json: &Json) -> Result<()> {
    out.push_str("<value>");
    match json {
        Json::Null => {
            return Err(Error::Type("cannot marshal None unless allow_none is enabled".to_owned()));
        }
        Json::Bool(truth) => element(out, "boolean", if *truth { "1" } else { "0" }),
        Json::Number(number) if number.is_f64() => element(out, "double", &number.to_string()),
        Json::Number(number) => match number.as_i64().and_then(|whole| i32::try_from(whole).ok()) {
            Some(whole) => element(out, "int", &whole.to_string()),
            None => return Err(Error::Overflow("int exceeds XML-RPC limits".to_owned())),
        },
        Json::String(text) => element(out, "string", &clean(text)),
        Json::Array(items) => {
            out.push_str("<array><data>\n");
            items.iter().try_for_each(|item| value(out, item))?;
            out.push_str("</data></array>");
        }
        Json::Object(members) => {
            out.push_str("<struct>\n");
            for (name, member) in members {
                out.push_str("<member>\n");
                element(out, "name", &clean(name));
                out.push('\n');
                value(out, member)?;
                out.push_str("</member>\n");
            }
            out.push_str("</struct>");
        }
    }
    out.push_str("</value>\n");
    Ok(())
}

fn element(out: &mut String, name: &str, content: &str) {
    // Writing into a text cannot fail.
    _ = write!(out, "<{name}>{content}</{name}>");
}

/// Without the characters that XML cannot hold, and with those escaped that mean something in it.
fn clean(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    partial_escape(text.chars().filter(allowed).collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_layout_is_pythons() {
        let reply = Reply::value(
            &json!({"id": 7, "f": 1.0, "ok": true, "s": "a\u{1}\u{b} & <\u{151}>", "l": [1, []]}),
        );
        insta::assert_snapshot!(response(&reply).unwrap(), @r#"
        <?xml version="1.0"?>
        <methodResponse>
        <params>
        <param>
        <value><struct>
        <member>
        <name>id</name>
        <value><int>7</int></value>
        </member>
        <member>
        <name>f</name>
        <value><double>1.0</double></value>
        </member>
        <member>
        <name>ok</name>
        <value><boolean>1</boolean></value>
        </member>
        <member>
        <name>s</name>
        <value><string>a &amp; &lt;ő&gt;</string></value>
        </member>
        <member>
        <name>l</name>
        <value><array><data>
        <value><int>1</int></value>
        <value><array><data>
        </data></array></value>
        </data></array></value>
        </member>
        </struct></value>
        </param>
        </params>
        </methodResponse>
        "#);
    }

    #[test]
    fn what_xml_rpc_cannot_say_is_an_error() {
        assert!(matches!(response(&Reply::Void), Err(Error::Type(_))));
        assert!(matches!(response(&Reply::value(&json!([{"a": null}]))), Err(Error::Type(_))));
        for number in [i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1] {
            assert!(matches!(response(&Reply::value(&json!([number]))), Err(Error::Overflow(_))), "{number}");
        }
        assert!(response(&Reply::value(&json!([i32::MAX, i32::MIN]))).is_ok());
    }
}
