//! The same code and the same refresh token, many times at once, over two servers on one database: in this
//! program, and in two processes of their own.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, Tokens};
use crate::binary::Server;
use crate::support::app::{KEY, PASSWORD, TestApp};
use crate::support::client::User;
use crate::support::database::{Database, Scratch};

const ROUNDS: usize = 20;
const AT_ONCE: usize = 12;

/// Exchanges codes at two faces of an application: of each code there is one pair, and it lives.
async fn exchange_codes(faces: &[App; 2], user: &User, rounds: usize) {
    let wiki = &faces[0];
    for round in 0..rounds {
        let code = wiki.code(user, &[]).await;
        let answers = join_all((0..AT_ONCE).map(|number| faces[number % 2].exchange(&code))).await;
        let good: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        assert_eq!(good.len(), 1, "round {round}");
        assert!(answers.iter().all(|answer| !answer.status.is_server_error()), "{answers:?}");
        for face in faces {
            assert!(face.is_active(&Tokens::of(good[0]).access).await, "round {round}: a live pair is left");
        }
    }
}

/// Refreshes at two faces of an application: all who succeed get the one pair, and it lives.
async fn refresh_tokens(faces: &[App; 2], user: &User, rounds: usize) {
    let mut tokens = faces[0].sign_in(user).await;
    for round in 0..rounds {
        let answers = join_all((0..AT_ONCE).map(|number| faces[number % 2].refresh(&tokens.refresh))).await;
        assert!(answers.iter().all(|answer| !answer.status.is_server_error()), "{answers:?}");
        let pairs: HashSet<(String, String)> = answers
            .iter()
            .filter(|answer| answer.status == StatusCode::OK)
            .map(Tokens::of)
            .map(|pair| (pair.access, pair.refresh))
            .collect();
        assert_eq!(pairs.len(), 1, "round {round}: one distinct pair");
        let (access, refresh) = pairs.into_iter().next().unwrap();
        for face in faces {
            assert!(face.is_active(&access).await && face.is_active(&refresh).await, "round {round}");
        }
        tokens = Tokens { access, refresh };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_exchanges_of_a_code_exactly_one_succeeds() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    exchange_codes(&[wiki.clone(), wiki.at(&beside.url())], &admin, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_refreshes_all_get_the_one_pair_and_it_lives() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    refresh_tokens(&[wiki.clone(), wiki.at(&beside.url())], &admin, ROUNDS).await;
}

/// The program as a process of its own, over a database that is there, with the key of this program.
async fn process(data_dir: &Path, database: &Database) -> Server {
    std::fs::create_dir(data_dir).unwrap();
    std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    let key = data_dir.join("secret.key");
    std::fs::write(&key, KEY).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    Server::start(data_dir, &["--database-url", &database.url()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_hand_out_one_pair_for_a_code_and_one_for_a_refresh_token() {
    let (scratch, database) = (Scratch::for_test(), Database::new());
    let first = process(&scratch.path.join("first"), &database).await;
    let second = process(&scratch.path.join("second"), &database).await;
    assert_ne!(first.pid(), second.pid());
    let admin = User::sign_in(&first.url, "admin", PASSWORD).await;
    let wiki = App::register(&admin, json!({})).await;
    let faces = [wiki.clone(), wiki.at(&second.url)];
    exchange_codes(&faces, &admin, ROUNDS).await;
    refresh_tokens(&faces, &admin, ROUNDS).await;
    for server in [first, second] {
        assert!(server.stop("-TERM").await.success());
    }
}
