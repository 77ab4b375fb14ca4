//! Making a new cluster.

use super::account::Account;
use super::error::ClusterError;
use super::files::last_lines;
use super::settings::Settings;
use super::{PGDATA, SUPERUSER};
use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long `initdb` and its children may take to end when told to.
const END: Duration = Duration::from_secs(10);

/// Makes the cluster below `data_dir`, unless it is there.
///
/// It is made under another name and renamed when it is complete, so that a start that was cut short leaves
/// nothing that looks like a cluster. One that is `told` to stop leaves nothing at all.
pub(super) async fn ensure(
    bin: &Path,
    data_dir: &Path,
    account: &Account,
    settings: &Settings,
    told: &CancellationToken,
) -> Result<(), ClusterError> {
    let pgdata = data_dir.join(PGDATA);
    if pgdata.exists() {
        return Ok(());
    }
    tracing::info!(data_dir = %data_dir.display(), user = account.name, "creating the PostgreSQL cluster");
    let fresh = data_dir.join("postgres.new");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(ClusterError::io("remove", &fresh))?;
    }
    let program = bin.join("initdb");
    let mut command = account.command(&program);
    command.arg("--pgdata").arg(&fresh).args(["--username", SUPERUSER, "--encoding=UTF8", "--locale=C"]);
    command.args(["--lc-collate=C", "--lc-ctype=C.UTF-8", "--data-checksums"]);
    command.args(["--auth-local=peer", "--auth-host=reject"]);
    if settings.no_sync() {
        command.arg("--no-sync");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child =
        Command::from(command).kill_on_drop(true).spawn().map_err(ClusterError::io("run", &program))?;
    let group = child.id();
    let mut ended = pin!(child.wait_with_output());
    let output = tokio::select! {
        output = &mut ended => output.map_err(ClusterError::io("run", &program))?,
        () = told.cancelled() => {
            if let Some(group) = group {
                terminate(group).await;
            }
            timeout(END, ended).await.ok();
            // It clears away by itself, unless it was too young for that.
            std::fs::remove_dir_all(&fresh).ok();
            return Err(ClusterError::Told);
        }
    };
    if !output.status.success() {
        let written = [output.stdout, output.stderr].concat();
        let status = output.status.to_string();
        return Err(ClusterError::Program { program, status, output: last_lines(&written) });
    }
    settings.write(&fresh, account)?;
    std::fs::rename(&fresh, &pgdata).map_err(ClusterError::io("rename", &fresh))?;
    if !settings.no_sync() {
        // The new name has to be on the disk before anybody trusts the cluster with data.
        File::open(data_dir).and_then(|dir| dir.sync_all()).map_err(ClusterError::io("sync", data_dir))?;
    }
    Ok(())
}

/// Tells a process group to end: `initdb` has children, which must not go on in a directory that is removed.
async fn terminate(group: u32) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -s TERM -- \"-$1\"", "sh"]).arg(group.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.ok();
}
