//! Splits the text of an expression into tokens.

use std::iter::Peekable;
use std::str::Chars;

use super::error::{EvalError, Position};

/// One token of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Name(String),
    /// A text literal, with its escapes resolved.
    Text(String),
    /// An unsigned number as written.
    Number(String),
    /// An operator or a bracket, as written.
    Mark(&'static str),
    /// The end of the expression.
    End,
}

/// A token and where it starts.
#[derive(Debug, Clone)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) at: Position,
}

/// Every operator and bracket of the language, longer ones before their beginnings, so that a construct
/// that is not allowed is named as a whole.
const MARKS: [&str; 46] = [
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", "**", "//", "<<", ">>", ":=", "->", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "@", "=",
    "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">",
];

/// Splits `text` into tokens, of which the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, EvalError> {
    let mut lexer = Lexer { rest: text.chars().peekable(), at: Position { line: 1, column: 1 } };
    let mut found = Vec::new();
    loop {
        lexer.skip_blanks();
        let at = lexer.at;
        let token = lexer.token()?;
        let ended = token == Token::End;
        found.push(Spanned { token, at });
        if ended {
            return Ok(found);
        }
    }
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    at: Position,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let found = self.rest.next()?;
        if found == '\n' {
            self.at = Position { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        Some(found)
    }

    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        self.rest.peek().copied().filter(|found| wanted(*found))?;
        self.next()
    }

    fn take_while(&mut self, into: &mut String, wanted: impl Fn(char) -> bool) {
        while let Some(found) = self.next_if(&wanted) {
            into.push(found);
        }
    }

    fn starts_with(&self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        text.chars().all(|wanted| ahead.next() == Some(wanted))
    }

    fn skip_blanks(&mut self) {
        loop {
            if self.next_if(|c| c == '#').is_some() {
                while self.next_if(|c| c != '\n').is_some() {}
            } else if self.next_if(char::is_whitespace).is_none() {
                return;
            }
        }
    }

    fn token(&mut self) -> Result<Token, EvalError> {
        let at = self.at;
        let Some(first) = self.rest.peek().copied() else { return Ok(Token::End) };
        if first.is_ascii_alphabetic() || first == '_' {
            return self.name();
        }
        if first == '\'' || first == '"' {
            return self.text(first);
        }
        let is_fraction = first == '.' && self.rest.clone().nth(1).is_some_and(|c| c.is_ascii_digit());
        if first.is_ascii_digit() || is_fraction {
            return self.number();
        }
        let mark = MARKS
            .into_iter()
            .find(|mark| self.starts_with(mark))
            .ok_or_else(|| EvalError::syntax(format!("the character {first:?} has no meaning here"), at))?;
        for _ in mark.chars() {
            self.next();
        }
        Ok(Token::Mark(mark))
    }

    fn name(&mut self) -> Result<Token, EvalError> {
        let at = self.at;
        let mut name = String::new();
        self.take_while(&mut name, |c| c.is_ascii_alphanumeric() || c == '_');
        if self.rest.peek().is_some_and(|c| *c == '\'' || *c == '"') {
            return Err(EvalError::refused(format!("the prefix `{name}` of a text"), at));
        }
        Ok(Token::Name(name))
    }

    fn number(&mut self) -> Result<Token, EvalError> {
        let at = self.at;
        let digit = |c: char| c.is_ascii_digit();
        let mut number = String::new();
        self.take_while(&mut number, digit);
        let has_leading_zero = number.starts_with('0') && number.bytes().any(|byte| byte != b'0');
        let mut is_integer = true;
        if let Some(point) = self.next_if(|c| c == '.') {
            is_integer = false;
            number.push(point);
            self.take_while(&mut number, digit);
        }
        if let Some(exponent) = self.next_if(|c| c == 'e' || c == 'E') {
            is_integer = false;
            number.push(exponent);
            number.extend(self.next_if(|c| c == '+' || c == '-'));
            self.take_while(&mut number, digit);
        }
        let ends_well = self.rest.peek().is_none_or(|c| !c.is_ascii_alphanumeric() && *c != '_' && *c != '.');
        if !ends_well || (is_integer && has_leading_zero) {
            return Err(EvalError::syntax("this is not a decimal number".to_owned(), at));
        }
        Ok(Token::Number(number))
    }

    fn text(&mut self, quote: char) -> Result<Token, EvalError> {
        let start = self.at;
        if self.starts_with(&quote.to_string().repeat(3)) {
            return Err(EvalError::refused("a text in triple quotes".to_owned(), start));
        }
        self.next();
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.next() {
                None | Some('\n') => {
                    return Err(EvalError::syntax("this text has no closing quote".to_owned(), start));
                }
                Some(c) if c == quote => return Ok(Token::Text(text)),
                Some('\\') => self.escape(&mut text, at)?,
                Some(c) => text.push(c),
            }
        }
    }

    /// Reads what follows a backslash. An escape that has no meaning stands for itself, as in Python.
    fn escape(&mut self, text: &mut String, at: Position) -> Result<(), EvalError> {
        let wrong = || EvalError::syntax("this escape is not complete or not a character".to_owned(), at);
        let escaped = match self.next().ok_or_else(wrong)? {
            '\n' => return Ok(()),
            c @ ('\\' | '\'' | '"') => c,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => self.code(2).ok_or_else(wrong)?,
            'u' => self.code(4).ok_or_else(wrong)?,
            'U' => self.code(8).ok_or_else(wrong)?,
            'N' => return Err(EvalError::refused("a character given by its name".to_owned(), at)),
            c if c.is_digit(8) => self.octal(c).ok_or_else(wrong)?,
            c => {
                text.push('\\');
                c
            }
        };
        text.push(escaped);
        Ok(())
    }

    fn code(&mut self, digits: u32) -> Option<char> {
        let mut code = 0_u32;
        for _ in 0..digits {
            code = (code << 4) | self.next_if(|c| c.is_ascii_hexdigit())?.to_digit(16)?;
        }
        char::from_u32(code)
    }

    fn octal(&mut self, first: char) -> Option<char> {
        let mut code = first.to_digit(8)?;
        for _ in 0..2 {
            let Some(digit) = self.next_if(|c| c.is_digit(8)) else { break };
            code = (code << 3) | digit.to_digit(8)?;
        }
        char::from_u32(code)
    }
}
