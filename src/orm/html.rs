//! Markup of clients, made harmless: what runs, loads or submits is taken out, how it looks is kept.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;

/// Properties of `style` that change how a text looks, and nothing beyond its place.
const LOOKS: [&str; 26] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "padding",
    "text-align",
    "text-decoration",
    "vertical-align",
    "width",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        .add_generic_attributes(["style"])
        .filter_style_properties(HashSet::from(LOOKS))
        // Windows that a link opens are told nothing by today's browsers, and what was written is to come back.
        .link_rel(None);
    cleaner
});

/// The markup without what could harm its reader. A text without any markup is a paragraph, as in Odoo.
pub(super) fn sanitized(markup: &str) -> String {
    let clean = CLEANER.clean(markup).to_string();
    if clean.trim().is_empty() || clean.contains('<') {
        return clean;
    }
    format!("<p>{clean}</p>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_kept_and_harm_is_not() {
        for (given, kept) in [
            ("plain", "<p>plain</p>"),
            ("a & b", "<p>a &amp; b</p>"),
            ("", ""),
            (r#"<p style="color:red">x</p>"#, r#"<p style="color:red">x</p>"#),
            (
                r#"<p style="position:fixed;color:red;background:url(https://evil.example)">x</p>"#,
                r#"<p style="color:red">x</p>"#,
            ),
            (r#"<a href="https://a.example">x</a>"#, r#"<a href="https://a.example">x</a>"#),
            (r#"<p onclick="x()">hi<script>y()</script></p>"#, "<p>hi</p>"),
            (r#"<a href="javascript:x()">x</a>"#, "<a>x</a>"),
        ] {
            assert_eq!(sanitized(given), kept);
        }
    }
}
