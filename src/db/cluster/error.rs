//! What can go wrong with the server's own `PostgreSQL` cluster, in the operator's words.

use std::path::{Path, PathBuf};

/// Why the server's own cluster could not be found, made, started, used or stopped.
///
/// Every message says what failed, why, and what the operator can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No directory on this machine holds `PostgreSQL`'s server programs.
    #[error(
        "PostgreSQL's server programs (initdb, postgres, pg_ctl) were not found; install {advice}, or give \
         the server a database URL. Looked in: {searched}"
    )]
    NoPrograms {
        /// The package to install, with the command that does it.
        advice: String,
        /// The places that were looked at, comma separated.
        searched: String,
    },

    /// The data directory was made by an older `PostgreSQL` whose programs are gone.
    #[error(
        "the data directory {} was made by PostgreSQL {major}, but only PostgreSQL {installed} is installed; \
         install the server programs of PostgreSQL {major}, or upgrade the directory with pg_upgrade",
        .dir.display()
    )]
    OlderMajor {
        /// `PostgreSQL`'s own directory below the data directory.
        dir: PathBuf,
        /// The major version that made it.
        major: u32,
        /// The major versions that are installed, comma separated.
        installed: String,
    },

    /// The data directory was made by a `PostgreSQL` newer than every installed one.
    #[error(
        "the data directory {} was made by PostgreSQL {major}, which is newer than the installed PostgreSQL \
         {installed}; install the server programs of PostgreSQL {major}, or use another data directory \
         (--data-dir or OREGIONAL_DATA_DIR)",
        .dir.display()
    )]
    NewerMajor {
        /// `PostgreSQL`'s own directory below the data directory.
        dir: PathBuf,
        /// The major version that made it.
        major: u32,
        /// The major versions that are installed, comma separated.
        installed: String,
    },

    /// The server runs as root and the machine has no user that `PostgreSQL` could run as.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor 'nobody' to run it \
         as; create a user 'postgres', or run the server as an unprivileged user"
    )]
    NoAccount,

    /// The user that `PostgreSQL` runs as cannot get to the data directory.
    #[error(
        "the user '{user}', as which PostgreSQL runs, cannot use the data directory {}: no access to {}; \
         choose another place with --data-dir or OREGIONAL_DATA_DIR, or open that directory to the user",
        .dir.display(), .blocked.display()
    )]
    Unreachable {
        /// The data directory that was asked for.
        dir: PathBuf,
        /// The first directory on the way to it that the user may not use.
        blocked: PathBuf,
        /// The name of the user.
        user: String,
    },

    /// The directory has contents that this module did not make.
    #[error(
        "the directory {} is not empty and is not a data directory of this server; choose an empty or a new \
         one with --data-dir or OREGIONAL_DATA_DIR",
        .0.display()
    )]
    ForeignDirectory(PathBuf),

    /// The directory belongs to somebody other than the user `PostgreSQL` runs as.
    #[error(
        "the directory {} belongs to the user with id {owner}, but PostgreSQL would run as '{user}'; run the \
         server as its owner, change the owner, or choose another place with --data-dir or OREGIONAL_DATA_DIR",
        .dir.display()
    )]
    WrongOwner {
        /// The directory.
        dir: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The name of the user that `PostgreSQL` would run as.
        user: String,
    },

    /// Another server or command is using the data directory.
    #[error(
        "the data directory {} is in use by another server or command ({holder}); stop that one first, or choose \
         another place with --data-dir or OREGIONAL_DATA_DIR",
        .dir.display()
    )]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// The other one, as `process 123`.
        holder: String,
    },

    /// The start was given up before its end, and what it had started is stopped.
    #[error("told to stop before PostgreSQL was ready")]
    Told,

    /// A setting given by the caller cannot be written into a configuration file.
    #[error("the PostgreSQL setting '{name}' cannot be used: {reason}")]
    Setting {
        /// The name of the setting.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// One of `PostgreSQL`'s programs failed.
    #[error("{} failed ({status}): {output}", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// The end of what it wrote.
        output: String,
    },

    /// `PostgreSQL` did not come up.
    #[error(
        "PostgreSQL did not start in {}: {reason}. The end of its log {}:\n{tail}",
        .dir.display(), .log.display()
    )]
    Start {
        /// `PostgreSQL`'s own directory below the data directory.
        dir: PathBuf,
        /// What was seen.
        reason: String,
        /// The log file.
        log: PathBuf,
        /// The last lines that this start wrote to it.
        tail: String,
    },

    /// `PostgreSQL` did not go away.
    #[error(
        "PostgreSQL (process {pid}) did not stop: {reason}. The end of its log {}:\n{tail}",
        .log.display()
    )]
    Stop {
        /// The process id of the postmaster.
        pid: u32,
        /// What `pg_ctl` said.
        reason: String,
        /// The log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// A statement or a connection to the running cluster failed.
    #[error("{what} failed: {}", describe(.source))]
    Database {
        /// What was tried.
        what: String,
        /// What the database or the connection said.
        source: tokio_postgres::Error,
    },

    /// The operating system refused something.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file or program.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl ClusterError {
    /// For `map_err`: names the action and the file that an I/O error is about.
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_path_buf(), source }
    }
}

/// `tokio_postgres` shows "db error" only; the words of the server are one level further down.
fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(db), _) => db.to_string(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
