//! The running `PostgreSQL`: starting it, taking over one that still runs, and stopping it.

use super::account::Account;
use super::error::ClusterError;
use super::files::{last_lines, open_own, remove, set_aside, tail};
use super::pidfile::{self, Process};
use super::programs::program_version;
use super::settings::Settings;
use super::{PGDATA, SUPERUSER};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// How often the state of a starting or stopping postmaster is looked at.
const POLL: Duration = Duration::from_millis(10);
/// Repairing after a crash reads up to `max_wal_size` of log, on slow disks for minutes.
const START_TIMEOUT: Duration = Duration::from_mins(10);
/// A connection over a socket is made at once or never.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a running postmaster may be out of reach before it counts as broken.
const SILENCE: Duration = Duration::from_secs(3);
/// How long the other processes of a killed postmaster may take to end.
const REMNANTS: Duration = Duration::from_secs(10);
/// How often it is looked whether one that was taken over still runs; the end of a child is told.
const WATCH: Duration = Duration::from_millis(500);
/// Above this size in bytes the log is set aside at the start.
const LOG_MAX: u64 = 16 * 1024 * 1024;

/// A postmaster, and all that it takes to handle it.
#[derive(Debug)]
pub(super) struct Postmaster {
    /// The directory of the server programs.
    pub(super) bin: PathBuf,
    /// `PostgreSQL`'s own directory.
    pub(super) pgdata: PathBuf,
    /// The directory of its socket.
    pub(super) socket_dir: PathBuf,
    /// The log file.
    pub(super) log: PathBuf,
    /// The user it runs as.
    pub(super) account: Account,
    /// The process, when it is this server's own child.
    child: Option<Child>,
    /// Whether a postmaster may be running that has to be stopped.
    running: bool,
}

impl Postmaster {
    /// Nothing is started yet; the log goes into the data directory, next to `PostgreSQL`'s own directory.
    pub(super) fn new(bin: PathBuf, data_dir: &Path, socket_dir: PathBuf, account: Account) -> Self {
        let (pgdata, log) = (data_dir.join(PGDATA), data_dir.join("postgres.log"));
        Self { bin, pgdata, socket_dir, log, account, child: None, running: false }
    }

    /// Takes over a postmaster that still runs for this directory, or starts one with these settings.
    pub(super) async fn bring_up(&mut self, settings: &Settings) -> Result<(), ClusterError> {
        // A running postmaster has read its files long ago; with other settings it has to start again.
        if !self.adopt(settings.in_place(&self.pgdata)).await? {
            settings.write(&self.pgdata, &self.account)?;
            self.start().await?;
        }
        Ok(())
    }

    /// Waits for the end of a postmaster that nobody here has stopped, and tells of it.
    pub(super) async fn ended(&mut self) -> String {
        let mut end = "it has gone".to_owned();
        if let Some(child) = &mut self.child {
            if let Ok(status) = child.wait().await {
                end = status.to_string();
            }
            self.child = None;
        } else {
            while self.pid().is_some() {
                sleep(WATCH).await;
            }
        }
        self.running = false;
        end
    }

    fn process(&self, pid: u32) -> Process {
        pidfile::process(pid, &self.pgdata, self.account.uid)
    }

    /// Takes over a postmaster that the last server left running, if there is one and it is fit.
    ///
    /// Afterwards either it is in use (`true`), or none is running (`false`): an unfit one, or any one when
    /// `wanted` is not set, is stopped.
    pub(super) async fn adopt(&mut self, wanted: bool) -> Result<bool, ClusterError> {
        let Some(file) = pidfile::read(&self.pgdata) else { return Ok(false) };
        if self.process(file.pid) != Process::Postmaster {
            self.clear_away().await?;
            return Ok(false);
        }
        self.running = true;
        if wanted && self.is_fit().await? {
            tracing::info!(pid = file.pid, "using the PostgreSQL that the last server left running");
            return Ok(true);
        }
        tracing::info!(pid = file.pid, "restarting the PostgreSQL that the last server left running");
        self.stop().await?;
        self.clear_away().await?; // in case it crashed meanwhile
        Ok(false)
    }

