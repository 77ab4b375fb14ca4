//! The rows of one record as the values that `create` and `write` take.

use serde_json::{Value as Json, json};

use super::super::behaviour::{Promise, Values};
use super::super::environment::Environment;
use super::super::model::Model;
use super::super::python;
use super::cell::{self, Taken, Unfit};
use super::header::{By, Columns, Lines, Link};
use super::keep::{Keeper, Late, Pending, Target};
use super::lookup::{External, Found, Lookup};
use super::message::{Gravity, Message, Place};
use super::rows::{self, Row, is_empty};
use crate::error::Result;

/// Converts records one after the other and gathers what there is to say of them.
pub(super) struct Converter<'e> {
    env: &'e Environment,
    columns: &'e Columns,
    /// The models whose records the load itself makes.
    own_models: Vec<String>,
    pub lookup: Lookup,
    pub messages: Vec<Message>,
}

/// A record in the making, at any level.
struct Converted {
    values: Values,
    target: Target,
    late: Vec<Late>,
}

/// Where a cell stands: which record, and under which fields.
#[derive(Clone, Copy)]
struct At<'a> {
    place: Place,
    path: &'a [String],
}

impl<'e> Converter<'e> {
    pub(super) fn new(env: &'e Environment, columns: &'e Columns) -> Self {
        let own_models = columns.models();
        Self { env, columns, own_models, lookup: Lookup::default(), messages: Vec::new() }
    }

