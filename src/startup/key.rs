//! `oregional key rotate`: seals all secrets anew under another key.
//!
//! The new key is on disk, beside the old one, before the database knows of it; values, keyed hashes and
//! fingerprint change in one transaction; then the new file takes the place of the old one. Whatever cuts
//! this off, one of the two files has the key that the database was left with, and a start takes that one.

use std::io::Write;
use std::path::Path;

use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;

use super::StartError;
use super::commands::{line, registry};
use super::storage::{Storage, StorageError, remember};
use crate::auth::audit::{Event, note};
use crate::clock::World;
use crate::config::{Database, KeyCommand};
use crate::db::sql::{column, ident};
use crate::db::{Connection, Param, Raw, Sql};
use crate::error::Error;
use crate::key_file;
use crate::orm::convert::{lookup_column, seal_context};
use crate::orm::field::Field;
use crate::orm::model::Model;
use crate::orm::registry::{Registry, int};
use crate::orm::schema;
use crate::seal::{Key, SealError, Sealer};

/// Records whose secrets are read and written together.
const BATCH: i64 = 1_000;

/// The column by which clients are known, whose hash open codes carry along.
const CLIENT_SECRET: (&str, &str) = ("oregional_application", "client_secret");

type Result<T> = std::result::Result<T, StartError>;

/// Runs the command.
///
/// # Errors
///
/// [`StartError`], for the operator to read; the database is as it was then, unless the text says otherwise.
pub async fn key(command: KeyCommand, out: &mut dyn Write) -> Result<()> {
    let KeyCommand::Rotate { new_secret_key, force, database } = command;
    let world = World::system();
    // Not beside a server: it would go on with the key that it has read.
    let storage = Storage::open(&database, &world).await?;
    let given = new_secret_key.map(|key| Key::parse(key.expose_secret())).transpose();
    let done = match given {
        Ok(given) => {
            let key = given.clone().unwrap_or_else(|| Key::generate(world.bytes()));
            let task = Task { storage: &storage, new: Sealer::new(key.clone()), world: &world, force };
            task.run(&database, &key, given.is_some(), out).await
        }
        Err(error) => Err(StorageError::NewKey(error).into()),
    };
    storage.close().await;
    done
}

struct Task<'a> {
    storage: &'a Storage,
    new: Sealer,
    world: &'a World,
    force: bool,
}

