//! Settling on a data directory that the user `PostgreSQL` runs as can use.

use super::account::Account;
use super::error::ClusterError;
use super::files::{owner_of, private_dir, short_name};
use super::programs::programs_for;
use super::{ClusterOptions, LOCK_FILE, PGDATA};
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Enters each given directory and prints the first that does not let it in; with `write` as the first
/// argument the last one has to be writable, too. The kernel's answer counts, not the mode bits: it also
/// knows access lists and mount options.
const PROBE: &str = r#"need=$1; shift
for dir do cd -- "$dir" 2>/dev/null || { printf %s "$dir"; exit 1; }; done
[ "$need" != write ] || [ -w . ] || { printf %s "$dir"; exit 1; }"#;

/// The longest directory for a socket: a socket's address has room for 104 bytes on macOS (108 on Linux)
/// with the closing zero, and `PostgreSQL` adds `/.s.PGSQL.5432`.
const SOCKET_DIR_MAX: usize = 104 - 1 - "/.s.PGSQL.5432".len();

/// Creates or checks the data directory and chooses the user that `PostgreSQL` runs as.
pub(super) fn settle(options: &ClusterOptions) -> Result<(PathBuf, Account), ClusterError> {
    let wanted = std::path::absolute(&options.data_dir)
        .map_err(ClusterError::io("find the working directory for", &options.data_dir))?;
    let account = Account::choose(data_owner(&wanted))?;
    let spare = if options.data_dir_is_default { spare_place(&wanted, &account) } else { None };
    let blocked = match (&spare, first_blocked(&wanted, &account)?) {
        (Some(spare), None) if is_ours(spare) && !is_ours(&wanted) => {
            // An earlier start could not use the default place; the data must not seem lost now.
            tracing::info!(data_dir = %spare.display(), "using the data directory of an earlier start");
            None
        }
        (_, None) => return open(&wanted, account),
        (_, Some(blocked)) => Some(blocked),
    };
    let Some(spare) = spare else {
        let blocked = blocked.unwrap_or_else(|| wanted.clone());
        return Err(ClusterError::Unreachable { dir: wanted, blocked, user: account.name });
    };
    if let Some(blocked) = blocked {
        tracing::warn!(
            user = account.name, blocked = %blocked.display(), data_dir = %spare.display(),
            "PostgreSQL's user cannot use the default data directory; using another one \
             (--data-dir or OREGIONAL_DATA_DIR chooses the place)"
        );
    }
    let account = Account::choose(data_owner(&spare))?;
    if let Some(blocked) = first_blocked(&spare, &account)? {
        return Err(ClusterError::Unreachable { dir: spare, blocked, user: account.name });
    }
    open(&spare, account)
}

/// Where the cluster of these options is, without making anything: `None` when there surely is none yet.
pub(super) fn find(options: &ClusterOptions) -> Result<Option<PathBuf>, ClusterError> {
    let wanted = std::path::absolute(&options.data_dir)
        .map_err(ClusterError::io("find the working directory for", &options.data_dir))?;
    let account = Account::choose(data_owner(&wanted))?;
    let spare = if options.data_dir_is_default { spare_place(&wanted, &account) } else { None };
    // One that cannot be looked into may be there; to use it fails with a better reason.
    let may_be_there = |dir: &PathBuf| dir.join(PGDATA).join("PG_VERSION").try_exists().unwrap_or(true);
    Ok([Some(wanted), spare].into_iter().flatten().find(may_be_there))
}

/// The directory for the socket: in the data directory, or a short one when that path is too long for a
/// socket's address or has characters that mean something in `PostgreSQL`'s list of directories.
pub(super) fn socket_dir(data_dir: &Path, account: &Account) -> Result<PathBuf, ClusterError> {
    let near = data_dir.join("socket");
    let plain = |text: &str| !text.contains([',', '"', '\'', '\\', '@']) && !text.contains(char::is_control);
    if near.as_os_str().len() <= SOCKET_DIR_MAX && near.to_str().is_some_and(plain) {
        private_dir(&near, account)?;
        return Ok(near);
    }
    let name = format!("oregional-{}", short_name(data_dir));
    // Only root may create a directory in /run.
    let base = if account.switch && Path::new("/run").is_dir() { "/run" } else { "/tmp" };
    let dir = Path::new(base).join(name);
    private_dir(&dir, account)?;
    Ok(dir)
}

