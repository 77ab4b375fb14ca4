//! The key of the secrets at a start: given, or in its file, which is made for a new database alone.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::storage::{StorageError, fact};
use crate::clock::World;
use crate::config::Database;
use crate::db::{Pool, Sql, Target};
use crate::key_file;
use crate::seal::{Key, Sealer};

type Result<T> = std::result::Result<T, StorageError>;

/// The key, and where its file is.
pub(super) struct KeyPlace {
    pub(super) key: Key,
    pub(super) path: PathBuf,
    pub(super) is_given: bool,
}

/// Finds the key. One that is missing is made when `makes` says so; who only looks at a database that has no
/// secrets yet gets one for the moment.
pub(super) async fn find(
    settings: &Database,
    world: &World,
    target: &Target,
    data_dir: &Path,
    makes: bool,
) -> Result<KeyPlace> {
    let path = data_dir.join("secret.key");
    if let Some(key) = &settings.secret_key {
        return Ok(KeyPlace { key: Key::parse(key.expose_secret())?, path, is_given: true });
    }
    finish_rotation(target, &path).await?;
    let is_missing = path.try_exists().is_ok_and(|is_there| !is_there);
    // A new key in the place of a lost one opens nothing, and hides that it is lost.
    if is_missing && stored(target).await?.is_some() {
        return Err(StorageError::LostKey { path });
    }
    let key = if is_missing && !makes {
        Key::generate(world.bytes())
    } else {
        let failed = |source| StorageError::DataDir { path: data_dir.to_owned(), source };
        std::fs::create_dir_all(data_dir).map_err(failed)?;
        key_file::load_or_create(&path, world.bytes())?
    };
    Ok(KeyPlace { key, path, is_given: false })
}

/// A rotation that was cut off after the database had the new key: the key that waits takes its place. One
/// that was cut off before that leaves the old key where it is.
async fn finish_rotation(target: &Target, path: &Path) -> Result<()> {
    let Some(waiting) = key_file::load_beside(path)? else { return Ok(()) };
    if stored(target).await?.as_deref() == Some(&Sealer::new(waiting).fingerprint()) {
        key_file::take_place(path)?;
        tracing::warn!(path = %path.display(), "a rotation of the key was cut off and is finished now");
    }
    Ok(())
}

/// The fingerprint of the key that sealed the secrets of the database, when there are some.
async fn stored(target: &Target) -> Result<Option<String>> {
    let connection = Pool::new(target, 1)?.get().await?;
    let known = Sql::text("SELECT 1 FROM pg_class WHERE oid = to_regclass('server_fact')");
    if connection.query(known).await?.is_empty() {
        return Ok(None);
    }
    fact(&connection, "key").await
}
