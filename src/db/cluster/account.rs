//! The user that `PostgreSQL`'s programs run as, which is never root.

use super::error::ClusterError;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The only variables that `PostgreSQL`'s programs get to see: what the loader and the user look-up need.
/// Everything else stays here, the secrets of the server and variables like PGPORT above all.
const PASSED_ON: [&str; 7] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "NSS_WRAPPER_PASSWD",
    "NSS_WRAPPER_GROUP",
    "TZDIR",
];

/// Who may own a cluster when root starts the server; the first that exists is taken.
const CHOICES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// User id.
    pub(super) uid: u32,
    /// Id of the user's first group.
    pub(super) gid: u32,
    /// Login name, or the user id in digits when the user has none.
    pub(super) name: String,
    /// Whether programs have to be switched to this user, that is, whether the server runs as root.
    pub(super) switch: bool,
}

impl Account {
    /// Chooses the user: the server's own, or when that is root, the `owner` of the existing data
    /// directory, or else the first of `postgres`, `_postgres` and `nobody`.
    pub(super) fn choose(owner: Option<(u32, u32)>) -> Result<Self, ClusterError> {
        let own: Option<u32> = id(&["-u"]).and_then(|text| text.parse().ok());
        if let Some(uid) = own.filter(|&uid| uid != 0) {
            let gid = id(&["-g"]).and_then(|text| text.parse().ok()).unwrap_or(uid);
            let name = id(&["-un"]).unwrap_or_else(|| uid.to_string());
            return Ok(Self { uid, gid, name, switch: false });
        }
        if let Some((uid, group)) = owner.filter(|&(uid, _)| uid != 0) {
            let (gid, name) = match from_passwd(|_, found| found == uid) {
                Some((name, _, gid)) => (gid, name),
                None => (group, id(&["-un", &uid.to_string()]).unwrap_or_else(|| uid.to_string())),
            };
            return Ok(Self { uid, gid, name, switch: true });
        }
        CHOICES.iter().find_map(|name| named(name)).ok_or(ClusterError::NoAccount)
    }

    /// A command that runs as this user, away from the terminal.
    ///
    /// It gets a process group of its own, so that Ctrl-C in the terminal reaches this server only, which
    /// then finishes its calls before it stops the database. It starts in `/`, because the working
    /// directory of root is often one that the user cannot enter.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        command.stdin(Stdio::null());
        if self.switch {
            // Changing the user as root also drops root's supplementary groups.
            command.gid(self.gid).uid(self.uid);
        }
        command
    }
}

/// An account by its name.
fn named(name: &str) -> Option<Account> {
    let (uid, gid) = match from_passwd(|found, _| found == name) {
        Some((_, uid, gid)) => (uid, gid),
        None => (id(&["-u", name])?.parse().ok()?, id(&["-g", name])?.parse().ok()?),
    };
    (uid != 0).then(|| Account { uid, gid, name: name.to_owned(), switch: true })
}

/// The first entry (name, user id, group id) of /etc/passwd that is wanted.
fn from_passwd(wanted: impl Fn(&str, u32) -> bool) -> Option<(String, u32, u32)> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        wanted(name, uid).then(|| (name.to_owned(), uid, gid))
    })
}

/// What the program `id` says; it also knows users that are not in /etc/passwd (a directory service, macOS).
fn id(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("id").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
