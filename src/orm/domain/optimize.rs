//! Rewrites a domain into one that selects the same records and is easier on the database.
//!
//! Negation moves down to the conditions, where the opposite operator takes its place; constants
//! melt away; what is said twice is said once; alternatives for one field become one list.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{Condition, Domain, Operand, Operator};

/// Optimizes a domain.
#[must_use]
pub fn optimize(domain: Domain) -> Domain {
    simplify(push_down(domain, false))
}

/// Moves negation to the conditions.
fn push_down(domain: Domain, negate: bool) -> Domain {
    match (domain, negate) {
        (Domain::True, true) | (Domain::False, false) => Domain::False,
        (Domain::False, true) | (Domain::True, false) => Domain::True,
        (Domain::Not(inner), _) => push_down(*inner, !negate),
        (Domain::And(parts), false) | (Domain::Or(parts), true) => {
            Domain::all_of(parts.into_iter().map(|part| push_down(part, negate)).collect())
        }
        (Domain::Or(parts), false) | (Domain::And(parts), true) => {
            Domain::any_of(parts.into_iter().map(|part| push_down(part, negate)).collect())
        }
        (Domain::Condition(condition), false) => Domain::Condition(condition),
        (Domain::Condition(condition), true) => match condition.operator.negated() {
            Some(operator) => Domain::Condition(Condition { operator, ..condition }),
            None => Domain::Not(Box::new(Domain::Condition(condition))),
        },
    }
}

fn simplify(domain: Domain) -> Domain {
    match domain {
        Domain::And(parts) => Domain::all_of(once(parts)),
        Domain::Or(parts) => Domain::any_of(merge(once(parts))),
        Domain::Condition(Condition { path, operator, operand: Operand::Domain(inner) }) => {
            let operand = Operand::Domain(Box::new(optimize(*inner)));
            Domain::Condition(Condition { path, operator, operand })
        }
        other => other,
    }
}

/// Simplifies the parts and drops repetitions.
fn once(parts: Vec<Domain>) -> Vec<Domain> {
    // Looking each up among all others would cost the square of their number; few are ever equal,
    // so only neighbours and conditions on the same field are compared.
    let mut seen: HashMap<String, Vec<usize>> = HashMap::new();
    let mut kept: Vec<Domain> = Vec::with_capacity(parts.len());
    for part in parts.into_iter().map(simplify) {
        if let Domain::Condition(condition) = &part {
            const FEW: usize = 16;
            let places = seen.entry(condition.path.clone()).or_default();
            let is_known = places.iter().rev().take(FEW).any(|place| kept.get(*place) == Some(&part));
            if is_known {
                continue;
            }
            places.push(kept.len());
        }
        kept.push(part);
    }
    kept
}

/// Alternatives `a = 1 | a = 2 | a in [3]` become `a in [1, 2, 3]`.
fn merge(parts: Vec<Domain>) -> Vec<Domain> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut merged: Vec<Domain> = Vec::with_capacity(parts.len());
    for part in parts {
        let Some((path, values)) = listed(&part) else {
            merged.push(part);
            continue;
        };
        let known = places.get(&path).and_then(|place| merged.get_mut(*place));
        if let Some(Domain::Condition(Condition {
            operator,
            operand: Operand::Value(Json::Array(all)),
            ..
        })) = known
        {
            *operator = Operator::In;
            all.extend(values);
        } else {
            places.insert(path.clone(), merged.len());
            merged.push(Domain::condition(&path, Operator::In, values));
        }
    }
    // A list of one is an equality again: it has an index of its own and a plan of its own.
    merged.into_iter().map(unlist).collect()
}

fn listed(part: &Domain) -> Option<(String, Vec<Json>)> {
    let Domain::Condition(Condition { path, operator, operand: Operand::Value(value) }) = part else {
        return None;
    };
    match (operator, value) {
        // Only whole numbers and texts mean the same alone and in a list, for every type of field.
        (Operator::Eq, Json::Number(number)) if number.is_i64() => Some((path.clone(), vec![value.clone()])),
        (Operator::Eq, Json::String(text)) if !text.is_empty() => Some((path.clone(), vec![value.clone()])),
        _ => None,
    }
}

fn unlist(part: Domain) -> Domain {
    match part {
        Domain::Condition(Condition {
            path,
            operator: Operator::In,
            operand: Operand::Value(Json::Array(mut items)),
        }) if items.len() == 1 => match items.pop() {
            Some(only @ (Json::Number(_) | Json::String(_))) => Domain::condition(&path, Operator::Eq, only),
            other => Domain::condition(&path, Operator::In, Json::Array(other.into_iter().collect())),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse::parse;
    use super::*;

    fn optimized(domain: &Json) -> Json {
        optimize(parse(domain).unwrap()).to_json()
    }

    #[test]
    fn negation_turns_operators_round() {
        assert_eq!(
            optimized(&json!(["!", "|", ["a", "like", "x"], "&", ["b", ">", 1], ["c", "in", [1]]])),
            json!(["&", ["a", "not like", "x"], "|", ["b", "<=", 1], ["c", "not in", [1]]])
        );
    }

    #[test]
    fn two_negations_are_none() {
        assert_eq!(optimized(&json!(["!", "!", ["a", "=", 1]])), json!([["a", "=", 1]]));
    }

    #[test]
    fn a_pattern_keeps_its_negation() {
        assert_eq!(optimized(&json!(["!", ["a", "=like", "x%"]])), json!(["!", ["a", "=like", "x%"]]));
    }

    #[test]
    fn alternatives_for_one_field_become_one_list() {
        assert_eq!(
            optimized(&json!(["|", "|", ["id", "=", 1], ["a", "=", "x"], ["id", "=", 2]])),
            json!(["|", ["id", "in", [1, 2]], ["a", "=", "x"]])
        );
    }

    #[test]
    fn constants_melt_away() {
        assert_eq!(optimized(&json!(["|", [0, "=", 1], ["a", "=", 1]])), json!([["a", "=", 1]]));
        assert_eq!(optimized(&json!(["&", [0, "=", 1], ["a", "=", 1]])), json!([[0, "=", 1]]));
    }
}
