//! What whoever runs the server is told: settings that mean nothing, a database that does not fit, names that are taken.

use crate::binary::{PASSWORD, Server, program, run, text};
use crate::support::client::User;
use crate::support::database::Scratch;

#[tokio::test]
async fn an_option_that_means_nothing_is_refused_with_what_to_write_instead() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    for (name, value, words) in [
        ("OREGIONAL_METRICS_TOKEN", "", "leave the option and its variable out"),
        ("OREGIONAL_ADMIN_PASSWORD", "", "leave the option and its variable out"),
        ("OREGIONAL_DATABASE_URL", "", "leave the option and its variable out"),
        ("OREGIONAL_SECRET_KEY", " ", "leave the option and its variable out"),
        ("OREGIONAL_DB_NAME", "", "leave the option and its variable out"),
        ("OREGIONAL_LISTEN", "8069", "127.0.0.1:8069"),
        ("OREGIONAL_TRUSTED_PROXIES", "10.0.0.0/40", "10.0.0.0/8"),
        ("OREGIONAL_MAX_FAILURES", "0", "1.."),
        ("OREGIONAL_PUBLIC_URL", "https://a:b@example.com", "a user name or a password"),
    ] {
        let output = program(&data_dir, &["serve"]).env(name, value).output().await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
        assert!(!data_dir.exists(), "{name}: nothing is made");
    }
}

#[tokio::test]
async fn a_log_filter_that_means_nothing_is_told_once() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    for (filter, times) in [("info,oregional=loud", 1), ("info", 0), ("", 0)] {
        let output = program(&data_dir, &["check"]).env("RUST_LOG", filter).output().await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(said.matches("RUST_LOG is not understood").count(), times, "{filter}: {said}");
    }
}

#[tokio::test]
async fn a_check_knows_the_key_and_the_version_of_the_tables() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    let other = "00".repeat(31) + "01";
    let wrong = run(&data_dir, &["check", "--secret-key", &other], "").await;
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(text(&wrong.stdout).contains("another key"), "{wrong:?}");

    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                 SELECT 999, 'future', applied_on, checksum FROM refinery_schema_history WHERE version = 1";
    server.database().await.batch_execute(newer).await.unwrap();
    let newer = run(&data_dir, &["check"], "").await;
    assert_eq!(newer.status.code(), Some(1), "{newer:?}");
    assert!(text(&newer.stdout).contains("made by a newer oregional"), "{newer:?}");
    let older = "DELETE FROM refinery_schema_history WHERE version >= 8";
    server.database().await.batch_execute(older).await.unwrap();
    let older = run(&data_dir, &["check"], "").await;
    assert!(text(&older.stdout).contains("`oregional migrate`"), "{older:?}");
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn the_administrators_password_may_come_with_the_migration() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let made =
        program(&data_dir, &["migrate"]).env("OREGIONAL_ADMIN_PASSWORD", PASSWORD).output().await.unwrap();
    assert!(made.status.success(), "{made:?}");
    assert!(!data_dir.join("admin-password").exists(), "no other one is made");

    let server = Server::start(&data_dir, &[]).await;
    User::sign_in(&server.url, "admin", PASSWORD).await;
    let taken = run(&data_dir, &["user", "create", "admin"], "").await;
    assert_eq!(taken.status.code(), Some(1), "{taken:?}");
    assert!(text(&taken.stderr).contains("oregional user passwd admin"), "{taken:?}");
    assert!(server.stop("-TERM").await.success());
}
