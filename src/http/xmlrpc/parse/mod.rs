//! The body of a call: `<methodCall>` to a method's name and JSON values.

use chrono::NaiveDateTime;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Number, Value as Json};

use super::encoding;
use crate::error::{Error, Result};

/// How deep values may nest; JSON's parser draws its line there, too.
const DEEPEST: usize = 128;

/// A call, read.
#[derive(Debug, PartialEq)]
pub(in crate::http) struct MethodCall {
    /// The method of the service.
    pub method: String,
    /// Its arguments.
    pub args: Vec<Json>,
}

/// Reads the body of a call.
///
/// # Errors
///
/// [`Error::Xml`] when it is no call, [`Error::Type`] for bytes, which no field takes.
pub(in crate::http) fn method_call(body: &[u8]) -> Result<MethodCall> {
    let text = encoding::text(body)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut parser = Parser { reader };
    parser.open("methodCall")?;
    parser.open("methodName")?;
    let method = parser.text()?.trim().to_owned();
    let mut args = Vec::new();
    match parser.part()? {
        Part::Open(name) if name == "params" => loop {
            match parser.part()? {
                Part::Open(name) if name == "param" => {
                    parser.open("value")?;
                    args.push(parser.value(0)?);
                    parser.close()?;
                }
                Part::Close => {
                    parser.close()?;
                    break;
                }
                other => return Err(other.unexpected()),
            }
        },
        Part::Close => {}
        other => return Err(other.unexpected()),
    }
    match parser.part()? {
        Part::End => Ok(MethodCall { method, args }),
        other => Err(other.unexpected()),
    }
}

fn broken(why: &str) -> Error {
    Error::Xml(format!("The body is no XML-RPC call: {why}"))
}

/// What markup is made of here.
enum Part {
    Open(String),
    Close,
    Text(String),
    End,
}

impl Part {
    fn unexpected(&self) -> Error {
        match self {
            Self::Open(name) => broken(&format!("<{name}> stands where it does not belong")),
            Self::Close => broken("an element ends too early"),
            Self::Text(_) => broken("text stands between elements"),
            Self::End => broken("it ends too early"),
        }
    }
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
}

impl Parser<'_> {
    fn next(&mut self) -> Result<Part> {
        loop {
            let event = self.reader.read_event().map_err(|error| broken(&error.to_string()))?;
            return Ok(match event {
                Event::Start(start) => Part::Open(start.name().as_ref().to_owned()),
                Event::End(_) => Part::Close,
                Event::Text(text) => Part::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Part::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let character =
                        reference.resolve_char_ref().map_err(|error| broken(&error.to_string()))?;
                    let known = match character {
                        Some(character) => Some(character.to_string()),
                        None => resolve_predefined_entity(&reference.into_inner()).map(str::to_owned),
                    };
                    Part::Text(known.ok_or_else(|| broken("an entity is unknown"))?)
                }
                // Entities of its own are the way to make a small body large.
                Event::DocType(_) => return Err(broken("it has a document type")),
                Event::Eof => Part::End,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }

    /// The next part that is no white space.
    fn part(&mut self) -> Result<Part> {
        loop {
            match self.next()? {
                Part::Text(text) if text.trim().is_empty() => {}
                part => return Ok(part),
            }
        }
    }

    fn open(&mut self, wanted: &str) -> Result<()> {
        match self.part()? {
            Part::Open(name) if name == wanted => Ok(()),
            other => Err(other.unexpected()),
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.part()? {
            Part::Close => Ok(()),
            other => Err(other.unexpected()),
        }
    }

    /// The text up to the end of the element.
    fn text(&mut self) -> Result<String> {
        let mut all = String::new();
        loop {
            match self.next()? {
                Part::Text(text) => all.push_str(&text),
                Part::Close => return Ok(all),
                other => return Err(other.unexpected()),
            }
        }
    }

    /// What stands within `<value>`; text without a type is a string.
    fn value(&mut self, depth: usize) -> Result<Json> {
        if depth > DEEPEST {
            return Err(broken("it nests too deep"));
        }
        let mut bare = String::new();
        loop {
            match self.next()? {
                Part::Text(text) => bare.push_str(&text),
                Part::Close => return Ok(Json::String(bare)),
                Part::Open(_) if !bare.trim().is_empty() => return Err(Part::Text(bare).unexpected()),
                Part::Open(kind) => {
                    let value = self.typed(&kind, depth)?;
                    self.close()?;
                    return Ok(value);
                }
                Part::End => return Err(Part::End.unexpected()),
            }
        }
    }

    fn typed(&mut self, kind: &str, depth: usize) -> Result<Json> {
        match kind {
            "array" => return self.array(depth),
            "struct" => return self.members(depth),
            _ => {}
        }
        let text = self.text()?;
        let wrong = || broken(&format!("'{}' is no <{kind}>", text.chars().take(40).collect::<String>()));
        Ok(match kind {
            "nil" => Json::Null,
            "string" => Json::String(text),
            "int" | "i4" | "i8" => text.trim().parse::<i64>().map_err(|_error| wrong())?.into(),
            "boolean" => match text.trim() {
                "1" => Json::Bool(true),
                "0" => Json::Bool(false),
                _ => return Err(wrong()),
            },
            "double" => {
                let number = text.trim().parse().ok().and_then(Number::from_f64);
                number.map(Json::Number).ok_or_else(wrong)?
            }
            "dateTime.iso8601" => moment(text.trim()).into(),
            "base64" => {
                return Err(Error::Type(
                    "Bytes are taken as base64 in a text, not as <base64>: no field takes 'Binary'."
                        .to_owned(),
                ));
            }
            _ => return Err(broken(&format!("there is no type <{kind}>"))),
        })
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        self.open("data")?;
        let mut items = Vec::new();
        loop {
            match self.part()? {
                Part::Open(name) if name == "value" => items.push(self.value(depth + 1)?),
                Part::Close => break,
                other => return Err(other.unexpected()),
            }
        }
        self.close()?;
        Ok(Json::Array(items))
    }

    fn members(&mut self, depth: usize) -> Result<Json> {
        let mut members = Map::new();
        loop {
            match self.part()? {
                Part::Open(name) if name == "member" => {
                    self.open("name")?;
                    let name = self.text()?;
                    self.open("value")?;
                    members.insert(name, self.value(depth + 1)?);
                    self.close()?;
                }
                Part::Close => return Ok(Json::Object(members)),
                other => return Err(other.unexpected()),
            }
        }
    }
}

/// A moment as domains and values have it.
fn moment(text: &str) -> String {
    let forms = ["%Y%m%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%dT%H%M%S"];
    let plain = text.trim_end_matches('Z');
    let parsed = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(plain, form).ok());
    parsed.map_or_else(|| text.to_owned(), |moment| moment.format("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests;
