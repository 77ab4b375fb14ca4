//! Tables in files: CSV, and JSON with one object a line. Rows are read and written one by one.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _, Write};
use std::path::Path;

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::config::Format;
use crate::error::{Error, Result};
use crate::orm::file::hex;

/// The format that was asked for, else the one that the name of the file ends with, else CSV.
pub(super) fn format_of(given: Option<Format>, path: Option<&Path>) -> Format {
    let ending = path.and_then(Path::extension).map(std::ffi::OsStr::to_ascii_lowercase);
    given.unwrap_or(match ending {
        Some(ending) if ["json", "jsonl", "ndjson"].iter().any(|known| ending == *known) => Format::Json,
        _ => Format::Csv,
    })
}

/// What is wrong with a file.
pub(super) fn failed(path: &Path, deed: &str, error: &dyn std::fmt::Display) -> Error {
    Error::User(format!("{} cannot be {deed}: {error}", path.display()))
}

/// A cell as text.
fn text(cell: &Json) -> String {
    match cell {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes a row.
pub(super) fn write(
    out: &mut dyn Write,
    format: Format,
    fields: &[String],
    row: &[Json],
) -> std::io::Result<()> {
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(row.iter().map(text))?;
            writer.flush()
        }
        Format::Json => {
            let object: Map<String, Json> = fields.iter().cloned().zip(row.iter().cloned()).collect();
            writeln!(out, "{}", Json::Object(object))
        }
    }
}

/// Writes the first row, where the format has one.
pub(super) fn write_head(out: &mut dyn Write, format: Format, fields: &[String]) -> std::io::Result<()> {
    let head: Vec<Json> = fields.iter().map(|field| field.as_str().into()).collect();
    if format == Format::Csv { write(out, format, fields, &head) } else { Ok(()) }
}

/// A row with the line that it begins in.
pub(super) type Row = (u64, Vec<Json>);

enum Rows {
    Csv(Box<csv::Reader<BufReader<File>>>),
    Json(BufReader<File>, u64),
}

/// A table that is read.
pub(super) struct Reader {
    /// The paths of the fields.
    pub fields: Vec<String>,
    /// Tells this content from any other.
    pub hash: String,
    /// How many bytes there are.
    pub size: u64,
    rows: Rows,
    bytes: u64,
    path: std::path::PathBuf,
}

impl Reader {
    /// Opens a table, and reads it through once for its hash and its columns.
    ///
    /// # Errors
    ///
    /// [`Error::User`] for a file that cannot be read, or is no such table.
    pub(super) fn open(path: &Path, format: Format) -> Result<Self> {
        let unreadable = |error: std::io::Error| failed(path, "read", &error);
        let mut file = File::open(path).map_err(unreadable)?;
        let (hash, size) = digest(&mut file).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let buffered = || File::open(path).map(BufReader::new).map_err(unreadable);
        let (fields, rows) = match format {
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(file));
                let head = reader.headers().map_err(|error| failed(path, "read", &error))?;
                let fields: Vec<String> =
                    head.iter().map(|field| field.trim_start_matches('\u{feff}').trim().to_owned()).collect();
                (fields, Rows::Csv(Box::new(reader)))
            }
            Format::Json => (keys(path, BufReader::new(file))?, Rows::Json(buffered()?, 0)),
        };
        if fields.iter().all(String::is_empty) {
            return Err(failed(path, "read", &"it has no columns"));
        }
        Ok(Self { fields, hash, size, rows, bytes: 0, path: path.to_owned() })
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        match &self.rows {
            Rows::Csv(reader) => reader.position().byte(),
            Rows::Json(..) => self.bytes,
        }
    }

    /// The next row.
    ///
    /// # Errors
    ///
    /// [`Error::User`] that names the line which is none.
    pub(super) fn next(&mut self) -> Result<Option<Row>> {
        match &mut self.rows {
            Rows::Csv(reader) => {
                let mut record = csv::StringRecord::new();
                let is_there =
                    reader.read_record(&mut record).map_err(|error| failed(&self.path, "read", &error))?;
                let line = record.position().map_or(0, csv::Position::line);
                if record.len() > self.fields.len() {
                    let text = format!(
                        "line {line} has {} cells, and there are {} columns",
                        record.len(),
                        self.fields.len()
                    );
                    return Err(failed(&self.path, "read", &text));
                }
                Ok(is_there.then(|| (line, record.iter().map(Json::from).collect())))
            }
            Rows::Json(reader, line) => {
                let mut text = String::new();
                loop {
                    text.clear();
                    *line += 1;
                    let read =
                        reader.read_line(&mut text).map_err(|error| failed(&self.path, "read", &error))?;
                    self.bytes += u64::try_from(read).unwrap_or_default();
                    if read == 0 {
                        return Ok(None);
                    }
                    if text.trim().is_empty() {
                        continue;
                    }
                    let mut object = object(&self.path, *line, &text)?;
                    let cells = self.fields.iter().map(|field| object.remove(field).unwrap_or(Json::Null));
                    return Ok(Some((*line, cells.collect())));
                }
            }
        }
    }
}

fn digest(file: &mut File) -> std::io::Result<(String, u64)> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hex(hash.finalize()), size));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        size += u64::try_from(read).unwrap_or_default();
    }
}

fn object(path: &Path, line: u64, text: &str) -> Result<Map<String, Json>> {
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(failed(path, "read", &format!("line {line} is no JSON object"))),
        Err(error) => Err(failed(path, "read", &format!("line {line} is no JSON object: {error}"))),
    }
}

/// The keys of all objects, in the order in which they appear.
fn keys(path: &Path, reader: BufReader<File>) -> Result<Vec<String>> {
    let mut keys = indexmap::IndexSet::new();
    for (line, text) in (1..).zip(reader.lines()) {
        let text = text.map_err(|error| failed(path, "read", &error))?;
        if !text.trim().is_empty() {
            keys.extend(object(path, line, &text)?.into_iter().map(|(key, _)| key));
        }
    }
    Ok(keys.into_iter().collect())
}
