//! What an operator is told where a start, or a command, cannot do what it was asked to.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

use crate::program::{PASSWORD, Program, Scratch, command, is_root, run};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A user that has no processes and no rights.
const NOBODY: u32 = 65_534;

fn url(scratch: &Scratch, user: &str, database: &str) -> String {
    format!("postgresql://{user}@/{database}?host={}", scratch.data().join("socket").display())
}

async fn connect(scratch: &Scratch, database: &str) -> Client {
    let config: Config = url(scratch, "oregional", database).parse().unwrap();
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn a_lost_key_is_asked_for_and_not_made_anew() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    server.url();
    assert!(server.said().contains("secret.key seals the secrets"), "{}", server.said());
    assert!(server.stop().success());
    let (file, kept) = (scratch.data().join("secret.key"), scratch.path("kept"));
    std::fs::rename(&file, &kept).unwrap();

    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"], &["migrate"]] {
        let (status, said) = run(&scratch, arguments);
        assert_eq!(status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(&format!("{} is missing", file.display())), "{arguments:?}: {said}");
        assert!(said.contains("backup") && said.contains("--secret-key"), "{arguments:?}: {said}");
        assert!(!file.exists(), "{arguments:?}: a key was made");
        assert_eq!(scratch.postmaster(), None, "{arguments:?}");
    }
    let given = std::fs::read_to_string(&kept).unwrap();
    let (status, said) = run(&scratch, &["check", "--secret-key", given.trim()]);
    assert!(status.success(), "{said}");
    std::fs::rename(&kept, &file).unwrap();
    let mut server = Program::serve(&scratch, &[]);
    server.url();
    assert!(server.stop().success());
}

#[test]
fn a_given_key_is_announced_as_such() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD, "--secret-key", KEY]);
    server.says("The given key seals the secrets");
    assert!(!server.said().contains("secret.key"), "{}", server.said());
    assert!(!scratch.data().join("secret.key").exists());
    assert!(server.stop().success());
}

#[test]
fn commands_that_look_make_nothing() {
    let scratch = Scratch::new();
    for arguments in [&["check"][..], &["user", "list"], &["key", "rotate"]] {
        let (status, said) = run(&scratch, arguments);
        assert_eq!(status.code(), Some(1), "{arguments:?}: {said}");
        let dir = scratch.data().display().to_string();
        for words in [dir.as_str(), "there is no database", "--data-dir", "--db-name"] {
            assert!(said.contains(words), "{arguments:?}: {said}");
        }
        assert!(!scratch.data().exists(), "{arguments:?} has made something");
    }
    let (status, said) = run(&scratch, &["migrate"]);
    assert!(status.success(), "{said}");
    assert!(run(&scratch, &["check"]).0.success());

    let (status, said) = run(&scratch, &["check", "--db-name", "other"]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("'other'") && said.contains("--db-name"), "{said}");
    let (_, again) = run(&scratch, &["check", "--db-name", "other"]);
    assert!(again.contains("there is no database 'other'"), "it was made: {again}");
    assert_eq!(scratch.postmaster(), None);
}

#[test]
fn a_server_waits_for_a_command_that_holds_the_directory() {
    let scratch = Scratch::new();
    let (status, said) = run(&scratch, &["migrate"]);
    assert!(status.success(), "{said}");
    // As a command does that has the cluster for a moment.
    let lock = std::fs::File::options().write(true).open(scratch.data().join("oregional.lock")).unwrap();
    lock.try_lock().unwrap();
    let mut server = Program::serve(&scratch, &[]);
    server.says("waiting for another server or command");
    drop(lock);
    server.url();

    let began = Instant::now();
    let (status, said) = run(&scratch, &["serve", "--listen", "127.0.0.1:0"]);

    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another server or command"), "{said}");
    assert!(began.elapsed() > Duration::from_secs(9), "it has not waited: {:?}", began.elapsed());
    assert!(run(&scratch, &["check"]).0.success(), "a command beside a server");
    assert!(server.stop().success());
}

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

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_as_such() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    server.url();
    let url = url(&scratch, "oregional", "oregional");
    let key = std::fs::read_to_string(scratch.data().join("secret.key")).unwrap();
    let migrate = ["migrate", "--database-url", &url, "--secret-key", key.trim()];
    let client = connect(&scratch, "oregional").await;

    client
        .batch_execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (999, 'later', now()::text, '1')",
        )
        .await
        .unwrap();
    let (status, said) = run(&scratch, &migrate);
    assert_eq!(status.code(), Some(1), "{said}");
    for words in ["made by a newer oregional", "V999", "install that version"] {
        assert!(said.contains(words), "{said}");
    }
    client
        .batch_execute(
            "DELETE FROM refinery_schema_history WHERE version = 999;
             UPDATE server_fact SET value = '99.1.0' WHERE name = 'program'",
        )
        .await
        .unwrap();
    let (status, said) = run(&scratch, &migrate);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("made by a newer oregional (99.1.0"), "{said}");
    client.batch_execute("UPDATE server_fact SET value = '0.0.9' WHERE name = 'program'").await.unwrap();
    let (status, said) = run(&scratch, &migrate);
    assert!(status.success(), "{said}");
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_migration_that_fails_tells_the_reason_of_the_database() {
    let (beside, scratch) = (Scratch::new(), Scratch::new());
    let mut server = Program::serve(&beside, &["--admin-password", PASSWORD]);
    server.url();
    let client = connect(&beside, "oregional").await;
    for statement in [
        "CREATE DATABASE bare TEMPLATE template0",
        "CREATE ROLE guest",
        "ALTER DATABASE bare SET role = 'guest'",
        "CREATE DATABASE fixed TEMPLATE template0",
        "ALTER DATABASE fixed SET default_transaction_read_only = on",
    ] {
        client.batch_execute(statement).await.unwrap();
    }
    let bare = connect(&beside, "bare").await;
    bare.batch_execute("RESET role; SET role = 'oregional'; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        .await
        .unwrap();
    for (database, words) in [
        ("bare", "permission denied for schema public (SQLSTATE 42501)"),
        ("fixed", "read-only transaction (SQLSTATE 25006)"),
    ] {
        let mut migrate = command(&scratch, &["migrate", "--secret-key", KEY, "--database-url"]);
        let output = migrate.arg(url(&beside, "oregional", database)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
    assert!(server.stop().success());
}
