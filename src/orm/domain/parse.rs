//! The prefix list of a client, made a [`Domain`].
//!
//! ```text
//! domain    = "[" item* "]"              items that no operator takes are joined by "&"
//! item      = operator | condition
//! operator  = "&" | "|"                  takes the two domains that follow
//!           | "!"                        takes the one that follows
//! condition = "[" path "," comparison "," value "]"
//!           | "[1, '=', 1]"              every record
//!           | "[0, '=', 1]"              no record
//! ```
//!
//! Read from the right, so that an operator finds its operands ready; chains of one operator become
//! one node, so that ten thousand alternatives are one level deep and not ten thousand.

use std::collections::VecDeque;

use serde_json::Value as Json;

use super::super::python;
use super::{Condition, Domain, Operand, Operator, nothing};
use crate::error::{Error, Result};

/// How deep operators may alternate, and domains be nested in `any`.
const DEEPEST: usize = 100;

/// A domain and how many levels it has.
type Level = (Part, usize);

/// A domain that is about to get more around it.
enum Part {
    One(Domain),
    /// What one operator joins, `&` if `by_and`. It grows at both ends, as long chains are built by either.
    Chain {
        by_and: bool,
        parts: VecDeque<Domain>,
    },
}

impl Part {
    fn is_chain_of(&self, sign: bool) -> bool {
        matches!(self, Self::Chain { by_and, .. } if *by_and == sign)
    }

    fn into_domain(self) -> Domain {
        match self {
            Self::One(domain) => domain,
            Self::Chain { by_and: true, parts } => Domain::And(parts.into()),
            Self::Chain { by_and: false, parts } => Domain::Or(parts.into()),
        }
    }

    /// What stands in a chain of that operator.
    fn into_parts(self, sign: bool) -> VecDeque<Domain> {
        match self {
            Self::Chain { by_and, parts } if by_and == sign => parts,
            other => [other.into_domain()].into(),
        }
    }
}

/// Parses a domain.
///
/// # Errors
///
/// [`Error::Assertion`] when it is no list, [`Error::Type`] and [`Error::Value`] for an item that is
/// neither operator nor condition, for an operator without its operands, and for too deep a nesting.
pub fn parse(value: &Json) -> Result<Domain> {
    nested(value, 0)
}

/// Parses the domain of a search, whose fields nobody looks at where it selects nothing anyway.
///
/// # Errors
///
/// As [`parse`].
pub fn asked(value: &Json) -> Result<Domain> {
    if nothing::is_nothing(value) { Ok(Domain::False) } else { parse(value) }
}

fn nested(value: &Json, above: usize) -> Result<Domain> {
    let Json::Array(items) = value else {
        return Err(Error::Assertion(format!(
            "A domain has to be a list of conditions such as [[\"name\", \"=\", \"x\"]], not {}",
            python::repr(value)
        )));
    };
    let mut stack: Vec<Level> = Vec::new();
    for item in items.iter().rev() {
        let level = match item {
            Json::String(sign) => combine(sign, &mut stack)?,
            other => (Part::One(condition(other, above)?), 1),
        };
        if level.1 + above > DEEPEST {
            return Err(Error::Value(format!("The domain is nested more than {DEEPEST} levels deep.")));
        }
        stack.push(level);
    }
    let all = stack.into_iter().map(|(part, _)| part).reduce(|right, left| chained(left, right, true));
    Ok(all.map_or(Domain::True, Part::into_domain))
}

fn combine(sign: &str, stack: &mut Vec<Level>) -> Result<Level> {
    let mut operand = || {
        stack.pop().ok_or_else(|| {
            Error::Value(format!("The domain ends before the operator '{sign}' has its operands."))
        })
    };
    match sign {
        "!" => {
            let (inner, depth) = operand()?;
            Ok((Part::One(Domain::Not(Box::new(inner.into_domain()))), depth + 1))
        }
        "&" | "|" => {
            let by_and = sign == "&";
            let (left, right) = (operand()?, operand()?);
            let deep = depth_below(&left, by_and).max(depth_below(&right, by_and));
            Ok((chained(left.0, right.0, by_and), deep))
        }
        other => Err(Error::Value(format!(
            "'{other}' is no operator of a domain ('&', '|', '!'). A condition is a list of its own: [[\"name\", \"=\", \"x\"]]."
        ))),
    }
}

/// Two parts joined by one operator, without needless layers. The longer one takes the other in, so that what
/// is joined first is not moved again with each that comes later. Constants stay: what stands beside them has
/// still to be looked at.
fn chained(left: Part, right: Part, by_and: bool) -> Part {
    let (mut left, mut right) = (left.into_parts(by_and), right.into_parts(by_and));
    let parts = if left.len() >= right.len() {
        left.append(&mut right);
        left
    } else {
        left.into_iter().rev().for_each(|part| right.push_front(part));
        right
    };
    Part::Chain { by_and, parts }
}

/// The depth of a node that is about to be joined: one that melts into its parent adds no level.
fn depth_below((part, depth): &Level, by_and: bool) -> usize {
    if part.is_chain_of(by_and) { *depth } else { depth + 1 }
}

