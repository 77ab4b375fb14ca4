//! The settings page: what an administrator finds under Settings → General Settings. Its records only
//! serve the dialog; what is typed in goes into system parameters.

use serde_json::{Value as Json, json};

use crate::db::Sql;
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{char, integer, many2one};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete};
use crate::orm::method::{Arguments, Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::{self, method};
use crate::orm::model::Model;
use crate::orm::read::{self, Load};
use crate::orm::registry::{int, text};

/// The fields that are system parameters, with their keys.
const PARAMETERS: [(&str, &str); 1] = [("web_base_url", "web.base.url")];

/// Hours after which a dialog that nobody saved is forgotten.
const FORGOTTEN: i64 = 1;

fn company(env: &Environment) -> Json {
    env.company_id().into()
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.config.settings", "Config Settings")
            .transient()
            .fields([
                many2one("company_id", "res.company")
                    .required()
                    .ondelete(OnDelete::Cascade)
                    .default_by(Default::Make(company)),
                char("company_name").related("company_id.name"),
                char("web_base_url")
                    .string("Web Address")
                    .help("The address under which people and applications reach this server."),
                integer("active_user_count").string("Number of Active Users").readonly(),
                integer("company_count").string("Number of Companies").readonly(),
                integer("language_count").string("Number of Languages").readonly(),
            ])
            .behaviour(&Settings),
    ]
}

struct Settings;

static METHODS: [Method; 2] = [
    method!("execute", Receiver::Records, Effect::Writes, [], execute),
    method!("cancel", Receiver::Records, Effect::Reads, [], cancel),
];

impl Behaviour for Settings {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    /// What holds now.
    fn defaults<'a>(&'a self, env: &'a Environment) -> Promise<'a, Values> {
        Box::pin(async move {
            let mut values = Values::new();
            let counts = Sql::text(include_str!("../../sql/queries/views/settings.sql"));
            if let Some(row) = env.connection().query(counts).await?.first() {
                for (place, name) in
                    ["active_user_count", "company_count", "language_count"].iter().enumerate()
                {
                    values.insert((*name).to_owned(), int(row, place).into());
                }
            }
            for (field, key) in PARAMETERS {
                let statement =
                    Sql::text("SELECT value FROM ir_config_parameter WHERE key = ").then(Sql::param(key));
                let rows = env.connection().query(statement).await?;
                let value = rows.first().map_or(Json::Bool(false), |row| text(row, 0).into());
                values.insert(field.to_owned(), value);
            }
            Ok(values)
        })
    }

    fn before_create<'a>(&'a self, env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            let old = env.now() - chrono::TimeDelta::hours(FORGOTTEN);
            let statement =
                Sql::text("DELETE FROM res_config_settings WHERE create_date < ").then(Sql::param(old));
            env.connection().execute(statement).await?;
            Ok(())
        })
    }
}

/// Puts what was saved last into the system parameters.
fn execute(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Write)?;
        let parameters = call.env.model("ir.config_parameter")?;
        let set = methods::find(&parameters, "set_param")?;
        for (field, key) in PARAMETERS {
            let Some(own) = call.model.field(field) else { continue };
            let records = read::values(call.env, call.model, &call.ids, &[own], Load::Raw).await?;
            let Some(value) = records.last().and_then(|record| record.get(field)) else { continue };
            let keywords = json!({"key": key, "value": value});
            let keywords = keywords.as_object().cloned().unwrap_or_default();
            let arguments = Arguments::bind(set, Vec::new(), keywords)?;
            (set.run)(Call { env: call.env, model: &parameters, ids: Vec::new(), arguments }).await?;
        }
        Ok(Reply::value(&json!({"type": "ir.actions.client", "tag": "reload"})))
    })
}

/// Closes the dialog.
fn cancel(_call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move { Ok(Reply::value(&json!({"type": "ir.actions.client", "tag": "reload"}))) })
}
