//! Small things with files that several parts of the cluster need.

use super::account::Account;
use super::error::ClusterError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// How much of a log an error message shows.
const TAIL_BYTES: u64 = 4096;
const TAIL_LINES: usize = 15;

/// User and group id of the owner of a file; `None` when it is not there or not to be seen.
pub(super) fn owner_of(path: &Path) -> Option<(u32, u32)> {
    std::fs::metadata(path).ok().map(|meta| (meta.uid(), meta.gid()))
}

/// Gives a new file or directory to the user that `PostgreSQL` runs as, when that is not the server's own.
pub(super) fn give(path: &Path, account: &Account) -> Result<(), ClusterError> {
    if account.switch {
        std::os::unix::fs::lchown(path, Some(account.uid), Some(account.gid))
            .map_err(ClusterError::io("change the owner of", path))?;
    }
    Ok(())
}

/// Makes sure that `dir` is a directory (no link) of the user, closed to everybody else (mode 0700).
///
/// Refuses a directory of somebody else: in a place like /tmp it may be there to spy on the server.
pub(super) fn private_dir(dir: &Path, account: &Account) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => give(dir, account)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(ClusterError::io("create the directory", dir)(error)),
    }
    let meta = std::fs::symlink_metadata(dir).map_err(ClusterError::io("look at", dir))?;
    if !meta.is_dir() {
        return Err(ClusterError::io("use", dir)(std::io::Error::from(ErrorKind::NotADirectory)));
    }
    if meta.uid() == 0 && account.switch {
        give(dir, account)?; // made by root: for us, or by a start of ours that was cut short
    } else if meta.uid() != account.uid {
        let user = account.name.clone();
        return Err(ClusterError::WrongOwner { dir: dir.to_path_buf(), owner: meta.uid(), user });
    }
    if meta.mode() & 0o7777 != 0o700 {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))
            .map_err(ClusterError::io("change the mode of", dir))?;
    }
    Ok(())
}

/// Replaces a file of the user's in one step, so that nobody ever sees half of it.
///
/// Never writes through a link: as root that would let the user choose a file of root's.
pub(super) fn replace(path: &Path, text: &str, account: &Account) -> Result<(), ClusterError> {
    let fresh = path.with_extension("fresh");
    remove(&fresh)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(ClusterError::io("create", &fresh))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(ClusterError::io("write", &fresh))?;
    give(&fresh, account)?;
    std::fs::rename(&fresh, path).map_err(ClusterError::io("replace", path))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), ClusterError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ClusterError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Opens a file of the user's, creating it when it is missing (mode 0600), never through a link.
pub(super) fn open_own(path: &Path, append: bool, account: &Account) -> Result<File, ClusterError> {
    let mut options = OpenOptions::new();
    options.read(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    if append {
        options.append(true)
    } else {
        options.write(true)
    };
    let file = options.open(path).map_err(ClusterError::io("open", path))?;
    give(path, account)?;
    Ok(file)
}

/// Renames a file that has more than `most` bytes to the same name with `.1` at its end, over an older one.
pub(super) fn set_aside(path: &Path, most: u64) -> Result<(), ClusterError> {
    // The link itself, if it is one: what it leads to is not ours to move.
    if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > most) {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".1");
        std::fs::rename(path, aside).map_err(ClusterError::io("rename", path))?;
    }
    Ok(())
}

/// The last lines of a file, of those from byte `from` on.
pub(super) fn tail(path: &Path, from: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL_BYTES))))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    last_lines(&read().unwrap_or_default())
}

/// The last lines of what a program wrote.
pub(super) fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

/// A short name that stands for a path, always the same one: 16 hexadecimal digits.
pub(super) fn short_name(path: &Path) -> String {
    Sha256::digest(path.as_os_str().as_bytes()).iter().take(8).fold(String::new(), |mut name, byte| {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}
