//! The server's own database cluster: starting, adopting, refusing and stopping it.

#[cfg(test)]
mod tests {
    use oregional::db::cluster::{Cluster, ClusterError, ClusterOptions, find_server_programs};
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};
    use tokio_postgres::{Client, NoTls};

    /// Tells a child of this program, run as `server_of_a_child`, which data directory to use.
    const CHILD_DIR: &str = "OREGIONAL_TEST_CLUSTER_DIR";

    /// A directory that is removed at the end, together with a postmaster that a failed test left in it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let dir = std::env::temp_dir().join(format!("oregional-test-{}-{number}", std::process::id()));
            std::fs::create_dir(&dir).unwrap();
            std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
            Self(dir.canonicalize().unwrap())
        }

        fn data(&self) -> PathBuf {
            self.0.join("data")
        }

        fn pid(&self) -> Option<u32> {
            postmaster_pid(&self.data())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            if let Some(pid) = self.pid() {
                signal("INT", pid);
                wait_until("the postmaster has gone", || self.pid().is_none());
            }
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    fn postmaster_pid(data_dir: &Path) -> Option<u32> {
        let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    fn signal(name: &str, pid: u32) -> bool {
        let script = format!("kill -{name} {pid} 2>/dev/null");
        Command::new("sh").args(["-c", &script]).status().is_ok_and(|status| status.success())
    }

    fn ps(column: &str, pid: u32) -> String {
        let output = Command::new("ps").args(["-o", column, "-p", &pid.to_string()]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Whether the process is there; one that has ended and waits for its parent is not.
    fn is_alive(pid: u32) -> bool {
        let state = ps("stat=", pid);
        !state.is_empty() && !state.starts_with('Z')
    }

    fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            if started.elapsed() > Duration::from_secs(30) {
                assert!(std::thread::panicking(), "waited too long until {what}");
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_root() -> bool {
        Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
    }

    /// Tests need not survive a crash of the machine, and small memory starts faster.
    fn options(data_dir: &Path) -> ClusterOptions {
        let settings = [("fsync", "off"), ("shared_buffers", "16MB")];
        ClusterOptions {
            data_dir: data_dir.to_path_buf(),
            data_dir_is_default: false,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        }
    }

    async fn connect(cluster: &Cluster, database: &str) -> Client {
        let (client, connection) = cluster.config(database).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn show(client: &Client, name: &str) -> String {
        client.query_one("SELECT current_setting($1)", &[&name]).await.unwrap().get(0)
    }

    /// Starts a cluster in another process, which then waits to be killed.
    fn child_server(data_dir: &Path) -> Child {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "own::tests::a_killed_server_leaves_its_cluster_running"])
            .env(CHILD_DIR, data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let ready = data_dir.with_extension("ready");
        wait_until("the child has its cluster", || {
            assert_eq!(child.try_wait().unwrap(), None, "the child has ended");
            ready.exists()
        });
        std::fs::remove_file(ready).unwrap();
        child
    }

    /// Plays both parts: the server that is killed, in the process that other tests start as well, and
    /// whoever looks what it leaves behind.
    #[tokio::test]
    async fn a_killed_server_leaves_its_cluster_running() {
        if let Some(dir) = std::env::var_os(CHILD_DIR).map(PathBuf::from) {
            return be_a_server(&dir).await;
        }
        let scratch = Scratch::new();
        let mut child = child_server(&scratch.data());
        child.kill().unwrap();
        child.wait().unwrap();

        let pid = scratch.pid().unwrap();
        assert_eq!(ps("pgid=", pid), pid.to_string());
        Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
    }

    async fn be_a_server(dir: &Path) {
        let cluster = Cluster::start(options(dir)).await.unwrap();
        cluster.ensure_database("work").await.unwrap();
        let client = connect(&cluster, "work").await;
        client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
        client.batch_execute("BEGIN; LOCK TABLE kept").await.unwrap();
        std::fs::write(dir.with_extension("ready"), "").unwrap();
        // Ends with the test that started it, whose end closes the pipe.
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }

    #[tokio::test]
    async fn a_fresh_cluster_has_the_right_settings() {
        let scratch = Scratch::new();
        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        assert_eq!(cluster.data_dir(), scratch.data());
        assert!(cluster.bin_dir().join("pg_ctl").exists());
        for dir in ["", "postgres", "socket"] {
            let meta = std::fs::metadata(scratch.data().join(dir)).unwrap();
            assert_eq!(meta.mode() & 0o777, 0o700, "{dir}");
            assert_ne!(meta.uid(), 0, "{dir}");
        }

        // Ctrl-C goes to a process group, and must not reach the database.
        let pid = scratch.pid().unwrap();
        assert_eq!(ps("pgid=", pid), pid.to_string());

        assert!(cluster.ensure_database("a \"b\"").await.unwrap());
        assert!(!cluster.ensure_database("a \"b\"").await.unwrap());
        let client = connect(&cluster, "a \"b\"").await;
        for (name, value) in [
            ("data_checksums", "on"),
            ("lc_collate", "C"),
            ("lc_ctype", "C.UTF-8"),
            ("server_encoding", "UTF8"),
            ("listen_addresses", ""),
            ("timezone", "UTC"),
            ("jit", "off"),
            ("max_wal_size", "2GB"),
            ("synchronous_commit", "on"),
            ("fsync", "off"),
            ("shared_buffers", "16MB"),
        ] {
            assert_eq!(show(&client, name).await, value, "{name}");
        }
        let url: tokio_postgres::Config = cluster.url("a \"b\"").parse().unwrap();
        assert_eq!(url.get_hosts(), cluster.config("x").get_hosts());
        assert_eq!(url.get_dbname(), Some("a \"b\""));
        cluster.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_restart_keeps_the_data_and_is_fast() {
        let scratch = Scratch::new();
        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        cluster.ensure_database("work").await.unwrap();
        let client = connect(&cluster, "work").await;
        client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
        let pid = scratch.pid().unwrap();
        cluster.stop().await.unwrap();
        assert_eq!(scratch.pid(), None);
        assert!(!is_alive(pid), "the postmaster is still there");

        let started = Instant::now();
        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        let row = connect(&cluster, "work").await.query_one("SELECT n FROM kept", &[]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), 7);
        cluster.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_second_server_is_told_who_the_first_is() {
        let scratch = Scratch::new();
        let mut child = child_server(&scratch.data());
        let error = Cluster::start(options(&scratch.data())).await.unwrap_err();
        assert!(matches!(error, ClusterError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("process {}", child.id())), "{error}");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn the_cluster_of_a_killed_server_is_adopted_and_stopped() {
        let scratch = Scratch::new();
        let mut child = child_server(&scratch.data());
        let pid = scratch.pid().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        assert_eq!(scratch.pid(), Some(pid));
        // Nobody holds the lock of the killed server's session any more.
        let client = connect(&cluster, "work").await;
        client.batch_execute("SET lock_timeout = '5s'; INSERT INTO kept VALUES (8)").await.unwrap();
        cluster.stop().await.unwrap();
        assert_eq!(scratch.pid(), None);
        assert!(!is_alive(pid), "the postmaster is still there");
    }

    #[tokio::test]
    async fn an_adopted_cluster_with_other_settings_is_restarted() {
        let scratch = Scratch::new();
        let mut child = child_server(&scratch.data());
        let pid = scratch.pid().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();

        let mut other = options(&scratch.data());
        other.settings.push(("work_mem".to_owned(), "7MB".to_owned()));
        let cluster = Cluster::start(other).await.unwrap();
        assert_ne!(scratch.pid(), Some(pid));
        assert_eq!(show(&connect(&cluster, "work").await, "work_mem").await, "7MB");
        cluster.stop().await.unwrap();
    }

    #[tokio::test]
    async fn everything_killed_starts_again() {
        let scratch = Scratch::new();
        let mut child = child_server(&scratch.data());
        let pid = scratch.pid().unwrap();
        child.kill().unwrap();
        assert!(signal("KILL", pid));
        child.wait().unwrap();

        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        assert_ne!(scratch.pid(), Some(pid));
        let row = connect(&cluster, "work").await.query_one("SELECT n FROM kept", &[]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), 7);
        cluster.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_pid_file_with_the_number_of_another_program_is_no_obstacle() {
        let scratch = Scratch::new();
        Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
        let file = scratch.data().join("postgres/postmaster.pid");
        std::fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        assert_ne!(scratch.pid(), Some(std::process::id()));
        cluster.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_dropped_cluster_stops_and_can_be_started_again() {
        let scratch = Scratch::new();
        drop(Cluster::start(options(&scratch.data())).await.unwrap());
        let cluster = Cluster::start(options(&scratch.data())).await.unwrap();
        cluster.ensure_database("work").await.unwrap();
        drop(cluster);
        wait_until("the dropped cluster has stopped", || scratch.pid().is_none());
    }

    #[tokio::test]
    async fn other_major_versions_are_refused() {
        let scratch = Scratch::new();
        let pgdata = scratch.data().join("postgres");
        Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
        for (version, words) in [("99\n", "newer than the installed"), ("9.6\n", "pg_upgrade")] {
            std::fs::write(pgdata.join("PG_VERSION"), version).unwrap();
            let error = Cluster::start(options(&scratch.data())).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.contains(pgdata.to_str().unwrap()), "{error}");
        }
    }

    #[tokio::test]
    async fn an_unreachable_directory_is_refused_or_replaced() {
        if !is_root() {
            return; // everything of one's own can be reached
        }
        let scratch = Scratch::new();
        let closed = scratch.0.join("closed");
        std::fs::create_dir(&closed).unwrap();
        std::fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        let mut options = options(&closed.join("data"));
        let error = Cluster::start(options.clone()).await.unwrap_err();
        assert!(matches!(error, ClusterError::Unreachable { .. }), "{error:?}");
        for words in ["--data-dir", "OREGIONAL_DATA_DIR", closed.to_str().unwrap()] {
            assert!(error.to_string().contains(words), "{error}");
        }

        options.data_dir_is_default = true;
        let base = Path::new("/var/lib/oregional");
        let base_was_there = base.exists();
        let cluster = Cluster::start(options.clone()).await.unwrap();
        let spare = cluster.data_dir().to_path_buf();
        assert!(spare.starts_with(base), "{}", spare.display());
        cluster.stop().await.unwrap();
        // Also later, when the default place has become usable: the data is here.
        std::fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster::start(options).await.unwrap();
        assert_eq!(cluster.data_dir(), spare);
        cluster.stop().await.unwrap();
        std::fs::remove_dir_all(&spare).unwrap();
        if !base_was_there {
            std::fs::remove_dir(base).ok();
        }
    }

    #[tokio::test]
    async fn a_directory_with_other_contents_is_left_alone() {
        let scratch = Scratch::new();
        std::fs::write(scratch.0.join("letter.txt"), "dear").unwrap();
        let error = Cluster::start(options(&scratch.0)).await.unwrap_err();
        assert!(matches!(error, ClusterError::ForeignDirectory(_)), "{error:?}");
        assert_eq!(std::fs::metadata(&scratch.0).unwrap().mode() & 0o777, 0o755);
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_gets_a_short_directory() {
        let scratch = Scratch::new();
        let cluster = Cluster::start(options(&scratch.0.join("d".repeat(120)))).await.unwrap();
        assert!(cluster.ensure_database("work").await.unwrap());
        let config = cluster.config("work");
        let [tokio_postgres::config::Host::Unix(socket_dir)] = config.get_hosts() else {
            panic!("not a socket: {config:?}");
        };
        assert!(!socket_dir.starts_with(&scratch.0), "{}", socket_dir.display());
        let meta = std::fs::metadata(socket_dir).unwrap();
        assert_eq!(meta.mode() & 0o777, 0o700);
        cluster.stop().await.unwrap();
        assert!(!socket_dir.exists(), "the short directory is left over");
    }

    #[tokio::test]
    async fn a_failed_start_shows_the_log() {
        let scratch = Scratch::new();
        let mut wrong = options(&scratch.data());
        wrong.settings.push(("work_mem".to_owned(), "much".to_owned()));
        let started = Instant::now();
        let error = Cluster::start(wrong).await.unwrap_err().to_string();
        assert!(error.contains("invalid value for parameter \"work_mem\""), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());

        let mut wrong = options(&scratch.data());
        wrong.settings.push(("work mem".to_owned(), "4MB".to_owned()));
        let error = Cluster::start(wrong).await.unwrap_err();
        assert!(matches!(error, ClusterError::Setting { .. }), "{error:?}");
        Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_big_log_is_kept_once_as_another_file() {
        let scratch = Scratch::new();
        Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
        let (log, aside) = (scratch.data().join("postgres.log"), scratch.data().join("postgres.log.1"));
        assert!(!aside.exists());
        for megabytes in [17, 18] {
            let size = megabytes * 1024 * 1024;
            std::fs::File::options().write(true).open(&log).unwrap().set_len(size).unwrap();
            Cluster::start(options(&scratch.data())).await.unwrap().stop().await.unwrap();
            assert_eq!(aside.metadata().unwrap().len(), size);
            assert!(log.metadata().unwrap().len() < 1024 * 1024);
        }
    }

    #[test]
    fn the_found_directory_has_the_programs() {
        let bin = find_server_programs().unwrap();
        assert!(["initdb", "postgres", "pg_ctl"].iter().all(|name| bin.join(name).is_file()), "{bin:?}");
    }
}
