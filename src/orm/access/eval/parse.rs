//! Parses the text of a rule's domain, by recursive descent; `operators` adds what views may have besides.
//!
//! ```text
//! domain    = expr END
//! expr      = operand { "+" operand }
//! operand   = text { text }
//!           | [ "-" ] number
//!           | "True" | "False" | "None"
//!           | "time" "." "strftime" "(" text [ "," ] ")"
//!           | name { "." name }
//!           | "[" [ expr { "," expr } [ "," ] ] "]"
//!           | "(" ")"
//!           | "(" expr ")"                              (only grouped)
//!           | "(" expr "," [ expr { "," expr } [ "," ] ] ")"   (a tuple)
//! ```

use serde_json::{Number, Value};

use super::error::{EvalError, Position};
use super::lex::{Spanned, Token, tokens};
use super::{Expr, MAX_BYTES, MAX_DEPTH, Node};

/// Words of the language that cannot be names.
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The placeholders that `time.strftime` fills in.
const TIME_FIELDS: [char; 7] = ['Y', 'm', 'd', 'H', 'M', 'S', '%'];

/// Parses the text of a domain. Nothing is looked up yet: do this once, when the rule is loaded.
pub fn parse(text: &str) -> Result<Expr, EvalError> {
    parse_with(text, false)
}

/// Parses a condition, a context or a domain of a view, which may compare, negate and hold dictionaries.
pub fn parse_view(text: &str) -> Result<Expr, EvalError> {
    parse_with(text, true)
}

fn parse_with(text: &str, compares: bool) -> Result<Expr, EvalError> {
    if text.len() > MAX_BYTES {
        return Err(EvalError::TooLong { bytes: text.len() });
    }
    let mut parser = Parser { rest: tokens(text)?.into_iter(), depth: 0, compares };
    let root = parser.expr()?;
    match parser.peek() {
        (Token::End, _) => Ok(Expr { root }),
        (token, at) => Err(unexpected(token, at, "the end")),
    }
}

pub(super) struct Parser {
    pub(super) rest: std::vec::IntoIter<Spanned>,
    depth: usize,
    /// Whether this is a view's text, which may compare.
    compares: bool,
}

impl Parser {
    pub(super) fn peek(&self) -> (&Token, Position) {
        match self.rest.as_slice() {
            [first, ..] => (&first.token, first.at),
            // Never reached, as the token for the end is not taken.
            [] => (&Token::End, Position { line: 1, column: 1 }),
        }
    }

    pub(super) fn peek_is(&self, mark: &str) -> bool {
        matches!(self.peek().0, Token::Mark(found) if *found == mark)
    }

    pub(super) fn take(&mut self, mark: &str) -> bool {
        let found = self.peek_is(mark);
        if found {
            self.rest.next();
        }
        found
    }

    pub(super) fn take_text(&mut self) -> Option<String> {
        let (Token::Text(text), _) = self.peek() else { return None };
        let text = text.clone();
        self.rest.next();
        Some(text)
    }

    pub(super) fn expr(&mut self) -> Result<Node, EvalError> {
        if self.compares { self.either() } else { self.sum() }
    }

    pub(super) fn sum(&mut self) -> Result<Node, EvalError> {
        let first = self.operand()?;
        let mut others = Vec::new();
        loop {
            let (_, at) = self.peek();
            if !self.take("+") {
                break;
            }
            others.push((at, self.operand()?));
        }
        Ok(if others.is_empty() { first } else { Node::Sum { first: Box::new(first), others } })
    }

    fn operand(&mut self) -> Result<Node, EvalError> {
        if let Some(mut text) = self.take_text() {
            while let Some(more) = self.take_text() {
                text.push_str(&more);
            }
            return Ok(Node::Value(Value::String(text)));
        }
        let (token, at) = self.peek();
        match token {
            Token::Number(_) => self.number(""),
            Token::Name(name) => {
                let name = name.clone();
                self.name(name, at)
            }
            Token::Mark("-") => {
                self.rest.next();
                self.number("-")
            }
            Token::Mark("+") => Err(EvalError::refused("`+` before a value".to_owned(), at)),
            Token::Mark("[") => self.list(at),
            Token::Mark("(") => self.parenthesis(at),
            Token::Mark("{") if self.compares => self.dict(at),
            token => Err(unexpected(token, at, "a value")),
        }
    }

