//! The body of a form: its fields in their order, and its files.

use std::convert::Infallible;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;

use crate::error::{Error, Result};

/// Fields of one form; a list of lines has a handful for each.
const MOST_FIELDS: usize = 20_000;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Posted {
    fields: Vec<(String, String)>,
    files: Vec<(String, Bytes)>,
}

impl Posted {
    /// Reads a form, of either of the two content types that browsers send.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] for what is no form.
    pub(in crate::http) async fn read(request: &HttpRequest, body: Bytes) -> Result<Self> {
        let wrong = || Error::BadRequest("This address takes a form.".to_owned());
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            let boundary = multer::parse_boundary(kind).map_err(|_error| wrong())?;
            return Self::parts(body, boundary).await.map_err(|_error| wrong())?.bounded();
        }
        if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(wrong());
        }
        let pairs = url::form_urlencoded::parse(&body);
        let fields = pairs.map(|(name, value)| (name.into_owned(), lines(&value))).collect();
        Self { fields, files: Vec::new() }.bounded()
    }

    async fn parts(body: Bytes, boundary: String) -> std::result::Result<Self, multer::Error> {
        let mut parts = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
        let mut posted = Self::default();
        while let Some(part) = parts.next_field().await? {
            let Some(name) = part.name().map(str::to_owned) else { continue };
            if part.file_name().is_some() {
                let content = part.bytes().await?;
                if !content.is_empty() {
                    posted.files.push((name, content));
                }
            } else {
                let text = part.text().await?;
                posted.fields.push((name, lines(&text)));
            }
            if posted.fields.len() > MOST_FIELDS {
                break;
            }
        }
        Ok(posted)
    }

    fn bounded(self) -> Result<Self> {
        if self.fields.len() > MOST_FIELDS {
            return Err(Error::BadRequest(format!("A form has no more than {MOST_FIELDS} fields.")));
        }
        Ok(self)
    }

    /// The value of a field, the last one where there are several.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(in crate::http) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field was sent.
    pub(in crate::http) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A file that was sent, in Base64: just now, or with the form before, which kept it.
    pub(in crate::http) fn file(&self, path: &str) -> Option<String> {
        let sent = self.files.iter().find(|(known, _)| known.strip_prefix("f.") == Some(path));
        let sent = sent.map(|(_, content)| STANDARD.encode(content));
        sent.or_else(|| self.get(&format!("k.{path}")).filter(|kept| !kept.is_empty()).map(str::to_owned))
    }

    /// The files that were sent just now, by the path of their input, in Base64.
    pub(in crate::http) fn files(&self) -> impl Iterator<Item = (&str, String)> {
        self.files
            .iter()
            .filter_map(|(name, content)| Some((name.strip_prefix("f.")?, STANDARD.encode(content))))
    }

    /// All fields, for a page that sends them once more.
    pub(in crate::http) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The numbers among the values of a field.
    pub(in crate::http) fn ids(&self, name: &str) -> Vec<i64> {
        self.all(name).filter_map(|id| id.parse().ok()).collect()
    }
}

/// Browsers end the lines of a text area with CR and LF; records have LF alone.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}
