//! The views, actions and menus of the program, read from `sql/data/views/*.xml`.
//!
//! The files have the form of Odoo's own data files: `<record>` with its fields, `<menuitem>`, each
//! under its external id. Unlike other base data a shipped view follows the program: when a new
//! version has another arch it is written, unless an administrator has edited the view
//! (`arch_updated`). What people made of actions and menus stays as it is.

use std::collections::HashMap;

use roxmltree::{Document, Node};
use serde_json::{Value as Json, json};

use crate::db::{Raw, Sql};
use crate::error::{Error, Result};
use crate::orm::behaviour::Values;
use crate::orm::create::create;
use crate::orm::environment::Environment;
use crate::orm::registry::{int, text};
use crate::orm::write::write;

/// In the order in which they name each other.
pub(super) const FILES: [&str; 7] = [
    include_str!("../../sql/data/views/settings.xml"),
    include_str!("../../sql/data/views/users.xml"),
    include_str!("../../sql/data/views/technical.xml"),
    include_str!("../../sql/data/views/modules.xml"),
    include_str!("../../sql/data/views/content.xml"),
    include_str!("../../sql/data/views/oregional.xml"),
    include_str!("../../sql/data/views/audit.xml"),
];

/// A record of a file.
struct Shipped {
    id: String,
    model: String,
    values: Values,
}

/// The records behind external ids.
type Known = HashMap<String, (String, i64)>;

/// Makes what is missing, and brings views to what the program says.
///
/// # Errors
///
/// [`Error::Internal`] when a file cannot be read, [`Error::Validation`] when a view does not fit.
pub(super) async fn seed(env: &Environment) -> Result<()> {
    let statement = Sql::text("SELECT module || '.' || name, model, res_id FROM ir_model_data");
    let rows = env.connection().query(statement).await?;
    let mut known: Known = rows.iter().map(|row| (text(row, 0), (text(row, 1), int(row, 2)))).collect();
    let arches = arches(env).await?;
    for file in FILES {
        for shipped in read(file, &known)? {
            match known.get(&shipped.id) {
                Some((_, id)) => update(env, &shipped, *id, arches.get(id)).await?,
                None => make(env, shipped, &mut known).await?,
            }
        }
    }
    Ok(())
}

async fn make(env: &Environment, shipped: Shipped, known: &mut Known) -> Result<()> {
    let model = env.model(&shipped.model)?;
    let mut values = Json::Object(shipped.values);
    resolve(&mut values, known)?;
    let Json::Object(values) = values else { return Ok(()) };
    let made = create(env, &model, vec![values]).await?;
    let id = made.first().copied().unwrap_or_default();
    super::seed::name(env, &shipped.id, &shipped.model, id).await?;
    known.insert(shipped.id, (shipped.model, id));
    Ok(())
}

/// Brings a view to what the program says; `kept` is what nobody has edited.
async fn update(env: &Environment, shipped: &Shipped, id: i64, kept: Option<&String>) -> Result<()> {
    let arch = shipped.values.get("arch").and_then(Json::as_str);
    let (Some(arch), Some(kept)) = (arch, kept) else { return Ok(()) };
    if arch == kept {
        return Ok(());
    }
    let values = [("arch".to_owned(), arch.into())].into_iter().collect();
    write(env, &*env.model(&shipped.model)?, &[id], values).await
}

/// The arches of views that nobody has edited.
async fn arches(env: &Environment) -> Result<HashMap<i64, String>> {
    let statement = Sql::text("SELECT id, arch_db, arch_updated FROM ir_ui_view");
    let rows = env.connection().query(statement).await?;
    let is_edited =
        |row: &crate::db::Row| row.try_get::<_, Option<Raw<'_>>>(2).ok().flatten().is_some_and(Raw::boolean);
    Ok(rows.iter().filter(|row| !is_edited(row)).map(|row| (int(row, 0), text(row, 1))).collect())
}

fn wrong(node: Node<'_, '_>, why: &str) -> Error {
    let line = node.document().text_pos_at(node.range().start).row;
    Error::Internal(format!(
        "the shipped views cannot be read: <{}>, line {line}: {why}",
        node.tag_name().name()
    ))
}

fn wanted<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str> {
    node.attribute(name).ok_or_else(|| wrong(node, &format!("the attribute {name} is missing")))
}

