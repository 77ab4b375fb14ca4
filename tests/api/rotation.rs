//! The key that seals secrets is replaced by the program itself: clients, their secrets and their tokens go
//! on, whatever cuts it off a start finds the right key, and no server goes on with the old one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use oregional::seal::{Key, Sealer};
use serde_json::json;

use crate::binary::{PASSWORD, Server, program, run, text};
use crate::oauth::support::{App, Tokens, error};
use crate::support::client::User;
use crate::support::database::Scratch;

fn key_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

fn fingerprint(path: &Path) -> String {
    Sealer::new(Key::parse(&key_of(path)).unwrap()).fingerprint()
}

async fn start(data_dir: &Path) -> (Server, User) {
    let server = Server::start(data_dir, &["--admin-password", PASSWORD]).await;
    let admin = User::sign_in(&server.url, "admin", PASSWORD).await;
    (server, admin)
}

#[tokio::test]
async fn secrets_clients_and_tokens_go_on_under_a_new_key() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let (server, admin) = start(&data_dir).await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let lost = wiki.sign_in(&admin).await;
    let answer = Tokens::of(&wiki.refresh(&lost.refresh).await);
    let code = wiki.code(&admin, &[]).await;
    let key_file = data_dir.join("secret.key");
    let old = key_of(&key_file);
    assert!(server.stop("-TERM").await.success());

    let done = run(&data_dir, &["key", "rotate"], "").await;

    assert!(done.status.success(), "{done:?}");
    assert!(text(&done.stdout).contains(&fingerprint(&key_file)), "{done:?}");
    for told in [text(&done.stdout), text(&done.stderr)] {
        assert!(!told.contains(&old) && !told.contains(&key_of(&key_file)), "the key itself is not told");
    }
    assert_ne!(old, key_of(&key_file));
    assert_eq!(key_file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!data_dir.join("secret.key.new").exists());
    let (server, admin) = start(&data_dir).await;
    let wiki = wiki.at(&server.url);
    let read = admin.result("oregional.application", "read", json!([[wiki.id], ["client_secret"]])).await;
    assert_eq!(read[0]["client_secret"], wiki.client_secret.as_str());
    let found = json!([[["client_secret", "=", wiki.client_secret]]]);
    assert_eq!(admin.result("oregional.application", "search", found).await, json!([wiki.id]));
    assert!(wiki.is_active(&tokens.access).await);
    let next = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    assert!(wiki.is_active(&next.access).await);
    Tokens::of(&wiki.exchange(&code).await);
    // What was derived under the old key cannot be derived again; that harms nobody who got it.
    assert_eq!(error(&wiki.refresh(&lost.refresh).await), (400, "invalid_grant".to_owned()));
    assert!(wiki.is_active(&answer.access).await);
    Tokens::of(&wiki.refresh(&answer.refresh).await);
    let log = json!([[["event", "=", "rotate_key"]], ["details", "outcome"]]);
    let log = admin.result("audit.log", "search_read", log).await;
    assert_eq!(log.as_array().unwrap().len(), 1, "{log}");
    let changed = json!([[["details", "ilike", "changed"]]]);
    assert_eq!(admin.result("audit.log", "search_count", changed).await, 0, "no secret has changed");
    let check = run(&data_dir, &["check"], "").await;
    assert!(check.status.success(), "{check:?}");
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_leaves_a_server_that_starts() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let (server, admin) = start(&data_dir).await;
    let wiki = App::register(&admin, json!({})).await;
    assert!(server.stop("-TERM").await.success());
    let (key_file, waiting) = (data_dir.join("secret.key"), data_dir.join("secret.key.new"));
    let old = key_of(&key_file);

    // Cut off before the database has the new key.
    std::fs::write(&waiting, "EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8=\n").unwrap();
    std::fs::set_permissions(&waiting, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (server, _) = start(&data_dir).await;
    assert!(server.stop("-TERM").await.success());
    assert_eq!(key_of(&key_file), old);

    // Cut off between the database and the file: the old file is back, the new key waits.
    let done = run(&data_dir, &["key", "rotate"], "").await;
    assert!(done.status.success(), "{done:?}");
    let new = key_of(&key_file);
    std::fs::rename(&key_file, &waiting).unwrap();
    std::fs::write(&key_file, format!("{old}\n")).unwrap();
    std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (server, admin) = start(&data_dir).await;
    assert_eq!((key_of(&key_file), waiting.exists()), (new, false));
    let read = admin.result("oregional.application", "read", json!([[wiki.id], ["client_secret"]])).await;
    assert_eq!(read[0]["client_secret"], wiki.client_secret.as_str());
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn no_key_is_replaced_under_a_running_server() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let (server, admin) = start(&data_dir).await;
    App::register(&admin, json!({})).await;
    let old = key_of(&data_dir.join("secret.key"));

    let refused = run(&data_dir, &["key", "rotate"], "").await;
    assert!(!refused.status.success(), "{refused:?}");

    // The same from another machine, which sees the database alone.
    let socket = data_dir.join("socket").display().to_string();
    let url = format!("postgresql://oregional@/oregional?host={socket}");
    let elsewhere = scratch.path.join("elsewhere");
    let rotate = async |flags: &[&str], new: Option<&str>| {
        let mut command = program(&elsewhere, &[&["key", "rotate", "--database-url", &url], flags].concat());
        command.env("OREGIONAL_SECRET_KEY", &old);
        if let Some(new) = new {
            command.env("OREGIONAL_NEW_SECRET_KEY", new);
        }
        command.output().await.unwrap()
    };
    let refused = rotate(&[], None).await;
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("1 servers are connected"), "{refused:?}");
    let wrong = rotate(&["--force"], Some("too short")).await;
    assert!(text(&wrong.stderr).contains("OREGIONAL_NEW_SECRET_KEY"), "{wrong:?}");
    assert!(!text(&wrong.stderr).contains("too short"), "{wrong:?}");
    let same = rotate(&["--force"], Some(&old)).await;
    assert!(!same.status.success(), "{same:?}");

    let done = rotate(&["--force"], None).await;
    assert!(done.status.success(), "{done:?}");
    let file = elsewhere.join("secret.key.new");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!text(&done.stdout).contains(&key_of(&file)), "{done:?}");
    assert!(server.stop("-TERM").await.success());
    let start = program(&data_dir, &["serve", "--listen", "127.0.0.1:0"]).output().await.unwrap();
    assert!(text(&start.stderr).contains("sealed with another key"), "{start:?}");
}
