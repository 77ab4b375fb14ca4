//! One private PostgreSQL for the whole test program: a template that the real first start makes
//! once, a copy of it for each test, and nothing left behind however the program ends.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::PipeWriter;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use oregional::db::cluster::{Cluster, ClusterOptions};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::app;
use super::secrets::{Log, Watch};

/// What the folders of all runs begin with; the id of the process follows.
const PREFIX: &str = "oregional-tests-";

const TEMPLATE: &str = "template";

/// Data that need not survive a crash of the machine, and room for all tests at once.
const SETTINGS: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "400"),
    ("autovacuum", "off"),
];

/// Waits for the end of the program that holds the other end of its standard input, stops what runs
/// in the folder, and removes it. Only processes that say themselves which folder they work in.
const WATCHDOG: &str = r#"trap '' HUP INT TERM
read -r _
for file in "$1"/postgres/postmaster.pid "$1"/*/postgres/postmaster.pid; do
  [ -f "$file" ] || continue
  read -r pid < "$file"
  case "$(ps -o args= -p "$pid")" in *"$1"/*) ;; *) continue ;; esac
  kill -QUIT "$pid"
  while case "$(ps -o stat= -p "$pid")" in ''|Z*) false ;; esac; do sleep 0.1; done
done
rm -rf "$1""#;

/// Keeps the PostgreSQL of this program, and works on it in a runtime that outlives every test.
struct Steward {
    runtime: Runtime,
    cluster: Cluster,
    log: &'static Log,
    scratch: Scratch,
}

/// A folder that goes when the program ends.
pub(crate) struct Scratch {
    pub(crate) path: PathBuf,
    /// Its end is the watchdog's signal, and comes even when this program is killed.
    leash: Option<PipeWriter>,
    watchdog: Child,
}

impl Scratch {
    /// A folder below the temporary one, which PostgreSQL's user can enter.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().canonicalize().unwrap().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let (reader, leash) = std::io::pipe().unwrap();
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(&path)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { path, leash: Some(leash), watchdog }
    }

    /// One for a single test.
    pub(crate) fn for_test() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::new(&format!("{PREFIX}{}-{number}", std::process::id()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.leash = None;
        // It is a child like any other, and has a few files to remove.
        _ = self.watchdog.wait();
    }
}

/// Removes what runs left behind whose watchdog was killed with them.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let pid = rest.split('-').next().unwrap_or_default().to_owned();
        let alive = Command::new("ps").args(["-p", &pid]).stdout(Stdio::null()).status();
        if alive.is_ok_and(|status| !status.success()) {
            // Its own watchdog may be at it, and be faster.
            let Ok(path) = entry.path().canonicalize() else { continue };
            // The same words; with nothing to wait for they act at once.
            Command::new("sh").args(["-c", WATCHDOG, "sh"]).arg(path).stdin(Stdio::null()).status().unwrap();
        }
    }
}

fn steward() -> &'static Steward {
    static STEWARD: OnceLock<Steward> = OnceLock::new();
    // In a thread of its own: whoever asks may be within a runtime already.
    STEWARD.get_or_init(|| std::thread::spawn(Steward::begin).join().unwrap())
}

impl Steward {
    fn begin() -> Self {
        sweep();
        let scratch = Scratch::new(&format!("{PREFIX}{}", std::process::id()));
        let log = Log::begin(&scratch.path);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let data_dir = scratch.path.join("cluster");
        let options = ClusterOptions { data_dir, data_dir_is_default: false, settings };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        runtime.block_on(cluster.ensure_database(TEMPLATE)).unwrap();
        let made = app::Running::start(app::settings(&cluster.url(TEMPLATE))).unwrap();
        drop(made);
        let seal = format!("ALTER DATABASE {TEMPLATE} WITH is_template true allow_connections false");
        runtime.block_on(async {
            connect(&cluster.config("postgres")).await.batch_execute(&seal).await.unwrap();
        });
        Self { runtime, cluster, log, scratch }
    }

    /// Runs in the steward's runtime and waits, also from within another runtime or a destructor.
    fn perform<T: Send + 'static>(&'static self, work: impl Future<Output = T> + Send + 'static) -> T {
        let (sender, receiver) = mpsc::channel();
        self.runtime.spawn(async move {
            // The test that waits for it is gone only when it has failed already.
            _ = sender.send(work.await);
        });
        receiver.recv().unwrap()
    }

    fn command(&'static self, statement: String) {
        self.perform(async move {
            let client = connect(&self.cluster.config("postgres")).await;
            client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        });
    }
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Where servers of tests may put files.
pub(crate) fn data_dir() -> PathBuf {
    std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id())).join("data")
}

/// The log of all servers of this program.
pub(crate) fn log() -> &'static Log {
    steward().log
}

/// A database of one test, dropped with it. No secret that was handed out in its time may be found in it,
/// nor in the log of that time.
pub(crate) struct Database {
    pub(crate) name: String,
    watch: Watch,
}

impl Database {
    /// A copy of what the first start of a server makes.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        steward().command(format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"));
        Self { name, watch: Watch::begin(log()) }
    }

    /// What a dump holds, and nothing else.
    pub(crate) fn restored(dump: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("restored_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        steward().command(format!("CREATE DATABASE {name} TEMPLATE template0"));
        let restored = Self { name, watch: Watch::begin(log()) };
        // Some versions of pg_dump write orders to psql; no value of ours begins a line with a backslash.
        let statements: Vec<&str> = dump.lines().filter(|line| !line.starts_with('\\')).collect();
        let (config, statements) = (restored.config(), statements.join("\n"));
        steward().perform(async move { connect(&config).await.batch_execute(&statements).await.unwrap() });
        restored
    }

    /// As `--database-url` takes it.
    pub(crate) fn url(&self) -> String {
        steward().cluster.url(&self.name)
    }

    /// How to connect to it.
    pub(crate) fn config(&self) -> Config {
        steward().cluster.config(&self.name)
    }

    /// What a statement finds, as text: for looking behind the front door.
    pub(crate) fn query(&self, statement: &str) -> Vec<Vec<Option<String>>> {
        let (config, statement) = (self.config(), statement.to_owned());
        steward().perform(async move {
            let rows = connect(&config).await.simple_query(&statement).await.unwrap();
            let cells = |row: &tokio_postgres::SimpleQueryRow| {
                (0..row.len()).map(|place| row.get(place).map(str::to_owned)).collect()
            };
            rows.iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(cells(row)),
                    _ => None,
                })
                .collect()
        })
    }

    /// What was handed out in its time.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.watch.secrets()
    }

    /// Every row of every table, as a dump has them, in a fraction of its time.
    pub(crate) fn rows(&self) -> String {
        let tables = "SELECT format('SELECT t::text FROM %s t', c.oid::regclass) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')";
        let texts: Vec<String> = self.query(tables).into_iter().flatten().flatten().collect();
        if texts.is_empty() {
            return String::new();
        }
        let rows = self.query(&texts.join(" UNION ALL "));
        rows.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n")
    }

    /// Everything that a backup would hold, a line for each row.
    pub(crate) fn dump(&self) -> String {
        self.dump_as("--inserts")
    }

    /// The same for being read in again: many rows in one statement.
    pub(crate) fn dump_in_blocks(&self) -> String {
        self.dump_as("--rows-per-insert=100")
    }

    fn dump_as(&self, form: &str) -> String {
        let output = Command::new(steward().cluster.bin_dir().join("pg_dump"))
            .args([form, "--no-owner", "--no-privileges", "--dbname"])
            .arg(self.url())
            .current_dir(&steward().scratch.path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that failed has its own reason.
        let leaks =
            if std::thread::panicking() { Vec::new() } else { self.watch.leaks(self.rows().as_bytes()) };
        steward().command(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

/// The id of the postmaster in a data directory.
pub(crate) fn postmaster_pid(data_dir: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}
