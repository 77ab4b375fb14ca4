//! The first row of a table: paths of fields, sorted into what belongs to the record itself, what it
//! is linked to, and its lines.

use std::sync::Arc;

use super::super::environment::Environment;
use super::super::field::FieldType;
use super::super::model::Model;
use crate::error::{Error, Result};

/// How far lines of lines may go.
const DEEPEST: usize = 8;

/// By what a linked record is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum By {
    /// What it is called.
    Name,
    /// Its external id.
    External,
    /// Its id.
    Database,
}

/// A column with a plain value.
pub(super) struct Plain {
    pub column: usize,
    pub field: String,
}

/// A column that names another record, or several.
pub(super) struct Link {
    pub column: usize,
    pub field: String,
    pub comodel: Arc<Model>,
    pub by: By,
    /// Whether it names any number of them, separated by commas.
    pub several: bool,
}

/// The columns of lines.
pub(super) struct Lines {
    pub field: String,
    pub inverse: String,
    pub columns: Columns,
}

/// The columns of one model; see the module.
pub(super) struct Columns {
    pub model: Arc<Model>,
    /// Where the external id of the record is.
    pub external: Option<usize>,
    /// Where its id is.
    pub database: Option<usize>,
    pub plain: Vec<Plain>,
    pub links: Vec<Link>,
    pub lines: Vec<Lines>,
}

/// A column on its way: its place, and what is left of its path.
type Open<'a> = (usize, &'a [String]);

impl Columns {
    /// Sorts the columns of a table.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for a field that is not there, and for two columns that say the same.
    pub(super) fn parse(env: &Environment, model: &Arc<Model>, paths: &[Vec<String>]) -> Result<Self> {
        let open: Vec<Open<'_>> =
            paths.iter().enumerate().map(|(place, path)| (place, path.as_slice())).collect();
        Self::sort(env, model, &open, 0)
    }

    fn sort(env: &Environment, model: &Arc<Model>, open: &[Open<'_>], depth: usize) -> Result<Self> {
        if depth > DEEPEST {
            return Err(Error::Value(format!("Lines of lines go {DEEPEST} levels deep at the most.")));
        }
        let mut sorted = Self {
            model: Arc::clone(model),
            external: None,
            database: None,
            plain: Vec::new(),
            links: Vec::new(),
            lines: Vec::new(),
        };
        let mut seen: Vec<&str> = Vec::new();
        for (_, path) in open {
            let first = path.first().map_or("", String::as_str);
            if seen.contains(&first) {
                continue;
            }
            seen.push(first);
            let same: Vec<Open<'_>> = open
                .iter()
                .filter(|(_, other)| other.first().is_some_and(|name| name == first))
                .map(|(column, other)| (*column, other.get(1..).unwrap_or_default()))
                .collect();
            sorted.add(env, model, first, &same, depth)?;
        }
        Ok(sorted)
    }

    fn add(
        &mut self,
        env: &Environment,
        model: &Model,
        name: &str,
        columns: &[Open<'_>],
        depth: usize,
    ) -> Result<()> {
        let twice = || Error::Value(format!("Several columns say what '{name}' is: keep one of them."));
        let one = || match columns {
            [(column, rest)] => Ok((*column, *rest)),
            _ => Err(twice()),
        };
        if name == "id" || name == ".id" {
            let (column, rest) = one()?;
            if !rest.is_empty() {
                return Err(Error::Value(format!(
                    "Nothing can come after '{name}' in the name of a column."
                )));
            }
            let place = if name == "id" { &mut self.external } else { &mut self.database };
            *place = Some(column);
            return Ok(());
        }
        let field = model.field(name).ok_or_else(|| {
            Error::Value(format!("'{}' ({}) has no field '{name}'.", model.description, model.name))
        })?;
        let owned = name.to_owned();
        match &field.kind {
            FieldType::One2many { comodel, inverse } if columns.iter().all(|(_, rest)| !rest.is_empty()) => {
                let columns = Self::sort(env, &env.model(comodel)?, columns, depth + 1)?;
                self.lines.push(Lines { field: owned, inverse: inverse.clone(), columns });
            }
            FieldType::Many2one { comodel, .. }
            | FieldType::Many2many { comodel, .. }
            | FieldType::One2many { comodel, .. } => {
                let ((column, rest), comodel) = (one()?, env.model(comodel)?);
                let by = by(name, &comodel, rest)?;
                let several = field.kind.is_x2many();
                self.links.push(Link { column, field: owned, comodel, by, several });
            }
            _ => {
                let (column, rest) = one()?;
                if !rest.is_empty() {
                    return Err(Error::Value(format!(
                        "'{name}' is linked to nothing: no field comes after it."
                    )));
                }
                self.plain.push(Plain { column, field: owned });
            }
        }
        Ok(())
    }

    /// The columns that only the record's first row fills.
    pub(super) fn own(&self) -> Vec<usize> {
        let ids = self.external.into_iter().chain(self.database);
        let plain = self.plain.iter().map(|plain| plain.column);
        ids.chain(plain).chain(self.links.iter().map(|link| link.column)).collect()
    }

    /// The columns of its lines, at any depth.
    pub(super) fn below(&self) -> Vec<usize> {
        let deeper = |lines: &Lines| {
            let mut all = lines.columns.own();
            all.extend(lines.columns.below());
            all
        };
        self.lines.iter().flat_map(deeper).collect()
    }

    /// The models whose records a row may make.
    pub(super) fn models(&self) -> Vec<String> {
        let deeper = self.lines.iter().flat_map(|lines| lines.columns.models());
        std::iter::once(self.model.name.clone()).chain(deeper).collect()
    }
}

/// What the rest of a path says about how a linked record is found.
fn by(name: &str, comodel: &Model, rest: &[String]) -> Result<By> {
    match rest {
        [] => Ok(By::Name),
        [last] if last == "id" => Ok(By::External),
        [last] if last == ".id" => Ok(By::Database),
        [last] if last == "display_name" || last == "name" || comodel.rec_name.as_ref() == Some(last) => {
            Ok(By::Name)
        }
        _ => Err(Error::Value(format!(
            "'{name}' is found by its name ('{name}'), its external id ('{name}/id') or its id ('{name}/.id'), and not by '{name}/{}'.",
            rest.join("/")
        ))),
    }
}
