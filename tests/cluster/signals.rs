//! Signals at every moment: nothing stays behind, and the second one does not wait.

use std::os::unix::process::CommandExt as _;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::program::{PASSWORD, Program, Scratch, call, run, sign_in, signal, wait_until};

const MODEL: &str = "oregional.application";

#[test]
fn a_start_that_is_told_to_stop_leaves_nothing_running_at_any_moment() {
    for (moment, name) in [
        ("creating the PostgreSQL cluster", "TERM"),
        ("creating the PostgreSQL cluster", "HUP"),
        ("PostgreSQL is ready", "INT"),
        ("migration applied version=1 ", "QUIT"),
    ] {
        let scratch = Scratch::new();
        let mut server = Program::serve(&scratch, &[]);
        server.says(moment);
        if moment.starts_with("creating") {
            wait_until("initdb runs", || scratch.programs().contains("initdb"));
        }

        server.signal(name);

        let status = server.end();
        let said = server.said();
        assert!(status.success(), "{moment}, {name}: {status} {said}");
        assert!(said.contains("told to stop before the server was ready"), "{moment}, {name}: {said}");
        assert_eq!(scratch.programs(), "", "{moment}, {name}: something stays behind");
        assert_eq!(scratch.postmaster(), None, "{moment}, {name}");
        assert!(!scratch.data().join("postgres.new").exists(), "{moment}, {name}");
    }
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_followed_by_a_whole_one() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &[]);
    server.says("migration applied version=1 ").signal("TERM");
    assert!(server.end().success());

    let mut server = Program::serve(&scratch, &[]);
    let url = server.url();

    let password = std::fs::read_to_string(scratch.data().join("admin-password")).unwrap();
    sign_in(&url, password.trim()).await;
    assert!(server.stop().success());
}

#[test]
fn hanging_up_and_quitting_stop_the_server_cleanly() {
    let scratch = Scratch::new();
    for name in ["HUP", "QUIT"] {
        let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
        server.url();
        server.signal(name);
        assert!(server.end().success(), "{name}: {}", server.said());
        assert_eq!(scratch.postmaster(), None, "{name}");
    }
}

#[test]
fn who_was_started_to_outlive_the_terminal_does() {
    let scratch = Scratch::new();
    let mut nohup = std::process::Command::new("nohup");
    nohup.arg(env!("CARGO_BIN_EXE_oregional")).args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"]);
    nohup.arg("--data-dir").arg(scratch.data()).args(["--admin-password", PASSWORD]).process_group(0);
    let mut server = Program::start(nohup, &scratch);
    server.url();

    server.signal("HUP");
    server.signal("TERM");

    assert!(server.end().success());
    assert!(server.said().contains("SIGTERM") && !server.said().contains("SIGHUP"), "{}", server.said());
}

#[tokio::test]
async fn the_second_signal_cuts_running_calls_off() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    let url = server.url();
    let admin = sign_in(&url, PASSWORD).await;
    let id = call(&admin, &url, MODEL, "create", json!([{"name": "Before"}])).await.unwrap();
    let socket = scratch.data().join("socket").display().to_string();
    let config: tokio_postgres::Config =
        format!("host={socket} user=oregional dbname=oregional application_name=test").parse().unwrap();
    let (database, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    database.batch_execute("BEGIN; SELECT 1 FROM oregional_application FOR UPDATE").await.unwrap();
    let writing = tokio::spawn({
        let url = url.clone();
        async move { call(&admin, &url, MODEL, "write", json!([[id], {"name": "After"}])).await }
    });
    let waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'oregional'";
    let began = Instant::now();
    while database.query(waiting, &[]).await.unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "the call does not wait for the lock");
    }

    server.signal("TERM");
    server.says("told to stop");
    assert!(!server.has_ended(), "the server has not waited for its call");
    let began = Instant::now();
    server.signal("TERM");

    assert!(server.end().success(), "{}", server.said());
    // The calls of a server that was told once may take ten seconds.
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}: {}", began.elapsed(), server.said());
    assert_eq!(writing.await.unwrap(), None, "the call was answered");
    assert_eq!(scratch.programs(), "", "something stays behind");
    assert!(run(&scratch, &["check"]).0.success());
}

#[test]
fn a_start_that_repairs_after_a_crash_is_stopped_with_its_database() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    server.url();
    // The server first, so that it does not start its database again.
    server.signal("KILL");
    server.end();
    let postmaster = scratch.postmaster().unwrap();
    assert!(signal("KILL", postmaster));
    let mut server = Program::serve(&scratch, &[]);
    wait_until("PostgreSQL is started", || scratch.postmaster().is_some_and(|other| other != postmaster));

    server.signal("TERM");

    assert!(server.end().success(), "{}", server.said());
    assert_eq!(scratch.programs(), "", "something stays behind: {}", server.said());
    assert_eq!(scratch.postmaster(), None);
}
