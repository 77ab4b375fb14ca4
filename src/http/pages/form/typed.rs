//! What was typed into a form, as values to write, and what of it is no value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::super::drawn::{Shape, flag};
use super::super::posted::Posted;
use super::super::shown;
use super::plain::is_same;
use super::sheet::Sheet;
use crate::error::Result;
use crate::orm::view::arch::Element;
use crate::rpc::page::Visit;

/// Candidates that are named when a name fits several.
const CANDIDATES: i64 = 8;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// What is to be written: fields whose value is another than that of the page.
    pub values: Map<String, Json>,
    /// The paths of the inputs that were changed.
    pub changed: BTreeSet<String>,
    /// What is no value, by the path of the input.
    pub errors: BTreeMap<String, String>,
    /// The values as conditions see them, for a page that is shown again.
    pub seen: Map<String, Json>,
}

/// One value of an input.
type Parsed = std::result::Result<Json, String>;

/// What all inputs of a form are read with.
struct Reading<'a> {
    visit: &'a Visit,
    sheet: &'a Sheet<'a>,
    posted: &'a Posted,
}

/// Reads a form against what the record was when the page was made.
pub(super) async fn typed(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    base: &Map<String, Json>,
) -> Result<Typed> {
    let (reading, mut typed) = (Reading { visit, sheet, posted }, Typed::default());
    for (element, shape) in sheet.fields() {
        if !sheet.is_open(element, &shape) {
            continue;
        }
        let before = base.get(&shape.name);
        match shape.kind() {
            "binary" => reading.file(&shape, &mut typed),
            "one2many" => reading.lines(element, &shape, before, &mut typed).await?,
            "many2many" => reading.links(element, &shape, before, &mut typed).await?,
            _ => reading.single(element, &shape, before, &mut typed).await?,
        }
    }
    Ok(typed)
}

