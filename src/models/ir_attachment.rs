//! Attachments: files that belong to a record, to whoever made them, or to everybody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha1::{Digest as _, Sha1};

use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation, records};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{binary, boolean, char, integer, many2one, selection, text};
use crate::orm::domain::Domain;
use crate::orm::domain::to_sql::Compiler;
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::file;
use crate::orm::image::decode_base64_lenient;
use crate::orm::model::Model;
use crate::orm::python;

/// Where the content comes from: base64, base64 as `copy` reads it, text.
const CONTENT: [&str; 3] = ["datas", "db_datas", "raw"];

fn content(scope: Scope<'_>) -> Sql {
    column(scope.alias, "db_datas")
}

fn local_url(scope: Scope<'_>) -> Sql {
    let own = |name: &str| column(scope.alias, name);
    Sql::text("(CASE WHEN ")
        .then(own("url"))
        .and_text(" <> '' THEN ")
        .then(own("url"))
        .and_text(" ELSE '/web/content/' || ")
        .then(own("id"))
        .and_text(" || COALESCE('?unique=' || ")
        .then(own("checksum"))
        .and_text(", '') END)")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.attachment", "Attachment")
            .order("id desc")
            .fields([
                char("name").required(),
                text("description"),
                char("res_model").string("Resource Model"),
                char("res_field").string("Resource Field"),
                integer("res_id").string("Resource ID"),
                many2one("company_id", "res.company")
                    .default_by(crate::orm::field::Default::Make(|env| env.company_id().into())),
                selection("type", &[("url", "URL"), ("binary", "File")]).default("binary").required(),
                char("url").index(),
                boolean("public").string("Is public document"),
                char("access_token").groups("base.group_user").no_copy(),
                binary("datas").string("File Content (base64)").compute(content, &["db_datas"]),
                binary("raw").string("File Content (raw)").compute(content, &["db_datas"]),
                binary("db_datas").string("Database Data"),
                integer("file_size").readonly(),
                char("checksum").string("Checksum/SHA1").readonly().index(),
                char("mimetype").string("Mime Type").readonly(),
                char("local_url").string("Attachment URL").compute(local_url, &["url", "checksum"]),
            ])
            .sql_index("res_index", "(res_model, res_id)")
            .behaviour(&Attachment),
    ]
}

struct Attachment;

/// The content that was sent, if any was.
fn sent(values: &mut Values) -> Result<Option<Vec<u8>>> {
    let mut found = None;
    for name in CONTENT {
        let Some(value) = values.remove(name) else { continue };
        let bytes = match value {
            Json::String(text) if name == "raw" => text.into_bytes(),
            Json::String(text) => decode_base64_lenient(&text)
                .map_err(|error| Error::Value(format!("'{name}' needs base64 text: {error}")))?,
            other if python::truth(&other) => {
                return Err(Error::Type(format!("'{name}' needs text, not {}.", python::type_name(&other))));
            }
            _ => Vec::new(),
        };
        found = found.or(Some(bytes));
    }
    Ok(found)
}

/// Puts the content into its column, with what follows from it. Nobody else sets that.
async fn take_in(values: &mut Values, is_new: bool) -> Result<()> {
    let content = sent(values)?;
    for derived in ["checksum", "file_size"] {
        values.remove(derived);
    }
    let given = |name: &str| values.get(name).filter(|value| python::truth(value)).map(python::text);
    let known = given("mimetype");
    let name = given("name").or_else(|| given("url")).unwrap_or_default();
    let Some(content) = content else {
        if is_new && known.is_none() {
            values.insert("mimetype".to_owned(), file::mimetype(&name, &[]).into());
        }
        return Ok(());
    };
    let work = move || {
        let checksum = file::hex(Sha1::digest(&content));
        let kind = known.unwrap_or_else(|| file::mimetype(&name, &content));
        (checksum, kind, content.len(), STANDARD.encode(&content))
    };
    let (checksum, kind, size, encoded) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("a file could not be worked on: {error}")))?;
    values.insert("checksum".to_owned(), checksum.into());
    values.insert("mimetype".to_owned(), kind.into());
    values.insert("file_size".to_owned(), size.into());
    values.insert("db_datas".to_owned(), encoded.into());
    Ok(())
}