fn condition(item: &Json, above: usize) -> Result<Domain> {
    let Json::Array(parts) = item else {
        return Err(Error::Type(format!(
            "{} is neither an operator nor a condition of a domain.",
            python::repr(item)
        )));
    };
    let [path, operator, value] = parts.as_slice() else {
        return Err(Error::Value(format!(
            "A condition has three parts, a field, an operator and a value; {} has {}.",
            python::repr(item),
            parts.len()
        )));
    };
    let unknown = || {
        Error::Value(format!(
            "Invalid operator {} in the condition {}.",
            python::repr(operator),
            python::repr(item)
        ))
    };
    if let Some(selects_all) = nothing::constant(parts) {
        return Ok(if selects_all { Domain::True } else { Domain::False });
    }
    let operator = operator.as_str().and_then(Operator::parse).ok_or_else(unknown)?;
    let path = match path {
        Json::String(path) if !path.is_empty() => path.clone(),
        Json::String(_) => {
            return Err(Error::Value(format!("The condition {} names no field.", python::repr(item))));
        }
        _ => return Err(no_field(item)),
    };
    let operand = match operator {
        Operator::Any | Operator::NotAny => Operand::Domain(Box::new(nested(value, above + 1)?)),
        _ => Operand::Value(value.clone()),
    };
    Ok(normalized(Condition { path, operator, operand }))
}

fn no_field(item: &Json) -> Error {
    Error::Attribute(format!("The condition {} has no field name on its left.", python::repr(item)))
}

/// Equality with a list is membership; membership of a truth value is equality.
fn normalized(mut condition: Condition) -> Domain {
    if let Operand::Value(value) = &mut condition.operand {
        condition.operator = match (condition.operator, &*value) {
            (Operator::Eq, Json::Array(_)) => Operator::In,
            (Operator::Ne, Json::Array(_)) => Operator::NotIn,
            (Operator::In, Json::Bool(_)) => Operator::Eq,
            (Operator::NotIn, Json::Bool(_)) => Operator::Ne,
            (operator, _) => operator,
        };
    }
    Domain::Condition(condition)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn error(value: &Json) -> &'static str {
        match parse(value) {
            Err(Error::Assertion(_)) => "assertion",
            Err(Error::Type(_)) => "type",
            Err(Error::Value(_)) => "value",
            Err(Error::Attribute(_)) => "attribute",
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn conditions_without_an_operator_are_joined_by_and() {
        let domain = parse(&json!([["a", "=", 1], "|", ["b", "=", 2], ["c", "=", 3]])).unwrap();

        assert_eq!(domain.to_json(), json!(["&", ["a", "=", 1], "|", ["b", "=", 2], ["c", "=", 3]]));
    }

    #[test]
    fn malformed_domains_are_refused_with_the_exception_that_odoo_has() {
        assert_eq!(error(&json!("x")), "assertion");
        assert_eq!(error(&json!([5])), "type");
        assert_eq!(error(&json!([["a", "="]])), "value");
        assert_eq!(error(&json!([["a", "not =like", 1]])), "value");
        assert_eq!(error(&json!(["&", ["a", "=", 1]])), "value");
        assert_eq!(error(&json!(["!"])), "value");
        assert_eq!(error(&json!(["name", "=", "x"])), "value");
        assert_eq!(error(&json!([[1, "=", 0]])), "attribute");
        assert_eq!(error(&json!([["", "=", 1]])), "value");
    }

    #[test]
    fn a_hundred_thousand_alternatives_are_one_level_deep() {
        let leaf = |number: i64| json!(["id", "=", number]);
        let signs_first = vec![json!("|"); 99_999].into_iter().chain((0..100_000).map(leaf)).collect();
        let each_with_the_rest =
            (0..99_999).flat_map(|number| [json!("|"), leaf(number)]).chain([leaf(99_999)]).collect();

        for items in [signs_first, each_with_the_rest] {
            let Domain::Or(parts) = parse(&Json::Array(items)).unwrap() else { panic!("no alternatives") };

            let expected = (0..100_000).map(|number| Domain::condition("id", Operator::Eq, number));
            assert!(expected.eq(parts), "all of them, in their order");
        }
    }

    #[test]
    fn alternating_operators_may_be_a_hundred_levels_deep_and_no_more() {
        let deep = |levels: usize| {
            let signs = (0..levels).map(|level| json!(if level % 2 == 0 { "|" } else { "&" }));
            let conditions = (0..=levels).map(|number| json!(["id", "=", number]));
            Json::Array(signs.chain(conditions).collect())
        };

        assert!(parse(&deep(90)).is_ok());
        assert_eq!(error(&deep(5_000)), "value");
    }

    fn domains() -> impl Strategy<Value = Domain> {
        let leaf = ("[a-c]", prop::sample::select(vec!["=", "!=", "<", "like"]), 0..5_i64).prop_map(
            |(path, operator, value)| Domain::condition(&path, Operator::parse(operator).unwrap(), value),
        );
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Domain::all_of),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Domain::any_of),
                inner.prop_map(|domain| Domain::Not(Box::new(domain))),
            ]
        })
    }

    proptest! {
        #[test]
        fn parsing_what_was_printed_is_the_identity(domain in domains()) {
            prop_assert_eq!(parse(&domain.to_json()).unwrap(), domain);
        }
    }
}
