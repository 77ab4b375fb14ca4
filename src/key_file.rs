//! Keeps the server key in a file that only its owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use crate::seal::{Key, Sealer};

/// The mode of a key file that this module creates: read and write for the owner only.
const MODE: u32 = 0o600;

/// The permission bits that a key file must not have: anything for the group or for others.
const FORBIDDEN_BITS: u32 = 0o077;

/// The most bytes read from a key file; a key needs 65 at most, the rest allows for white space.
const MAX_BYTES: u64 = 1024;

/// Why the server key cannot be had from its file. No variant carries any part of the file's content.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The operating system refused something.
    #[error("cannot {action} the key file {path}: {source}", path = path.display())]
    Io {
        /// What was being done, as a verb.
        action: &'static str,
        /// The file concerned.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The path is a directory, a device or the like.
    #[error("the key file {path} is not a regular file", path = path.display())]
    NotAFile {
        /// The path concerned.
        path: PathBuf,
    },
    /// The group or others have permissions on the file, so the key may be known already.
    #[error(
        "the key file {path} has the mode {mode:04o} and is open to other users; run `chmod 600` on it, \
         and consider the key known if others could have read it",
        path = path.display()
    )]
    OpenToOthers {
        /// The file concerned.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The content is not a key.
    #[error(
        "the key file {path} does not contain a server key: 32 bytes as base64 or as 64 hexadecimal digits; \
         restore it from a backup, as values sealed with its key cannot be opened with a new one",
        path = path.display()
    )]
    Malformed {
        /// The file concerned.
        path: PathBuf,
    },
}

/// Reads the server key from `path`, or makes it from the random bytes `fresh` when there is no file yet.
///
/// The file appears under its name only when it is complete and on disk, so neither a crash nor a second
/// process can meet half a key. When several processes start at once, one of their keys wins and all of
/// them return it.
pub fn load_or_create(path: &Path, fresh: [u8; 32]) -> Result<Key, KeyFileError> {
    if let Some(key) = load(path)? {
        return Ok(key);
    }
    create(path, Key::generate(fresh))?;
    load(path)?.ok_or_else(|| failed("read", path)(io::ErrorKind::NotFound.into()))
}

/// Where a key waits to take the place of the one at `path`.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

/// Puts a key into the file beside `path`, complete and on disk when this returns.
pub fn keep_beside(path: &Path, key: &Key) -> Result<(), KeyFileError> {
    forget_beside(path)?;
    let draft = beside(path);
    let text = line_of(key);
    write_draft(&draft, &text).and_then(|()| sync_directory(path)).map_err(failed("create", &draft))
}

/// Reads the key that waits beside `path`, if one does.
pub fn load_beside(path: &Path) -> Result<Option<Key>, KeyFileError> {
    load(&beside(path))
}

/// Lets the key that waits take the place of the one at `path`, in one step that a crash cannot halve.
pub fn take_place(path: &Path) -> Result<(), KeyFileError> {
    fs::rename(beside(path), path).and_then(|()| sync_directory(path)).map_err(failed("replace", path))
}

/// Removes the key that waits beside `path`, if one does.
pub fn forget_beside(path: &Path) -> Result<(), KeyFileError> {
    let draft = beside(path);
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &draft)(error)),
        _ => Ok(()),
    }
}

fn line_of(key: &Key) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(64));
    text.push_str(&key.to_base64());
    text.push('\n');
    text
}

