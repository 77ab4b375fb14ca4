//! The configuration files of the cluster, which are written anew at each start.

use super::SUPERUSER;
use super::account::Account;
use super::error::ClusterError;
use super::files::replace;
use std::path::Path;

/// The file with this server's settings, next to `postgresql.conf`.
const FILE: &str = "oregional.conf";

/// The line in `postgresql.conf` that reads [`FILE`].
const INCLUDE: &str = "include_if_exists = 'oregional.conf'";

/// What every cluster gets. The callers' settings come after these and win.
const SETTINGS: [(&str, &str); 22] = [
    // Nothing but the socket: no port that somebody else could use or find taken.
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "100"),
    ("shared_buffers", "256MB"),
    ("effective_cache_size", "1GB"),
    // For solid state disks, which everything has by now.
    ("random_page_cost", "1.1"),
    // Compiling costs more than it gains with many short statements.
    ("jit", "off"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("wal_compression", "on"),
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "15min"),
    // initdb takes these from its surroundings; times and messages must not depend on the machine.
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("datestyle", "iso, mdy"),
    ("lc_messages", "C"),
    // Into the file that the server gives it as standard error.
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_min_messages", "warning"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
    ("cluster_name", "oregional"),
];

/// `pg_hba.conf`: who may connect.
///
/// There are two walls. The socket lies in a directory of mode 0700, so that only its owner and root reach
/// it; and `peer` lets in only those operating system users that `pg_ident.conf` names, in case the
/// directory is ever opened by hand. `trust` would leave the first wall alone.
const HBA: &str = "# Written by the server at each start; changes are lost.\n\
                   local all all peer map=oregional\n";

/// The texts of the configuration files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    files: [(&'static str, String); 3],
    no_sync: bool,
}

impl Settings {
    /// Works out the texts; `extra` are the settings of the caller.
    pub(super) fn new(
        socket_dir: &Path,
        account: &Account,
        extra: &[(String, String)],
    ) -> Result<Self, ClusterError> {
        let mut text =
            "# Written by the server at each start; changes are lost. Settings of your own survive \
                        when made with ALTER SYSTEM.\n"
                .to_owned();
        // A list of directories, of which this is one: hence the second pair of quotes.
        let sockets = format!("\"{}\"", socket_dir.display());
        let own = SETTINGS.into_iter().chain([("unix_socket_directories", sockets.as_str())]);
        let extra = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(extra.clone()) {
            text.push_str(&line(name, value)?);
        }
        let mut ident = "# Written by the server at each start; changes are lost.\n".to_owned();
        // Root also after a start by another user: a root server has to be able to adopt that cluster.
        for user in ["root", account.name.as_str()] {
            ident.push_str("oregional \"");
            ident.push_str(user);
            ident.push_str("\" ");
            ident.push_str(SUPERUSER);
            ident.push('\n');
        }
        let no_sync = extra.rev().find(|(name, _)| *name == "fsync").is_some_and(|(_, value)| value == "off");
        let files = [(FILE, text), ("pg_hba.conf", HBA.to_owned()), ("pg_ident.conf", ident)];
        Ok(Self { files, no_sync })
    }

    /// Whether the caller asked for a cluster that need not survive a crash of the machine.
    pub(super) fn no_sync(&self) -> bool {
        self.no_sync
    }

    /// Whether the files of a cluster say exactly this already.
    pub(super) fn in_place(&self, pgdata: &Path) -> bool {
        let same = |name: &str, text: &str| {
            std::fs::read_to_string(pgdata.join(name)).is_ok_and(|found| found == text)
        };
        self.files.iter().all(|(name, text)| same(name, text))
    }

    /// Writes the files, and sees to it that `postgresql.conf` reads them.
    pub(super) fn write(&self, pgdata: &Path, account: &Account) -> Result<(), ClusterError> {
        for (name, text) in &self.files {
            replace(&pgdata.join(name), text, account)?;
        }
        let main = pgdata.join("postgresql.conf");
        let mut text = std::fs::read_to_string(&main).map_err(ClusterError::io("read", &main))?;
        if text.lines().any(|line| line.trim() == INCLUDE) {
            return Ok(());
        }
        text.push_str("\n# The settings of the server; last, so that they win.\n");
        text.push_str(INCLUDE);
        text.push('\n');
        replace(&main, &text, account)
    }
}

/// One line of a configuration file.
fn line(name: &str, value: &str) -> Result<String, ClusterError> {
    let refuse = |reason| ClusterError::Setting { name: name.to_owned(), reason };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(refuse("the name may have letters, digits, '_' and '.' only"));
    }
    if value.contains(char::is_control) {
        return Err(refuse("the value has a control character"));
    }
    let value = value.replace('\\', "\\\\").replace('\'', "''");
    Ok(format!("{name} = '{value}'\n"))
}