/// The records of a file. Menus need to know which kind of action they open: that may be one of this
/// very file.
fn read(file: &str, known: &Known) -> Result<Vec<Shipped>> {
    let document = Document::parse(file)
        .map_err(|error| Error::Internal(format!("the shipped views cannot be read: {error}")))?;
    let root = document.root_element();
    let module = wanted(root, "module")?;
    let full = |name: &str| if name.contains('.') { name.to_owned() } else { format!("{module}.{name}") };
    let mut records = Vec::new();
    let mut kinds: HashMap<String, String> = HashMap::new();
    for node in root.children().filter(Node::is_element) {
        let id = full(wanted(node, "id")?);
        let (model, values) = match node.tag_name().name() {
            "record" => (wanted(node, "model")?.to_owned(), fields(node, file, &full)?),
            "menuitem" => {
                let kind = |name: &str| {
                    kinds.get(name).cloned().or_else(|| known.get(name).map(|(model, _)| model.clone()))
                };
                ("ir.ui.menu".to_owned(), menu(node, &full, kind)?)
            }
            _ => return Err(wrong(node, "this is not a record")),
        };
        kinds.insert(id.clone(), model.clone());
        records.push(Shipped { id, model, values });
    }
    Ok(records)
}

fn menu(
    node: Node<'_, '_>,
    full: &dyn Fn(&str) -> String,
    kind: impl Fn(&str) -> Option<String>,
) -> Result<Values> {
    let mut values = Values::new();
    values.insert("name".to_owned(), wanted(node, "name")?.into());
    if let Some(parent) = node.attribute("parent") {
        values.insert("parent_id".to_owned(), json!({"ref": full(parent)}));
    }
    if let Some(action) = node.attribute("action") {
        let action = full(action);
        let model = kind(&action).ok_or_else(|| wrong(node, "the action is not known"))?;
        values.insert("action".to_owned(), json!({"reference": action, "model": model}));
    }
    if let Some(sequence) = node.attribute("sequence") {
        values.insert("sequence".to_owned(), sequence.into());
    }
    if let Some(icon) = node.attribute("web_icon") {
        values.insert("web_icon".to_owned(), icon.into());
    }
    if let Some(groups) = node.attribute("groups") {
        values.insert("groups_id".to_owned(), links(groups, full));
    }
    Ok(values)
}

fn links(names: &str, full: &dyn Fn(&str) -> String) -> Json {
    let links = names.split(',').map(|name| json!([4, {"ref": full(name.trim())}]));
    links.collect()
}

fn fields(node: Node<'_, '_>, file: &str, full: &dyn Fn(&str) -> String) -> Result<Values> {
    let mut values = Values::new();
    for field in node.children().filter(Node::is_element) {
        let name = wanted(field, "name")?.to_owned();
        let value = match (field.attribute("ref"), field.attribute("refs"), field.attribute("json")) {
            (Some(reference), ..) => json!({"ref": full(reference)}),
            (_, Some(references), _) => links(references, full),
            (.., Some(value)) => {
                serde_json::from_str(value).map_err(|error| wrong(field, &error.to_string()))?
            }
            _ if field.attribute("type").is_some() => inside(field, file).into(),
            _ => field.text().unwrap_or_default().trim().into(),
        };
        values.insert(name, value);
    }
    Ok(values)
}

/// The text between the tags of a node, without the indentation that the file gives it.
fn inside(node: Node<'_, '_>, file: &str) -> String {
    let ends = node.first_element_child().zip(node.last_element_child());
    let Some((first, last)) = ends else { return node.text().unwrap_or_default().trim().to_owned() };
    let text = file.get(first.range().start..last.range().end).unwrap_or_default();
    let before = file.get(..first.range().start).unwrap_or_default();
    let margin: String = before.chars().rev().take_while(|letter| *letter == ' ').collect();
    text.replace(&format!("\n{margin}"), "\n")
}

/// Puts ids in the place of what stands for a record.
fn resolve(value: &mut Json, known: &Known) -> Result<()> {
    let find = |name: &str| {
        known.get(name).ok_or_else(|| Error::Internal(format!("the shipped views name {name} too early")))
    };
    if let Some(name) = value.get("ref").and_then(Json::as_str) {
        *value = find(name)?.1.into();
        return Ok(());
    }
    if let Some(name) = value.get("reference").and_then(Json::as_str) {
        let (model, id) = find(name)?;
        *value = format!("{model},{id}").into();
        return Ok(());
    }
    match value {
        Json::Array(items) => items.iter_mut().try_for_each(|item| resolve(item, known)),
        Json::Object(entries) => entries.values_mut().try_for_each(|item| resolve(item, known)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read_and_names_only_what_comes_before() {
        let mut seen: Known = HashMap::new();
        for file in FILES {
            for shipped in read(file, &seen).unwrap() {
                assert!(!seen.contains_key(&shipped.id), "{} is there twice", shipped.id);
                seen.insert(shipped.id, (shipped.model, 0));
            }
        }
    }

    #[test]
    fn an_arch_keeps_its_lines_without_the_margin_of_the_file() {
        let file = "<odoo module=\"m\"><record id=\"a\" model=\"x\">\n    <field name=\"arch\" type=\"xml\">\n        <form>\n            <p/>\n        </form>\n    </field></record></odoo>";
        let records = read(file, &Known::new()).unwrap();

        assert_eq!(records.first().unwrap().values["arch"], "<form>\n    <p/>\n</form>");
    }
}
