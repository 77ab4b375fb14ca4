//! Messages that clients and actions leave for administrators.

use crate::orm::declare::{char, selection, text};
use crate::orm::model::Model;

const TYPES: [(&str, &str); 2] = [("client", "Client"), ("server", "Server")];

pub(super) fn models() -> Vec<Model> {
    vec![Model::new("ir.logging", "Logging").order("id desc").fields([
        char("name").required(),
        selection("type", &TYPES).required().index(),
        char("dbname").string("Database Name"),
        char("level").index(),
        text("message").required(),
        char("path").required(),
        char("func").string("Function").required(),
        char("line").required(),
    ])]
}
