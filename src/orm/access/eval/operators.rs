//! What expressions of views have besides those of rules: truths, comparisons, dictionaries.
//!
//! ```text
//! expr       = conjunction { "or" conjunction }
//! conjunction = negation { "and" negation }
//! negation   = "not" negation | comparison
//! comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in" ) sum ]
//! dict       = "{" [ text ":" expr { "," text ":" expr } [ "," ] ] "}"
//! ```

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::super::super::python;
use super::error::{EvalError, Position};
use super::lex::Token;
use super::parse::{Parser, unexpected};
use super::{Expr, Names, Node};

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl Comparison {
    const MARKS: [(&'static str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Python's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl Parser {
    pub(super) fn either(&mut self) -> Result<Node, EvalError> {
        let mut operands = vec![self.conjunction()?];
        while self.take_word("or") {
            operands.push(self.conjunction()?);
        }
        Ok(only(operands, Node::Or))
    }

    fn conjunction(&mut self) -> Result<Node, EvalError> {
        let mut operands = vec![self.negation()?];
        while self.take_word("and") {
            operands.push(self.negation()?);
        }
        Ok(only(operands, Node::And))
    }

    fn negation(&mut self) -> Result<Node, EvalError> {
        let (_, at) = self.peek();
        if !self.take_word("not") {
            return self.comparison();
        }
        self.enter(at)?;
        let inner = self.negation()?;
        self.leave();
        Ok(Node::Not(Box::new(inner)))
    }

    fn comparison(&mut self) -> Result<Node, EvalError> {
        let left = self.sum()?;
        let mark = Comparison::MARKS.into_iter().find(|(mark, _)| self.peek_is(mark));
        let with = if let Some((mark, with)) = mark {
            self.take(mark);
            with
        } else if self.take_word("in") {
            Comparison::In
        } else if self.take_word("not") {
            if !self.take_word("in") {
                let (token, at) = self.peek();
                return Err(unexpected(token, at, "`in`"));
            }
            Comparison::NotIn
        } else {
            return Ok(left);
        };
        Ok(Node::Compare { left: Box::new(left), with, right: Box::new(self.sum()?) })
    }

    pub(super) fn dict(&mut self, at: Position) -> Result<Node, EvalError> {
        self.rest.next();
        self.enter(at)?;
        let mut entries = Vec::new();
        while !self.take("}") {
            let Some(key) = self.take_text() else {
                let (token, at) = self.peek();
                return Err(unexpected(token, at, "a text as a key"));
            };
            if !self.take(":") {
                let (token, at) = self.peek();
                return Err(unexpected(token, at, "`:`"));
            }
            entries.push((key, self.expr()?));
            if !self.peek_is("}") {
                self.comma("`,` or `}`")?;
            }
        }
        self.leave();
        Ok(Node::Dict(entries))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek().0, Token::Name(name) if name == word);
        if found {
            self.rest.next();
        }
        found
    }
}

fn only(mut operands: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match (operands.pop(), operands.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            operands.extend(last);
            several(operands)
        }
    }
}

/// The value of a node that only views have.
pub(super) fn value_of(node: &Node, names: &dyn Names) -> Result<Value, EvalError> {
    match node {
        Node::Not(inner) => Ok((!python::truth(&super::value_of(inner, names)?)).into()),
        Node::And(operands) => decide(operands, names, false),
        Node::Or(operands) => decide(operands, names, true),
        Node::Compare { left, with, right } => {
            let (left, right) = (super::value_of(left, names)?, super::value_of(right, names)?);
            Ok(compare(&left, *with, &right).into())
        }
        Node::Dict(entries) => {
            let values = entries.iter().map(|(key, value)| Ok((key.clone(), super::value_of(value, names)?)));
            values.collect::<Result<serde_json::Map<_, _>, _>>().map(Value::Object)
        }
        _ => super::value_of(node, names),
    }
}

/// The first operand that decides, or the last one.
fn decide(operands: &[Node], names: &dyn Names, by: bool) -> Result<Value, EvalError> {
    let mut last = Value::Bool(!by);
    for operand in operands {
        last = super::value_of(operand, names)?;
        if python::truth(&last) == by {
            break;
        }
    }
    Ok(last)
}

/// An empty field is `False` for the one and `None` for the other.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Bool(false)) | (Value::Bool(false), Value::Null) => true,
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

fn compare(left: &Value, with: Comparison, right: &Value) -> bool {
    let is_in = || match right {
        Value::Array(items) => items.iter().any(|item| is_same(left, item)),
        Value::String(text) => left.as_str().is_some_and(|part| text.contains(part)),
        _ => false,
    };
    match with {
        Comparison::Equal => is_same(left, right),
        Comparison::Unequal => !is_same(left, right),
        Comparison::In => is_in(),
        Comparison::NotIn => !is_in(),
        _ => order(left, right).is_some_and(|order| match with {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// An expression for a script that evaluates it over the inputs of a form: lists whose first element says
/// what they are, `["and", ["name", "active"], ["!=", ["name", "limit"], ["value", "none"]]]`; none for what
/// a form cannot know.
pub fn for_script(expr: &Expr) -> Option<Value> {
    told(&expr.root)
}

fn told(node: &Node) -> Option<Value> {
    let all = |word: &str, items: &[Node]| {
        let mut list = vec![Value::from(word)];
        for item in items {
            list.push(told(item)?);
        }
        Some(Value::Array(list))
    };
    match node {
        Node::Value(value) => Some(json!(["value", value])),
        Node::List(items) => all("list", items),
        Node::And(items) => all("and", items),
        Node::Or(items) => all("or", items),
        Node::Not(inner) => Some(json!(["not", told(inner)?])),
        Node::Compare { left, with, right } => Some(json!([with.as_str(), told(left)?, told(right)?])),
        Node::Path { names, .. } => match names.as_slice() {
            [name] => Some(json!(["name", name])),
            _ => None,
        },
        Node::Sum { .. } | Node::Now(_) | Node::Dict(_) => None,
    }
}
