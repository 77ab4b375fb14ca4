//! The server's own PostgreSQL dies under it: it comes back, and calls go on.

use serde_json::json;

use crate::program::{PASSWORD, Program, Scratch, call, run, sign_in, signal, wait_until};

const MODEL: &str = "oregional.application";

/// Asks until a call is answered.
async fn answered(client: &reqwest::Client, url: &str) -> serde_json::Value {
    let began = std::time::Instant::now();
    loop {
        let found = call(client, url, MODEL, "search_read", json!([[["name", "=", "Kept"]], ["name"]])).await;
        if let Some(found) = found {
            return found;
        }
        assert!(began.elapsed() < std::time::Duration::from_mins(1), "calls are not answered again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_that_is_killed_or_stopped_is_started_again_and_calls_go_on() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    let url = server.url();
    let admin = sign_in(&url, PASSWORD).await;
    call(&admin, &url, MODEL, "create", json!([{"name": "Kept"}])).await.unwrap();
    for (turn, name) in ["KILL", "INT"].into_iter().enumerate() {
        let postmaster = scratch.postmaster().unwrap();

        assert!(signal(name, postmaster));

        // A start that has to be tried twice has a postmaster before it is ready, and a process of the old one
        // may answer before it has noticed.
        wait_until("PostgreSQL is ready again", || {
            server.said().matches("PostgreSQL is ready again").count() > turn
        });
        assert_ne!(scratch.postmaster(), Some(postmaster));
        let found = answered(&admin, &url).await;
        assert_eq!(found[0]["name"], "Kept", "{found}");
    }
    let said = server.said();
    assert!(said.contains("PostgreSQL has ended under the server"), "{said}");
    assert!(server.stop().success());
    assert_eq!(scratch.programs(), "", "something stays behind");
}

#[tokio::test]
async fn one_that_was_taken_over_is_watched_as_well() {
    let scratch = Scratch::new();
    let mut first = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    first.url();
    first.signal("KILL");
    assert!(!first.end().success());
    let postmaster = scratch.postmaster().unwrap();
    let mut server = Program::serve(&scratch, &[]);
    let url = server.url();
    assert_eq!(scratch.postmaster(), Some(postmaster), "it was not taken over");
    let admin = sign_in(&url, PASSWORD).await;
    call(&admin, &url, MODEL, "create", json!([{"name": "Kept"}])).await.unwrap();

    assert!(signal("KILL", postmaster));

    // Not only answered by a process of the old one that has not noticed yet.
    server.says("PostgreSQL is ready again");
    assert_eq!(answered(&admin, &url).await[0]["name"], "Kept");
    assert!(server.stop().success());
}

#[test]
fn one_that_cannot_be_started_ends_the_server() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    server.url();
    let file = scratch.data().join("postgres/postgresql.conf");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}\nwork_mem = 'much'\n")).unwrap();

    assert!(signal("KILL", scratch.postmaster().unwrap()));

    assert_eq!(server.end().code(), Some(1));
    let said = server.said();
    assert!(said.contains("PostgreSQL did not start") && said.contains("work_mem"), "{said}");
    assert_eq!(scratch.programs(), "", "something stays behind");
    std::fs::write(&file, settings).unwrap();
    let (status, said) = run(&scratch, &["check"]);
    assert!(status.success(), "{said}");
}

#[test]
fn a_server_that_stops_starts_nothing_again() {
    let scratch = Scratch::new();
    let mut server = Program::serve(&scratch, &["--admin-password", PASSWORD]);
    server.url();

    server.signal("TERM");
    server.says("told to stop");
    signal("INT", scratch.postmaster().unwrap_or(1_000_000_000));

    assert!(server.end().success());
    assert!(!server.said().contains("again"), "{}", server.said());
    assert_eq!(scratch.programs(), "", "something stays behind");
}
