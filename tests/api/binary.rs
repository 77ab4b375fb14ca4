//! The program itself: its first start, its commands, its signals, and what it leaves behind.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use oregional::db::cluster::{Cluster, ClusterOptions};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio_postgres::NoTls;

use crate::support::client::{Anonymous, User};
use crate::support::database::{Scratch, log, postmaster_pid};
use crate::support::eventually;
use crate::support::secrets::{self, Watch};
use crate::support::services::Script;

const MODEL: &str = "oregional.application";
pub(crate) const PASSWORD: &str = "chosen by hand";

/// How long the program may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program with a data directory, and nothing of this program's surroundings.
pub(crate) fn program(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oregional"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OREGIONAL_"))
    {
        command.env_remove(name);
    }
    command.args(arguments).env("OREGIONAL_DATA_DIR", data_dir).env("OREGIONAL_HASH_ROUNDS", "1000");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(data_dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = program(data_dir, arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read has closed it already.
    _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn signal(name: &str, pid: u32) {
    let status = std::process::Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill {name} {pid}");
}

/// Whether a process is there; one that waits for its parent to notice its end is not.
fn is_alive(pid: u32) -> bool {
    let output =
        std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = text(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// A server that has told where it is. Neither its log at TRACE nor a file of its data may tell what it handed
/// out, the log of the database's changes included.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// What it said until it was ready.
    said: String,
    data_dir: PathBuf,
    watch: Watch,
    /// Somebody has to listen to what it still says.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let watch = Watch::begin(log());
        let is_known = data_dir.join("secret.key").exists();
        let listen = ["serve", "--listen", "127.0.0.1:0", "--workers", "1"];
        let mut child = program(data_dir, &[&listen[..], arguments].concat())
            .env("RUST_LOG", "trace")
            .stderr(log().writer())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let reading = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                said.push_str(&line);
                said.push('\n');
                // The last line of a first start, and of any other.
                if line.contains("secret.key") || (is_known && line.trim_start().starts_with("database ")) {
                    return;
                }
            }
            panic!("the server has ended: {said}");
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap();
        let url = said.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        let health = Anonymous::new(&url).get("/web/health").await;
        assert_eq!(health.json(), json!({"status": "pass"}));
        Self { child, url, said, data_dir: data_dir.to_owned(), watch, _output: lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Tells it to stop and waits for its end.
    pub(crate) async fn stop(mut self, name: &str) -> ExitStatus {
        signal(name, self.pid());
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }

    /// A connection behind its back.
    pub(crate) async fn database(&self) -> tokio_postgres::Client {
        let options = ClusterOptions {
            data_dir: self.data_dir.clone(),
            data_dir_is_default: false,
            settings: Vec::new(),
        };
        let config = Cluster::running(&options, "oregional").unwrap();
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed has its own reason.
        if !std::thread::panicking() {
            let leaks = self.watch.leaks(&secrets::files(&self.data_dir));
            assert!(leaks.is_empty(), "{leaks:#?}");
        }
    }
}

#[tokio::test]
async fn the_first_start_tells_how_to_get_in_and_a_signal_ends_it_cleanly() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");

    let server = Server::start(&data_dir, &[]).await;

    assert!(server.said.contains("ready at http://127.0.0.1:"), "{}", server.said);
    assert!(server.said.contains("database oregional"), "{}", server.said);
    assert!(server.said.contains("login    admin"), "{}", server.said);
    let file = data_dir.join("admin-password");
    assert!(server.said.contains(&format!("password in {}", file.display())), "{}", server.said);
    assert!(server.said.contains("secret.key"), "{}", server.said);
    for (name, mode) in [("admin-password", 0o600), ("secret.key", 0o600), ("", 0o700)] {
        let found = std::fs::metadata(data_dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}: {found:o}");
    }
    let password = std::fs::read_to_string(&file).unwrap();
    assert!(password.trim().len() >= 16 && !server.said.contains(password.trim()));
    let admin = User::sign_in(&server.url, "admin", password.trim()).await;
    let id = admin.create(MODEL, json!({"name": "Kept"})).await;
    let postmaster = postmaster_pid(&data_dir).unwrap();

    assert!(server.stop("-TERM").await.success());

    assert_eq!(postmaster_pid(&data_dir), None);
    assert!(!is_alive(postmaster), "the postmaster is still there");
    let server = Server::start(&data_dir, &[]).await;
    assert!(!server.said.contains("login"), "a later start has no password to tell: {}", server.said);
    let admin = User::sign_in(&server.url, "admin", password.trim()).await;
    assert_eq!(admin.result(MODEL, "read", json!([[id], ["name"]])).await[0]["name"], "Kept");
    assert!(server.stop("-INT").await.success());
    assert_eq!(postmaster_pid(&data_dir), None);
}

#[tokio::test]
async fn a_killed_server_is_followed_by_one_that_takes_its_database_over() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    assert!(server.said.contains("password as given") && !server.said.contains(PASSWORD), "{}", server.said);
    let session = User::sign_in(&server.url, "admin", PASSWORD).await.session;
    let postmaster = postmaster_pid(&data_dir).unwrap();

    assert!(!server.stop("-KILL").await.success());
    assert!(is_alive(postmaster), "there is nothing to take over");

    let server = Server::start(&data_dir, &[]).await;
    assert_eq!(postmaster_pid(&data_dir), Some(postmaster), "another postmaster was started");
    let check = Anonymous::new(&server.url).rpc_with(&session, "/web/session/check", json!({})).await;
    assert_eq!(check.json(), json!({"jsonrpc": "2.0", "id": 7}));
    assert!(server.stop("-TERM").await.success());
    assert!(!is_alive(postmaster), "the postmaster is still there");
}

#[tokio::test]
async fn what_is_in_use_already_is_refused_with_a_reason() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    let address = server.url.strip_prefix("http://").unwrap();

    let same_data = run(&data_dir, &["serve", "--listen", "127.0.0.1:0"], "").await;
    assert_eq!(same_data.status.code(), Some(1));
    let reason = text(&same_data.stderr) + &text(&same_data.stdout);
    assert!(reason.contains(&format!("process {}", server.pid())), "{reason}");
    assert!(reason.contains(data_dir.to_str().unwrap()), "{reason}");
    assert!(!reason.contains('\u{1b}'), "colours are for terminals: {reason:?}");

    let other = scratch.path.join("other");
    let same_address = run(&other, &["serve", "--listen", address], "").await;
    assert_eq!(same_address.status.code(), Some(1));
    let reason = text(&same_address.stderr) + &text(&same_address.stdout);
    assert!(reason.contains(address) && reason.contains("--listen"), "{reason}");
    assert_eq!(postmaster_pid(&other), None, "a server that did not start has left its database running");

    assert!(User::sign_in(&server.url, "admin", PASSWORD).await.uid == 2, "the first is disturbed");
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn users_are_made_and_listed_beside_a_server_and_without_one() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;

    let arguments = [
        "user",
        "create",
        "ann",
        "--name",
        "Ann Other",
        "--group",
        "oregional.group_app_admin",
        "--password-stdin",
    ];
    let made = run(&data_dir, &arguments, "first secret\n").await;
    assert!(made.status.success(), "{made:?}");
    assert!(!text(&made.stdout).contains("first secret"));
    let ann = User::sign_in(&server.url, "ann", "first secret").await;
    ann.create(MODEL, json!({"name": "Ann's"})).await;
    let twice = run(&data_dir, &arguments, "first secret\n").await;
    assert_eq!(twice.status.code(), Some(1), "{twice:?}");

    let changed = run(&data_dir, &["user", "passwd", "ann", "--password-stdin"], "second secret\n").await;
    assert!(changed.status.success(), "{changed:?}");
    let check = ann.browser.rpc("/web/session/check", json!({})).await;
    assert_eq!(check.error().0, 100, "a session outlives the password");
    User::sign_in(&server.url, "ann", "second secret").await;

    let listed = text(&run(&data_dir, &["user", "list"], "").await.stdout);
    assert!(listed.contains("admin") && listed.contains("ann\tAnn Other"), "{listed}");
    let name = json!([[ann.uid], {"name": "Ann\u{1b}[2J\tx"}]);
    User::sign_in(&server.url, "admin", PASSWORD).await.result("res.users", "write", name).await;
    let listed = text(&run(&data_dir, &["user", "list"], "").await.stdout);
    assert!(listed.contains("ann\tAnn\\u{1b}[2J\\tx\t"), "a name steers the terminal: {listed}");
    for (arguments, input, words) in [
        (&["user", "passwd", "nobody"][..], "", "nobody"),
        (&["user", "passwd", "ann", "--password-stdin"], "\n", "must not be empty"),
        (&["user", "create", "bob", "--group", "no.group"], "", "no.group"),
    ] {
        let refused = run(&data_dir, arguments, input).await;
        let said = text(&refused.stderr) + &text(&refused.stdout);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert!(server.stop("-TERM").await.success());

    let generated = run(&data_dir, &["user", "create", "bob"], "").await;
    let said = text(&generated.stdout);
    assert!(generated.status.success(), "{generated:?}");
    assert_eq!(postmaster_pid(&data_dir), None, "the command has left the database running");
    let password = said.trim().rsplit(' ').next().unwrap();
    let server = Server::start(&data_dir, &[]).await;
    User::sign_in(&server.url, "bob", password).await;
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn api_keys_are_made_and_revoked_while_the_server_runs() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;

    let made = run(&data_dir, &["user", "apikey", "create", "admin", "--name", "a script"], "").await;
    assert!(made.status.success(), "{made:?}");
    let key = text(&made.stdout).trim().to_owned();
    let script = Script::new(&server.url, 2, &key);
    assert!(script.is_let_in().await, "{key}");
    let made = run(&data_dir, &["user", "apikey", "create", "admin", "--name", "b", "--days", "3"], "").await;
    assert!(made.status.success(), "{made:?}");

    let listed = text(&run(&data_dir, &["user", "apikey", "list", "admin"], "").await.stdout);
    assert!(listed.contains("\tadmin\ta script\trpc\tnever\n"), "{listed}");
    assert!(!listed.contains(&key), "{listed}");
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let id = listed.lines().nth(1).unwrap().split('\t').next().unwrap();
    let revoked = run(&data_dir, &["user", "apikey", "revoke", id], "").await;
    assert!(revoked.status.success(), "{revoked:?}");
    assert!(!script.is_let_in().await);
    let listed = text(&run(&data_dir, &["user", "apikey", "list"], "").await.stdout);
    assert_eq!(listed.lines().count(), 2, "{listed}");

    for (arguments, words) in [
        (&["user", "apikey", "revoke", id][..], "no API key"),
        (&["user", "apikey", "create", "nobody", "--name", "x"], "nobody"),
        (&["user", "apikey", "create", "admin", "--name", " "], "name"),
    ] {
        let refused = run(&data_dir, arguments, "").await;
        let said = text(&refused.stderr) + &text(&refused.stdout);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert!(server.stop("-TERM").await.success());
}

#[tokio::test]
async fn a_check_finds_what_is_wrong_with_the_database_and_a_migration_mends_it() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let empty = run(&data_dir, &["check"], "").await;
    assert_eq!(empty.status.code(), Some(1), "an empty database is not well: {empty:?}");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;

    let well = run(&data_dir, &["check"], "").await;
    assert!(well.status.success(), "{well:?}");
    assert!(text(&well.stdout).contains("all is well"), "{well:?}");

    let silent = "ALTER TABLE oregional_application DISABLE TRIGGER audit";
    server.database().await.batch_execute(silent).await.unwrap();
    let ill = run(&data_dir, &["check"], "").await;
    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    assert!(text(&ill.stdout).contains("the triggers that note changes of oregional_application"), "{ill:?}");
    let statement = "ALTER TABLE oregional_application DROP COLUMN own_id CASCADE";
    server.database().await.batch_execute(statement).await.unwrap();
    let ill = run(&data_dir, &["check"], "").await;
    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    assert!(text(&ill.stdout).contains("own_id"), "{ill:?}");
    assert!(server.stop("-TERM").await.success());

    let migrated = run(&data_dir, &["migrate"], "").await;
    assert!(migrated.status.success(), "{migrated:?}");
    let well = run(&data_dir, &["check"], "").await;
    assert!(well.status.success(), "a migration does not mend what the check finds: {well:?}");
    assert_eq!(postmaster_pid(&data_dir), None);
}

#[tokio::test]
async fn a_running_call_is_finished_before_the_server_stops() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let mut server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    let admin = User::sign_in(&server.url, "admin", PASSWORD).await;
    let id = admin.create(MODEL, json!({"name": "Before"})).await;
    let database = server.database().await;
    database.batch_execute("BEGIN; SELECT 1 FROM oregional_application FOR UPDATE").await.unwrap();
    let call =
        tokio::spawn(async move { admin.result(MODEL, "write", json!([[id], {"name": "After"}])).await });
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let watcher = server.database().await;
    eventually("the call waits for the lock", async || {
        !watcher.query(waiting, &[]).await.unwrap().is_empty()
    })
    .await;

    signal("-TERM", server.pid());
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    eventually("no new connection is taken", async || {
        tokio::net::TcpStream::connect(&address).await.is_err()
    })
    .await;
    assert!(server.child.try_wait().unwrap().is_none(), "the server has not waited");
    database.batch_execute("COMMIT").await.unwrap();

    assert_eq!(call.await.unwrap(), true);
    let status = tokio::time::timeout(PATIENCE, server.child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    assert_eq!(postmaster_pid(&data_dir), None);
}
