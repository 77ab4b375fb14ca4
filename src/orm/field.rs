//! What a field is: its type, its attributes, where its value comes from, and how to declare one.

use serde_json::Value as Json;

use super::choices::Choices;
use super::environment::Environment;
use crate::db::Sql;

/// What happens to a record when the one that it points to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The link becomes empty.
    SetNull,
    /// The record goes too.
    Cascade,
    /// The deletion is refused.
    Restrict,
}

impl OnDelete {
    /// The rule of a word; a link becomes empty where there is none.
    pub fn parse(word: &str) -> Self {
        let known = [Self::Cascade, Self::Restrict].into_iter().find(|rule| rule.as_str() == word);
        known.unwrap_or(Self::SetNull)
    }

    /// Odoo's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetNull => "set null",
            Self::Cascade => "cascade",
            Self::Restrict => "restrict",
        }
    }
}

/// The type of a field with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldType {
    /// A line of text.
    Char,
    /// Text of several lines.
    Text,
    /// Text with markup, cleaned when it is written.
    Html,
    /// Yes or no; never empty.
    Boolean,
    /// A whole number of 32 bits; empty reads as 0.
    Integer,
    /// A floating number; empty reads as 0.0.
    Float,
    /// An amount of money; empty reads as 0.0.
    Monetary,
    /// A day.
    Date,
    /// A moment, in UTC.
    Datetime,
    /// One of some values, each with its label.
    Selection(Vec<(String, String)>),
    /// A link to one record.
    Many2one {
        /// The model of that record.
        comodel: String,
        /// What its deletion does here.
        ondelete: OnDelete,
    },
    /// The records that link here.
    One2many {
        /// Their model.
        comodel: String,
        /// Their many2one.
        inverse: String,
    },
    /// Links to any number of records.
    Many2many {
        /// Their model.
        comodel: String,
        /// The table of links.
        relation: String,
        /// Its column that names this model's record.
        column1: String,
        /// Its column that names the other one's.
        column2: String,
    },
    /// Bytes; base64 on the wire.
    Binary,
    /// A picture; base64 on the wire, validated and made to fit when it is written.
    Image {
        /// Pixels; 0 is no limit.
        max_width: u32,
        /// Pixels; 0 is no limit.
        max_height: u32,
    },
}

impl FieldType {
    /// Odoo's word, as `fields_get` and `ir.model.fields` tell it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Text => "text",
            Self::Html => "html",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Monetary => "monetary",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Selection(_) => "selection",
            Self::Many2one { .. } => "many2one",
            Self::One2many { .. } => "one2many",
            Self::Many2many { .. } => "many2many",
            Self::Binary | Self::Image { .. } => "binary",
        }
    }

    /// The model on the other side.
    pub fn comodel(&self) -> Option<&str> {
        match self {
            Self::Many2one { comodel, .. }
            | Self::One2many { comodel, .. }
            | Self::Many2many { comodel, .. } => Some(comodel),
            _ => None,
        }
    }

    /// Whether it is a one2many or a many2many.
    pub fn is_x2many(&self) -> bool {
        matches!(self, Self::One2many { .. } | Self::Many2many { .. })
    }

    /// Whether it is a text, where nothing and `""` are both empty.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Char | Self::Text | Self::Html)
    }

    /// Whether it is a number, where nothing reads as 0.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Monetary)
    }

    /// Whether it holds bytes.
    pub fn is_binary(&self) -> bool {
        matches!(self, Self::Binary | Self::Image { .. })
    }
}

/// What an SQL expression may lean on.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The alias of the record's table.
    pub alias: &'a str,
    /// The language of translated texts.
    pub lang: &'a str,
}

/// An expression over the record's row.
pub type Expression = fn(Scope<'_>) -> Sql;

/// A value for a new record.
#[derive(Clone)]
pub enum Default {
    /// Always the same.
    Value(Json),
    /// The record of an external id, if it is there.
    Reference(&'static str),
    /// Made anew.
    Make(fn(&Environment) -> Json),
}

impl std::fmt::Debug for Default {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => write!(formatter, "{value}"),
            Self::Reference(name) => formatter.write_str(name),
            Self::Make(_) => formatter.write_str("made anew"),
        }
    }
}

/// Where a field's value comes from.
#[derive(Clone)]
pub enum Source {
    /// Its column, as somebody wrote it.
    Column,
    /// An expression, evaluated when it is read.
    Computed(Expression),
    /// An expression, kept in a column and evaluated again when what it depends on changes.
    StoredComputed(Expression),
    /// The field at the end of a path over many2one fields.
    Related(Vec<String>),
    /// The same, kept in a column as well, so that it can be indexed.
    StoredRelated(Vec<String>),
}

/// Whose rights it takes to write a related field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Those on the record that has the field: both are one thing, such as a user and its contact.
    Owner,
    /// Those on the record at the end of the path as well.
    Caller,
}

/// Tells an expression by its SQL: the fingerprint of a model must not depend on where its code lies.
impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sql = |expression: &Expression| expression(Scope { alias: "t", lang: "en_US" }).render().0;
        match self {
            Self::Column => formatter.write_str("column"),
            Self::Computed(expression) => write!(formatter, "computed {}", sql(expression)),
            Self::StoredComputed(expression) => write!(formatter, "stored {}", sql(expression)),
            Self::Related(path) => write!(formatter, "related {}", path.join(".")),
            Self::StoredRelated(path) => write!(formatter, "stored related {}", path.join(".")),
        }
    }
}

