//! [`Sql`]: a piece of SQL text together with its parameters.
//!
//! Pieces are joined without regard to numbering; [`Sql::render`] hands out `$1`, `$2`, … once,
//! at the end. Text comes only from string literals, from [`ident`] and from numbers, so a value
//! from a request can reach the database as a parameter and in no other way.

use std::fmt::Write as _;

use super::value::Param;

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(&'static str),
    Ident(String),
    Number(i64),
    Literal(String),
    Verbatim(String),
    Param(Param),
}

/// A piece of SQL; see the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql(Vec<Part>);

impl Sql {
    /// A piece of fixed text.
    #[must_use]
    pub fn text(text: &'static str) -> Self {
        Self(vec![Part::Text(text)])
    }

    /// A number in the text itself: for what the planner has to see, such as a usual LIMIT.
    #[must_use]
    pub fn number(number: i64) -> Self {
        Self(vec![Part::Number(number)])
    }

    /// A quoted string in the text itself: for what has few values, such as a language, and must
    /// match the expression of an index.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self(vec![Part::Literal(text.to_owned())])
    }

    /// The definition of a constraint or an index, as a declaration has it: never a client's word.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self(vec![Part::Verbatim(text.to_owned())])
    }

    /// A parameter.
    #[must_use]
    pub fn param(value: impl Into<Param>) -> Self {
        Self(vec![Part::Param(value.into())])
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(value: bool) -> Self {
        Self::text(if value { "true" } else { "false" })
    }

    /// A statement from a file, with a piece in the place of its `$1`.
    #[must_use]
    pub fn with_piece(file: &'static str, piece: Self) -> Self {
        let (before, after) = file.split_once("$1").unwrap_or((file, ""));
        Self::text(before).then(piece).and_text(after)
    }

    /// A statement from a file, with a piece in the place of each `$1`, `$2`, ….
    #[must_use]
    pub fn with_pieces(file: &'static str, pieces: &[Self]) -> Self {
        let mut parts = file.split('$');
        let first = Self::text(parts.next().unwrap_or_default());
        parts.fold(first, |sql, part| {
            let (number, rest) = part.split_at_checked(1).unwrap_or((part, ""));
            let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match place.and_then(|place| pieces.get(place)) {
                Some(piece) => sql.then(piece.clone()).and_text(rest),
                None => sql.and_text("$").and_text(part),
            }
        })
    }

    /// A statement from a file, with its one parameter.
    #[must_use]
    pub fn with_parameter(file: &'static str, value: impl Into<Param>) -> Self {
        Self::with_piece(file, Self::param(value))
    }

    /// A statement from a file, with its parameters in the places of `$1`, `$2`, ….
    #[must_use]
    pub fn file(file: &'static str, params: &[Param]) -> Self {
        let mut pieces = file.split('$');
        let mut statement = Self::text(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = piece.split_at_checked(digits).unwrap_or(("", piece));
            let param = number.parse::<usize>().ok().and_then(|number| params.get(number.checked_sub(1)?));
            statement.0.push(Part::Param(param.cloned().unwrap_or(Param::Null)));
            statement.0.push(Part::Text(rest));
        }
        statement
    }

    /// `self` followed by `next`.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.0.extend(next.0);
        self
    }

    /// `self` followed by fixed text.
    #[must_use]
    pub fn and_text(mut self, text: &'static str) -> Self {
        self.0.push(Part::Text(text));
        self
    }

    /// `self` between parentheses.
    #[must_use]
    pub fn parenthesized(self) -> Self {
        Self::text("(").then(self).and_text(")")
    }

    /// The pieces with `separator` between them.
    #[must_use]
    pub fn join(pieces: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        let mut joined = Self::default();
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                joined.0.push(Part::Text(separator));
            }
            joined.0.extend(piece.0);
        }
        joined
    }

    /// The number, when it is a single integer parameter.
    pub fn as_int(&self) -> Option<i64> {
        match self.0.as_slice() {
            [Part::Param(Param::Int(number))] => Some(*number),
            _ => None,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with numbered placeholders, and the parameters in that order.
    #[must_use]
    pub fn render(self) -> (String, Vec<Param>) {
        let mut text = String::with_capacity(self.0.len() * 12);
        let mut params = Vec::new();
        for part in self.0 {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Verbatim(fixed) => text.push_str(&fixed),
                Part::Ident(name) => quote(&mut text, &name, '"'),
                Part::Literal(value) => quote(&mut text, &value, '\''),
                // Writing to a String cannot fail.
                Part::Number(number) => _ = write!(text, "{number}"),
                Part::Param(value) => {
                    params.push(value);
                    _ = write!(text, "${}", params.len());
                }
            }
        }
        (text, params)
    }
}

/// A quoted identifier. The names come from the registry; quoting is the second lock on the door.
#[must_use]
pub fn ident(name: &str) -> Sql {
    Sql(vec![Part::Ident(name.to_owned())])
}

/// `"alias"."column"`.
#[must_use]
pub fn column(alias: &str, name: &str) -> Sql {
    Sql(vec![Part::Ident(alias.to_owned()), Part::Text("."), Part::Ident(name.to_owned())])
}

fn quote(text: &mut String, name: &str, mark: char) {
    text.push(mark);
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
