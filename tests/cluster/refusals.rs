//! What an operator is told where a start, or a command, cannot do what it was asked to.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::program::{Scratch, is_root};

/// A user that has no processes and no rights.
const NOBODY: u32 = 65_534;

#[test]
fn a_stale_pid_file_with_the_number_of_another_user_is_no_obstacle() {
    if !is_root() {
        return; // it takes a second user
    }
    let scratch = Scratch::new();
    // Where the other user can reach it.
    let program = scratch.path("oregional");
    std::fs::copy(env!("CARGO_BIN_EXE_oregional"), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(scratch.data()).unwrap();
    chown(scratch.data(), Some(NOBODY), Some(NOBODY)).unwrap();
    let check = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).arg("--data-dir").arg(scratch.data()).env_remove("RUST_LOG");
        command.uid(NOBODY).gid(NOBODY).current_dir("/").output().unwrap()
    };
    let made = check(&["migrate"]);
    assert!(made.status.success(), "{made:?}");
    let file = scratch.data().join("postgres/postmaster.pid");
    let pid = std::process::id();
    std::fs::write(&file, format!("{pid}\n{}\n0\n5432\n\n\n0 0\nready\n", scratch.data().display())).unwrap();
    chown(&file, Some(NOBODY), Some(NOBODY)).unwrap();

    let started = check(&["check"]);

    assert!(started.status.success(), "{started:?}");
    assert!(!file.exists());
}
