//! Filters that users keep: their own, and those shared with everybody.

use serde_json::Value as Json;

use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::choices::Choices;
use crate::orm::create::create;
use crate::orm::declare::{boolean, char, choice, integer, many2one, text};
use crate::orm::domain::{Domain, Operator};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::query::{self, Page, SELF};
use crate::orm::read::{self, Load, Wanted};
use crate::orm::registry::int;
use crate::orm::write::write;

fn own_user(env: &Environment) -> Json {
    env.user().id.into()
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.filters", "Filters")
            .order("model_id, name, id desc")
            .fields([
                char("name").string("Filter Name").required(),
                many2one("user_id", "res.users")
                    .ondelete(OnDelete::Cascade)
                    .help("Whose filter it is; nobody's is everybody's.")
                    .default_by(Default::Make(own_user)),
                text("domain").default("[]").required(),
                text("context").default("{}").required(),
                char("sort").default("[]").required(),
                choice("model_id", Choices::Models).string("Model").required(),
                boolean("is_default").string("Default Filter"),
                integer("action_id").string("Action"),
                boolean("active").default(true),
            ])
            .behaviour(&Filters),
    ]
}

struct Filters;

static METHODS: [Method; 2] = [
    method!(
        "get_filters",
        Receiver::Model,
        Effect::Reads,
        [
            required("model"),
            optional("action_id"),
            optional("embedded_action_id"),
            optional("embedded_parent_res_id")
        ],
        get_filters
    ),
    method!("create_or_replace", Receiver::Model, Effect::Writes, [required("vals")], create_or_replace),
];

impl Behaviour for Filters {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        let sort = values.get("sort").and_then(Json::as_str);
        if sort.is_some_and(|sort| serde_json::from_str::<Vec<String>>(sort).is_err()) {
            return Err(Error::Validation("The order of a filter is a JSON list of texts.".to_owned()));
        }
        Ok(())
    }
}

/// The filters of a model that the caller may use: the own ones and those of everybody.
fn usable(env: &Environment, model: &str, action: i64) -> Domain {
    let mut actions: Vec<Json> = vec![Json::Bool(false), 0.into()];
    if action != 0 {
        actions.push(action.into());
    }
    Domain::all_of(vec![
        Domain::condition("model_id", Operator::Eq, model),
        Domain::condition("user_id", Operator::In, Json::from(vec![env.user().id.into(), Json::Bool(false)])),
        Domain::condition("action_id", Operator::In, Json::Array(actions)),
    ])
}

fn get_filters(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let model = call.arguments.text("model")?.unwrap_or_default();
        let action = call.arguments.get("action_id").and_then(Json::as_i64).unwrap_or_default();
        let domain = usable(call.env, model, action);
        let names = ["name", "is_default", "domain", "context", "user_id", "sort"].map(str::to_owned);
        let fields = read::fields(call.env, call.model, Some(&names))?;
        let wanted = Wanted::Domain(domain, Page::default());
        read::read(call.env, call.model, wanted, &fields, Load::Classic).await.map(Reply::Json)
    })
}

/// Keeps a filter; one of the same name, user, model and action is replaced.
fn create_or_replace(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let Json::Object(values) = call.arguments.take("vals") else {
            return Err(Error::Type("'vals' has to be an object of values.".to_owned()));
        };
        let given = |name: &str| values.get(name).cloned().unwrap_or(Json::Null);
        let name = python::text(&given("name"));
        let action = given("action_id").as_i64().unwrap_or_default();
        let user = given("user_id").as_i64();
        let domain = usable(env, &python::text(&given("model_id")), action);
        let wanted = column(SELF, "id")
            .and_text(", ")
            .then(column(SELF, "name"))
            .and_text(", ")
            .then(column(SELF, "user_id"));
        let select = query::select(env, model, wanted, domain, &Page::default())?;
        let known = env.connection().read_guarded(|guard| select.statement(guard)).await?;
        let of_owner: Vec<_> = known.iter().filter(|row| int(row, 2) == user.unwrap_or_default()).collect();
        if given("is_default") == Json::Bool(true) {
            let others: Vec<i64> = of_owner.iter().map(|row| int(row, 0)).collect();
            let no_default: Values = [("is_default".to_owned(), Json::Bool(false))].into_iter().collect();
            write(env, model, &others, no_default).await?;
        }
        let same = of_owner
            .iter()
            .find(|row| crate::orm::registry::text(row, 1).to_lowercase() == name.to_lowercase())
            .map(|row| int(row, 0));
        let id = match same {
            Some(id) => {
                write(env, model, &[id], values).await?;
                Some(id)
            }
            None => create(env, model, vec![values]).await?.first().copied(),
        };
        Ok(Reply::value(&id.into()))
    })
}