/// A field; see the module. Attributes have Odoo's names.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "they are Odoo's attributes, each one on or off")]
pub struct Field {
    /// The technical name.
    pub name: String,
    /// The label.
    pub string: String,
    /// The explanation.
    pub help: String,
    /// The type.
    pub kind: FieldType,
    /// Must have a value.
    pub required: bool,
    /// Is not to be edited on pages.
    pub readonly: bool,
    /// Is taken along by `copy`.
    pub copy: bool,
    /// Has an index of its own.
    pub index: bool,
    /// Has a text for each language.
    pub translate: bool,
    /// How many characters are kept; none is no limit.
    pub size: Option<usize>,
    /// The many2one that has the currency of an amount of money.
    pub currency_field: Option<String>,
    /// Holds names of models: a name of old is taken for the one of today.
    pub names_model: bool,
    /// Is sealed in the database; see the security notes of the README.
    pub sealed: bool,
    /// External ids of the groups that may see it; empty is everybody.
    pub groups: Vec<String>,
    /// Of a related field, the groups that the links of its path ask for: one of each of these lists.
    pub link_groups: Vec<Vec<String>>,
    /// The value of a new record.
    pub default: Option<Default>,
    /// Where the value comes from.
    pub source: Source,
    /// Whose rights a related field is written with; without any, writing it changes nothing.
    pub written_as: Option<Right>,
    /// What a computed field depends on: paths of field names.
    pub depends: Vec<String>,
    /// Whether a domain may ask for it although it is computed when it is read.
    pub search: bool,
    /// The one2many whose lines it counts: each reader is told of those that the reader sees.
    pub counts: Option<String>,
    /// Where the options of a selection come from, when they are not declared.
    pub choices: Option<Choices>,
    /// Whether it was made by an administrator at run time.
    pub manual: bool,
    /// Whether it came from a model that this one delegates to.
    pub inherited: bool,
    /// Its id in `ir.model.fields`.
    pub id: i64,
}

impl Field {
    /// A field of a type, with Odoo's usual attributes.
    pub fn new(name: &str, kind: FieldType) -> Self {
        let copy = !matches!(kind, FieldType::One2many { .. });
        Self {
            name: name.to_owned(),
            string: label(name),
            help: String::new(),
            kind,
            required: false,
            readonly: false,
            copy,
            index: false,
            translate: false,
            size: None,
            currency_field: None,
            names_model: false,
            sealed: false,
            groups: Vec::new(),
            link_groups: Vec::new(),
            default: None,
            source: Source::Column,
            written_as: None,
            depends: Vec::new(),
            search: false,
            counts: None,
            choices: None,
            manual: false,
            inherited: false,
            id: 0,
        }
    }

    /// Whether it has a column in the model's table.
    pub fn has_column(&self) -> bool {
        !self.kind.is_x2many()
            && matches!(self.source, Source::Column | Source::StoredComputed(_) | Source::StoredRelated(_))
    }

    /// Whether it is kept in the database, in a column or in a table of links.
    pub fn is_stored(&self) -> bool {
        self.has_column() || (self.kind.is_x2many() && matches!(self.source, Source::Column))
    }

    /// Whether its value follows from others.
    pub fn is_computed(&self) -> bool {
        matches!(self.source, Source::Computed(_) | Source::StoredComputed(_))
    }

    /// The path of a related field.
    pub fn related_path(&self) -> Option<&[String]> {
        match &self.source {
            Source::Related(path) | Source::StoredRelated(path) => Some(path),
            _ => None,
        }
    }

    /// Whether a domain may ask for it: an expression that nobody keeps is not searched.
    pub fn is_searchable(&self) -> bool {
        self.search || !matches!(self.source, Source::Computed(_)) || self.name == "display_name"
    }

    /// The type of its column.
    pub fn column_type(&self) -> &'static str {
        if self.sealed {
            return "bytea";
        }
        if self.translate {
            return "jsonb";
        }
        match self.kind {
            FieldType::Char | FieldType::Selection(_) => "varchar",
            FieldType::Text | FieldType::Html => "text",
            FieldType::Boolean => "boolean",
            FieldType::Integer | FieldType::Many2one { .. } => "integer",
            FieldType::Float | FieldType::Monetary => "double precision",
            FieldType::Date => "date",
            FieldType::Datetime => "timestamp",
            FieldType::Binary | FieldType::Image { .. } => "bytea",
            FieldType::One2many { .. } | FieldType::Many2many { .. } => "",
        }
    }
}

/// The label that Odoo makes of a name: `model_scheme_id` is "Model Scheme".
pub fn label(name: &str) -> String {
    let stem = name.strip_suffix("_ids").or_else(|| name.strip_suffix("_id")).unwrap_or(name);
    let words = stem.split('_').filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_follows_from_the_name() {
        assert_eq!(label("authorization_code_expiry"), "Authorization Code Expiry");
        assert_eq!(label("model_scheme_id"), "Model Scheme");
    }
}
