//! The audit log as records: everybody who may see them sees them, and nobody changes them.

use crate::error::Error;
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{char, integer, text};
use crate::orm::environment::Environment;
use crate::orm::model::Model;

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("audit.log", "Audit Log")
            .module("oregional")
            .order("id desc")
            .append_only()
            .rec_name("event")
            .search_names(&["event", "user_name", "application_name", "res_name"])
            .fields([
                char("event").required().readonly(),
                char("outcome").readonly(),
                // Numbers and not links: an entry outlives what it tells of, and is no burden on it.
                integer("user_id").string("User ID").readonly(),
                char("user_name").string("User").readonly(),
                integer("application_id").string("Application ID").readonly(),
                char("application_name").string("Application").readonly(),
                char("address")
                    .help("Where the request came from. Empty for what the server does itself.")
                    .readonly(),
                char("user_agent").help("What the program that sent the request calls itself.").readonly(),
                char("model").string("Model").readonly(),
                integer("res_id").string("Record ID").readonly(),
                char("res_name").string("Record").readonly(),
                text("details").readonly(),
            ])
            // Entries come at the end and never change: each block of pages knows what is in it.
            .sql_index("search_index", SEARCH_INDEX)
            .behaviour(&Log),
    ]
}

/// Costs an entry next to nothing, unlike an index that knows each entry. The filters have room for as many values
/// as 32 pages have, and stay below the 500 bytes from which on PostgreSQL compresses each of them at every change.
const SEARCH_INDEX: &str = "USING brin (create_date, user_id int4_bloom_ops (n_distinct_per_range = 100), \
                            application_id int4_bloom_ops (n_distinct_per_range = 100), \
                            res_id int4_bloom_ops (n_distinct_per_range = 400, false_positive_rate = 0.05)) \
                            WITH (pages_per_range = 32, autosummarize = on)";

struct Log;

const KEPT: &str = "The audit log is written by the server alone and can be neither changed nor deleted. \
                    How long it is kept says the system parameter oregional.audit_days.";

fn refuse<'a>() -> Promise<'a, ()> {
    Box::pin(async { Err(Error::User(KEPT.to_owned())) })
}

impl Behaviour for Log {
    fn before_create<'a>(&'a self, _env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        refuse()
    }

    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        _values: &'a mut Values,
    ) -> Promise<'a, ()> {
        refuse()
    }

    fn before_unlink<'a>(&'a self, _env: &'a Environment, _ids: &'a [i64]) -> Promise<'a, ()> {
        refuse()
    }
}
