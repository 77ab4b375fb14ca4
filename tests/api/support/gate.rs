//! A way to the database on which one kind of connection waits until it is let through.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use tokio_postgres::config::Host;

use super::database::{Database, Scratch};

/// Whether the gate is open, and what wakes those who wait for it.
type State = Arc<(Mutex<bool>, Condvar)>;

/// A gate; see the module. It works in threads of its own: a test that starts a server waits for that.
pub(crate) struct Gate {
    url: String,
    state: State,
    _scratch: Scratch,
}

impl Gate {
    /// A way to a database for everybody but the connections that name themselves so.
    pub(crate) fn before(database: &Database, kept_back: &'static str) -> Self {
        let config = database.config();
        let Some(Host::Unix(folder)) = config.get_hosts().first() else { panic!("no socket: {config:?}") };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let name = format!(".s.PGSQL.{port}");
        let (scratch, target) = (Scratch::for_test(), folder.join(&name));
        let listener = UnixListener::bind(scratch.path.join(&name)).unwrap();
        let state = State::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, target, state) = (client.unwrap(), target.clone(), Arc::clone(&shared));
                // A connection that breaks off is the business of its two ends.
                std::thread::spawn(move || _ = pass(client, target, kept_back, &state));
            }
        });
        let (host, user) = (scratch.path.display(), config.get_user().unwrap_or_default());
        let url = format!("postgresql:///{}?host={host}&port={port}&user={user}", database.name);
        Self { url, state, _scratch: scratch }
    }

    /// As `--database-url` takes it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets everybody through.
    pub(crate) fn open(&self) {
        *self.state.0.lock().unwrap() = true;
        self.state.1.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

fn pass(
    mut client: UnixStream,
    target: PathBuf,
    kept_back: &str,
    (is_open, wake): &(Mutex<bool>, Condvar),
) -> io::Result<()> {
    // The first message has its length, itself included, before all else, and names the program.
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut first = vec![0; u32::from_be_bytes(length) as usize - length.len()];
    client.read_exact(&mut first)?;
    if first.windows(kept_back.len()).any(|part| part == kept_back.as_bytes()) {
        drop(wake.wait_while(is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }
    let mut server = UnixStream::connect(target)?;
    server.write_all(&length)?;
    server.write_all(&first)?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        _ = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Both)
    });
    _ = io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both)
}
