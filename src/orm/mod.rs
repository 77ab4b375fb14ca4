//! The ORM: models, fields, domains and the operations on records.
//!
//! The pipeline of a read: the right on the model (`access`), the domain optimized and compiled
//! (`domain`), archived records and rules added (`domain::to_sql`), order and limit (`order`,
//! `query`), one statement for the rows, one round trip for names and lines (`read`), written as
//! JSON (`render`). The pipeline of a change: right and names of fields (`create`, `write`), the
//! model's own hooks (`behaviour`), values sorted and converted (`prepare`, `convert`), one statement
//! that holds the rules, lines (`command`), what follows from it (`compute`).

pub mod access;
pub mod audit;
pub mod behaviour;
mod budget;
pub mod choices;
pub mod command;
mod compute;
pub mod constraints;
pub mod context;
pub mod convert;
pub mod create;
pub mod date_part;
pub mod declare;
pub mod domain;
pub mod environment;
pub mod export;
pub mod external_ids;
pub mod field;
pub mod file;
pub mod form_lines;
mod html;
pub mod image;
pub mod load;
pub mod made;
pub mod method;
pub mod methods;
pub mod model;
pub mod names;
pub mod order;
mod prepare;
pub mod python;
pub mod query;
pub mod read;
pub mod registry;
pub mod render;
pub mod savepoint;
pub mod schema;
pub mod unlink;
pub mod user;
pub mod value_sql;
pub mod view;
pub mod web_read;
pub mod write;
