//! The way to a database by TLS, in the modes of libpq, with a PostgreSQL that has certificates.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oregional::db::cluster::{Cluster, ClusterOptions, find_server_programs};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_postgres::{Client, NoTls};

use crate::program::{Program, Scratch, run, signal};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The name in the certificate.
const NAME: &str = "db.example";

const PASSWORD: &str = "pa?ss:word";

/// `PASSWORD` within a URL.
const QUOTED: &str = "pa%3Fss%3Aword";

const HBA: &str = "local all all peer map=oregional
hostssl all named 127.0.0.0/8 cert
hostnossl all plain 127.0.0.0/8 scram-sha-256
host all tester 127.0.0.0/8 scram-sha-256
";

/// What comes of asking until there is something.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An address of this machine that nobody else listens on.
fn address(number: u8) -> String {
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{number}.{high}.{low}")
}

fn authority(common: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, common);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, as PEM.
fn signed(by: &CertifiedIssuer<'_, KeyPair>, dns: &str, common: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![dns.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, common);
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

/// A PostgreSQL that is reached by TCP at an address that nothing else listens on, until its end.
struct Database {
    address: String,
    child: Child,
    admin: Client,
}

impl Database {
    async fn start(scratch: &Scratch, address: String) -> Self {
        let options = ClusterOptions {
            data_dir: scratch.data(),
            data_dir_is_default: false,
            settings: [("fsync", "off"), ("shared_buffers", "16MB")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        };
        // The server's own cluster never listens: what it made is run by hand.
        let cluster = Cluster::start(options).await.unwrap();
        let config = cluster.config("postgres");
        cluster.stop().await.unwrap();
        let (hba, pgdata) = (scratch.path("hba.conf"), scratch.data().join("postgres"));
        std::fs::write(&hba, HBA).unwrap();
        let owner = std::fs::metadata(&pgdata).unwrap();
        let child = Command::new(find_server_programs().unwrap().join("postgres"))
            .arg("-D")
            .arg(&pgdata)
            .args([
                "-c",
                &format!("listen_addresses={address}"),
                "-c",
                &format!("hba_file={}", hba.display()),
            ])
            .current_dir(&pgdata)
            .uid(owner.uid())
            .gid(owner.gid())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (admin, connection) = until("it answers", async || config.connect(NoTls).await.ok()).await;
        tokio::spawn(connection);
        for statement in [
            &format!("CREATE ROLE tester LOGIN PASSWORD '{PASSWORD}'"),
            &format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}' IN ROLE tester"),
            "ALTER ROLE plain SET role = 'tester'",
            "CREATE ROLE named LOGIN IN ROLE tester",
            "ALTER ROLE named SET role = 'tester'",
            "CREATE DATABASE work OWNER tester TEMPLATE template0",
        ] {
            admin.batch_execute(statement).await.unwrap();
        }
        Self { address, child, admin }
    }

    /// Offers TLS with a certificate for [`NAME`].
    async fn certify(&self, scratch: &Scratch, authority: &CertifiedIssuer<'_, KeyPair>) {
        let pgdata = scratch.data().join("postgres");
        let (certificate, key) = signed(authority, NAME, "the database");
        for (name, text) in [("server.crt", certificate), ("server.key", key), ("root.crt", authority.pem())]
        {
            let (file, owner) = (pgdata.join(name), std::fs::metadata(&pgdata).unwrap());
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        for statement in [
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_ca_file = 'root.crt'",
            "SELECT pg_reload_conf()",
        ] {
            self.admin.batch_execute(statement).await.unwrap();
        }
        // A session hears of it between two of its statements.
        let is_on = async || {
            let told: String = self.admin.query_one("SHOW ssl", &[]).await.unwrap().get(0);
            (told == "on").then_some(())
        };
        until("TLS is on", is_on).await;
    }

    fn stop(mut self) {
        assert!(signal("INT", self.child.id()));
        assert!(self.child.wait().unwrap().success());
    }

    /// Where it is; the host is the name that the certificate is looked at for.
    fn url(&self, user: &str, host: &str, options: &str) -> String {
        format!("postgresql://{user}@{host}/work?hostaddr={}&{options}", self.address)
    }

    /// The names of the sessions of the server, and whether TLS secures each.
    async fn sessions(&self) -> Vec<(String, bool)> {
        let sessions =
            "SELECT DISTINCT a.application_name, s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                        WHERE a.datname = 'work' ORDER BY 1, 2";
        let rows = self.admin.query(sessions, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

/// What `oregional check` says of an address.
fn check(scratch: &Scratch, url: &str) -> (bool, String) {
    let (status, said) = run(scratch, &["check", "--secret-key", KEY, "--database-url", url]);
    assert!(!said.contains(PASSWORD) && !said.contains(QUOTED), "{said}");
    (status.success(), said)
}

fn file(scratch: &Scratch, name: &str, text: &str) -> String {
    let path = scratch.path(name);
    std::fs::write(&path, text).unwrap();
    shown(&path)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn the_way_to_a_database_is_secured_as_the_url_says() {
    let scratch = Scratch::new();
    let database = Database::start(&scratch, address(83)).await;
    let user = format!("tester:{QUOTED}");

    // Nothing is offered yet: what has to be secured is refused, anything else is not.
    let (status, said) =
        run(&scratch, &["migrate", "--secret-key", KEY, "--database-url", &database.url(&user, NAME, "")]);
    assert!(status.success(), "{said}");
    let (is_good, said) = check(&scratch, &database.url(&user, NAME, "sslmode=require"));
    assert!(!is_good && said.contains("server does not support TLS"), "{said}");
    assert!(said.contains("no secured connection to the database") && said.contains("sslmode"), "{said}");

    let (ours, other) = (authority("ours"), authority("another"));
    database.certify(&scratch, &ours).await;
    let ca = file(&scratch, "ca.pem", &ours.pem());
    let stranger = file(&scratch, "stranger.pem", &other.pem());
    let server = std::fs::read_to_string(scratch.data().join("postgres/server.crt")).unwrap();
    let pinned = file(&scratch, "pinned.pem", &server);
    for (host, options) in [
        (NAME, String::new()),
        (NAME, "sslmode=disable".to_owned()),
        ("elsewhere.example", "sslmode=require".to_owned()),
        ("elsewhere.example", format!("sslmode=verify-ca&sslrootcert={ca}")),
        ("elsewhere.example", format!("sslmode=require&sslrootcert={ca}")),
        (NAME, format!("sslmode=verify-full&sslrootcert={ca}")),
        (NAME, format!("sslmode=verify-full&sslrootcert={pinned}")),
    ] {
        let (is_good, said) = check(&scratch, &database.url(&user, host, &options));
        assert!(is_good, "{options}: {said}");
    }
    // What is only preferred is done without where it cannot be had.
    let (is_good, said) = check(&scratch, &database.url(&format!("plain:{QUOTED}"), NAME, ""));
    assert!(is_good && said.contains("without TLS"), "{said}");
    let (is_good, said) = check(&scratch, &database.url(&format!("plain:{QUOTED}"), NAME, "sslmode=require"));
    assert!(!is_good, "{said}");
    for (host, options, words) in [
        ("elsewhere.example", format!("sslmode=verify-full&sslrootcert={ca}"), "not valid for name"),
        ("elsewhere.example", format!("sslmode=verify-full&sslrootcert={pinned}"), "not valid for name"),
        (NAME, format!("sslmode=verify-full&sslrootcert={stranger}"), "UnknownIssuer"),
        (NAME, format!("sslmode=verify-ca&sslrootcert={stranger}"), "UnknownIssuer"),
        (NAME, format!("sslmode=require&sslrootcert={stranger}"), "UnknownIssuer"),
        (NAME, format!("sslmode=verify-full&sslrootcert={ca}.not"), "ca.pem.not"),
        (NAME, "sslmode=safe".to_owned(), "verify-full"),
    ] {
        let (is_good, said) = check(&scratch, &database.url(&user, host, &options));
        assert!(!is_good && said.contains(words), "{options}: {said}");
    }

    // Each of the server's connections is secured, whatever it is for.
    let full = database.url(&user, NAME, &format!("sslmode=verify-full&sslrootcert={ca}"));
    let mut server = Program::serve(&scratch, &["--secret-key", KEY, "--database-url", &full]);
    let address = server.url();
    let answer = reqwest::get(format!("{address}/web/health?db=1")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let all = async || Some(database.sessions().await).filter(|sessions| sessions.len() == 2);
    let sessions = until("it listens", all).await;
    assert_eq!(sessions, [("oregional".to_owned(), true), ("oregional listener".to_owned(), true)]);
    assert!(server.stop().success());
    database.stop();
}

#[tokio::test]
async fn a_certificate_takes_the_place_of_a_password() {
    let scratch = Scratch::new();
    let database = Database::start(&scratch, address(84)).await;
    let ours = authority("ours");
    database.certify(&scratch, &ours).await;
    let ca = file(&scratch, "ca.pem", &ours.pem());
    let (certificate, key) = signed(&ours, "client.example", "named");
    let (certificate, key) = (file(&scratch, "client.pem", &certificate), file(&scratch, "client.key", &key));
    let verified = format!("sslmode=verify-full&sslrootcert={ca}");
    let identified = database.url("named", NAME, &format!("{verified}&sslcert={certificate}&sslkey={key}"));

    let (status, said) = run(&scratch, &["migrate", "--secret-key", KEY, "--database-url", &identified]);
    assert!(status.success(), "{said}");
    let (is_good, said) = check(&scratch, &database.url("named", NAME, &verified));
    assert!(!is_good && said.contains("certificate"), "{said}");
    let (is_good, said) =
        check(&scratch, &database.url("named", NAME, &format!("{verified}&sslcert={certificate}")));
    assert!(!is_good && said.contains("sslcert and sslkey go together"), "{said}");
    database.stop();
}
