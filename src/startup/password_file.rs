//! The file with the generated password of a new database, which its operator alone reads.

use std::fs::{DirBuilder, OpenOptions, remove_file};
use std::io::{ErrorKind, Result, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

const NAME: &str = "admin-password";

/// Where the file of a data directory is.
pub(super) fn place(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// Writes the file anew (mode 0600), and the directory when it is missing: with a given database and a given
/// key nothing else has needed it yet.
pub(super) fn write(data_dir: &Path, password: &SecretString) -> Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    remove(data_dir)?;
    let path = place(data_dir);
    // Never through a link, and never into a file that others have open.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    writeln!(file, "{}", password.expose_secret())?;
    file.sync_all()?;
    Ok(path)
}

/// Removes the file, if it is there.
pub(super) fn remove(data_dir: &Path) -> Result<()> {
    match remove_file(place(data_dir)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
