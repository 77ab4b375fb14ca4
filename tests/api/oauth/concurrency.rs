//! The same code and the same refresh token, many times at once, over two servers on one database.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, Tokens};
use crate::support::app::TestApp;

const ROUNDS: usize = 20;
const AT_ONCE: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_exchanges_of_a_code_exactly_one_succeeds() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&app, &admin, json!({})).await;
    let faces = [wiki.clone(), wiki.at(&beside.url())];
    for round in 0..ROUNDS {
        let code = wiki.code(&admin, &[]).await;
        let answers = join_all((0..AT_ONCE).map(|number| faces[number % 2].exchange(&code))).await;
        let good: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
        assert_eq!(good.len(), 1, "round {round}");
        assert!(answers.iter().all(|answer| !answer.status.is_server_error()), "{answers:?}");
        assert!(wiki.is_active(&Tokens::of(good[0]).access).await, "round {round}: a live pair is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_refreshes_all_get_the_one_pair_and_it_lives() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&app, &admin, json!({})).await;
    let faces = [wiki.clone(), wiki.at(&beside.url())];
    let mut tokens = wiki.sign_in(&admin).await;
    for round in 0..ROUNDS {
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
        assert!(wiki.is_active(&access).await && wiki.is_active(&refresh).await, "round {round}");
        tokens = Tokens { access, refresh };
    }
}