    /// Whether the running postmaster answers, for this directory and with the installed version; also
    /// ends what the last server left behind in it, as that may hold locks.
    async fn is_fit(&self) -> Result<bool, ClusterError> {
        let started = Instant::now();
        let client = loop {
            let file = pidfile::read(&self.pgdata).filter(|file| !file.stopping);
            let Some(file) = file else { return Ok(false) };
            match self.connect().await {
                Ok(client) => break client,
                Err(error) if is_starting(&error) && started.elapsed() < START_TIMEOUT => {}
                Err(_) if started.elapsed() < SILENCE => {}
                Err(_) => return Ok(false),
            }
            if self.process(file.pid) != Process::Postmaster {
                return Ok(false);
            }
            sleep(POLL).await;
        };
        let query = "SELECT current_setting('data_directory'), current_setting('server_version'), \
                     (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                      WHERE application_name = current_setting('application_name') \
                      AND pid <> pg_backend_pid())";
        let failed =
            |source| ClusterError::Database { what: "looking at the running PostgreSQL".into(), source };
        let row = client.query_one(query, &[]).await.map_err(failed)?;
        let (directory, version): (&str, &str) = (row.get(0), row.get(1));
        Ok(Path::new(directory) == self.pgdata
            && program_version(&self.bin).is_none_or(|ours| ours == version))
    }

    /// Removes the pid file of a postmaster that has gone.
    ///
    /// `PostgreSQL` does that by itself, but not when the number is that of another program of its user, or
    /// of a process that nobody collects. It then refuses to start, as it cannot know what we know: the
    /// lock is ours, and the process is not a postmaster of this directory. Yet the file also leads to the
    /// shared memory that other processes of the old postmaster may still use; it stays until they end,
    /// which they do by themselves.
    async fn clear_away(&self) -> Result<(), ClusterError> {
        let path = self.pgdata.join("postmaster.pid");
        let started = Instant::now();
        while pidfile::has_remnants(&self.pgdata) {
            if started.elapsed() > REMNANTS {
                tracing::warn!(file = %path.display(), "processes of an earlier PostgreSQL do not end");
                return Ok(()); // PostgreSQL refuses then, and says why
            }
            sleep(POLL).await;
        }
        remove(&self.socket_dir.join(".s.PGSQL.5432.lock"))?;
        remove(&path)
    }

    /// Starts the postmaster and waits until it takes connections.
    pub(super) async fn start(&mut self) -> Result<(), ClusterError> {
        set_aside(&self.log, LOG_MAX)?;
        let log = open_own(&self.log, true, &self.account)?;
        let before = log.metadata().map_err(ClusterError::io("look at", &self.log))?.len();
        let program = self.bin.join("postgres");
        let mut command = self.account.command(&program);
        // On the command line it cannot be overruled by a file.
        command.arg("-D").arg(&self.pgdata).args(["-c", "listen_addresses="]);
        let errors = log.try_clone().map_err(ClusterError::io("open", &self.log))?;
        command.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        // A direct child rather than one of pg_ctl's: its end is noticed at once, and its path is not read
        // by a shell. It outlives this server all the same, and is then adopted by the next.
        let child = Command::from(command).spawn().map_err(ClusterError::io("run", &program))?;
        let pid = child.id();
        // At once: whoever gives this up from here on has a process to stop.
        (self.child, self.running) = (Some(child), true);
        if let Some(pid) = pid {
            yield_to_server(pid).await;
        }
        let reason = match self.wait_until_ready().await {
            Ok(()) => return Ok(()),
            Err(reason) => reason,
        };
        let tail = tail(&self.log, before);
        if let Err(error) = self.stop().await {
            tracing::warn!(%error, "a PostgreSQL that did not start did not stop either");
        }
        Err(ClusterError::Start { dir: self.pgdata.clone(), reason, log: self.log.clone(), tail })
    }

