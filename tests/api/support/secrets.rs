//! What servers hand out and nobody else may know: remembered as it comes, and looked for in all that
//! servers leave behind, which is their log at TRACE and every row of their databases.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use tracing_subscriber::EnvFilter;

use super::client::Answer;

/// What is logged: all of the servers, nothing of the clients of this program.
const FILTER: &str = "trace,reqwest=off,hyper_util=off,hyper=off,cookie_store=off";

/// Members of JSON that are secret wherever they stand.
const MEMBERS: [&str; 5] = ["access_token", "refresh_token", "client_secret", "own_secret", "csrf_token"];

/// Fields of forms that only the page that they stand in may know.
const FIELDS: [&str; 3] = ["request", "token", "csrf_token"];

/// Characters of an API key, which stands by itself in a page or a result.
const KEY_LENGTH: usize = 40;

/// Shorter ones are words that tests chose, and stand in names as well.
const SHORTEST: usize = 20;

/// How long a piece of a find is shown.
const SHOWN: usize = 200;

static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Remembers a secret.
pub(crate) fn remember(secret: &str) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
}

/// Remembers all secrets of an answer.
pub(crate) fn remember_all(answer: &Answer) {
    for secret in of(answer) {
        remember(&secret);
    }
}

/// The secrets that an answer hands out.
pub(crate) fn of(answer: &Answer) -> BTreeSet<String> {
    let mut found = Vec::new();
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap_or_default();
        found.extend(cookie.strip_prefix("session_id=").map(first_word));
    }
    if let Some(location) = answer.headers.get("location").and_then(|location| location.to_str().ok()) {
        found
            .extend(location.split(['?', '&']).filter_map(|pair| pair.strip_prefix("code=")).map(first_word));
    }
    for field in FIELDS {
        let marker = format!("name=\"{field}\" value=\"");
        found.extend(answer.body.split(&marker).skip(1).map(first_word));
    }
    let words = answer.body.split(|letter: char| !letter.is_ascii_alphanumeric());
    found.extend(words.filter(|word| is_key(word)).map(str::to_owned));
    if let Ok(json) = serde_json::from_str(&answer.body) {
        members(&json, &mut found);
    }
    found.into_iter().filter(|secret| secret.len() >= SHORTEST).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// A checksum has no capital letters.
fn is_key(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
    word.len() == KEY_LENGTH && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

fn members(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(object) => {
            for (name, value) in object {
                if let (true, Json::String(text)) = (MEMBERS.contains(&name.as_str()), value) {
                    found.push(text.clone());
                }
                members(value, found);
            }
        }
        Json::Array(values) => values.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

/// The forms in which a secret would still be one.
fn forms(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    let escaped = url::form_urlencoded::byte_serialize(bytes).collect();
    let mut forms = BTreeSet::from([secret.to_owned(), escaped, secret.replace(' ', "%20"), hex]);
    // In base64 the letters at both ends hang on what stands beside it, as a client id does in a header.
    for before in 0..3 {
        let text = STANDARD.encode([&b"  "[..before], bytes].concat());
        forms.extend(text.get(4..text.len() - 4).map(str::to_owned));
    }
    forms
}

/// The one log of all servers of this program, in its process and beside it.
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// Begins it in a folder that goes with the program.
    pub(crate) fn begin(folder: &Path) -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self { path: folder.join("log") };
            let written = tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new(FILTER))
                .with_writer(std::sync::Arc::new(log.writer()))
                .with_ansi(false);
            written.try_init().unwrap();
            log
        })
    }

    /// Where a server writes to; several at once do not come into each other's way.
    pub(crate) fn writer(&self) -> File {
        OpenOptions::new().create(true).append(true).open(&self.path).unwrap()
    }

    /// How much it has by now.
    pub(crate) fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// What was told since it had so much.
    pub(crate) fn since(&self, start: u64) -> Vec<u8> {
        let mut file = File::open(&self.path).unwrap();
        file.seek(SeekFrom::Start(start)).unwrap();
        let mut text = Vec::new();
        file.read_to_end(&mut text).unwrap();
        text
    }
}

/// A stretch of time, in which secrets were handed out and things were left behind.
pub(crate) struct Watch {
    log: &'static Log,
    first_secret: usize,
    start: u64,
}

impl Watch {
    /// From now on.
    pub(crate) fn begin(log: &'static Log) -> Self {
        let first_secret = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).len();
        Self { log, first_secret, start: log.length() }
    }

    /// What was handed out.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(self.first_secret..).unwrap_or_default().iter().cloned().collect()
    }

    /// Where one of them is told: in the log, or in what else was left.
    pub(crate) fn leaks(&self, left: &[u8]) -> Vec<String> {
        find(&self.secrets(), &[("log", &self.log.since(self.start)), ("database", left)])
    }
}

/// The places that tell a secret, with what stands around it.
pub(crate) fn find(secrets: &BTreeSet<String>, places: &[(&str, &[u8])]) -> Vec<String> {
    let forms: BTreeSet<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let search = AhoCorasick::new(&forms).unwrap();
    let mut leaks = Vec::new();
    for (place, text) in places {
        for found in search.find_iter(text) {
            let start = found.start().saturating_sub(SHOWN);
            let shown = &text[start..text.len().min(found.end() + SHOWN)];
            leaks.push(format!("the {place} tells a secret: {}", String::from_utf8_lossy(shown)));
        }
    }
    leaks
}

/// What all files of a folder hold.
pub(crate) fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // A server that runs on may take a file away at any time.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => all.extend(std::fs::read(entry.path()).unwrap_or_default()),
                _ => {}
            }
        }
    }
    all
}