impl Reading<'_> {
    /// A picture or a file: another one, none, or what is there.
    fn file(&self, shape: &Shape, typed: &mut Typed) {
        let name = &shape.name;
        let is_removed = self.posted.has(&format!("c.{name}"));
        if let Some(content) = self.posted.file(name).filter(|_| !is_removed) {
            typed.values.insert(name.clone(), content.into());
            typed.changed.insert(name.clone());
        } else if is_removed && self.sheet.id.is_some() {
            typed.values.insert(name.clone(), false.into());
            typed.changed.insert(name.clone());
        }
    }

    async fn single(
        &self,
        element: &Element,
        shape: &Shape,
        before: Option<&Json>,
        typed: &mut Typed,
    ) -> Result<()> {
        let path = shape.name.as_str();
        let Some(parsed) = self.cell(shape, path).await? else { return Ok(()) };
        let is_secret = self.sheet.is_secret(path) || flag(element, "password") == Some(true);
        let value = match parsed {
            // An empty input of a password leaves it as it is.
            Ok(Json::Bool(false)) if flag(element, "password") == Some(true) => return Ok(()),
            Ok(value) => value,
            Err(wrong) => {
                typed.changed.insert(path.to_owned());
                typed.errors.insert(path.to_owned(), wrong);
                return Ok(());
            }
        };
        let is_empty = matches!(value, Json::Bool(false)) && shape.kind() != "boolean";
        if is_empty && self.sheet.is_required(element, shape) && !(is_secret && self.sheet.id.is_none()) {
            typed.errors.insert(path.to_owned(), self.sheet.desk.t("This has to be filled in.").to_owned());
        }
        let was = if is_secret { self.sheet.record.get(path) } else { before };
        if !was.is_some_and(|was| is_same(was, &value)) {
            typed.changed.insert(path.to_owned());
            typed.values.insert(path.to_owned(), value.clone());
        }
        let shown = match (shape.kind(), &value) {
            ("many2one", Json::Number(id)) => {
                json!({"id": id, "display_name": self.posted.get(&format!("f.{path}"))})
            }
            _ => value,
        };
        typed.seen.insert(path.to_owned(), shown);
        Ok(())
    }

    /// The value of one input; none where the page had none.
    async fn cell(&self, shape: &Shape, path: &str) -> Result<Option<Parsed>> {
        if shape.kind() == "boolean" {
            let boxed = self.posted.has(&format!("b.{path}"));
            return Ok(boxed.then(|| Ok(self.posted.has(&format!("f.{path}")).into())));
        }
        let Some(text) = self.posted.get(&format!("f.{path}")) else { return Ok(None) };
        if shape.kind() == "many2one" {
            return self.many2one(shape, path, text).await.map(Some);
        }
        Ok(Some(self.value_of(shape, text)))
    }

    fn value_of(&self, shape: &Shape, text: &str) -> Parsed {
        let t = |english: &'static str| self.sheet.desk.t(english).to_owned();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(Json::Bool(false));
        }
        match shape.kind() {
            "integer" | "many2one_reference" => {
                trimmed.parse::<i64>().map(Json::from).map_err(|_error| t("This has to be a whole number."))
            }
            "float" | "monetary" => {
                let text = trimmed.replace(&self.sheet.desk.formats.decimal_point, ".").replace(',', ".");
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(Json::from).ok_or_else(|| t("This has to be a number."))
            }
            "date" => match chrono::NaiveDate::parse_from_str(trimmed, "%Y-%m-%d") {
                Ok(_) => Ok(trimmed.into()),
                Err(_error) => Err(t("This has to be a date, as in 2026-01-31.")),
            },
            "datetime" => shown::from_local(self.sheet.desk, trimmed)
                .map(Json::from)
                .ok_or_else(|| t("This has to be a date and a time, as in 2026-01-31 14:00.")),
            "char" => Ok(trimmed.into()),
            _ => Ok(text.into()),
        }
    }

    /// A record that was chosen from a list, or named.
    async fn many2one(&self, shape: &Shape, path: &str, text: &str) -> Result<Parsed> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Ok(Json::Bool(false)));
        }
        let id = self.posted.get(&format!("i.{path}"));
        // A list to choose from sends the id alone; an input sends the name, and the id of the name it had.
        let Some(id) = id else {
            return Ok(text
                .parse::<i64>()
                .map(Json::from)
                .map_err(|_error| self.sheet.desk.t("Choose one of the list.").to_owned()));
        };
        if self.posted.get(&format!("t.{path}")).is_some_and(|known| known.trim() == text)
            && let Ok(id) = id.parse::<i64>()
        {
            return Ok(Ok(id.into()));
        }
        self.named(shape, text).await
    }

    /// The one record of that name.
    async fn named(&self, shape: &Shape, text: &str) -> Result<Parsed> {
        let kwargs = json!({"name": text, "limit": CANDIDATES});
        let found = self.visit.call(shape.comodel(), "name_search", json!([]), kwargs, &Map::new()).await?;
        let pairs: Vec<(i64, &str)> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair.get(0)?.as_i64()?, pair.get(1)?.as_str()?)))
            .collect();
        let exact: Vec<i64> =
            pairs.iter().filter(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(id, _)| *id).collect();
        Ok(match (pairs.as_slice(), exact.as_slice()) {
            (_, [id]) | ([(id, _)], _) => Ok((*id).into()),
            ([], _) => Err(self.sheet.desk.texts.fill("Nothing is called “{}”.", &[&text])),
            (several, _) => {
                let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
                Err(self.sheet.desk.texts.fill("Several fit, write the whole name: {}", &[&names.join("; ")]))
            }
        })
    }

    /// Records that are linked: those whose box is ticked, and one that was named besides.
    async fn links(
        &self,
        element: &Element,
        shape: &Shape,
        before: Option<&Json>,
        typed: &mut Typed,
    ) -> Result<()> {
        let path = shape.name.as_str();
        if !self.posted.has(&format!("b.{path}")) {
            return Ok(());
        }
        let mut now: BTreeSet<i64> = self.posted.ids(&format!("f.{path}")).into_iter().collect();
        for added in self.posted.all(&format!("a.{path}")).map(str::trim).filter(|text| !text.is_empty()) {
            match self.named(shape, added).await? {
                Ok(id) => now.extend(id.as_i64()),
                Err(wrong) => _ = typed.errors.insert(path.to_owned(), wrong),
            }
        }
        let was: BTreeSet<i64> =
            before.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_i64).collect();
        let mut commands: Vec<Json> = now.difference(&was).map(|id| json!([4, id])).collect();
        commands.extend(was.difference(&now).map(|id| json!([3, id])));
        if now.is_empty() && self.sheet.is_required(element, shape) {
            typed.errors.insert(path.to_owned(), self.sheet.desk.t("This has to be filled in.").to_owned());
        }
        if !commands.is_empty() {
            typed.changed.insert(path.to_owned());
            typed.values.insert(path.to_owned(), commands.into());
        }
        Ok(())
    }

    /// Lines: changed, added, removed.
    async fn lines(
        &self,
        element: &Element,
        shape: &Shape,
        before: Option<&Json>,
        typed: &mut Typed,
    ) -> Result<()> {
        let columns = self.sheet.columns(element, shape);
        let mut commands = Vec::new();
        for key in self.posted.all(&format!("l.{}", shape.name)).collect::<BTreeSet<_>>() {
            let line = format!("{}.{key}", shape.name);
            let id = key.parse::<i64>().ok();
            if self.posted.has(&format!("d.{line}")) {
                typed.changed.insert(line);
                commands.extend(id.map(|id| json!([2, id])));
                continue;
            }
            let was = before.and_then(Json::as_array).into_iter().flatten();
            let was = was
                .filter_map(Json::as_object)
                .find(|held| id.is_some() && held.get("id").and_then(Json::as_i64) == id);
            let (mut values, mut is_blank) = (Map::new(), true);
            for (inner, column) in &columns {
                let path = format!("{line}.{}", column.name);
                let Some(parsed) = self.cell(column, &path).await? else { continue };
                let value = match parsed {
                    Ok(value) => value,
                    Err(wrong) => {
                        typed.errors.insert(path.clone(), wrong);
                        typed.changed.insert(path);
                        is_blank = false;
                        continue;
                    }
                };
                is_blank &= matches!(value, Json::Bool(_)) || value == json!(0);
                if was.and_then(|was| was.get(&column.name)).is_none_or(|was| !is_same(was, &value)) {
                    typed.changed.insert(path.clone());
                    if (column.is("required") || flag(inner, "required") == Some(true))
                        && value == json!(false)
                        && column.kind() != "boolean"
                    {
                        typed.errors.insert(path, self.sheet.desk.t("This has to be filled in.").to_owned());
                    }
                    values.insert(column.name.clone(), value);
                }
            }
            match id {
                Some(id) if !values.is_empty() => commands.push(json!([1, id, values])),
                // A line that nothing was typed into is none.
                None if is_blank => typed.errors.retain(|path, _| !path.starts_with(&format!("{line}."))),
                None => commands.push(json!([0, 0, values])),
                Some(_) => {}
            }
        }
        if !commands.is_empty() {
            typed.values.insert(shape.name.clone(), commands.into());
        }
        Ok(())
    }
}