/// The owner of the cluster in a data directory, or of the directory when it has none yet.
fn data_owner(data_dir: &Path) -> Option<(u32, u32)> {
    owner_of(&data_dir.join(PGDATA)).or_else(|| owner_of(data_dir))
}

/// Whether an earlier start made this data directory.
fn is_ours(data_dir: &Path) -> bool {
    data_dir.join(PGDATA).join("PG_VERSION").exists() || data_dir.join(LOCK_FILE).exists()
}

/// Where the data goes when the default place cannot be used; the name stands for the default place, so
/// that every working directory keeps its own data.
fn spare_place(wanted: &Path, account: &Account) -> Option<PathBuf> {
    let base = if account.switch {
        PathBuf::from(if cfg!(target_os = "macos") { "/usr/local/var" } else { "/var/lib" })
    } else {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
        std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home).filter(|dir| dir.is_absolute())?
    };
    Some(base.join("oregional").join(short_name(wanted)))
}

/// The first directory on the way to `data_dir` that the user cannot use, if there is one.
fn first_blocked(data_dir: &Path, account: &Account) -> Result<Option<PathBuf>, ClusterError> {
    let mut way: Vec<&Path> = data_dir.ancestors().filter(|dir| dir.is_dir()).collect();
    way.reverse();
    // Root creates what is missing and gives the data directory to the user; others need the right to.
    let need = if account.switch { "enter" } else { "write" };
    if account.switch {
        way.retain(|dir| *dir != data_dir);
    }
    let shell = Path::new("/bin/sh");
    let output = account
        .command(shell)
        .args(["-c", PROBE, "sh", need])
        .args(way)
        .stderr(Stdio::null())
        .output()
        .map_err(ClusterError::io("run", shell))?;
    if output.status.success() {
        return Ok(None);
    }
    Ok(Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).into_owned())))
}

/// Creates the data directory, or makes sure that the existing one is ours or empty; resolves links.
fn open(data_dir: &Path, account: Account) -> Result<(PathBuf, Account), ClusterError> {
    match std::fs::symlink_metadata(data_dir) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_way(data_dir.parent())?;
            private_dir(data_dir, &account)?;
        }
        Err(error) => return Err(ClusterError::io("look at", data_dir)(error)),
    }
    let data_dir = std::fs::canonicalize(data_dir).map_err(ClusterError::io("find", data_dir))?;
    // Before anything is changed: the owner of /home or /etc must not be changed by a slip of the keyboard.
    if !is_ours(&data_dir) && has_contents(&data_dir)? {
        if data_dir.join("PG_VERSION").exists() {
            // Somebody's own PostgreSQL directory: a version that is not installed is the better reason.
            programs_for(&data_dir)?;
        }
        return Err(ClusterError::ForeignDirectory(data_dir));
    }
    private_dir(&data_dir, &account)?;
    Ok((data_dir, account))
}

/// Creates the missing directories above the data directory, open for passing through whatever the umask.
fn create_way(parent: Option<&Path>) -> Result<(), ClusterError> {
    let Some(dir) = parent.filter(|dir| !dir.exists()) else { return Ok(()) };
    create_way(dir.parent())?;
    if let Err(error) = std::fs::create_dir(dir)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(ClusterError::io("create the directory", dir)(error));
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o755))
        .map_err(ClusterError::io("change the mode of", dir))
}

fn has_contents(dir: &Path) -> Result<bool, ClusterError> {
    let entries = std::fs::read_dir(dir).map_err(ClusterError::io("read", dir))?;
    // The root of a file system of its own has this one from the beginning.
    Ok(entries.flatten().any(|entry| entry.file_name() != "lost+found"))
}