impl Task<'_> {
    async fn run(&self, settings: &Database, key: &Key, is_given: bool, out: &mut dyn Write) -> Result<()> {
        let (connection, registry) = registry(self.storage).await?;
        if self.new.fingerprint() == self.storage.sealer.fingerprint() {
            return Err(Error::User("the new key is the old one".to_owned()).into());
        }
        self.refuse_beside_servers(&connection).await?;
        let has_file = settings.secret_key.is_none();
        let path = self.storage.key_path.as_path();
        if has_file || !is_given {
            std::fs::create_dir_all(&self.storage.data_dir)
                .map_err(|source| StorageError::DataDir { path: self.storage.data_dir.clone(), source })?;
            key_file::keep_beside(path, key).map_err(StorageError::from)?;
        }
        connection.begin();
        let count = match self.reseal(&connection, &registry).await {
            Ok(count) => count,
            Err(error) => {
                connection.rollback().await;
                key_file::forget_beside(path).map_err(StorageError::from)?;
                return Err(error);
            }
        };
        connection.commit().await?;
        if has_file {
            key_file::take_place(path).map_err(StorageError::from)?;
        }
        self.tell(count, has_file, is_given, path, out)
    }

    /// A server that runs has the old key in its memory: it would seal with it what nobody can open.
    async fn refuse_beside_servers(&self, connection: &Connection) -> Result<()> {
        let servers = Sql::text(include_str!("../../sql/queries/schema/servers.sql"));
        let count = connection.query(servers).await?.first().map_or(0, |row| int(row, 0));
        if count == 0 || self.force {
            return Ok(());
        }
        Err(Error::User(format!(
            "{count} servers are connected to this database and would go on with the old key. Stop them first, or say --force and start them anew with the new key at once: until then they can read no secret, and what they seal is lost"
        ))
        .into())
    }

    async fn reseal(&self, connection: &Connection, registry: &Registry) -> Result<u64> {
        let sealed = |model: &&Model| model.fields.values().any(|field| field.sealed && field.has_column());
        let mut count = 0;
        for model in registry.models().map(AsRef::as_ref).filter(sealed) {
            // The secrets stay the same: no change of them is noted. Nobody else writes until the end.
            schema::audit::switch(connection, model, false).await?;
            for field in model.fields.values().filter(|field| field.sealed && field.has_column()) {
                count += self.reseal_column(connection, model, field).await?;
            }
            schema::audit::switch(connection, model, true).await?;
        }
        let (old, new) = (self.storage.sealer.fingerprint(), self.new.fingerprint());
        remember(connection, "key", &new).await?;
        let details = format!("{count} secrets, from the key {old} to the key {new}");
        let event = Event { event: "rotate_key", outcome: "done", details: &details, ..Event::default() };
        connection.execute(note(&event, self.world.now())).await?;
        // Once more: somebody may have started one in the meantime.
        self.refuse_beside_servers(connection).await?;
        Ok(count)
    }

    async fn reseal_column(&self, connection: &Connection, model: &Model, field: &Field) -> Result<u64> {
        let context = seal_context(model, field);
        let (mut count, mut last) = (0, 0);
        loop {
            let rows = connection.query(batch(model, field, last)).await?;
            let (mut ids, mut values, mut lookups) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                last = int(row, 0);
                let sealed = row.try_get::<_, Option<Raw<'_>>>(1).ok().flatten().map_or(&[][..], |raw| raw.0);
                let anew = self.sealed_anew(sealed, &context).map_err(|error| {
                    Error::User(format!("the record {last} of '{}' has a secret in '{}' that cannot be opened: {error}. Give it another one first", model.name, field.name))
                })?;
                ids.push(last);
                values.push(hex(&anew.0));
                lookups.push(hex(&anew.1));
            }
            if ids.is_empty() {
                return Ok(count);
            }
            count += rows.len() as u64;
            if (model.table.as_str(), field.name.as_str()) == CLIENT_SECRET {
                let codes = Sql::file(
                    include_str!("../../sql/queries/oauth/reseal_codes.sql"),
                    &[ids.clone().into(), Param::Texts(lookups.clone())],
                );
                connection.execute(codes).await?;
            }
            connection.execute(update(model, field, ids, values, lookups)).await?;
        }
    }

    /// A value under the new key, and its keyed hash.
    fn sealed_anew(
        &self,
        sealed: &[u8],
        context: &str,
    ) -> std::result::Result<(Vec<u8>, [u8; 32]), SealError> {
        let plain = Zeroizing::new(self.storage.sealer.open(sealed, context)?);
        Ok((self.new.seal(&plain, context, self.world.bytes())?, self.new.lookup_hash(&plain, context)))
    }

    fn tell(
        &self,
        count: u64,
        has_file: bool,
        is_given: bool,
        path: &Path,
        out: &mut dyn Write,
    ) -> Result<()> {
        let fingerprint = self.new.fingerprint();
        line(out, &format!("{count} secrets are sealed under the new key, fingerprint {fingerprint}."))?;
        if has_file {
            line(out, &format!("It is in {}, and must be part of the backup: copy it now.", path.display()))
        } else if is_given {
            line(out, "Give it to all servers as OREGIONAL_SECRET_KEY from now on, and to the backup.")
        } else {
            let file = key_file::beside(path);
            line(
                out,
                &format!(
                    "It is in {}, which its owner alone can read. Give it to all servers as OREGIONAL_SECRET_KEY and to the backup, and delete the file then.",
                    file.display()
                ),
            )
        }
    }
}

/// The next values of a sealed column, by id.
fn batch(model: &Model, field: &Field, last: i64) -> Sql {
    Sql::text("SELECT id, ")
        .then(ident(&field.name))
        .and_text(" FROM ")
        .then(ident(&model.table))
        .and_text(" WHERE id > ")
        .then(Sql::param(last))
        .and_text(" AND ")
        .then(ident(&field.name))
        .and_text(" IS NOT NULL ORDER BY id LIMIT ")
        .then(Sql::number(BATCH))
}

fn update(model: &Model, field: &Field, ids: Vec<i64>, values: Vec<String>, lookups: Vec<String>) -> Sql {
    Sql::text("UPDATE ")
        .then(ident(&model.table))
        .and_text(" AS t SET ")
        .then(ident(&field.name))
        .and_text(" = decode(n.value, 'hex'), ")
        .then(ident(&lookup_column(&field.name)))
        .and_text(" = decode(n.lookup, 'hex') FROM unnest(")
        .then(Sql::param(ids))
        .and_text("::int[], ")
        .then(Sql::param(Param::Texts(values)))
        .and_text("::text[], ")
        .then(Sql::param(Param::Texts(lookups)))
        .and_text("::text[]) AS n (id, value, lookup) WHERE ")
        .then(column("t", "id"))
        .and_text(" = n.id")
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
