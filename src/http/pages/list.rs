//! `/odoo/<model>`: the list of a model's records.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value as Json, json};
use url::form_urlencoded;

use super::address::{Custom, State, list_path};
use super::condition::{self, Values};
use super::desk::{Asked, Desk};
use super::drawn::{Drawn, Shape, flag, specification};
use super::frame::{Page, frame, usual_action};
use super::search::{Search, all_of};
use super::table::{self, Group, Rows};
use super::{answered, see_other};
use crate::error::{Error, Result};
use crate::orm::python;
use crate::orm::view::arch::Element;
use crate::rpc::App;
use crate::rpc::page::Visit;

/// Rows of a page, where the view does not say.
const PAGE: i64 = 80;

/// Groups of a page.
const GROUPS: i64 = 80;

/// So many are counted and no more: beyond it nobody reads on.
pub(super) const COUNTED: i64 = 10_000;

/// A list on its way to the page.
pub(super) struct Listing<'a> {
    /// Who looks.
    pub desk: &'a Desk,
    /// The model.
    pub model: String,
    /// Its name for people.
    pub title: String,
    /// Views and fields.
    pub drawn: Drawn,
    /// The list.
    pub arch: Element,
    /// The columns that are shown, and those that might be.
    pub columns: Vec<(Element, Shape)>,
    /// The same for those that are hidden for now.
    pub hidden: Vec<(Element, Shape)>,
    /// What it can be searched by.
    pub search: Search<'a>,
    /// The state, with the filters that hold from the start.
    pub state: State,
    /// What the action adds to every call.
    pub context: Map<String, Json>,
    /// What is shown, as a domain.
    pub domain: Vec<Json>,
    /// Whether records are archived and not deleted.
    pub has_active: bool,
    /// What may be done: create, write, unlink.
    pub rights: [bool; 3],
    /// What the action says where nothing is found, as HTML.
    pub help: String,
}

impl<'a> Listing<'a> {
    /// Prepares a list.
    pub(super) async fn open(visit: &Visit, desk: &'a Desk, model: &str, state: &State) -> Result<Self> {
        let action = action_of(visit, desk, model, state).await?;
        let nothing = Map::new();
        let values = Values { record: &nothing, user_id: desk.user_id, searched: None, now: desk.now };
        let mut context = condition::context(action.get("context"), &values);
        let state = started(state, &context);
        context.retain(|name, _| !name.starts_with("search_default_"));
        let drawn = Drawn::load(visit, model, &[(None, "list"), (None, "search")], &context).await?;
        let (arch, search) = (drawn.arch("list")?, drawn.arch("search")?);
        let mut search = Search::new(desk, &search, drawn.shapes(model));
        search.names = names(visit, &search, &state).await?;
        let base = condition::domain(action.get("domain"), &values);
        let domain = all_of(vec![base, search.domain(&state)]);
        let (columns, hidden) = columns(&arch, &drawn, model, &state);
        let told = visit.registry().model(model)?;
        let has_active = told.has_active();
        let title = action.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
        let title = desk.t(title.unwrap_or(&told.description)).to_owned();
        let rights = ["create", "edit", "delete"].map(|right| flag(&arch, right) != Some(false));
        let help = action.get("help").and_then(Json::as_str).unwrap_or_default().to_owned();
        let model = told.name.clone();
        Ok(Self {
            desk,
            model,
            title,
            drawn,
            arch,
            columns,
            hidden,
            search,
            state,
            context,
            domain,
            has_active,
            rights,
            help,
        })
    }

    /// The order that the state asks for, then that of the view.
    pub(super) fn order(&self) -> Option<String> {
        if let Some((field, down)) = self.state.sort() {
            let shape = self.search.shape(field)?;
            return shape
                .is("sortable")
                .then(|| format!("{field} {}, id", if down { "desc" } else { "asc" }));
        }
        self.arch.attribute("default_order").map(str::to_owned)
    }

    /// How many rows a page has.
    pub(super) fn limit(&self) -> i64 {
        self.arch
            .attribute("limit")
            .and_then(|limit| limit.parse().ok())
            .filter(|limit| (1..=500).contains(limit))
            .unwrap_or(PAGE)
    }

