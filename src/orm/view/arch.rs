//! The XML of a view: a tree that knows the line of each element, read, changed and written again.

use std::fmt::Write as _;

use roxmltree::{Document, ParsingOptions};

/// Elements within elements; more is no view that a person can read.
const DEEPEST: usize = 100;

/// Elements and texts of one view.
const MOST_NODES: u32 = 5_000;

/// What is wrong with an arch, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct Fault {
    /// The line in the text of the view, from 1.
    pub line: u32,
    /// What is wrong there.
    pub text: String,
}

impl Fault {
    /// A fault at an element.
    pub fn at(element: &Element, text: impl Into<String>) -> Self {
        Self { line: element.line, text: text.into() }
    }
}

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its tag.
    pub tag: String,
    /// Its attributes, in their order.
    pub attributes: Vec<(String, String)>,
    /// What is in it.
    pub children: Vec<Node>,
    /// The line on which it begins.
    pub line: u32,
}

/// What an element has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text.
    Text(String),
}

impl Element {
    /// An element with nothing in it.
    pub fn new(tag: &str, attributes: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { tag: tag.to_owned(), attributes: attributes.iter().map(own).collect(), ..Self::default() }
    }

    /// Reads an arch.
    ///
    /// # Errors
    ///
    /// A [`Fault`] where it is no XML, or more than a view may be.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options)
            .map_err(|error| Fault { line: error.pos().row, text: format!("this is no XML: {error}") })?;
        build(&document, document.root_element(), DEEPEST)
    }

    /// With something in it.
    #[must_use]
    pub fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Takes an attribute away, and gives it.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let place = self.attributes.iter().position(|(known, _)| known == name)?;
        Some(self.attributes.remove(place).1)
    }

    /// The elements in it, without what is in those.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Itself and all elements in it, in the order of the text.
    pub fn descendants(&self) -> Vec<&Self> {
        let mut found = vec![self];
        for child in self.elements() {
            found.extend(child.descendants());
        }
        found
    }

    /// The text of the arch.
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut String) {
        // Writing to a String cannot fail.
        _ = write!(out, "<{}", self.tag);
        for (name, value) in &self.attributes {
            _ = write!(out, " {name}=\"");
            escape(out, value);
            out.push('"');
        }
        if self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for child in &self.children {
            match child {
                Node::Element(element) => element.write_to(out),
                Node::Text(text) => escape(out, text),
            }
        }
        _ = write!(out, "</{}>", self.tag);
    }
}

fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            other => out.push(other),
        }
    }
}

/// Recursion ends at [`DEEPEST`], whatever the text has. White space between elements is left out.
fn build(document: &Document<'_>, node: roxmltree::Node<'_, '_>, depth: usize) -> Result<Element, Fault> {
    let line = document.text_pos_at(node.range().start).row;
    if depth == 0 {
        return Err(Fault { line, text: format!("elements lie more than {DEEPEST} deep in each other") });
    }
    let plain = node.attributes().filter(|attribute| attribute.namespace().is_none());
    let attributes =
        plain.map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned())).collect();
    let mut children = Vec::new();
    for child in node.children() {
        if child.is_element() {
            children.push(Node::Element(build(document, child, depth - 1)?));
        } else if let Some(text) = child.text().filter(|text| child.is_text() && !text.trim().is_empty()) {
            children.push(Node::Text(text.to_owned()));
        }
    }
    Ok(Element { tag: node.tag_name().name().to_owned(), attributes, children, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arch_is_written_as_it_was_read() {
        let text = r#"<form string="A &amp; B"><field name="x" invisible="y &lt; &quot;2&quot;"/><p>Text <b>bold</b></p></form>"#;

        assert_eq!(Element::parse(text).unwrap().write(), text);
    }

    #[test]
    fn a_fault_names_its_line() {
        let fault = Element::parse("<form>\n<field>\n</form>").unwrap_err();

        assert_eq!(fault.line, 3);
    }

    #[test]
    fn a_bottomless_arch_is_refused_and_not_followed() {
        let text = format!("{}{}", "<a>".repeat(1_000), "</a>".repeat(1_000));

        assert!(Element::parse(&text).unwrap_err().text.contains("deep"));
    }

    #[test]
    fn entities_are_no_way_into_the_server() {
        let text = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><form>&x;</form>";

        assert!(Element::parse(text).is_err());
    }
}
