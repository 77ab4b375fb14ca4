//! The first start: its password is lost in no way, and nothing is made for an address that cannot be had.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::program::{PASSWORD, Program, Scratch, command, is_root, run, sign_in};

/// A key for servers whose data directory has none.
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn password(scratch: &Scratch) -> String {
    let file = scratch.data().join("admin-password");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::read_to_string(file).unwrap().trim().to_owned()
}

#[test]
fn nothing_is_made_for_an_address_that_is_taken() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let (status, said) = run(&scratch, &["serve", "--listen", &address]);

    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("Another server may be there"), "{said}");
    assert!(!scratch.data().exists(), "something was made");
}

#[test]
fn an_address_without_the_right_or_of_another_machine_is_refused_for_its_reason() {
    let scratch = Scratch::new();
    let (status, said) = run(&scratch, &["serve", "--listen", "192.0.2.1:8069"]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("no such address") && !said.contains("Another server"), "{said}");
    assert!(!scratch.data().exists(), "something was made");

    // As root without the capability, which `setpriv` drops.
    let mut plain = std::process::Command::new("setpriv");
    plain.args(["--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service", "--no-new-privs"]);
    plain.arg(env!("CARGO_BIN_EXE_oregional")).args(["serve", "--listen", "127.0.0.1:80", "--data-dir"]);
    let Ok(output) = plain.arg(scratch.data()).stdin(Stdio::null()).output() else { return };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if is_root() && said.contains("Permission denied") {
        assert!(said.contains("below 1024") && !said.contains("Another server"), "{said}");
        assert!(!scratch.data().exists(), "something was made");
    }
}

#[tokio::test]
async fn an_output_that_takes_nothing_loses_no_password() {
    let scratch = Scratch::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut serve = command(&scratch, &["serve", "--listen", "127.0.0.1:0", "--workers", "1"]);
    let log = scratch.path("log");
    let mut child = serve.stdout(full()).stderr(File::create(&log).unwrap()).spawn().unwrap();
    crate::program::wait_until("it has told of its output", || {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it has ended: {}",
            std::fs::read_to_string(&log).unwrap()
        );
        std::fs::read_to_string(&log).unwrap().contains("standard output cannot be written to")
    });
    let said = std::fs::read_to_string(&log).unwrap();
    let file = scratch.data().join("admin-password");
    assert!(said.contains(&format!("password={}", file.display())), "{said}");
    let address = said.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();

    sign_in(&format!("http://{address}"), &password(&scratch)).await;

    assert!(crate::program::signal("TERM", child.id()));
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_given_database_and_key_need_no_directory_but_the_password_has_one() {
    let (beside, scratch) = (Scratch::new(), Scratch::new());
    let mut first = Program::serve(&beside, &["--admin-password", PASSWORD]);
    first.url();
    let socket = beside.data().join("socket").display().to_string();
    let database = format!("postgresql://oregional@/oregional?host={socket}");
    let config: tokio_postgres::Config = database.parse().unwrap();
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE DATABASE other TEMPLATE template0").await.unwrap();

    let url = format!("postgresql://oregional@/other?host={socket}");
    let mut second = Program::serve(&scratch, &["--database-url", &url, "--secret-key", KEY]);
    let place = second.url();

    sign_in(&place, &password(&scratch)).await;
    // The issuer that clients of OAuth are told is the address that was really taken.
    let metadata = reqwest::get(format!("{place}/.well-known/oauth-authorization-server")).await.unwrap();
    let metadata: serde_json::Value = metadata.json().await.unwrap();
    assert_eq!(metadata["issuer"], place.as_str());
    assert!(second.stop().success());
    assert!(first.stop().success());
}
