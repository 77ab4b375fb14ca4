//! A client that breaks its connection off while the database works for it: the work ends, and nobody else
//! waits for it.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_postgres::NoTls;

use crate::support::app::TestApp;
use crate::support::client::{User, envelope};
use crate::support::eventually;

const APPLICATION: &str = "oregional.application";

/// Long enough for anything that does not wait for a lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements that wait for somebody's lock.
fn waiting(app: &TestApp) -> usize {
    let waits =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    app.database.query(waits).len()
}

/// Begins a call, and resets the connection as soon as the database works for it.
async fn hang_up(app: &TestApp, user: &User, method: &str, args: &Json) {
    let params = json!({"model": APPLICATION, "method": method, "args": args, "kwargs": {}});
    let body = envelope(&params).to_string();
    let head = format!(
        "POST /web/dataset/call_kw HTTP/1.1\r\nHost: x\r\nCookie: session_id={}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        user.session,
        body.len()
    );
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    eventually("the call waits", async || waiting(app) == 1).await;
    stream.set_zero_linger().unwrap();
}

#[tokio::test]
async fn a_call_whose_client_is_gone_keeps_no_connection_busy() {
    for connections in [1, 6] {
        keeps_none_busy(connections).await;
    }
}

async fn keeps_none_busy(connections: u16) {
    let app = TestApp::with(|settings| settings.connections = Some(connections));
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, json!({"name": "a"})).await;
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let read = ("read", json!([[id], ["name"]]));
    let write = ("write", json!([[id], {"name": "b"}]));
    // While a statement is prepared, while one runs by itself, and within a transaction.
    for (is_known, (method, args)) in [(false, &read), (true, &read), (true, &write)] {
        if is_known {
            admin.result(APPLICATION, "read", json!([[id], ["name"]])).await;
        }
        holder.batch_execute("BEGIN; LOCK TABLE oregional_application").await.unwrap();

        hang_up(&app, &admin, method, args).await;

        let next = admin.call_kw("res.partner", "search_count", json!([[]]), json!({}));
        let next = tokio::time::timeout(PATIENCE, next).await;
        assert!(next.is_ok_and(|answer| answer.result().is_i64()), "{method}, known: {is_known}");
        eventually("the database gives the work up as well", async || waiting(&app) == 0).await;
        holder.batch_execute("COMMIT").await.unwrap();
        let name = admin.result(APPLICATION, "read", json!([[id], ["name"]])).await[0]["name"].clone();
        assert_eq!(name, "a", "nothing of it is kept");
    }
}
