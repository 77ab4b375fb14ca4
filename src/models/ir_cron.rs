//! Scheduled actions as records. None of them is run here: whoever plans one is told so when it is
//! triggered.

use serde_json::Value as Json;

use crate::db::Sql;
use crate::error::Error;
use crate::orm::behaviour::{Behaviour, Promise};
use crate::orm::convert::DATETIME;
use crate::orm::declare::{boolean, char, datetime, integer, many2one, selection};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete, Scope};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;

const UNITS: [(&str, &str); 5] =
    [("minutes", "Minutes"), ("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks"), ("months", "Months")];

fn now(env: &Environment) -> Json {
    env.now().format(DATETIME).to_string().into()
}

fn own(env: &Environment) -> Json {
    env.user().id.into()
}

fn xml_id(scope: Scope<'_>) -> Sql {
    super::xml_id("ir.cron", scope)
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.cron", "Scheduled Actions")
            .order("cron_name, id")
            .rec_name("cron_name")
            .delegates("ir_actions_server_id", "ir.actions.server")
            .fields([
                many2one("ir_actions_server_id", "ir.actions.server")
                    .string("Server action")
                    .required()
                    .ondelete(OnDelete::Restrict)
                    .index()
                    .no_copy(),
                char("cron_name").string("Name").related_stored("ir_actions_server_id.name"),
                many2one("user_id", "res.users")
                    .string("Scheduler User")
                    .required()
                    .default_by(Default::Make(own)),
                boolean("active").default(true),
                integer("interval_number").required().default(1),
                selection("interval_type", &UNITS).string("Interval Unit").required().default("months"),
                datetime("nextcall").string("Next Execution Date").required().default_by(Default::Make(now)),
                datetime("lastcall").string("Last Execution Date").no_copy(),
                integer("priority").default(5),
                integer("failure_count").readonly().no_copy(),
                datetime("first_failure_date").string("First Failure Date").readonly().no_copy(),
                char("xml_id").string("External ID").compute(xml_id, &[]),
            ])
            .behaviour(&Crons),
    ]
}

struct Crons;

static METHODS: [Method; 1] =
    [method!("method_direct_trigger", Receiver::Records, Effect::Reads, [], method_direct_trigger)];

fn method_direct_trigger(_call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(std::future::ready(Err(Error::User(
        "This server runs no scheduled actions: they are stored, but never run.".to_owned(),
    ))))
}

impl Behaviour for Crons {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }
}
