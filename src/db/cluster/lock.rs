//! The lock that keeps a second server away from a data directory.

use super::LOCK_FILE;
use super::account::Account;
use super::error::ClusterError;
use super::files::open_own;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a held lock is tried again at the least: after `kill -9` the system may need a moment to close the
/// files of the killed server.
pub(super) const MOMENT: Duration = Duration::from_millis(200);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(40);

/// Takes the lock of the data directory, or says who still holds it when the patience has ended.
///
/// The lock lasts as long as the returned file is open. The kernel lets go of it when the process ends,
/// however it ends; nothing is left to clean up.
pub(super) async fn take(
    data_dir: &Path,
    account: &Account,
    patience: Duration,
) -> Result<File, ClusterError> {
    let began = Instant::now();
    let path = data_dir.join(LOCK_FILE);
    let mut file = open_own(&path, false, account)?;
    let mut is_waiting = false;
    loop {
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)
                    .and_then(|()| file.rewind())
                    .and_then(|()| writeln!(file, "{}", std::process::id()))
                    .map_err(ClusterError::io("write", &path))?;
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                if !is_waiting && began.elapsed() > MOMENT {
                    is_waiting = true;
                    tracing::info!(data_dir = %data_dir.display(), "waiting for another server or command to end");
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(ClusterError::io("lock", &path)(error)),
        }
    }
    let mut text = String::new();
    let holder = match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!("process {}", text.trim()),
        _ => "its process is unknown".to_owned(),
    };
    Err(ClusterError::Locked { dir: data_dir.to_path_buf(), holder })
}