/// Reads the key; `None` when there is no such file.
fn load(path: &Path) -> Result<Option<Key>, KeyFileError> {
    // Checked before opening, as opening a named pipe would wait for its writer.
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(KeyFileError::NotAFile { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    }
    let file = File::open(path).map_err(failed("open", path))?;
    // Of the open file, so that what was checked is what is read.
    let mode = file.metadata().map_err(failed("inspect", path))?.mode() & 0o7777;
    if mode & FORBIDDEN_BITS != 0 {
        return Err(KeyFileError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut content = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES).read_to_end(&mut content).map_err(failed("read", path))?;
    let key = str::from_utf8(&content).ok().and_then(|text| Key::parse(text).ok());
    key.map(Some).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
}

/// Puts `key` into a new file at `path`, unless another process was faster.
fn create(path: &Path, key: Key) -> Result<(), KeyFileError> {
    let text = line_of(&key);
    // The fingerprint of a random key makes the name unique, also after a crash and across machines.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", Sealer::new(key).fingerprint()));
    let draft = path.with_file_name(name);
    // A link, unlike a rename, does not replace the file of a process that was faster.
    let outcome = write_draft(&draft, &text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    let removed = fs::remove_file(&draft);
    outcome.and(removed).and_then(|()| sync_directory(path)).map_err(failed("create", path))
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes the new name itself survive a power failure.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    move |source| KeyFileError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A directory of its own for one test, removed when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("oregional-key-{}-{number}", process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("server.key")
        }

        fn write(&self, content: &[u8], mode: u32) -> PathBuf {
            fs::write(self.file(), content).unwrap();
            fs::set_permissions(self.file(), fs::Permissions::from_mode(mode)).unwrap();
            self.file()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn fingerprint(key: Key) -> String {
        Sealer::new(key).fingerprint()
    }

    #[test]
    fn a_missing_file_is_created_and_read_from_then_on() {
        let folder = Folder::new();
        let first = load_or_create(&folder.file(), [1; 32]).unwrap();
        let second = load_or_create(&folder.file(), [2; 32]).unwrap();
        assert_eq!(fingerprint(first), fingerprint(second.clone()));
        assert_eq!(fingerprint(second), fingerprint(Key::generate([1; 32])));
        assert_eq!(fs::metadata(folder.file()).unwrap().mode() & 0o7777, 0o600);
        let content = fs::read_to_string(folder.file()).unwrap();
        assert_eq!(content, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn processes_that_race_agree_on_one_key() {
        let folder = Folder::new();
        let path = folder.file();
        let found: Vec<String> = std::thread::scope(|scope| {
            let path = &path;
            let threads: Vec<_> =
                (0..16).map(|n| scope.spawn(move || load_or_create(path, [n; 32]).unwrap())).collect();
            threads.into_iter().map(|thread| fingerprint(thread.join().unwrap())).collect()
        });
        assert!(found.iter().all(|one| *one == found[0]));
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_open_to_others_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let folder = Folder::new();
            let path = folder.write("ab".repeat(32).as_bytes(), mode);
            let error = load_or_create(&path, [1; 32]).unwrap_err();
            assert!(matches!(error, KeyFileError::OpenToOthers { mode: found, .. } if found == mode));
            assert!(error.to_string().contains(&format!("{mode:04o}")));
        }
    }

    #[test]
    fn a_read_only_file_with_hexadecimal_digits_is_accepted() {
        let folder = Folder::new();
        let path = folder.write("ab".repeat(32).as_bytes(), 0o400);
        let key = load_or_create(&path, [1; 32]).unwrap();
        assert_eq!(fingerprint(key), fingerprint(Key::generate([0xab; 32])));
    }

    #[test]
    fn a_malformed_file_is_refused_and_left_alone() {
        for content in ["".as_bytes(), b"secret", b"\xff\xfe", &[b'A'; 5000]] {
            let folder = Folder::new();
            let path = folder.write(content, 0o600);
            let error = load_or_create(&path, [1; 32]).unwrap_err();
            assert!(matches!(error, KeyFileError::Malformed { .. }));
            assert!(!error.to_string().contains("secret"));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_directory_is_refused_and_a_missing_one_is_named() {
        let folder = Folder::new();
        assert!(matches!(load_or_create(&folder.0, [1; 32]), Err(KeyFileError::NotAFile { .. })));
        let missing = folder.0.join("missing").join("server.key");
        let message = load_or_create(&missing, [1; 32]).unwrap_err().to_string();
        assert!(message.starts_with("cannot create the key file") && message.contains("missing"));
    }
}
