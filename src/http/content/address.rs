//! The addresses of files: `/web/image/res.partner/3/avatar_128/64x64?unique=…` and their like.

use serde::Deserialize;

use crate::rpc::content::{Asked, Wanted};

/// The longest side that a picture is made to fit into.
const LONGEST_SIDE: u32 = 4096;

/// What may come after the question mark.
#[derive(Debug, Default, Deserialize)]
pub(in crate::http) struct Parameters {
    model: Option<String>,
    id: Option<String>,
    field: Option<String>,
    xmlid: Option<String>,
    filename: Option<String>,
    filename_field: Option<String>,
    unique: Option<String>,
    download: Option<String>,
    width: Option<String>,
    height: Option<String>,
    access_token: Option<String>,
}

/// A question, with what concerns its answer.
pub(super) struct Question {
    /// The question itself.
    pub asked: Asked,
    /// The name that the file is to have.
    pub filename: Option<String>,
    /// The pixels that a picture is to fit into; 0 is no limit.
    pub size: Option<(u32, u32)>,
}

fn is_set(flag: Option<&String>) -> bool {
    flag.is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "False"))
}

impl Parameters {
    /// Whether the file is to be saved.
    pub(super) fn is_download(&self) -> bool {
        is_set(self.download.as_ref())
    }

    /// Whether the address changes with the content.
    pub(super) fn is_unique(&self) -> bool {
        is_set(self.unique.as_ref())
    }

    /// What the rest of a path and the parameters ask for.
    pub(super) fn question(&self, tail: &str, is_picture: bool) -> Option<Question> {
        let mut segments: Vec<&str> =
            tail.strip_prefix('/').map_or(Vec::new(), |tail| tail.split('/').collect());
        if segments.is_empty() && !tail.is_empty() {
            return None;
        }
        segments.retain(|segment| !segment.is_empty());
        let (wanted, rest) = self.wanted(&segments)?;
        let (size, rest) = match rest.split_first() {
            Some((first, further)) if is_picture && pixels(first).is_some() => (pixels(first), further),
            _ => (None, rest),
        };
        let filename = match rest {
            [] => self.filename.clone(),
            [name] => Some((*name).to_owned()),
            _ => return None,
        };
        let asked = Asked {
            wanted,
            filename_field: self.filename_field.clone(),
            access_token: self.access_token.clone().filter(|token| !token.is_empty()),
        };
        let size = size.or_else(|| self.size()).filter(|size| is_picture && *size != (0, 0));
        Some(Question { asked, filename: filename.filter(|name| !name.is_empty()), size })
    }

    fn size(&self) -> Option<(u32, u32)> {
        let side = |text: Option<&String>| match text.map(String::as_str) {
            None | Some("") => Some(0),
            Some(text) => text.parse::<u32>().ok().map(|side| side.min(LONGEST_SIDE)),
        };
        Some((side(self.width.as_ref())?, side(self.height.as_ref())?))
    }

    fn field(&self) -> String {
        self.field.clone().filter(|field| !field.is_empty()).unwrap_or_else(|| "raw".to_owned())
    }

    /// What a path begins with, and what is left of it.
    fn wanted<'a, 'b>(&self, segments: &'b [&'a str]) -> Option<(Wanted, &'b [&'a str])> {
        match segments {
            [] => {
                if let Some(external) = self.xmlid.clone().filter(|name| !name.is_empty()) {
                    return Some((Wanted::Named { external, field: self.field() }, segments));
                }
                let id = id(self.id.as_deref()?)?;
                let model = self.model.clone().unwrap_or_else(|| "ir.attachment".to_owned());
                Some((Wanted::Field { model, id, field: self.field() }, segments))
            }
            [first, rest @ ..] if id(first).is_some() => Some((Wanted::Attachment(id(first)?), rest)),
            [model, record, field, rest @ ..] if id(record).is_some() => {
                let (model, field) = ((*model).to_owned(), (*field).to_owned());
                Some((Wanted::Field { model, id: id(record)?, field }, rest))
            }
            [external, rest @ ..] if external.contains('.') => {
                Some((Wanted::Named { external: (*external).to_owned(), field: self.field() }, rest))
            }
            _ => None,
        }
    }
}

/// An id, perhaps with a word that makes the address unique: `3-5f2a`.
fn id(segment: &str) -> Option<i64> {
    let digits = segment.split('-').next().unwrap_or_default();
    digits.parse::<i32>().ok().filter(|id| *id > 0).map(i64::from)
}

/// `64x64`.
fn pixels(segment: &str) -> Option<(u32, u32)> {
    let (width, height) = segment.split_once('x')?;
    let side = |text: &str| text.parse::<u32>().ok().map(|side| side.min(LONGEST_SIDE));
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Wanted, Option<String>, Option<(u32, u32)>);

    fn asked(tail: &str, is_picture: bool) -> Option<Read> {
        let question = Parameters::default().question(tail, is_picture)?;
        Some((question.asked.wanted, question.filename, question.size))
    }

    fn field(model: &str, id: i64, field: &str) -> Wanted {
        Wanted::Field { model: model.to_owned(), id, field: field.to_owned() }
    }

    #[test]
    fn addresses_are_read_as_odoo_writes_them() {
        let avatar = || field("res.partner", 3, "avatar_128");
        for (tail, wanted) in [
            ("/7", (Wanted::Attachment(7), None, None)),
            ("/7-abc/file.png", (Wanted::Attachment(7), Some("file.png".to_owned()), None)),
            ("/7/64x32", (Wanted::Attachment(7), None, Some((64, 32)))),
            ("/res.partner/3/avatar_128", (avatar(), None, None)),
            ("/res.partner/3-x/avatar_128/64x0/a.png", (avatar(), Some("a.png".to_owned()), Some((64, 0)))),
            ("/res.partner/3/avatar_128/0x0", (avatar(), None, None)),
            ("/res.partner/3/avatar_128/99999x1", (avatar(), None, Some((LONGEST_SIDE, 1)))),
        ] {
            assert_eq!(asked(tail, true), Some(wanted), "{tail}");
        }
        assert_eq!(asked("/7/64x32", false), Some((Wanted::Attachment(7), Some("64x32".to_owned()), None)));
        let named = Wanted::Named { external: "base.logo".to_owned(), field: "raw".to_owned() };
        assert_eq!(asked("/base.logo", true), Some((named, None, None)));
    }

    #[test]
    fn other_addresses_lead_nowhere() {
        for tail in ["", "s", "/", "/-3", "/0", "/word", "/7/a/b", "/res.partner/x/y", "/99999999999999"] {
            assert_eq!(asked(tail, true), None, "{tail}");
        }
    }
}