    fn number(&mut self, sign: &str) -> Result<Node, EvalError> {
        let (Token::Number(digits), at) = self.peek() else {
            let (_, at) = self.peek();
            return Err(EvalError::refused("`-` before something other than a number".to_owned(), at));
        };
        let text = format!("{sign}{digits}");
        let number = if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse::<i64>().ok().map(Number::from)
        } else {
            text.parse::<f64>().ok().and_then(Number::from_f64)
        };
        self.rest.next();
        let number = number
            .ok_or_else(|| EvalError::syntax("this number is malformed or too large".to_owned(), at))?;
        Ok(Node::Value(Value::Number(number)))
    }

    fn name(&mut self, name: String, at: Position) -> Result<Node, EvalError> {
        self.rest.next();
        let value = match name.as_str() {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::Null,
            _ => return self.path(name, at),
        };
        if self.peek_is(".") {
            return Err(EvalError::refused(format!("an attribute of {name}"), at));
        }
        Ok(Node::Value(value))
    }

    fn path(&mut self, first: String, at: Position) -> Result<Node, EvalError> {
        check_name(&first, at)?;
        let mut names = vec![first];
        while self.take(".") {
            match self.peek() {
                (Token::Name(name), at) => {
                    check_name(name, at)?;
                    names.push(name.clone());
                    self.rest.next();
                }
                (token, at) => return Err(unexpected(token, at, "the name of an attribute")),
            }
        }
        if !self.peek_is("(") {
            return Ok(Node::Path { names, at });
        }
        if names == ["time", "strftime"] {
            return self.strftime(at);
        }
        Err(EvalError::refused(format!("a call of `{}`", names.join(".")), at))
    }

    /// The part of `time.strftime('…')` from the parenthesis on.
    fn strftime(&mut self, start: Position) -> Result<Node, EvalError> {
        let refused = |what: &str, at| Err(EvalError::refused(format!("`time.strftime` with {what}"), at));
        self.take("(");
        let (_, at) = self.peek();
        let Some(mut format) = self.take_text() else {
            return refused("something other than a text", at);
        };
        while let Some(more) = self.take_text() {
            format.push_str(&more);
        }
        self.take(",");
        if !self.take(")") {
            return refused("more than one text", self.peek().1);
        }
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            if c == '%' && !rest.next().is_some_and(|field| TIME_FIELDS.contains(&field)) {
                return refused("a placeholder other than %Y, %m, %d, %H, %M, %S and %%", start);
            }
        }
        Ok(Node::Now(format))
    }

    fn list(&mut self, at: Position) -> Result<Node, EvalError> {
        self.rest.next();
        self.enter(at)?;
        let mut items = Vec::new();
        while !self.take("]") {
            items.push(self.expr()?);
            if !self.peek_is("]") {
                self.comma("`,` or `]`")?;
            }
        }
        self.leave();
        Ok(Node::List(items))
    }

    fn parenthesis(&mut self, at: Position) -> Result<Node, EvalError> {
        self.rest.next();
        self.enter(at)?;
        let mut items = Vec::new();
        let mut commas = 0_usize;
        while !self.take(")") {
            items.push(self.expr()?);
            if !self.peek_is(")") {
                self.comma("`,` or `)`")?;
                commas += 1;
            }
        }
        self.leave();
        // One value without a comma is that value, and not a tuple of it.
        match (items.pop(), commas) {
            (Some(only), 0) => Ok(only),
            (last, _) => {
                items.extend(last);
                Ok(Node::List(items))
            }
        }
    }

    pub(super) fn comma(&mut self, expected: &str) -> Result<(), EvalError> {
        if self.take(",") {
            return Ok(());
        }
        let (token, at) = self.peek();
        Err(unexpected(token, at, expected))
    }

    pub(super) fn enter(&mut self, at: Position) -> Result<(), EvalError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(EvalError::TooDeep { at }) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}

/// Refuses keywords, and the names through which Python code reaches the interpreter's inside.
fn check_name(name: &str, at: Position) -> Result<(), EvalError> {
    if name.contains("__") {
        return Err(EvalError::refused(format!("the name `{name}` with a double underscore"), at));
    }
    match construct(&Token::Name(name.to_owned())) {
        Some(construct) => Err(EvalError::refused(construct, at)),
        None => Ok(()),
    }
}

/// The error about a token that cannot stand where it does.
pub(super) fn unexpected(token: &Token, at: Position, expected: &str) -> EvalError {
    if let Some(construct) = construct(token) {
        return EvalError::refused(construct, at);
    }
    let found = match token {
        Token::Name(name) => format!("the name `{name}`"),
        Token::Text(_) => "a text".to_owned(),
        Token::Number(number) => format!("the number {number}"),
        Token::Mark(mark) => format!("`{mark}`"),
        Token::End => "the end".to_owned(),
    };
    EvalError::syntax(format!("{expected} is expected, not {found}"), at)
}

/// The construct that a token belongs to, if that is one which is not allowed.
fn construct(token: &Token) -> Option<String> {
    Some(match token {
        Token::Name(name) => match name.as_str() {
            "lambda" => "a lambda".to_owned(),
            "for" | "async" => "a comprehension".to_owned(),
            "if" | "else" => "a conditional expression".to_owned(),
            "and" | "or" => format!("the operator `{name}`"),
            "in" | "is" | "not" => format!("a comparison with `{name}`"),
            _ if KEYWORDS.contains(&name.as_str()) => format!("the keyword `{name}`"),
            _ => return None,
        },
        Token::Mark(mark) => match *mark {
            "==" | "!=" | "<" | ">" | "<=" | ">=" => format!("a comparison with `{mark}`"),
            "[" => "a subscript".to_owned(),
            "(" => "a call".to_owned(),
            "{" | "}" => "a dictionary or set".to_owned(),
            "." => "an attribute of something other than a name".to_owned(),
            ")" | "]" | "," => return None,
            _ => format!("the operator `{mark}`"),
        },
        Token::Text(_) | Token::Number(_) | Token::End => return None,
    })
}
