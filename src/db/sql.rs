//! [`Sql`]: a piece of SQL text together with its parameters.
//!
//! Pieces are joined without regard to numbering; [`Sql::render`] hands out `$1`, `$2`, … once,
//! at the end. Text comes only from string literals, from [`ident`] and from numbers, so a value
//! from a request can reach the database as a parameter and in no other way.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::value::Param;

/// Room for what usually follows, so that most statements grow in place: doubling a short piece time and again
/// costs more than a statement's other steps.
const ROOM: usize = 384;

/// A piece of SQL; see the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    text: Cow<'static, str>,
    /// Each with its place in the text.
    params: Vec<(usize, Param)>,
}

impl Sql {
    /// A piece of fixed text.
    #[must_use]
    pub fn text(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), params: Vec::new() }
    }

    /// A number in the text itself: for what the planner has to see, such as a usual LIMIT.
    #[must_use]
    pub fn number(number: i64) -> Self {
        Self::made(number.to_string())
    }

    /// A quoted string in the text itself: for what has few values, such as a language, and must
    /// match the expression of an index.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        let mut made = String::with_capacity(text.len() + 2);
        quote(&mut made, text, '\'');
        Self::made(made)
    }

    /// The definition of a constraint or an index, as a declaration has it: never a client's word.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self::made(text.to_owned())
    }

    /// A parameter.
    #[must_use]
    pub fn param(value: impl Into<Param>) -> Self {
        Self { text: Cow::Borrowed(""), params: vec![(0, value.into())] }
    }

    fn made(text: String) -> Self {
        Self { text: Cow::Owned(text), params: Vec::new() }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(value: bool) -> Self {
        Self::text(if value { "true" } else { "false" })
    }

    /// A statement from a file, with a piece in the place of each `$1`.
    #[must_use]
    pub fn with_piece(file: &'static str, piece: Self) -> Self {
        Self::with_pieces(file, &[piece])
    }

    /// A statement from a file, with a piece in the place of each `$1`, `$2`, ….
    #[must_use]
    pub fn with_pieces(file: &'static str, pieces: &[Self]) -> Self {
        Self::filled(file, pieces.len(), |statement, place| {
            if let Some(piece) = pieces.get(place) {
                statement.append(piece.clone());
            }
        })
    }

    /// A statement from a file, with its one parameter.
    #[must_use]
    pub fn with_parameter(file: &'static str, value: impl Into<Param>) -> Self {
        Self::file(file, &[value.into()])
    }

    /// A statement from a file, with its parameters in the places of `$1`, `$2`, ….
    #[must_use]
    pub fn file(file: &'static str, params: &[Param]) -> Self {
        Self::filled(file, params.len(), |statement, place| {
            let param = params.get(place).cloned().unwrap_or(Param::Null);
            statement.params.push((statement.text.len(), param));
        })
    }

    /// The text of a file, with what `put` puts in the place of each `$1`, `$2`, …, as often as it stands there.
    /// There are as many as there is something for, and a `$` without a number is a `$`.
    fn filled(file: &'static str, count: usize, put: impl Fn(&mut Self, usize)) -> Self {
        let mut parts = file.split('$');
        let mut statement = Self::made(String::with_capacity(file.len() + ROOM));
        statement.push(parts.next().unwrap_or_default());
        let mut highest = 0;
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at_checked(digits).unwrap_or(("", part));
            if let Ok(number) = number.parse::<usize>() {
                highest = highest.max(number);
                put(&mut statement, number.saturating_sub(1));
            } else {
                statement.push("$");
            }
            statement.push(rest);
        }
        debug_assert_eq!(highest, count, "what is there for the places of this statement: {file}");
        statement
    }

    /// `self` followed by `next`.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        if self.is_empty() {
            return next;
        }
        self.append(next);
        self
    }

    fn append(&mut self, next: Self) {
        let before = self.text.len();
        self.push(&next.text);
        self.params.extend(next.params.into_iter().map(|(place, param)| (before + place, param)));
    }

    /// `self` followed by fixed text.
    #[must_use]
    pub fn and_text(mut self, text: &'static str) -> Self {
        if self.is_empty() {
            return Self::text(text);
        }
        self.push(text);
        self
    }

    fn push(&mut self, text: &str) {
        match &mut self.text {
            Cow::Owned(own) => {
                if own.capacity() - own.len() < text.len() {
                    own.reserve(text.len() + ROOM);
                }
                own.push_str(text);
            }
            Cow::Borrowed(fixed) => {
                let mut own = String::with_capacity(fixed.len() + text.len() + ROOM);
                own.push_str(fixed);
                own.push_str(text);
                self.text = Cow::Owned(own);
            }
        }
    }

    /// `self` between parentheses.
    #[must_use]
    pub fn parenthesized(self) -> Self {
        Self::text("(").then(self).and_text(")")
    }

    /// The pieces with `separator` between them.
    #[must_use]
    pub fn join(pieces: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_default();
        pieces.fold(first, |joined, piece| joined.and_text(separator).then(piece))
    }

    /// The number, when it is a single integer parameter.
    pub fn as_int(&self) -> Option<i64> {
        match self.params.as_slice() {
            [(_, Param::Int(number))] if self.text.is_empty() => Some(*number),
            _ => None,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.params.is_empty()
    }

    /// The text with numbered placeholders, and the parameters in that order.
    #[must_use]
    pub fn render(self) -> (String, Vec<Param>) {
        if self.params.is_empty() {
            return (self.text.into_owned(), Vec::new());
        }
        let mut text = String::with_capacity(self.text.len() + self.params.len() * 4);
        let mut params = Vec::with_capacity(self.params.len());
        let mut rest: &str = &self.text;
        let mut done = 0;
        for (place, param) in self.params {
            // A place is the end of what was there, so that it never splits a letter.
            let (before, after) = rest.split_at_checked(place - done).unwrap_or((rest, ""));
            text.push_str(before);
            (rest, done) = (after, place);
            params.push(param);
            // Writing to a String cannot fail.
            _ = write!(text, "${}", params.len());
        }
        text.push_str(rest);
        (text, params)
    }
}