    async fn rows(&self, visit: &Visit, domain: &[Json], offset: i64) -> Result<Rows> {
        let shown =
            self.columns.iter().filter_map(|(_, shape)| Some((shape.name.clone(), specification(shape)?)));
        let mut wanted: Map<String, Json> = shown.collect();
        for name in ["display_name", "write_date"].into_iter().chain(self.has_active.then_some("active")) {
            wanted.entry(name).or_insert_with(|| json!({}));
        }
        let hidden = self
            .arch
            .elements()
            .filter(|element| element.tag == "field")
            .filter_map(|field| field.attribute("name"));
        for shape in hidden.filter_map(|name| self.drawn.shape(&self.model, name)) {
            if let Some(asked) = specification(&shape) {
                wanted.entry(shape.name).or_insert(asked);
            }
        }
        let kwargs = json!({
            "domain": domain, "specification": wanted, "offset": offset, "limit": self.limit(),
            "order": self.order(), "count_limit": COUNTED + 1,
        });
        let mut found = visit.call(&self.model, "web_search_read", json!([]), kwargs, &self.context).await?;
        let length = found.get("length").and_then(Json::as_i64).unwrap_or_default();
        let records =
            found.get_mut("records").and_then(Json::as_array_mut).map(std::mem::take).unwrap_or_default();
        let records = records.into_iter().filter_map(|record| match record {
            Json::Object(record) => Some(record),
            _ => None,
        });
        Ok(Rows { records: records.collect(), offset, length, more: length > COUNTED })
    }

    async fn groups(&self, visit: &Visit) -> Result<Vec<Group>> {
        let by: Vec<&str> = self.state.all("g").collect();
        let kwargs =
            json!({"domain": self.domain, "fields": [], "groupby": by, "lazy": false, "limit": GROUPS});
        let told = visit.call(&self.model, "web_read_group", json!([]), kwargs, &self.context).await?;
        let groups = told.get("groups").and_then(Json::as_array).cloned().unwrap_or_default();
        let mut listed = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            let place = place.to_string();
            let is_open = self.state.all("o").any(|open| open == place);
            let domain = group.get("__domain").and_then(Json::as_array).cloned().unwrap_or_default();
            let rows = if is_open { Some(self.rows(visit, &domain, 0).await?) } else { None };
            let label = by.iter().map(|by| self.group_label(group, by)).collect::<Vec<_>>().join(" / ");
            let count = group.get("__count").and_then(Json::as_i64).unwrap_or_default();
            listed.push(Group { label, count, toggle: self.state.toggled("o", &place), rows });
        }
        Ok(listed)
    }

    fn group_label(&self, group: &Json, by: &str) -> String {
        let name = by.split(':').next().unwrap_or(by);
        let value = group.get(by).or_else(|| group.get(name)).unwrap_or(&Json::Null);
        match (value, self.search.shape(name)) {
            (Json::Array(pair), _) => pair.get(1).map(python::text).unwrap_or_default(),
            (Json::Bool(false) | Json::Null, Some(shape)) if shape.kind() != "boolean" => {
                self.desk.t("None").to_owned()
            }
            (value, Some(shape)) if ["selection", "boolean"].contains(&shape.kind()) => {
                super::shown::plain(self.desk, shape, value)
            }
            (value, _) => python::text(value),
        }
    }
}

/// The action of a state, or the usual one of the model; an empty one where there is none.
async fn action_of(visit: &Visit, desk: &Desk, model: &str, state: &State) -> Result<Json> {
    let Some(id) = state.action.or_else(|| usual_action(desk, model)) else { return Ok(json!({})) };
    match visit.action(&id.into()).await {
        Ok(action) if action.get("res_model").is_some_and(|named| named == model) => Ok(action),
        Ok(_) | Err(Error::Missing(_)) => Ok(json!({})),
        Err(error) => Err(error),
    }
}

