//! `oregional export` and `oregional import`: the program itself, beside a running server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value as Json, json};
use tokio::process::{Child, Command};

use crate::support::app::{KEY, TestApp};
use crate::support::client::User;
use crate::support::database::Scratch;
use crate::support::eventually;

const MODEL: &str = "oregional.application";

/// The program over the database of a server.
fn program(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oregional"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OREGIONAL_"))
    {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("OREGIONAL_DATABASE_URL", app.database.url())
        .env("OREGIONAL_SECRET_KEY", KEY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(app: &TestApp, arguments: &[&str]) -> Output {
    program(app, arguments).spawn().unwrap().wait_with_output().await.unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn succeeds(app: &TestApp, arguments: &[&str]) -> String {
    let output = run(app, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

async fn fails(app: &TestApp, arguments: &[&str]) -> String {
    let output = run(app, arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    said(&output)
}

async fn count(user: &User, model: &str) -> i64 {
    let kwargs = json!({"context": {"active_test": false}});
    user.call_kw(model, "search_count", json!([[]]), kwargs).await.result().as_i64().unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Some applications that are hard to write down.
async fn make(admin: &User) -> Vec<i64> {
    let lines =
        json!([[0, 0, {"uri": "https://a.example/1"}], [0, 0, {"uri": "https://a.example/2?x=\",\""}]]);
    let mut ids = Vec::new();
    for values in [
        json!({"name": "Plain", "uri_ids": lines}),
        json!({"name": "\"Quoted\", with a comma", "description": "two\nlines"}),
        json!({"name": "\u{65e5}\u{672c} \u{1f600}", "active": false, "access_token_expiry": 7}),
        json!({"name": " spaces ", "description": "=1+1"}),
    ] {
        ids.push(admin.create(MODEL, values).await);
    }
    ids
}

#[tokio::test]
async fn what_one_database_writes_another_one_reads() {
    let (from, to) = (TestApp::start(), TestApp::start());
    let (source, target) = (from.admin().await, to.admin().await);
    make(&source).await;
    let scratch = Scratch::for_test();
    let fields =
        "--fields=id,name,description,active,access_token_expiry,model_scheme_id/id,uri_ids/id,uri_ids/uri";
    for ending in ["csv", "json"] {
        let file = scratch.path.join(format!("apps.{ending}"));
        let file = file.to_str().unwrap();
        succeeds(&from, &["export", MODEL, file, fields]).await;
        let told = succeeds(&to, &["import", MODEL, file]).await;
        assert!(told.contains("4 records were made or changed from 5 rows"), "{told}");
        let again = scratch.path.join(format!("again.{ending}"));
        succeeds(&to, &["export", MODEL, again.to_str().unwrap(), fields]).await;
        assert_eq!(text(&again), text(Path::new(file)), "{ending}");
        // Once more changes nothing: external ids say which records they are.
        succeeds(&to, &["import", MODEL, file]).await;
        assert_eq!((count(&target, MODEL).await, count(&target, "oregional.application.uri").await), (4, 2));
    }
    let usual = succeeds(&from, &["export", MODEL]).await;
    let head = usual.lines().next().unwrap();
    for column in ["id", "name", "active", "logo", "client_id", "model_scheme_id/id", "access_token_expiry"] {
        assert!(head.split(',').any(|known| known == column), "no {column}: {head}");
    }
    for column in ["client_secret", "create_date", "write_uid/id", "uri_count", "logo_128", "display_name"] {
        assert!(!head.contains(column), "{column}: {head}");
    }
}

#[tokio::test]
async fn secrets_come_along_only_when_they_are_asked_for() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(MODEL, json!({"name": "A", "client_secret": "very-secret-1"})).await;
    let scratch = Scratch::for_test();
    let file = scratch.path.join("apps.csv");
    let path = file.to_str().unwrap();

    assert!(!succeeds(&app, &["export", MODEL]).await.contains("very-secret-1"));
    let refused = fails(&app, &["export", MODEL, path, "--fields", "name,client_secret"]).await;
    assert!(refused.contains("--with-secrets") && !file.exists(), "{refused}");
    succeeds(&app, &["export", MODEL, path, "--with-secrets", "--fields", "id,client_secret"]).await;
    assert!(text(&file).contains("very-secret-1"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    std::fs::write(&file, text(&file).replace("very-secret-1", "very-secret-2")).unwrap();
    let refused = fails(&app, &["import", MODEL, path]).await;
    assert!(refused.contains("--with-secrets") && !refused.contains("very-secret"), "{refused}");
    succeeds(&app, &["import", MODEL, path, "--with-secrets"]).await;
    let read = admin.result(MODEL, "read", json!([[id], ["client_secret"]])).await;
    assert_eq!(read[0]["client_secret"], "very-secret-2");
}

#[tokio::test]
async fn a_wrong_row_is_told_with_its_line_and_column_and_its_batch_is_left_out() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scratch = Scratch::for_test();
    let file = scratch.path.join("apps.csv");
    let path = file.to_str().unwrap();
    let table = "name,access_token_expiry,model_scheme_id\nOne,1,Default model scheme\nTwo,2,Default model scheme\n\"Three\nlines\",x,No such scheme\nFour,4,Default model scheme\n";
    std::fs::write(&file, table).unwrap();

    let told = fails(&app, &["import", MODEL, path, "--batch", "2"]).await;
    assert!(told.contains("line 4, column access_token_expiry: error:"), "{told}");
    assert!(
        told.contains("line 4, column model_scheme_id: error:") && told.contains("No such scheme"),
        "{told}"
    );
    assert!(told.contains("the 2 rows before are in"), "{told}");
    assert_eq!(count(&admin, MODEL).await, 2);

    for (name, content, words) in [
        ("long.csv", "name\na,b\n", "line 2 has 2 cells"),
        ("field.csv", "name,nothing\na,b\n", "nothing"),
        ("empty.csv", "", "no columns"),
        ("a.json", "{\"name\": \"x\"}\n[1]\n", "line 2 is no JSON object"),
        ("b.json", "{\"name\": \"x\"\n", "line 1 is no JSON object"),
    ] {
        let file = scratch.path.join(name);
        std::fs::write(&file, content).unwrap();
        let told = fails(&app, &["import", MODEL, file.to_str().unwrap()]).await;
        assert!(told.contains(words), "{name}: {told}");
    }
    for (arguments, words) in [
        (&["import", MODEL, "/nowhere.csv"][..], "/nowhere.csv"),
        (&["import", "no.model", path], "no.model"),
        (&["export", "no.model"], "no.model"),
        (&["export", MODEL, "--lang", "fr_FR"], "fr_FR"),
        (&["export", MODEL, "--domain", "[("], "--domain"),
        (&["export", MODEL, "--fields", "nothing"], "nothing"),
        (&["export", MODEL, "/nowhere/file.csv"], "/nowhere/file.csv"),
    ] {
        let told = fails(&app, arguments).await;
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
    assert_eq!(count(&admin, MODEL).await, 2);
}

#[tokio::test]
async fn a_domain_and_a_language_choose_what_is_written() {
    let app = TestApp::start();
    let admin = app.admin().await;
    make(&admin).await;
    let french = admin.reference("base.lang_fr").await;
    admin.result("res.lang", "write", json!([[french], {"active": true}])).await;
    let scratch = Scratch::for_test();
    let file = scratch.path.join("noms.jsonl");
    let active = ["--domain", "[[\"active\", \"=\", true], [\"uri_ids\", \"!=\", false]]"];
    let table = succeeds(
        &app,
        &[&["export", MODEL, "--fields", "id,name", "--format", "json"][..], &active].concat(),
    )
    .await;
    let row: Json = serde_json::from_str(table.trim()).unwrap();
    assert_eq!(row["name"], "Plain");

    std::fs::write(&file, json!({"id": row["id"], "name": "Simple"}).to_string()).unwrap();
    succeeds(&app, &["import", MODEL, file.to_str().unwrap(), "--lang", "fr_FR"]).await;
    let in_french = [&["export", MODEL, "--fields", "name", "--lang", "fr_FR"][..], &active].concat();
    assert_eq!(succeeds(&app, &in_french).await, "name\nSimple\n");
    let in_english = [&["export", MODEL, "--fields", "name"][..], &active].concat();
    assert_eq!(succeeds(&app, &in_english).await, "name\nPlain\n");
}

/// Kills a command without a warning.
async fn kill(mut child: Child) {
    child.start_kill().unwrap();
    assert!(!child.wait().await.unwrap().success(), "the command was through before it was killed");
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was_and_makes_nothing_twice() {
    const ROWS: usize = 3000;
    let app = TestApp::start();
    let admin = app.admin().await;
    let scratch = Scratch::for_test();
    let file = scratch.path.join("partners.csv");
    let rows: Vec<String> = (0..ROWS).map(|number| format!("Partner {number:05}\n")).collect();
    std::fs::write(&file, format!("name\n{}", rows.concat())).unwrap();
    let before = count(&admin, "res.partner").await;
    let arguments = ["import", "res.partner", file.to_str().unwrap(), "--batch", "20"];

    let first = program(&app, &arguments).spawn().unwrap();
    eventually("some rows are in", async || count(&admin, "res.partner").await > before).await;
    kill(first).await;
    let between = count(&admin, "res.partner").await - before;
    assert!(between > 0 && between < 3000, "{between}");
    assert_eq!(between % 20, 0, "a part of a batch was kept");

    let told = succeeds(&app, &arguments).await;
    assert!(told.contains("rows are in already"), "{told}");
    let domain = json!([["name", "=like", "Partner _____"]]);
    let made = admin
        .call_kw("res.partner", "search_read", json!([domain, ["name"]]), json!({"order": "id"}))
        .await
        .result();
    let names: Vec<&str> = made.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let expected: Vec<String> = rows.iter().map(|row| row.trim().to_owned()).collect();
    assert_eq!(names, expected);

    // It is through: the same file is a new import now.
    assert!(!succeeds(&app, &arguments).await.contains("already"));
    assert_eq!(count(&admin, "res.partner").await, before + 6000);
}

#[tokio::test]
async fn an_export_that_was_killed_goes_on_where_it_was() {
    let app = TestApp::start();
    let scratch = Scratch::for_test();
    let at = |name: &str| -> PathBuf { scratch.path.join(name) };
    let arguments = |name: &str| -> Vec<String> {
        let fields = "--fields=id,code,name,country_id/id".to_owned();
        vec![
            "export".to_owned(),
            "res.country.state".to_owned(),
            at(name).to_str().unwrap().to_owned(),
            fields,
        ]
    };
    let run = async |name: &str| {
        let arguments = arguments(name);
        succeeds(&app, &arguments.iter().map(String::as_str).collect::<Vec<&str>>()).await;
    };
    let arguments_of_first = arguments("killed.csv");
    let first: Vec<&str> = arguments_of_first.iter().map(String::as_str).collect();
    let child = program(&app, &first).spawn().unwrap();
    eventually("a batch is written", async || at("killed.csv.state").exists()).await;
    kill(child).await;
    assert!(at("killed.csv.part").exists() && !at("killed.csv").exists());
    // What was written of the next batch when the end came does not count.
    let mut torn = text(&at("killed.csv.part"));
    torn.push_str("torn,ro");
    std::fs::write(at("killed.csv.part"), torn).unwrap();

    run("killed.csv").await;
    run("whole.csv").await;
    assert_eq!(text(&at("killed.csv")), text(&at("whole.csv")));
    assert!(text(&at("whole.csv")).lines().count() > 4500);
    assert!(!at("killed.csv.part").exists() && !at("killed.csv.state").exists());
}
