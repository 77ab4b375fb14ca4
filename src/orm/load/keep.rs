//! Makes and changes what was converted: new records many at a time, each by itself when that fails.

use std::collections::BTreeMap;

use super::super::behaviour::{Promise, Values};
use super::super::constraints;
use super::super::create::create;
use super::super::environment::Environment;
use super::super::external_ids;
use super::super::savepoint::Savepoint;
use super::super::write::write;
use super::convert::Converter;
use super::header::Columns;
use super::message::{Message, Place};
use crate::error::{Error, Result};

/// How many records are made together.
const BATCH: usize = 200;

/// What holds the work of an attempt.
const ATTEMPT: &str = "load_batch";

/// Which record it is going to be.
pub(super) enum Target {
    /// A new one, with an external id or without.
    New { external: Option<String> },
    /// One that is there.
    Known(i64),
}

/// A line that is made after its record, because it has an external id.
pub(super) struct Late {
    pub model: String,
    pub inverse: String,
    pub external: Option<String>,
    pub values: Values,
    /// Its own lines of the kind.
    pub further: Vec<Late>,
}

/// A record that is still to be kept.
pub(super) struct Pending {
    pub place: Place,
    pub values: Values,
    pub target: Target,
    pub late: Vec<Late>,
}

/// Keeps records; see the module.
pub(super) struct Keeper<'e> {
    env: &'e Environment,
    columns: &'e Columns,
    pending: Vec<Pending>,
    ids: BTreeMap<usize, i64>,
}

impl<'e> Keeper<'e> {
    pub(super) fn new(env: &'e Environment, columns: &'e Columns) -> Self {
        Self { env, columns, pending: Vec::new(), ids: BTreeMap::new() }
    }

    /// Whether a record that waits will have this external id.
    pub(super) fn is_naming(&self, external: &str) -> bool {
        let has = |pending: &Pending| match &pending.target {
            Target::New { external: Some(own) } => own == external,
            _ => false,
        } || pending.late.iter().any(|late| late.external.as_deref() == Some(external));
        self.pending.iter().any(has)
    }

    /// The ids of all records, in their order.
    pub(super) fn into_ids(self) -> Vec<i64> {
        self.ids.into_values().collect()
    }

    /// Takes a record, and keeps what has gathered when that is enough.
    pub(super) async fn add(&mut self, converter: &mut Converter<'e>, pending: Pending) -> Result<()> {
        self.pending.push(pending);
        if self.pending.len() >= BATCH { self.flush(converter).await } else { Ok(()) }
    }

    /// Keeps what has gathered.
    pub(super) async fn flush(&mut self, converter: &mut Converter<'e>) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        if !self.attempt(&pending).await?.is_empty() {
            converter.lookup.forget_all();
            for one in pending {
                for error in self.attempt(std::slice::from_ref(&one)).await? {
                    converter.messages.push(Message::about(one.place, error));
                }
            }
        }
        converter.lookup.forget_absent();
        Ok(())
    }

    /// Keeps all of it, or nothing and tells why.
    async fn attempt(&mut self, pending: &[Pending]) -> Result<Vec<String>> {
        let savepoint = Savepoint::set(self.env.services(), ATTEMPT).await?;
        match self.keep(pending).await {
            Ok(ids) => {
                savepoint.release().await?;
                self.ids.extend(pending.iter().map(|one| one.place.record).zip(ids));
                Ok(Vec::new())
            }
            Err(error) if is_of_the_call(&error) => Err(error),
            Err(error) => {
                savepoint.undo().await?;
                let error = match error {
                    Error::Constraint(broken) => constraints::in_words(self.env.registry(), &broken),
                    other => other,
                };
                Ok(vec![error.to_string()])
            }
        }
    }

    async fn keep(&self, pending: &[Pending]) -> Result<Vec<i64>> {
        let model = &self.columns.model;
        let new = |one: &&Pending| matches!(one.target, Target::New { .. });
        let values: Vec<Values> = pending.iter().filter(new).map(|one| one.values.clone()).collect();
        let mut made = create(self.env, model, values).await?.into_iter();
        let (mut ids, mut names) = (Vec::with_capacity(pending.len()), Vec::new());
        for one in pending {
            let id = match &one.target {
                Target::Known(id) => {
                    write(self.env, model, &[*id], one.values.clone()).await?;
                    *id
                }
                Target::New { external } => {
                    let id = made.next().ok_or_else(|| Error::Internal("too few were made".to_owned()))?;
                    names.extend(external.iter().map(|external| (external.clone(), id)));
                    id
                }
            };
            ids.push(id);
            keep_late(self.env, id, &one.late).await?;
        }
        external_ids::name(self.env, &model.name, &names).await?;
        Ok(ids)
    }
}

/// Makes lines that come late, and names them.
fn keep_late<'a>(env: &'a Environment, owner: i64, late: &'a [Late]) -> Promise<'a, ()> {
    Box::pin(async move {
        for line in late {
            let model = env.model(&line.model)?;
            let mut values = line.values.clone();
            values.insert(line.inverse.clone(), owner.into());
            let Some(id) = create(env, &model, vec![values]).await?.first().copied() else { continue };
            if let Some(external) = &line.external {
                external_ids::name(env, &line.model, &[(external.clone(), id)]).await?;
            }
            keep_late(env, id, &line.further).await?;
        }
        Ok(())
    })
}

/// Whether an error is not the record's but the whole call's. A statement that took too long is one: each
/// record by itself would take as long again.
fn is_of_the_call(error: &Error) -> bool {
    matches!(
        error,
        Error::Conflict
            | Error::Locked
            | Error::Unavailable(_)
            | Error::InDoubt
            | Error::Internal(_)
            | Error::SessionExpired
            | Error::Database { name: "QueryCanceled", .. }
    )
}