/// A quoted identifier. The names come from the registry; quoting is the second lock on the door.
#[must_use]
pub fn ident(name: &str) -> Sql {
    let mut text = String::with_capacity(name.len() + 2);
    quote(&mut text, name, '"');
    Sql::made(text)
}

/// `"alias"."column"`.
#[must_use]
pub fn column(alias: &str, name: &str) -> Sql {
    let mut text = String::with_capacity(alias.len() + name.len() + 5);
    quote(&mut text, alias, '"');
    text.push('.');
    quote(&mut text, name, '"');
    Sql::made(text)
}

fn quote(text: &mut String, name: &str, mark: char) {
    text.push(mark);
    if !name.contains([mark, '\0']) {
        text.push_str(name);
        text.push(mark);
        return;
    }
    for letter in name.chars() {
        // PostgreSQL refuses NUL in any text; dropping it here keeps the statement whole.
        if letter == '\0' {
            continue;
        }
        if letter == mark {
            text.push(mark);
        }
        text.push(letter);
    }
    text.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_in_reading_order() {
        let name = ident("name").and_text(" ILIKE ").then(Sql::param("%deco%"));
        let id = ident("id").and_text(" = ANY(").then(Sql::param(vec![1_i64, 2])).and_text(")");

        let (text, params) = Sql::join([name, id], " AND ").render();

        assert_eq!(text, r#""name" ILIKE $1 AND "id" = ANY($2)"#);
        assert_eq!(params, [Param::Text("%deco%".to_owned()), Param::Ids(vec![1, 2])]);
    }

    #[test]
    fn each_place_of_a_file_is_filled_as_often_as_it_stands_there() {
        let (text, params) = Sql::with_parameter("a = $1 OR $1::int IS NULL OR b = $1", 5_i64).render();
        assert_eq!(text, "a = $1 OR $2::int IS NULL OR b = $3");
        assert_eq!(params, [Param::Int(5), Param::Int(5), Param::Int(5)]);

        let (text, _) = Sql::with_piece("md5($1) || ltrim($1)", ident("name")).render();
        assert_eq!(text, r#"md5("name") || ltrim("name")"#);

        let pieces: Vec<Sql> = (1..=11).map(Sql::number).collect();
        let (text, _) = Sql::with_pieces("$$ $11 $1 $10 $2 $3 $4 $5 $6 $7 $8 $9 $$", &pieces).render();
        assert_eq!(text, "$$ 11 1 10 2 3 4 5 6 7 8 9 $$");

        let (text, params) = Sql::file("$2, $1", &[Param::Int(1), Param::Int(2)]).render();
        assert_eq!((text.as_str(), params.as_slice()), ("$1, $2", [Param::Int(2), Param::Int(1)].as_slice()));
    }

    #[test]
    #[should_panic(expected = "what is there for the places")]
    fn a_file_with_fewer_places_than_there_are_parameters_is_a_defect() {
        _ = Sql::file("a = $1", &[Param::Int(1), Param::Int(2)]);
    }

    #[test]
    fn a_quote_in_a_name_stays_inside_the_name() {
        let (text, _) = ident(r#"a" OR 1=1 --"#).render();

        assert_eq!(text, r#""a"" OR 1=1 --""#);
    }

    #[test]
    fn a_quote_in_a_literal_stays_inside_the_literal() {
        let (text, _) = Sql::literal("x'; drop table y; --\0").render();

        assert_eq!(text, "'x''; drop table y; --'");
    }
}