    /// Waits for the first connection; the error is the reason for giving up.
    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        let mut told = 0;
        loop {
            if let Some(child) = &mut self.child
                && let Ok(Some(status)) = child.try_wait()
            {
                (self.child, self.running) = (None, false);
                return Err(format!("it ended at once ({status})"));
            }
            match self.connect().await {
                Ok(_) => return Ok(()),
                // Anything but "still starting" will not get better by waiting.
                Err(error) if error.as_db_error().is_some() && !is_starting(&error) => {
                    return Err(format!("it refuses the server's connection: {error:?}"));
                }
                Err(_) => {}
            }
            let seconds = started.elapsed().as_secs();
            if seconds > START_TIMEOUT.as_secs() {
                return Err(format!("it took no connection within {seconds} seconds"));
            }
            if seconds >= told + 5 {
                told = seconds;
                tracing::info!(seconds, "PostgreSQL is still starting, maybe repairing after a crash");
            }
            sleep(POLL).await;
        }
    }

    /// How to connect to a database as superuser.
    pub(super) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.socket_dir).port(5432).user(SUPERUSER).dbname(database);
        config.application_name(SUPERUSER).connect_timeout(CONNECT_TIMEOUT);
        config
    }

    /// Connects to the database that every cluster has.
    pub(super) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.config("postgres").connect(NoTls).await?;
        // Ends when the client is dropped. Its errors also reach the client's calls.
        tokio::spawn(async move { connection.await.ok() });
        Ok(client)
    }

    /// Stops the postmaster and waits for its end: first in the clean way, which writes everything to the
    /// tables, and when that takes too long, in the quick one, which leaves that to the next start.
    pub(super) async fn stop(&mut self) -> Result<(), ClusterError> {
        let mut reason = String::new();
        for (mode, seconds) in [("fast", "60"), ("immediate", "10")] {
            let Some(pid) = self.pid() else { break };
            let program = self.bin.join("pg_ctl");
            let mut command = self.account.command(&program);
            command.arg("stop").arg("-D").arg(&self.pgdata).args(["-m", mode, "-w", "-t", seconds]);
            let output = Command::from(command).output().await.map_err(ClusterError::io("run", &program))?;
            if !output.status.success() {
                reason = last_lines(&[output.stdout, output.stderr].concat());
                tracing::warn!(pid, mode, reason, "PostgreSQL does not stop");
            }
            self.wait_for_end().await;
        }
        if let Some(child) = &mut self.child
            && pidfile::read(&self.pgdata).is_none()
        {
            // It hangs before it has written its first file: pg_ctl cannot find it, and nothing is lost.
            child.start_kill().ok();
            self.wait_for_end().await;
        }
        if let Some(pid) = self.pid() {
            let log = self.log.clone();
            return Err(ClusterError::Stop { pid, reason, tail: tail(&log, 0), log });
        }
        self.running = false;
        Ok(())
    }

    /// The process id of the postmaster if it is alive.
    pub(super) fn pid(&self) -> Option<u32> {
        if let Some(pid) = self.child.as_ref().and_then(Child::id) {
            // Surely the postmaster, even when it has not come to its directory yet.
            return (self.process(pid) != Process::Gone).then_some(pid);
        }
        let file = pidfile::read(&self.pgdata)?;
        (self.process(file.pid) == Process::Postmaster).then_some(file.pid)
    }

    /// The last moments between the removal of the pid file and the end of the process.
    async fn wait_for_end(&mut self) {
        let ended = async {
            if let Some(child) = &mut self.child {
                child.wait().await.ok();
                self.child = None;
            }
            while self.pid().is_some() {
                sleep(POLL).await;
            }
        };
        timeout(SILENCE, ended).await.ok();
    }
}

impl Drop for Postmaster {
    /// A server that leaves by an error must not leave its database running: asks it to stop, without
    /// waiting. A start that comes too soon afterwards sees that it is stopping.
    fn drop(&mut self) {
        if !self.running {
            return;
        }
        let mut command = self.account.command(&self.bin.join("pg_ctl"));
        command.arg("stop").arg("-D").arg(&self.pgdata).args(["-m", "fast", "-W"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let asked = command.status().is_ok_and(|status| status.success());
        if let Some(child) = &mut self.child
            && !asked
        {
            // So young that it has no pid file yet, and nothing to lose.
            child.start_kill().ok();
        }
    }
}

/// Lets the backends wait for the end of whoever wakes them, in the place of pushing it from its processor:
/// server and database send each other small messages all the time, and where they share processors, each
/// such push is two changes of process more. They get no less time for it. A system that has no such
/// policy, or no `chrt`, does without.
async fn yield_to_server(pid: u32) {
    let mut command = Command::new("chrt");
    command.args(["-b", "-p", "0"]).arg(pid.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status().await {
        Ok(status) if status.success() => {}
        other => tracing::debug!(?other, "PostgreSQL runs with the usual scheduling policy"),
    }
}

/// Whether the postmaster is there, but not ready for connections yet.
fn is_starting(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::CANNOT_CONNECT_NOW)
}
