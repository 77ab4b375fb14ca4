//! What the compiler does not hold: layers look down only, crates stay in their layer, files stay
//! short.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// Top first. A module may use any layer below its own, and whatever is not a layer.
const LAYERS: [&str; 7] = ["startup", "http", "rpc", "models", "auth", "orm", "db"];

/// Crates that belong to some modules alone. The program itself starts actix's runtime, no more.
const OWNERS: [(&str, &[&str]); 3] = [
    ("actix_web", &["http", "startup", "telemetry", "main"]),
    ("deadpool_postgres", &["db"]),
    ("refinery", &["db"]),
];

/// Lines of code; the tests in a file do not count.
const LONGEST_FILE: usize = 400;

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

impl Source {
    /// A test may use what stands above the layer that it tests, and take its space.
    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs")
    }

    /// The lines above a test module that the file has in itself.
    fn length(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let begins_tests = |pair: &[&str]| matches!(pair, [attribute, module] if attribute.trim() == "#[cfg(test)]" && module.trim_end().ends_with('{'));
        lines.windows(2).position(begins_tests).unwrap_or(lines.len())
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_owned();
                let first = inside.iter().next().unwrap().to_str().unwrap();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { text, path: inside, module });
            }
        }
    }
    assert!(!found.is_empty(), "no source was found");
    found
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

#[test]
fn every_layer_is_there() {
    let sources = sources();
    let missing: Vec<_> =
        LAYERS.iter().filter(|layer| sources.iter().all(|source| source.module != **layer)).collect();
    assert!(missing.is_empty(), "the list of layers names what is not there: {missing:?}");
}

#[test]
fn no_layer_uses_a_layer_above_it() {
    let mut upward = Vec::new();
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        let Some(own) = rank(&source.module) else { continue };
        for used in source.text.split("crate::").skip(1) {
            let name = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            // `use crate::{a, b}` hides what is used: one line a module.
            if name.is_empty() || rank(name).is_some_and(|other| other < own) {
                upward.push(format!("{} uses {name}", source.path.display()));
            }
        }
    }
    assert!(upward.is_empty(), "these look up: {upward:#?}");
}

#[test]
fn a_crate_with_an_owner_is_named_by_its_owner_only() {
    let mut strays = Vec::new();
    for source in sources() {
        for (name, owners) in OWNERS {
            let is_named = source.text.contains(&format!("{name}::"));
            if is_named && !owners.contains(&source.module.as_str()) {
                strays.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "these belong elsewhere: {strays:#?}");
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.is_test() && source.length() > LONGEST_FILE)
        .map(|source| format!("{} has {} lines", source.path.display(), source.length()))
        .collect();
    assert!(long.is_empty(), "split these: {long:#?}");
}

#[test]
fn every_text_of_the_pages_has_its_translation() {
    let table =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages/texts/de.json"))
            .unwrap();
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    let mut missing = Vec::new();
    for source in sources().iter().filter(|source| {
        source.path.starts_with("http/pages")
            || source.path.starts_with("http/oauth")
            || source.path.ends_with("login.rs")
    }) {
        for opening in ["t(\"", "fill(\""] {
            for (place, _) in source.text.match_indices(opening) {
                // Of a name that only ends so, such as `get`, nothing is translated.
                let is_longer = |letter: char| letter.is_alphanumeric() || letter == '_';
                if source.text[..place].ends_with(is_longer) {
                    continue;
                }
                let part = &source.text[place + opening.len()..];
                let text =
                    part.split("\")").next().unwrap_or_default().split("\",").next().unwrap_or_default();
                if !text.contains('"') && table.get(text).is_none() {
                    missing.push(format!("{}: {text}", source.path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not in texts/de.json: {missing:#?}");
}