impl Behaviour for Attachment {
    fn before_create<'a>(&'a self, _env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            for record in values {
                take_in(record, true).await?;
            }
            Ok(())
        })
    }

    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(take_in(values, false))
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    /// Whoever moves a file to another record has to be allowed to change that one too.
    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let moves = ["res_model", "res_field", "res_id"];
            if values.iter().any(|record| moves.iter().any(|name| record.contains_key(*name))) {
                let model = env.model("ir.attachment")?;
                records::check(env, &model, ids, Operation::Write).await?;
            }
            Ok(())
        })
    }

    /// What holds the value of a field is found by whoever asks for it, and is no file like the others.
    fn usual_filter(&self, domain: &Domain, alias: &str) -> Option<Sql> {
        let is_asked = domain.mentions("id") || domain.mentions("res_field");
        (!is_asked).then(|| Sql::text("COALESCE(").then(column(alias, "res_field")).and_text(", '') = ''"))
    }

    /// A file is as visible as the record that it belongs to, and as changeable. One that belongs to
    /// none is its maker's and the administrators'. Everybody may look at a public one.
    fn further_rule(
        &self,
        env: &Environment,
        _model: &Model,
        alias: &str,
        operation: Operation,
    ) -> Result<Option<Sql>> {
        let own = |name: &str| column(alias, name);
        let is_free = Sql::text("(COALESCE(")
            .then(own("res_id"))
            .and_text(", 0) = 0 OR COALESCE(")
            .then(own("res_model"))
            .and_text(", '') = '')");
        let is_mine = if env.user().has_group("base.group_system", env.registry()) {
            Sql::boolean(true)
        } else {
            own("create_uid").and_text(" = ").then(Sql::param(env.user().id))
        };
        let mut ways = vec![is_free.clone().and_text(" AND ").then(is_mine)];
        if operation == Operation::Read {
            ways.push(own("public").and_text(" IS TRUE"));
        }
        ways.push(Sql::text("NOT ").then(is_free).and_text(" AND ").then(by_record(env, alias, operation)?));
        Ok(Some(Sql::join(ways.into_iter().map(Sql::parenthesized), " OR ").parenthesized()))
    }
}

/// The alias of the record that a file belongs to.
const RECORD: &str = "attached_to";

/// The fields of a model that the caller may not see: their files are as little for the caller.
fn hidden_fields(env: &Environment, model: &Model) -> Vec<Sql> {
    let hidden = model.fields.values().filter(|field| !access::has_field_access(env, model, field));
    hidden.map(|field| Sql::literal(&field.name)).collect()
}

/// Whether the caller may do the same with the record behind it.
fn by_record(env: &Environment, alias: &str, operation: Operation) -> Result<Sql> {
    let operation = if operation == Operation::Read { Operation::Read } else { Operation::Write };
    let mut models: Vec<_> = env
        .registry()
        .models()
        .filter(|model| model.name != "ir.attachment" && access::has_model_access(env, model, operation))
        .collect();
    models.sort_by(|left, right| left.name.cmp(&right.name));
    let mut cases = Sql::text("CASE ").then(column(alias, "res_model"));
    for model in models {
        cases = cases
            .and_text(" WHEN ")
            .then(Sql::literal(&model.name))
            .and_text(" THEN EXISTS (SELECT 1 FROM ")
            .then(ident(&model.table))
            .and_text(" AS ")
            .then(ident(RECORD))
            .and_text(" WHERE ")
            .then(column(RECORD, "id"))
            .and_text(" = ")
            .then(column(alias, "res_id"));
        if let Some(rules) = Compiler::new(env).rules(model, RECORD, operation)? {
            cases = cases.and_text(" AND (").then(rules).and_text(")");
        }
        cases = cases.and_text(")");
        let hidden = hidden_fields(env, model);
        if !hidden.is_empty() {
            let field = Sql::text("COALESCE(").then(column(alias, "res_field")).and_text(", '')");
            cases = cases
                .and_text(" AND ")
                .then(field)
                .and_text(" NOT IN (")
                .then(Sql::join(hidden, ", "))
                .and_text(")");
        }
    }
    // CASE needs a branch, also where there is no model that the caller may touch.
    Ok(cases.and_text(" WHEN '' THEN false ELSE false END"))
}
