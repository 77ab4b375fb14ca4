//! What a load has to say about a record: an error, for which nothing is kept, or a warning.

use serde_json::{Map, Value as Json, json};

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// The record cannot be taken in.
    Error,
    /// It can, but perhaps not as it was meant.
    Warning,
}

/// Where a record stands among the rows, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which record it is.
    pub record: usize,
    /// Its first row.
    pub from: usize,
    /// Its last row.
    pub to: usize,
}

/// A message; see the module.
#[derive(Debug, Clone)]
pub struct Message {
    /// How grave it is.
    pub gravity: Gravity,
    /// The words for people.
    pub text: String,
    /// Where.
    pub place: Place,
    /// The path of the column, such as `uri_ids/uri`; none when it is about the whole record.
    pub path: Vec<String>,
    /// The label of the field.
    pub label: String,
    /// The value that was given.
    pub value: Option<Json>,
    /// What would have been right.
    pub hint: Option<Json>,
}

impl Message {
    /// An error about a whole record.
    pub fn about(place: Place, text: String) -> Self {
        let (path, label, value, hint) = (Vec::new(), String::new(), None, None);
        Self { gravity: Gravity::Error, text, place, path, label, value, hint }
    }

    /// The object that clients read.
    pub fn to_json(&self) -> Json {
        let kind = match self.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        };
        let mut told = Map::new();
        told.insert("type".to_owned(), kind.into());
        told.insert("message".to_owned(), self.text.clone().into());
        told.insert("record".to_owned(), self.place.record.into());
        told.insert("rows".to_owned(), json!({"from": self.place.from, "to": self.place.to}));
        if let Some(field) = self.path.first() {
            told.insert("field".to_owned(), field.clone().into());
            told.insert("field_name".to_owned(), self.label.clone().into());
            told.insert("field_path".to_owned(), self.path.clone().into());
        }
        for (name, value) in [("value", &self.value), ("moreinfo", &self.hint)] {
            if let Some(value) = value {
                told.insert(name.to_owned(), value.clone());
            }
        }
        Json::Object(told)
    }
}
