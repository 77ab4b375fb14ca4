//! The Domain: a condition on records as a tree. `parse` makes it of what a client sent, `optimize`
//! puts it into the shape that the database likes, `to_sql` makes SQL of it.

mod hierarchy;
mod nothing;
pub mod optimize;
pub mod parse;
mod relation;
mod scalar;
mod sealed;
#[cfg(test)]
mod tests;
pub mod to_sql;

pub use self::relation::name_domain;

use serde_json::Value as Json;

/// An operator of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Eq,
    /// `!=`, and `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `=?`: equal, or anything when no value is given.
    EqOrUnset,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `like`: contains.
    Like,
    /// `not like`
    NotLike,
    /// `ilike`: contains, whatever the case of the letters.
    Ilike,
    /// `not ilike`
    NotIlike,
    /// `=like`: matches a pattern.
    EqLike,
    /// `=ilike`: matches a pattern, whatever the case of the letters.
    EqIlike,
    /// `child_of`: is below, or the same.
    ChildOf,
    /// `parent_of`: is above, or the same.
    ParentOf,
    /// `any`: links to a record that fulfils a domain.
    Any,
    /// `not any`
    NotAny,
}

const OPERATORS: [(Operator, &str); 19] = [
    (Operator::Eq, "="),
    (Operator::Ne, "!="),
    (Operator::Lt, "<"),
    (Operator::Le, "<="),
    (Operator::Gt, ">"),
    (Operator::Ge, ">="),
    (Operator::EqOrUnset, "=?"),
    (Operator::In, "in"),
    (Operator::NotIn, "not in"),
    (Operator::Like, "like"),
    (Operator::NotLike, "not like"),
    (Operator::Ilike, "ilike"),
    (Operator::NotIlike, "not ilike"),
    (Operator::EqLike, "=like"),
    (Operator::EqIlike, "=ilike"),
    (Operator::ChildOf, "child_of"),
    (Operator::ParentOf, "parent_of"),
    (Operator::Any, "any"),
    (Operator::NotAny, "not any"),
];

impl Operator {
    /// The operator of a text, whatever its case; `<>` is `!=`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        if text == "<>" {
            return Some(Self::Ne);
        }
        OPERATORS.iter().find(|(_, name)| *name == text).map(|(operator, _)| *operator)
    }

    /// Odoo's text of it.
    pub fn as_str(self) -> &'static str {
        OPERATORS.iter().find(|(operator, _)| *operator == self).map_or("", |(_, name)| name)
    }

    /// The operator that holds where this one does not, if there is one.
    pub fn negated(self) -> Option<Self> {
        Some(match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Ge => Self::Lt,
            Self::Gt => Self::Le,
            Self::Le => Self::Gt,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Like => Self::NotLike,
            Self::NotLike => Self::Like,
            Self::Ilike => Self::NotIlike,
            Self::NotIlike => Self::Ilike,
            Self::Any => Self::NotAny,
            Self::NotAny => Self::Any,
            Self::EqOrUnset | Self::EqLike | Self::EqIlike | Self::ChildOf | Self::ParentOf => return None,
        })
    }

    /// Whether it is the negative one of a pair of opposites.
    pub fn is_negative(self) -> bool {
        matches!(self, Self::Ne | Self::NotIn | Self::NotLike | Self::NotIlike | Self::NotAny)
    }

    /// Whether it compares with a pattern.
    pub fn is_pattern(self) -> bool {
        matches!(
            self,
            Self::Like | Self::NotLike | Self::Ilike | Self::NotIlike | Self::EqLike | Self::EqIlike
        )
    }
}

/// What a condition compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A value as it was sent.
    Value(Json),
    /// The domain of `any` and `not any`.
    Domain(Box<Domain>),
}

/// One condition: a path of field names, an operator, and what to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// `model_scheme_id.name`.
    pub path: String,
    /// The operator.
    pub operator: Operator,
    /// The right side.
    pub operand: Operand,
}

/// A domain; see the module.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// Every record.
    True,
    /// No record.
    False,
    /// All of them hold.
    And(Vec<Domain>),
    /// At least one of them holds.
    Or(Vec<Domain>),
    /// It does not hold.
    Not(Box<Domain>),
    /// One condition.
    Condition(Condition),
}

impl Domain {
    /// A condition with a plain value.
    pub fn condition(path: &str, operator: Operator, value: impl Into<Json>) -> Self {
        Self::Condition(Condition { path: path.to_owned(), operator, operand: Operand::Value(value.into()) })
    }

    /// All of them, without needless layers.
    pub fn all_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::True => {}
                Self::False => return Self::False,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::True,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// Any of them, without needless layers; none of nothing.
    pub fn any_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::False => {}
                Self::True => return Self::True,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::False,
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// Whether a condition of this very model names the field.
    pub fn mentions(&self, field: &str) -> bool {
        match self {
            Self::True | Self::False => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.mentions(field)),
            Self::Not(inner) => inner.mentions(field),
            Self::Condition(condition) => condition.path == field,
        }
    }

    /// The prefix list that a client would send for it.
    pub fn to_json(&self) -> Json {
        let mut list = Vec::new();
        self.print(&mut list);
        Json::Array(list)
    }

    fn print(&self, list: &mut Vec<Json>) {
        let operators = |list: &mut Vec<Json>, sign: &str, parts: &[Self]| {
            list.extend((1..parts.len()).map(|_| Json::from(sign)));
            for part in parts {
                part.print(list);
            }
        };
        match self {
            Self::True => list.push(serde_json::json!([1, "=", 1])),
            Self::False => list.push(serde_json::json!([0, "=", 1])),
            Self::And(parts) => operators(list, "&", parts),
            Self::Or(parts) => operators(list, "|", parts),
            Self::Not(inner) => {
                list.push("!".into());
                inner.print(list);
            }
            Self::Condition(condition) => {
                let operand = match &condition.operand {
                    Operand::Value(value) => value.clone(),
                    Operand::Domain(domain) => domain.to_json(),
                };
                list.push(serde_json::json!([condition.path, condition.operator.as_str(), operand]));
            }
        }
    }
}