    /// A record, or none when something of it is wrong.
    pub(super) async fn record(
        &mut self,
        keeper: &mut Keeper<'e>,
        rows: &[Row<'_>],
        place: Place,
    ) -> Result<Option<Pending>> {
        let before = super::errors(&self.messages);
        let at = At { place, path: &[] };
        let converted = self.convert(keeper, self.columns, rows, at).await?;
        if super::errors(&self.messages) > before {
            return Ok(None);
        }
        let Converted { values, target, late } = converted;
        Ok(Some(Pending { place, values, target, late }))
    }

    fn convert<'a>(
        &'a mut self,
        keeper: &'a mut Keeper<'e>,
        columns: &'a Columns,
        rows: &'a [Row<'a>],
        at: At<'a>,
    ) -> Promise<'a, Converted> {
        Box::pin(async move {
            let (mut values, mut late) = (Values::new(), Vec::new());
            let target = self.target(keeper, columns, rows, at).await?;
            let Some(first) = rows.first() else { return Ok(Converted { values, target, late }) };
            for plain in &columns.plain {
                let value = self.plain(&columns.model, &plain.field, rows::cell(first, plain.column), at);
                values.insert(plain.field.clone(), value);
            }
            for link in &columns.links {
                let value =
                    self.link(keeper, &columns.model, link, rows::cell(first, link.column), at).await?;
                values.insert(link.field.clone(), value);
            }
            for lines in &columns.lines {
                let commands = self.lines(keeper, lines, rows, at, &mut late).await?;
                if !commands.is_empty() {
                    values.insert(lines.field.clone(), Json::Array(commands));
                }
            }
            Ok(Converted { values, target, late })
        })
    }

    /// Whether the record is there, and which one it is.
    async fn target(
        &mut self,
        keeper: &mut Keeper<'e>,
        columns: &Columns,
        rows: &[Row<'_>],
        at: At<'_>,
    ) -> Result<Target> {
        let Some(first) = rows.first() else { return Ok(Target::New { external: None }) };
        let given = |column: Option<usize>| {
            column.map(|column| rows::cell(first, column)).filter(|cell| !is_empty(cell)).map(python::text)
        };
        if let Some(id) = given(columns.database) {
            self.settle(keeper, &columns.model, By::Database, &id).await?;
            return Ok(match self.lookup.find(self.env, &columns.model, By::Database, &id).await? {
                Found::One(id) | Found::Several(id) => Target::Known(id),
                Found::None => {
                    self.tell(
                        at,
                        ".id",
                        &columns.model,
                        Some(id.clone().into()),
                        None,
                        format!("'{}' has no record with the id {id}.", columns.model.description),
                    );
                    Target::New { external: None }
                }
            });
        }
        let Some(external) = given(columns.external) else { return Ok(Target::New { external: None }) };
        if keeper.is_naming(&external) {
            keeper.flush(self).await?;
        }
        Ok(match self.lookup.external(self.env, &columns.model, &external).await? {
            External::Record(id) => Target::Known(id),
            External::Free => Target::New { external: Some(external) },
            External::OfModel(other) => {
                let text = format!("The external id {external} is a record's of another model ({other}).");
                self.tell(at, "id", &columns.model, Some(external.into()), None, text);
                Target::New { external: None }
            }
        })
    }

    fn plain(&mut self, model: &Model, name: &str, given: &Json, at: At<'_>) -> Json {
        let Some(field) = model.field(name).filter(|_| !is_empty(given)) else { return Json::Bool(false) };
        match cell::take(field, given) {
            Ok(Taken { value, doubt }) => {
                if let Some(doubt) = doubt {
                    self.doubt(at, name, model, given, doubt);
                }
                value
            }
            Err(Unfit { text, hint }) => {
                self.tell(at, name, model, Some(given.clone()), hint, text);
                Json::Bool(false)
            }
        }
    }

    /// What the load has still to keep may be what a cell names.
    async fn settle(&mut self, keeper: &mut Keeper<'e>, model: &Model, by: By, given: &str) -> Result<()> {
        if self.own_models.contains(&model.name) && !self.lookup.knows(model, by, given) {
            keeper.flush(self).await?;
        }
        Ok(())
    }

    async fn link(
        &mut self,
        keeper: &mut Keeper<'e>,
        model: &Model,
        link: &Link,
        given: &Json,
        at: At<'_>,
    ) -> Result<Json> {
        if is_empty(given) {
            return Ok(if link.several { json!([[5]]) } else { Json::Bool(false) });
        }
        let named: Vec<String> = match given {
            Json::Array(items) if link.several => items.iter().map(python::text).collect(),
            _ if link.several => {
                let text = python::text(given);
                text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            }
            _ => vec![python::text(given).trim().to_owned()],
        };
        let mut ids = Vec::with_capacity(named.len());
        for one in named {
            self.settle(keeper, &link.comodel, link.by, &one).await?;
            match self.lookup.find(self.env, &link.comodel, link.by, &one).await? {
                Found::One(id) => ids.push(id),
                Found::Several(id) => {
                    let doubt = format!(
                        "Several records of '{}' are called '{one}': the first was taken.",
                        link.comodel.description
                    );
                    self.doubt(at, &link.field, model, given, doubt);
                    ids.push(id);
                }
                Found::None => {
                    let label = model.field(&link.field).map_or("", |field| &field.string);
                    let way = match link.by {
                        By::Name => "called",
                        By::External => "with the external id",
                        By::Database => "with the id",
                    };
                    let text = format!(
                        "There is no record of '{}' {way} '{one}', which the field '{label}' names.",
                        link.comodel.description
                    );
                    self.tell(at, &link.field, model, Some(one.into()), None, text);
                }
            }
        }
        Ok(if link.several {
            json!([[6, 0, ids]])
        } else {
            ids.first().copied().map_or(Json::Bool(false), Json::from)
        })
    }

    /// The commands for lines. A new line with an external id has to be named once it is made: it
    /// comes late, when its record is there.
    async fn lines(
        &mut self,
        keeper: &mut Keeper<'e>,
        lines: &Lines,
        rows: &[Row<'_>],
        at: At<'_>,
        late: &mut Vec<Late>,
    ) -> Result<Vec<Json>> {
        let mut path = at.path.to_vec();
        path.push(lines.field.clone());
        let mut commands = Vec::new();
        for line in rows::records(&lines.columns, rows) {
            let below = At { place: at.place, path: &path };
            let Converted { values, target, late: deeper } =
                self.convert(keeper, &lines.columns, line, below).await?;
            match target {
                Target::Known(id) => commands.push(json!([1, id, values])),
                Target::New { external: None } if deeper.is_empty() => commands.push(json!([0, 0, values])),
                Target::New { external } => late.push(Late {
                    model: lines.columns.model.name.clone(),
                    inverse: lines.inverse.clone(),
                    external,
                    values,
                    further: deeper,
                }),
            }
        }
        Ok(commands)
    }

    fn doubt(&mut self, at: At<'_>, name: &str, model: &Model, value: &Json, text: String) {
        self.tell(at, name, model, Some(value.clone()), None, text);
        if let Some(last) = self.messages.last_mut() {
            last.gravity = Gravity::Warning;
        }
    }

    fn tell(
        &mut self,
        at: At<'_>,
        name: &str,
        model: &Model,
        value: Option<Json>,
        hint: Option<Json>,
        text: String,
    ) {
        let mut path = at.path.to_vec();
        path.push(name.to_owned());
        let label = model.field(name).map_or_else(|| name.to_owned(), |field| field.string.clone());
        let known = Message::about(at.place, text);
        self.messages.push(Message { path, label, value, hint, ..known });
    }
}
