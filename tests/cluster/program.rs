//! The program as an operator starts it: with a data directory of its own, a log to look into, and signals.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long the program may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const PASSWORD: &str = "chosen by hand";

/// A directory that is removed at the end, together with a postmaster that a failed test left in it.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("oregional-program-{}-{number}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        Self(dir.canonicalize().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The process id in the postmaster's file.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.data().join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    /// The names of the programs that work in the data directory: PostgreSQL's, and those that make it.
    pub(crate) fn programs(&self) -> String {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_here = |pid: &u32| {
            let entry = Path::new("/proc").join(pid.to_string());
            let cwd = std::fs::read_link(entry.join("cwd"));
            let line = std::fs::read(entry.join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            cwd.is_ok_and(|cwd| cwd.starts_with(&self.0))
                || (line.contains(self.0.to_str().unwrap()) && !line.contains("serve"))
        };
        let name = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        ids.filter(is_here).map(name).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            signal("INT", pid);
            wait_until("the postmaster has gone", || self.postmaster().is_none());
        }
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub(crate) fn signal(name: &str, pid: u32) -> bool {
    let script = format!("kill -{name} {pid} 2>/dev/null");
    Command::new("sh").args(["-c", &script]).status().is_ok_and(|status| status.success())
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        if began.elapsed() > PATIENCE {
            assert!(std::thread::panicking(), "waited too long until {what}");
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The program with a data directory, and nothing of this program's surroundings.
pub(crate) fn command(scratch: &Scratch, arguments: &[&str]) -> Command {
    // Whoever runs the tests by `nohup` hands on that hanging up is to be ignored, which the program heeds.
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_oregional")]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OREGIONAL_"))
    {
        command.env_remove(name);
    }
    command.args(arguments).env("OREGIONAL_DATA_DIR", scratch.data()).env("OREGIONAL_HASH_ROUNDS", "1000");
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs a command to its end: how it ended, and all that it said.
pub(crate) fn run(scratch: &Scratch, arguments: &[&str]) -> (ExitStatus, String) {
    let output = command(scratch, arguments).output().unwrap();
    (output.status, String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// A program that runs, and the file with what it says.
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// `oregional serve` on a free port.
    pub(crate) fn serve(scratch: &Scratch, arguments: &[&str]) -> Self {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--workers", "1"];
        Self::start(command(scratch, &[&listen[..], arguments].concat()), scratch)
    }

    pub(crate) fn start(mut command: Command, scratch: &Scratch) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let log = scratch.path(&format!("log-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let file = File::create(&log).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { child, log }
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits until it has said some words.
    pub(crate) fn says(&mut self, words: &str) -> &mut Self {
        wait_until(words, || {
            let is_said = self.said().contains(words);
            let has_ended = self.child.try_wait().unwrap();
            assert!(
                is_said || has_ended.is_none(),
                "it has ended, and never said '{words}': {}",
                self.said()
            );
            is_said
        });
        self
    }

    /// Waits until it serves, and tells where.
    pub(crate) fn url(&mut self) -> String {
        self.says("  database ");
        let said = self.said();
        let place = said.split("ready at ").nth(1).unwrap();
        place.split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(signal(name, self.child.id()), "kill -{name}");
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        wait_until("the program has ended", || self.has_ended());
        self.child.wait().unwrap()
    }

    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the program said: {}", self.said());
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A session of the administrator.
pub(crate) async fn sign_in(url: &str, password: &str) -> reqwest::Client {
    let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let params = json!({"db": "oregional", "login": "admin", "password": password});
    let answer = post(&client, &format!("{url}/web/session/authenticate"), params).await.unwrap();
    assert_eq!(answer["result"]["uid"], 2, "{answer}");
    client
}

/// The answer to a call, or none where nothing sensible came back.
pub(crate) async fn post(client: &reqwest::Client, url: &str, params: Value) -> Option<Value> {
    client.post(url).json(&json!({"params": params})).send().await.ok()?.json().await.ok()
}

/// What a method of a model gives back.
pub(crate) async fn call(
    client: &reqwest::Client,
    url: &str,
    model: &str,
    method: &str,
    args: Value,
) -> Option<Value> {
    let params = json!({"model": model, "method": method, "args": args, "kwargs": {}});
    let answer = post(client, &format!("{url}/web/dataset/call_kw"), params).await?;
    answer.get("result").cloned()
}
