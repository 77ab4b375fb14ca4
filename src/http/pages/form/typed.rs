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

/// Reads a form against what the record was when the page was made.
pub(super) async fn typed(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    base: &Map<String, Json>,
) -> Result<Typed> {
    let mut typed = Typed::default();
    for (element, shape) in sheet.fields() {
        if !sheet.is_open(element, &shape) {
            continue;
        }
        let before = base.get(&shape.name);
        match shape.kind() {
            "binary" => file(sheet, posted, &shape, &mut typed),
            "one2many" => lines(visit, sheet, posted, element, &shape, before, &mut typed).await?,
            "many2many" => links(visit, sheet, posted, element, &shape, before, &mut typed).await?,
            _ => single(visit, sheet, posted, element, &shape, before, &mut typed).await?,
        }
    }
    Ok(typed)
}

/// A picture or a file: another one, none, or what is there.
fn file(sheet: &Sheet<'_>, posted: &Posted, shape: &Shape, typed: &mut Typed) {
    let name = &shape.name;
    let is_removed = posted.has(&format!("c.{name}"));
    if let Some(content) = posted.file(name).filter(|_| !is_removed) {
        typed.values.insert(name.clone(), content.into());
        typed.changed.insert(name.clone());
    } else if is_removed && sheet.id.is_some() {
        typed.values.insert(name.clone(), false.into());
        typed.changed.insert(name.clone());
    }
}

async fn single(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    element: &Element,
    shape: &Shape,
    before: Option<&Json>,
    typed: &mut Typed,
) -> Result<()> {
    let path = shape.name.as_str();
    let Some(parsed) = cell(visit, sheet, posted, shape, path, path).await? else { return Ok(()) };
    let is_secret = sheet.is_secret(path) || flag(element, "password") == Some(true);
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
    if is_empty && sheet.is_required(element, shape) && !(is_secret && sheet.id.is_none()) {
        typed.errors.insert(path.to_owned(), sheet.desk.t("This has to be filled in.").to_owned());
    }
    let was = if is_secret { sheet.record.get(path) } else { before };
    if !was.is_some_and(|was| is_same(was, &value)) {
        typed.changed.insert(path.to_owned());
        typed.values.insert(path.to_owned(), value.clone());
    }
    let shown = match (shape.kind(), &value) {
        ("many2one", Json::Number(id)) => json!({"id": id, "display_name": posted.get(&format!("f.{path}"))}),
        _ => value,
    };
    typed.seen.insert(path.to_owned(), shown);
    Ok(())
}

/// The value of one input; none where the page had none.
async fn cell(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    shape: &Shape,
    path: &str,
    choices: &str,
) -> Result<Option<Parsed>> {
    if shape.kind() == "boolean" {
        let boxed = posted.has(&format!("b.{path}"));
        return Ok(boxed.then(|| Ok(posted.has(&format!("f.{path}")).into())));
    }
    let Some(text) = posted.get(&format!("f.{path}")) else { return Ok(None) };
    if shape.kind() == "many2one" {
        return many2one(visit, sheet, posted, shape, path, choices, text).await.map(Some);
    }
    Ok(Some(value_of(sheet, shape, text)))
}

fn value_of(sheet: &Sheet<'_>, shape: &Shape, text: &str) -> Parsed {
    let t = |english: &'static str| sheet.desk.t(english).to_owned();
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Json::Bool(false));
    }
    match shape.kind() {
        "integer" | "many2one_reference" => {
            trimmed.parse::<i64>().map(Json::from).map_err(|_error| t("This has to be a whole number."))
        }
        "float" | "monetary" => {
            let text = trimmed.replace(&sheet.desk.formats.decimal_point, ".").replace(',', ".");
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            number.map(Json::from).ok_or_else(|| t("This has to be a number."))
        }
        "date" => match chrono::NaiveDate::parse_from_str(trimmed, "%Y-%m-%d") {
            Ok(_) => Ok(trimmed.into()),
            Err(_error) => Err(t("This has to be a date, as in 2026-01-31.")),
        },
        "datetime" => shown::from_local(sheet.desk, trimmed)
            .map(Json::from)
            .ok_or_else(|| t("This has to be a date and a time, as in 2026-01-31 14:00.")),
        "char" => Ok(trimmed.into()),
        _ => Ok(text.into()),
    }
}