/// The names of records that filters of the state name by their number.
async fn names(visit: &Visit, search: &Search<'_>, state: &State) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    for custom in state.customs() {
        let comodel = search.shape(&custom.field).map(Shape::comodel).filter(|comodel| !comodel.is_empty());
        let (Some(comodel), Ok(id)) = (comodel, custom.value.parse::<i64>()) else { continue };
        let wanted = json!([[id], ["display_name"]]);
        match visit.call(comodel, "read", wanted, json!({}), &Map::new()).await {
            Ok(told) => {
                let name = told.get(0).and_then(|record| record.get("display_name")).and_then(Json::as_str);
                names.extend(name.map(|name| (custom.text(), name.to_owned())));
            }
            // What the visitor may not see keeps its number.
            Err(Error::Access(_) | Error::Missing(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names)
}

/// The state with the filters of the action, when nothing was chosen yet.
fn started(state: &State, context: &Map<String, Json>) -> State {
    if !state.is_untouched() {
        return state.clone();
    }
    let usual = context.iter().filter(|(_, value)| python::truth(value));
    let names = usual.filter_map(|(name, _)| name.strip_prefix("search_default_"));
    let page = state.get("page").unwrap_or_default().to_owned();
    names.fold(state.clone(), |state, name| state.with("f", name)).set("page", &page)
}

/// The columns of a list, shown and hidden.
type Columns = Vec<(Element, Shape)>;

fn columns(arch: &Element, drawn: &Drawn, model: &str, state: &State) -> (Columns, Columns) {
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for element in arch.elements().filter(|element| element.tag == "field") {
        let Some(shape) = element.attribute("name").and_then(|name| drawn.shape(model, name)) else {
            continue;
        };
        let is_out = |name: &str| flag(element, name) == Some(true);
        if is_out("column_invisible") || is_out("invisible") || element.attribute("widget") == Some("handle")
        {
            continue;
        }
        let is_toggled = state.all("x").any(|name| name == shape.name);
        let is_hidden = (element.attribute("optional") == Some("hide")) != is_toggled;
        if is_hidden { &mut hidden } else { &mut shown }.push((element.clone(), shape));
    }
    (shown, hidden)
}

/// What the search forms of a list send, as the state that they mean.
fn searched(query: &str) -> Option<State> {
    let (mut q, mut field, mut custom, mut operator, mut value) =
        (None, String::new(), None, String::new(), String::new());
    for (name, given) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "q" => q = Some(given.trim().to_owned()),
            "in" => field = given.into_owned(),
            "cf" => custom = Some(given.into_owned()),
            "co" => operator = given.into_owned(),
            "cv" => given.trim().clone_into(&mut value),
            _ => {}
        }
    }
    let state = State::parse(query);
    match (q, custom) {
        (Some(q), _) if q.is_empty() => Some(state),
        (Some(q), _) => Some(state.with("s", &format!("{field}:{q}"))),
        (None, Some(field)) => Some(state.with("c", &Custom { field, operator, value }.text())),
        (None, None) => None,
    }
}

/// Whether the address names an action by its path, or a model by another name.
async fn elsewhere(visit: &Visit, name: &str, query: &str) -> Result<Option<String>> {
    if let Ok(model) = visit.registry().model(name) {
        let is_other = model.name != name;
        return Ok(is_other.then(|| super::address::with_query(&list_path(&model.name), query)));
    }
    let action = visit.action(&name.into()).await.map_err(|error| match error {
        Error::Value(_) | Error::Missing(_) => {
            Error::NotFound(format!("There is neither a model nor an action '{name}'."))
        }
        other => other,
    })?;
    Ok(action.get("res_model").and_then(Json::as_str).map(list_path))
}

/// The page.
pub(in crate::http) async fn list(app: Data<App>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    if let Some(state) = searched(&asked.query) {
        return see_other(&state.list(&path));
    }
    let shown = async |visit: &Visit| {
        if let Some(address) = elsewhere(visit, &path, &asked.query).await? {
            return Ok(see_other(&address));
        }
        show(visit, &asked, &path, None).await
    };
    answered(&app, &request, shown).await
}

/// Draws the list; with what went wrong, if something did.
pub(super) async fn show(
    visit: &Visit,
    asked: &Asked,
    model: &str,
    wrong: Option<&str>,
) -> Result<HttpResponse> {
    let desk = Desk::open(visit, asked).await?;
    let state = State::parse(&asked.query);
    let listing = Listing::open(visit, &desk, model, &state).await?;
    let content = if listing.state.get("g").is_some() {
        table::grouped(&listing, &listing.groups(visit).await?)
    } else {
        let offset = (listing.state.page() - 1).saturating_mul(listing.limit());
        table::flat(&listing, &listing.rows(visit, &listing.domain, offset).await?)
    };
    let body = table::page(&listing, &content, wrong);
    let page = Page { title: listing.title.clone(), model: listing.model.clone(), crumbs: Vec::new(), body };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(frame(&desk, status, &page))
}
