//! Evaluates the domains of record rules, which are a small and safe part of Python's expressions, and the
//! conditions, contexts and domains of views, which may also compare.
//!
//! [`parse()`] turns the text of a rule into an [`Expr`] once, when the rule is loaded, [`parse_view`] that of
//! a view. [`paths`] tells which values the expression needs, and [`evaluate`] computes it with the values of
//! one user or record. There are no calls, subscripts or loops, so that an evaluation always ends and has no
//! effects.

mod error;
mod lex;
mod operators;
mod parse;
#[cfg(test)]
mod tests;

use chrono::NaiveDateTime;
use serde_json::{Number, Value};

pub use error::{EvalError, LookupError, Position};
pub use operators::{Comparison, for_script};
pub use parse::{parse, parse_view};

/// How deep brackets may be nested.
pub const MAX_DEPTH: usize = 50;

/// How long the text of an expression may be, in bytes (64 KiB).
pub const MAX_BYTES: usize = 64 * 1024;

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Expr {
    root: Node,
}

/// A part of an expression.
#[derive(Debug, Clone)]
enum Node {
    /// A constant.
    Value(Value),
    /// A list or a tuple.
    List(Vec<Node>),
    /// Operands joined by `+`, each with the place of its operator. Kept flat, so that a long sum does not
    /// become a deep tree.
    Sum { first: Box<Node>, others: Vec<(Position, Node)> },
    /// A name with its attributes.
    Path { names: Vec<String>, at: Position },
    /// The current time in a format, which the parser has checked.
    Now(String),
    /// The contrary of a truth; in views alone, as all that follows.
    Not(Box<Node>),
    /// The first operand that is false, or the last one.
    And(Vec<Node>),
    /// The first operand that is true, or the last one.
    Or(Vec<Node>),
    /// A comparison of two values.
    Compare { left: Box<Node>, with: Comparison, right: Box<Node> },
    /// A dictionary, whose keys are texts.
    Dict(Vec<(String, Node)>),
}

/// The values an expression can use.
pub trait Names {
    /// The value of a name with its attributes, such as `["user", "partner_id", "id"]`; `None` when there is
    /// no such name.
    fn resolve(&self, path: &[String]) -> Result<Option<Value>, LookupError>;

    /// The names that have a value, for the message about one that has none.
    fn known(&self) -> Vec<String>;

    /// The current time in UTC.
    fn now(&self) -> NaiveDateTime;
}

/// The names with their attributes that an expression uses, each once, in the order of their first use.
///
/// The clock behind `time.strftime` is not among them.
pub fn paths(expr: &Expr) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect_paths(&expr.root, &mut found);
    found
}

fn collect_paths(node: &Node, found: &mut Vec<Vec<String>>) {
    match node {
        Node::Value(_) | Node::Now(_) => {}
        Node::List(items) | Node::And(items) | Node::Or(items) => {
            for item in items {
                collect_paths(item, found);
            }
        }
        Node::Not(inner) => collect_paths(inner, found),
        Node::Compare { left, right, .. } => {
            collect_paths(left, found);
            collect_paths(right, found);
        }
        Node::Dict(entries) => {
            for (_, value) in entries {
                collect_paths(value, found);
            }
        }
        Node::Sum { first, others } => {
            collect_paths(first, found);
            for (_, other) in others {
                collect_paths(other, found);
            }
        }
        Node::Path { names, .. } => {
            if !found.contains(names) {
                found.push(names.clone());
            }
        }
    }
}

/// Computes an expression. Lists and tuples become arrays, `None` becomes null.
pub fn evaluate(expr: &Expr, names: &dyn Names) -> Result<Value, EvalError> {
    value_of(&expr.root, names)
}

/// The value of an expression that uses no names; none of one that does.
pub fn constant(expr: &Expr) -> Option<Value> {
    constant_of(&expr.root)
}

fn constant_of(node: &Node) -> Option<Value> {
    match node {
        Node::Value(value) => Some(value.clone()),
        Node::List(items) => items.iter().map(constant_of).collect(),
        Node::Sum { .. }
        | Node::Path { .. }
        | Node::Now(_)
        | Node::Not(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Compare { .. }
        | Node::Dict(_) => None,
    }
}

fn value_of(node: &Node, names: &dyn Names) -> Result<Value, EvalError> {
    match node {
        Node::Value(value) => Ok(value.clone()),
        Node::List(items) => items.iter().map(|item| value_of(item, names)).collect(),
        Node::Sum { first, others } => {
            let mut sum = value_of(first, names)?;
            for (at, other) in others {
                sum = add(sum, value_of(other, names)?, *at)?;
            }
            Ok(sum)
        }
        Node::Path { names: path, at } => look_up(path, *at, names),
        Node::Now(format) => Ok(Value::String(names.now().format(format).to_string())),
        _ => operators::value_of(node, names),
    }
}

fn look_up(path: &[String], at: Position, names: &dyn Names) -> Result<Value, EvalError> {
    let name = || path.join(".");
    match names.resolve(path) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => {
            let mut known = names.known();
            known.push("time.strftime".to_owned());
            Err(EvalError::UnknownName { name: name(), at, known: known.join(", ") })
        }
        Err(source) => Err(EvalError::Lookup { name: name(), source }),
    }
}

fn add(left: Value, right: Value, at: Position) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Array(mut left), Value::Array(right)) => {
            left.extend(right);
            Ok(Value::Array(left))
        }
        (Value::String(mut left), Value::String(right)) => {
            left.push_str(&right);
            Ok(Value::String(left))
        }
        (Value::Number(left), Value::Number(right)) => {
            add_numbers(&left, &right).map(Value::Number).ok_or(EvalError::Overflow { at })
        }
        (left, right) => Err(EvalError::NotAddable { left: kind(&left), right: kind(&right), at }),
    }
}

fn add_numbers(left: &Number, right: &Number) -> Option<Number> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.checked_add(right).map(Number::from),
        _ => Number::from_f64(left.as_f64()? + right.as_f64()?),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "None",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