/// A record that was chosen from a list, or named.
async fn many2one(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    shape: &Shape,
    path: &str,
    _choices: &str,
    text: &str,
) -> Result<Parsed> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Ok(Json::Bool(false)));
    }
    let id = posted.get(&format!("i.{path}"));
    // A list to choose from sends the id alone; an input sends the name, and the id of the name it had.
    let Some(id) = id else {
        return Ok(text
            .parse::<i64>()
            .map(Json::from)
            .map_err(|_error| sheet.desk.t("Choose one of the list.").to_owned()));
    };
    if posted.get(&format!("t.{path}")).is_some_and(|known| known.trim() == text)
        && let Ok(id) = id.parse::<i64>()
    {
        return Ok(Ok(id.into()));
    }
    named(visit, sheet, shape, text).await
}

/// The one record of that name.
async fn named(visit: &Visit, sheet: &Sheet<'_>, shape: &Shape, text: &str) -> Result<Parsed> {
    let kwargs = json!({"name": text, "limit": CANDIDATES});
    let found = visit.call(shape.comodel(), "name_search", json!([]), kwargs, &Map::new()).await?;
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
        ([], _) => Err(sheet.desk.texts.fill("Nothing is called “{}”.", &[&text])),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
            Err(sheet.desk.texts.fill("Several fit, write the whole name: {}", &[&names.join("; ")]))
        }
    })
}

/// Records that are linked: those whose box is ticked, and one that was named besides.
async fn links(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    element: &Element,
    shape: &Shape,
    before: Option<&Json>,
    typed: &mut Typed,
) -> Result<()> {
    let path = shape.name.as_str();
    if !posted.has(&format!("b.{path}")) {
        return Ok(());
    }
    let mut now: BTreeSet<i64> = posted.ids(&format!("f.{path}")).into_iter().collect();
    for added in posted.all(&format!("a.{path}")).map(str::trim).filter(|text| !text.is_empty()) {
        match named(visit, sheet, shape, added).await? {
            Ok(id) => now.extend(id.as_i64()),
            Err(wrong) => _ = typed.errors.insert(path.to_owned(), wrong),
        }
    }
    let was: BTreeSet<i64> =
        before.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_i64).collect();
    let mut commands: Vec<Json> = now.difference(&was).map(|id| json!([4, id])).collect();
    commands.extend(was.difference(&now).map(|id| json!([3, id])));
    if now.is_empty() && sheet.is_required(element, shape) {
        typed.errors.insert(path.to_owned(), sheet.desk.t("This has to be filled in.").to_owned());
    }
    if !commands.is_empty() {
        typed.changed.insert(path.to_owned());
        typed.values.insert(path.to_owned(), commands.into());
    }
    Ok(())
}

/// Lines: changed, added, removed.
async fn lines(
    visit: &Visit,
    sheet: &Sheet<'_>,
    posted: &Posted,
    element: &Element,
    shape: &Shape,
    before: Option<&Json>,
    typed: &mut Typed,
) -> Result<()> {
    let columns = sheet.columns(element, shape);
    let mut commands = Vec::new();
    for key in posted.all(&format!("l.{}", shape.name)).collect::<BTreeSet<_>>() {
        let line = format!("{}.{key}", shape.name);
        let id = key.parse::<i64>().ok();
        if posted.has(&format!("d.{line}")) {
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
            let choices = format!("{}.{}", shape.name, column.name);
            let Some(parsed) = cell(visit, sheet, posted, column, &path, &choices).await? else { continue };
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
                    typed.errors.insert(path, sheet.desk.t("This has to be filled in.").to_owned());
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
