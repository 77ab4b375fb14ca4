//! A server that is killed between a rotation and its answer leaves whole pairs, and the same answer for
//! whoever asks again; what was used before is noticed after a restart as well.

use serde_json::json;

use crate::binary::{PASSWORD, Server};
use crate::oauth::support::{App, Tokens, error};
use crate::support::client::{Anonymous, User};
use crate::support::database::Scratch;

/// Clients that refresh at once.
const CLIENTS: usize = 8;

/// Refreshes until the server is gone; gives the token for which no answer came.
async fn refresh_on(wiki: App, mut token: String, done: tokio::sync::mpsc::UnboundedSender<()>) -> String {
    let http = Anonymous::new(&wiki.url).http;
    loop {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let request = http
            .post(format!("{}/oauth2/token", wiki.url))
            .basic_auth(&wiki.client_id, Some(&wiki.client_secret))
            .form(&form);
        let Ok(answer) = request.send().await else { return token };
        let Ok(body) = answer.json::<serde_json::Value>().await else { return token };
        let next = body["refresh_token"].as_str().unwrap_or_else(|| panic!("refused: {body}"));
        next.clone_into(&mut token);
        _ = done.send(());
    }
}

#[tokio::test]
async fn a_killed_server_leaves_whole_pairs_and_gives_the_same_answer_again() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    let admin = User::sign_in(&server.url, "admin", PASSWORD).await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    let third = Tokens::of(&wiki.refresh(&second.refresh).await);
    let (done, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let token = wiki.sign_in(&admin).await.refresh;
        clients.push(tokio::spawn(refresh_on(wiki.clone(), token, done.clone())));
    }
    drop(done);
    for _ in 0..200 {
        answers.recv().await.unwrap();
    }

    assert!(!server.stop("-KILL").await.success());

    let mut unanswered = Vec::new();
    for client in clients {
        unanswered.push(client.await.unwrap());
    }
    let server = Server::start(&data_dir, &[]).await;
    let wiki = wiki.at(&server.url);
    let halves = "SELECT family_id, generation FROM oauth_token GROUP BY 1, 2 HAVING count(*) <> 2";
    let halves = server.database().await.query(halves, &[]).await.unwrap();
    assert!(halves.is_empty(), "no pair is half there: {halves:?}");
    for token in unanswered {
        let answer = Tokens::of(&wiki.refresh(&token).await);
        assert_eq!(Tokens::of(&wiki.refresh(&token).await), answer, "the same again");
        assert!(wiki.is_active(&answer.access).await);
        Tokens::of(&wiki.refresh(&answer.refresh).await);
    }
    // The first token of the other family was used twice over before the server was killed.
    assert!(wiki.is_active(&third.access).await);
    assert_eq!(error(&wiki.refresh(&first.refresh).await), (400, "invalid_grant".to_owned()));
    assert!(!wiki.is_active(&third.access).await, "its family is over, also after a restart");
    assert_eq!(error(&wiki.refresh(&third.refresh).await), (400, "invalid_grant".to_owned()));
    assert!(server.stop("-TERM").await.success());
}
