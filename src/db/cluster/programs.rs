//! Finding `PostgreSQL`'s server programs, of the right major version.

use super::error::ClusterError;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory without any one of these is of no use.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Where packages put one directory per major version: the folder, what the entry's name starts with, and
/// the folder of the programs in the entry.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/usr", "pgsql-", "bin"),                  // the packages of postgresql.org for Red Hat and SUSE
    ("/usr/libexec", "postgresql", ""),         // Alpine
    ("/usr/lib64/pgsql", "postgresql-", "bin"), // Fedora's packages for upgrades
];

/// Finds the directory of `PostgreSQL`'s server programs.
///
/// Looks on PATH, asks `pg_config --bindir`, then looks where distributions and Homebrew put them, the
/// newest major version first. Blocks for some milliseconds.
///
/// # Errors
/// [`ClusterError::NoPrograms`], which names the package to install.
pub fn find_server_programs() -> Result<PathBuf, ClusterError> {
    candidates().into_iter().next().ok_or_else(none_found)
}

/// Finds programs for the data directory `pgdata`: those of the major version that made it, or the first
/// found ones when nothing has made it yet.
pub(super) fn programs_for(pgdata: &Path) -> Result<PathBuf, ClusterError> {
    let Some(major) = data_major(pgdata)? else { return find_server_programs() };
    let mut installed = Vec::new();
    for bin in candidates() {
        match program_version(&bin).as_deref().and_then(major_of) {
            Some(found) if found == major => return Ok(bin),
            Some(found) => installed.push(found),
            None => {}
        }
    }
    let Some(newest) = installed.iter().max().copied() else { return Err(none_found()) };
    installed.sort_unstable();
    installed.dedup();
    let installed = installed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let dir = pgdata.to_path_buf();
    Err(if major > newest {
        ClusterError::NewerMajor { dir, major, installed }
    } else {
        ClusterError::OlderMajor { dir, major, installed }
    })
}

/// The version of the `postgres` program in `bin` as `SHOW server_version` would give it.
pub(super) fn program_version(bin: &Path) -> Option<String> {
    let said = output_of(Command::new(bin.join("postgres")).arg("--version"))?;
    Some(said.split_once(") ")?.1.to_owned())
}

/// The major version in the file `PG_VERSION` of a `PostgreSQL` directory; `None` when there is no such file.
fn data_major(pgdata: &Path) -> Result<Option<u32>, ClusterError> {
    let file = pgdata.join("PG_VERSION");
    match std::fs::read_to_string(&file) {
        Ok(text) => major_of(&text).map(Some).ok_or_else(|| {
            let unreadable = std::io::Error::new(std::io::ErrorKind::InvalidData, "not a version number");
            ClusterError::io("understand", &file)(unreadable)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ClusterError::io("read", &file)(error)),
    }
}

/// The number before the first character that is no digit.
fn major_of(version: &str) -> Option<u32> {
    version.trim().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Every directory with all needed programs, in the order of preference, none twice.
fn candidates() -> Vec<PathBuf> {
    let on_path = std::env::var_os("PATH");
    let on_path = on_path.iter().flat_map(std::env::split_paths).filter(|dir| dir.is_absolute());
    let configured = output_of(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    let mut found: Vec<PathBuf> = Vec::new();
    for dir in on_path.chain(configured).chain(VERSIONED.iter().flat_map(versioned)) {
        if let Some(dir) = complete(&dir)
            && !found.contains(&dir)
        {
            found.push(dir);
        }
    }
    found
}

/// The directory, with links followed, in which all needed programs are.
///
/// A directory of links (such as /usr/local/bin) often has some of the programs only; the place that its
/// `pg_ctl` leads to has the others.
fn complete(dir: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(dir.join("pg_ctl")).ok()?;
    [real.parent()?, dir].into_iter().find_map(|dir| {
        let all = NEEDED.iter().all(|name| is_program(&dir.join(name)));
        if all { std::fs::canonicalize(dir).ok() } else { None }
    })
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The directories of programs that one line of [`VERSIONED`] leads to, the newest major first.
fn versioned((folder, prefix, inside): &(&str, &str, &str)) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.trim_start_matches(['@', '-']);
            // Homebrew's plain `postgresql` has no number and comes after the numbered ones.
            let major = if version.is_empty() { 0 } else { major_of(version)? };
            Some((major, entry.path().join(inside)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The trimmed output of a program that ended well.
fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn none_found() -> ClusterError {
    let folders = VERSIONED.iter().map(|(folder, prefix, inside)| format!("{folder}/{prefix}*/{inside}"));
    let searched = ["PATH".to_owned(), "pg_config --bindir".to_owned()].into_iter().chain(folders);
    ClusterError::NoPrograms { advice: advice(), searched: searched.collect::<Vec<_>>().join(", ") }
}

/// The package for this machine, or for all known kinds of machines when this one's is not known.
fn advice() -> String {
    const PACKAGES: [(&str, &str); 4] = [
        ("debian ubuntu", "the package 'postgresql' (apt-get install postgresql)"),
        ("fedora rhel centos suse", "the package 'postgresql-server' (dnf install postgresql-server)"),
        ("alpine", "the package 'postgresql' (apk add postgresql)"),
        ("macos", "the formula 'postgresql@17' (brew install postgresql@17)"),
    ];
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let mut like: Vec<&str> = release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split(' '))
        .collect();
    if cfg!(target_os = "macos") {
        like.push("macos");
    }
    let known = PACKAGES.iter().find(|(systems, _)| systems.split(' ').any(|one| like.contains(&one)));
    match known {
        Some((_, package)) => (*package).to_owned(),
        None => PACKAGES.map(|(_, package)| package).join(" or "),
    }
}
