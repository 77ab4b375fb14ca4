//! What `postmaster.pid` says, and whether it is still true.

use std::path::Path;
use std::process::{Command, Stdio};

/// The parts of `postmaster.pid` that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The process id of the postmaster.
    pub(super) pid: u32,
    /// Whether the postmaster is on its way out.
    pub(super) stopping: bool,
}

/// What a process id in `postmaster.pid` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// A postmaster, as far as the system tells that of this cluster.
    Postmaster,
    /// A program that got the number after the postmaster's end, as happens after a restart of the machine.
    Another,
    /// Nobody.
    Gone,
}

/// Reads the file; `None` when there is none, or none that makes sense.
pub(super) fn read(pgdata: &Path) -> Option<PidFile> {
    let text = std::fs::read_to_string(pgdata.join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    // A negative number is that of a single-user session, which nobody can connect to.
    let pid = lines.next()?.trim().parse().ok()?;
    // Line 8 is the state, which is written last.
    let stopping = lines.nth(6).is_some_and(|state| state.trim() == "stopping");
    Some(PidFile { pid, stopping })
}

/// Looks at the process. A postmaster runs as the user `uid`, and its working directory is its data directory.
pub(super) fn process(pid: u32, pgdata: &Path, uid: u32) -> Process {
    if !has_proc() {
        return process_by_ps(pid, uid);
    }
    let entry = Path::new("/proc").join(pid.to_string());
    let Ok(stat) = std::fs::read_to_string(entry.join("stat")) else { return Process::Gone };
    // "pid (name) state ...", and the name may have any character.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    if matches!(state, Some('Z' | 'X') | None) {
        return Process::Gone; // ended, but not yet collected by its parent
    }
    // Where the working directory of others is not to be seen, their user is.
    if owner(&entry).is_some_and(|owner| owner != uid) {
        return Process::Another;
    }
    match std::fs::read_link(entry.join("cwd")) {
        Ok(cwd) if cwd == pgdata => Process::Postmaster,
        Ok(_) => Process::Another,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Process::Gone,
        // Not for us to see. PostgreSQL itself decides then.
        Err(_) => Process::Postmaster,
    }
}

/// Whether any process works in the directory: backends have the working directory of their postmaster.
pub(super) fn has_remnants(pgdata: &Path) -> bool {
    if !has_proc() {
        // They carry the name of the cluster, but not that of the directory.
        return ps(&["-A"]).is_none_or(|list| list.contains("postgres: oregional: "));
    }
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.any(|pid| {
        let cwd = std::fs::read_link(Path::new("/proc").join(u32::to_string(&pid)).join("cwd"));
        cwd.is_ok_and(|cwd| cwd == pgdata)
    })
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// The user that a process runs as. Not the owner of its entry, which is root for some.
fn owner(entry: &Path) -> Option<u32> {
    let status = std::fs::read_to_string(entry.join("status")).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    // Real, effective, saved, of the file system.
    ids.split_whitespace().nth(1)?.parse().ok()
}

/// For systems without /proc.
fn process_by_ps(pid: u32, uid: u32) -> Process {
    let pid = pid.to_string();
    let of_user =
        ps(&["-o", "uid=", "-p", &pid]).and_then(|line| line.split_whitespace().next()?.parse().ok());
    match ps(&["-p", &pid]).as_deref().map(str::trim) {
        Some("") => Process::Gone,
        Some(_) if of_user.is_some_and(|owner: u32| owner != uid) => Process::Another,
        Some(line) if !line.contains("postgres") => Process::Another,
        _ => Process::Postmaster,
    }
}

/// What is told of some processes, their command lines at the end; `None` when `ps` cannot be run.
fn ps(which: &[&str]) -> Option<String> {
    let mut command = Command::new("ps");
    command.args(which).args(["-o", "command="]).stdin(Stdio::null()).stderr(Stdio::null());
    Some(String::from_utf8_lossy(&command.output().ok()?.stdout).into_owned())
}
