//! The words with which a model is declared: `char("name").required().translate()`.

use serde_json::Value as Json;

use super::choices::Choices;
use super::field::{Default, Expression, Field, FieldType, OnDelete, Right, Source};

/// A line of text.
pub fn char(name: &str) -> Field {
    Field::new(name, FieldType::Char)
}

/// Text of several lines.
pub fn text(name: &str) -> Field {
    Field::new(name, FieldType::Text)
}

/// Text with markup.
pub fn html(name: &str) -> Field {
    Field::new(name, FieldType::Html)
}

/// Yes or no.
pub fn boolean(name: &str) -> Field {
    Field::new(name, FieldType::Boolean)
}

/// A whole number.
pub fn integer(name: &str) -> Field {
    Field::new(name, FieldType::Integer)
}

/// A floating number.
pub fn float(name: &str) -> Field {
    Field::new(name, FieldType::Float)
}

/// An amount of money.
pub fn monetary(name: &str) -> Field {
    Field::new(name, FieldType::Monetary)
}

/// A day.
pub fn date(name: &str) -> Field {
    Field::new(name, FieldType::Date)
}

/// A moment, in UTC.
pub fn datetime(name: &str) -> Field {
    Field::new(name, FieldType::Datetime)
}

/// Bytes.
pub fn binary(name: &str) -> Field {
    Field::new(name, FieldType::Binary)
}

/// A picture that fits into some pixels.
pub fn image(name: &str, max_width: u32, max_height: u32) -> Field {
    Field::new(name, FieldType::Image { max_width, max_height })
}

/// One of some values, each with its label.
pub fn selection(name: &str, options: &[(&str, &str)]) -> Field {
    let options = options.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    Field::new(name, FieldType::Selection(options))
}

/// One of some values that are not known beforehand.
pub fn choice(name: &str, choices: Choices) -> Field {
    Field { choices: Some(choices), ..Field::new(name, FieldType::Selection(Vec::new())) }
}

/// A link to one record; emptied when that is deleted, unless [`Field::ondelete`] says otherwise.
pub fn many2one(name: &str, comodel: &str) -> Field {
    Field::new(name, FieldType::Many2one { comodel: comodel.to_owned(), ondelete: OnDelete::SetNull })
}

/// The records whose `inverse` links here.
pub fn one2many(name: &str, comodel: &str, inverse: &str) -> Field {
    Field::new(name, FieldType::One2many { comodel: comodel.to_owned(), inverse: inverse.to_owned() })
}

/// Links to any number of records, kept in the table `relation`.
pub fn many2many(name: &str, comodel: &str, relation: &str, column1: &str, column2: &str) -> Field {
    let (comodel, relation) = (comodel.to_owned(), relation.to_owned());
    let (column1, column2) = (column1.to_owned(), column2.to_owned());
    Field::new(name, FieldType::Many2many { comodel, relation, column1, column2 })
}

impl Field {
    /// Gives it a label of its own.
    #[must_use]
    pub fn string(mut self, label: &str) -> Self {
        label.clone_into(&mut self.string);
        self
    }

    /// Explains it.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    /// Must have a value. A required many2one keeps what it points to from being deleted.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        if let FieldType::Many2one { ondelete: ondelete @ OnDelete::SetNull, .. } = &mut self.kind {
            *ondelete = OnDelete::Restrict;
        }
        self
    }

    /// Is not to be edited on pages.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// Is not taken along by `copy`.
    #[must_use]
    pub fn no_copy(mut self) -> Self {
        self.copy = false;
        self
    }

    /// Is taken along by `copy`, which a one2many is not by itself.
    #[must_use]
    pub fn with_copy(mut self) -> Self {
        self.copy = true;
        self
    }

    /// Has an index.
    #[must_use]
    pub fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// Has a text for each language.
    #[must_use]
    pub fn translate(mut self) -> Self {
        self.translate = true;
        self
    }

    /// Holds names of models: a name of old is taken for the one of today.
    #[must_use]
    pub fn names_model(mut self) -> Self {
        self.names_model = true;
        self
    }

    /// Is sealed in the database.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.sealed = true;
        self
    }

    /// Only members of this group see it.
    #[must_use]
    pub fn groups(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }

    /// The value of a new record.
    #[must_use]
    pub fn default(mut self, value: impl Into<Json>) -> Self {
        self.default = Some(Default::Value(value.into()));
        self
    }

    /// The value of a new record, of another kind.
    #[must_use]
    pub fn default_by(mut self, default: Default) -> Self {
        self.default = Some(default);
        self
    }

    /// What the deletion of the other record does here.
    #[must_use]
    pub fn ondelete(mut self, rule: OnDelete) -> Self {
        if let FieldType::Many2one { ondelete, .. } = &mut self.kind {
            *ondelete = rule;
        }
        self
    }

    /// Follows from others when it is read.
    #[must_use]
    pub fn compute(mut self, expression: Expression, depends: &[&str]) -> Self {
        self.source = Source::Computed(expression);
        self.follow(depends)
    }

    /// Counts the lines of a one2many: those that the caller sees. The expression is for the server itself.
    #[must_use]
    pub fn counts(mut self, list: &str) -> Self {
        self.counts = Some(list.to_owned());
        self
    }

    /// May be asked for in a domain, although it follows from others when it is read.
    #[must_use]
    pub fn searchable(mut self) -> Self {
        self.search = true;
        self
    }

    /// Follows from others and is kept.
    #[must_use]
    pub fn compute_stored(mut self, expression: Expression, depends: &[&str]) -> Self {
        self.source = Source::StoredComputed(expression);
        self.follow(depends)
    }

    /// Is the field at the end of `path`.
    #[must_use]
    pub fn related(mut self, path: &str) -> Self {
        self.source = Source::Related(path.split('.').map(str::to_owned).collect());
        self.follow(&[path])
    }

    /// Is part of what the record is, although another record has it: who may write the one may write the other.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.readonly = false;
        self.written_as = Some(Right::Owner);
        self
    }

    /// Is the field at the end of `path`, and kept.
    #[must_use]
    pub fn related_stored(mut self, path: &str) -> Self {
        self.source = Source::StoredRelated(path.split('.').map(str::to_owned).collect());
        self.follow(&[path])
    }

    fn follow(mut self, depends: &[&str]) -> Self {
        self.depends = depends.iter().map(|path| (*path).to_owned()).collect();
        self.readonly = true;
        self.copy = false;
        self
    }
}
