//! Conditions on fields that hold a value of their own: texts, numbers, dates, truth values, bytes.
//!
//! What is empty follows Odoo: no text and `""` are the same, no number is 0, no truth value is
//! false. A field that differs from a value includes those that have none.

use chrono::NaiveDateTime;
use serde_json::Value as Json;

use super::super::convert;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::python;
use super::to_sql::Compiler;
use super::{Condition, Operand, Operator, sealed};
use crate::db::{Param, Sql};
use crate::error::{Error, Result};

/// Compiles a condition on such a field.
pub(super) fn condition(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    condition: &Condition,
) -> Result<Sql> {
    let Operand::Value(value) = &condition.operand else {
        return Err(unfit(field, condition.operator));
    };
    if condition.operator == Operator::EqOrUnset {
        if matches!(value, Json::Null | Json::Bool(false)) {
            return Ok(Sql::boolean(true));
        }
        let equal = Condition { operator: Operator::Eq, ..condition.clone() };
        return self::condition(compiler, model, alias, field, &equal);
    }
    if field.sealed {
        return sealed::condition(compiler, model, alias, field, condition.operator, value);
    }
    let left = compiler.value(model, alias, field)?;
    if field.kind.is_binary() {
        return binary(&left, field, condition.operator, value);
    }
    let operator = condition.operator;
    if operator.is_pattern() {
        return pattern(left, field, operator, value);
    }
    let (Operator::In | Operator::NotIn, items) = (operator, value) else {
        return match field.kind {
            FieldType::Boolean => boolean(left, field, operator, value),
            _ => compare(compiler, left, field, operator, value),
        };
    };
    let Json::Array(items) = items else {
        return Err(Error::Value(format!(
            "'{}' compares '{}' with a list, not with {}.",
            operator.as_str(),
            field.name,
            python::repr(value)
        )));
    };
    members(left, field, operator == Operator::In, items)
}

/// Compiles a condition on a number that is made of a field's value.
pub(super) fn number(
    compiler: &Compiler<'_>,
    number: Sql,
    field: &Field,
    condition: &Condition,
) -> Result<Sql> {
    let as_number = Field { kind: FieldType::Integer, ..field.clone() };
    match (&condition.operand, condition.operator) {
        (Operand::Value(Json::Array(items)), operator @ (Operator::In | Operator::NotIn)) => {
            members(number, &as_number, operator == Operator::In, items)
        }
        (Operand::Value(value), operator) if !operator.is_pattern() => {
            compare(compiler, number, &as_number, operator, value)
        }
        (_, operator) => Err(unfit(field, operator)),
    }
}

pub(super) fn unfit(field: &Field, operator: Operator) -> Error {
    Error::Value(format!("The operator '{}' does not fit the field '{}'.", operator.as_str(), field.name))
}

/// Whether NULL has to be thought of: a required column has none.
fn may_be_null(field: &Field) -> bool {
    !(field.required && field.has_column()) && field.name != "id"
}

/// `left` has no value.
fn empty(left: Sql, field: &Field) -> Sql {
    if field.kind.is_text() {
        return Sql::text("(").then(left.clone()).and_text(" IS NULL OR ").then(left).and_text(" = '')");
    }
    if field.kind.is_number() && field.name != "id" {
        return Sql::text("(").then(left.clone()).and_text(" IS NULL OR ").then(left).and_text(" = 0)");
    }
    left.and_text(" IS NULL")
}

/// `left` has a value.
fn filled(left: Sql, field: &Field) -> Sql {
    if field.kind.is_text() {
        return left.and_text(" <> ''");
    }
    if field.kind.is_number() && field.name != "id" {
        return left.and_text(" <> 0");
    }
    left.and_text(" IS NOT NULL")
}

/// Whether an operand stands for "no value".
pub(super) fn is_empty(field: &Field, value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => {
            text.is_empty() && (field.kind.is_text() || matches!(field.kind, FieldType::Selection(_)))
        }
        _ => false,
    }
}

/// What is compared by order follows the same order as lists do.
fn sorted(compiler: &Compiler<'_>, left: Sql, field: &Field) -> Sql {
    let is_text = field.kind.is_text() || matches!(field.kind, FieldType::Selection(_));
    if is_text && compiler.env.registry().needs_collation { left.and_text(" COLLATE \"C\"") } else { left }
}

fn compare(
    compiler: &Compiler<'_>,
    left: Sql,
    field: &Field,
    operator: Operator,
    value: &Json,
) -> Result<Sql> {
    let sign = match operator {
        Operator::Eq if is_empty(field, value) => return Ok(empty(left, field)),
        Operator::Ne if is_empty(field, value) => return Ok(filled(left, field)),
        Operator::Eq => " = ",
        Operator::Ne => " <> ",
        Operator::Lt => " < ",
        Operator::Le => " <= ",
        Operator::Gt => " > ",
        Operator::Ge => " >= ",
        _ => return Err(unfit(field, operator)),
    };
    let is_order = !matches!(operator, Operator::Eq | Operator::Ne);
    // Nothing is above or below "no value"; to a number that is 0.
    let counts = field.kind.is_number() && field.name != "id";
    if is_order && matches!(value, Json::Null | Json::Bool(false)) && !counts {
        return Ok(Sql::boolean(false));
    }
    let right = operand(field, operator, value)?;
    if operator == Operator::Ne && counts && zero_fits(Operator::Eq, &right) {
        return Ok(filled(left, field));
    }
    let zero_fits = counts && zero_fits(operator, &right);
    let ordered = if is_order { sorted(compiler, left.clone(), field) } else { left.clone() };
    let compared = fitted(ordered, &right).and_text(sign).then(Sql::param(right));
    let null_fits = operator == Operator::Ne || zero_fits;
    if null_fits && may_be_null(field) {
        return Ok(Sql::text("(").then(compared).and_text(" OR ").then(left).and_text(" IS NULL)"));
    }
    Ok(compared)
}

/// Whether 0, which an empty number reads as, fulfils the comparison.
fn zero_fits(operator: Operator, right: &Param) -> bool {
    let right = match right {
        #[expect(clippy::cast_precision_loss, reason = "only its sign matters")]
        Param::Int(number) => *number as f64,
        Param::Float(number) => *number,
        _ => return false,
    };
    match operator {
        Operator::Lt => 0.0 < right,
        Operator::Le => 0.0 <= right,
        Operator::Gt => 0.0 > right,
        Operator::Ge => 0.0 >= right,
        Operator::Eq => right == 0.0,
        _ => false,
    }
}

/// A number that has no room in 32 bits is compared in 64, where it simply finds nothing.
fn fitted(left: Sql, right: &Param) -> Sql {
    let wide = |number: &i64| i32::try_from(*number).is_err();
    let is_wide = match right {
        Param::Int(number) => wide(number),
        Param::Ids(numbers) => numbers.iter().any(wide),
        _ => false,
    };
    if is_wide { left.and_text("::int8") } else { left }
}

fn operand(field: &Field, operator: Operator, value: &Json) -> Result<Param> {
    match &field.kind {
        FieldType::Integer if field.name == "id" => convert::record_id(value).map(Param::Int),
        FieldType::Integer => convert::integer(&field.name, value).map(Param::Int),
        FieldType::Float | FieldType::Monetary => convert::float(&field.name, value).map(Param::Float),
        FieldType::Date => convert::date_operand(only(value)?).map(Param::Date),
        FieldType::Datetime => datetime(operator, only(value)?).map(Param::Timestamp),
        _ => Ok(Param::Text(python::text(value))),
    }
}

/// A list of one stands for what is in it.
fn only(value: &Json) -> Result<&Json> {
    match value {
        Json::Array(items) => match items.as_slice() {
            [only] => Ok(only),
            _ => Err(Error::Type(format!("One value is wanted, not {}.", python::repr(value)))),
        },
        other => Ok(other),
    }
}

/// A day means its last second where it is the upper end, and its first one elsewhere.
fn datetime(operator: Operator, value: &Json) -> Result<NaiveDateTime> {
    let moment = convert::datetime_operand(value)?;
    let is_day = value.as_str().is_some_and(|text| text.trim().len() == "2000-01-01".len());
    if is_day && matches!(operator, Operator::Le | Operator::Gt) {
        return Ok(moment.date().and_hms_opt(23, 59, 59).unwrap_or(moment));
    }
    Ok(moment)
}

fn boolean(left: Sql, field: &Field, operator: Operator, value: &Json) -> Result<Sql> {
    let truth = python::truth(value);
    let sign = match operator {
        Operator::Eq => return Ok(is_truth(left, truth)),
        Operator::Ne => return Ok(is_truth(left, !truth)),
        Operator::Lt => " < ",
        Operator::Le => " <= ",
        Operator::Gt => " > ",
        Operator::Ge => " >= ",
        _ => return Err(unfit(field, operator)),
    };
    Ok(Sql::text("COALESCE(").then(left).and_text(", false)").and_text(sign).then(Sql::boolean(truth)))
}

/// Spelled so that an index on the records that are true serves.
fn is_truth(left: Sql, wanted: bool) -> Sql {
    if wanted {
        return left.and_text(" = true");
    }
    Sql::text("(").then(left.clone()).and_text(" IS NULL OR ").then(left).and_text(" = false)")
}

fn members(left: Sql, field: &Field, positive: bool, items: &[Json]) -> Result<Sql> {
    if matches!(field.kind, FieldType::Boolean) {
        let has = |truth: bool| items.iter().any(|item| python::truth(item) == truth);
        return Ok(match (has(true), has(false)) {
            (true, true) => Sql::boolean(positive),
            (false, false) => Sql::boolean(!positive),
            (truth, _) => is_truth(left, truth == positive),
        });
    }
    let (none, some): (Vec<&Json>, Vec<&Json>) = items.iter().partition(|item| is_empty(field, item));
    let parameters: Result<Vec<Param>> =
        some.into_iter().map(|item| operand(field, Operator::Eq, item)).collect();
    let list = listed(parameters?);
    let has_empty = !none.is_empty()
        || (field.kind.is_number() && field.name != "id" && list.as_ref().is_some_and(holds_zero));
    let is_in =
        list.map(|list| fitted(left.clone(), &list).and_text(" = ANY(").then(Sql::param(list)).and_text(")"));
    Ok(match (is_in, has_empty, positive) {
        (None, false, positive) => Sql::boolean(!positive),
        (None, true, true) => empty(left, field),
        (None, true, false) => filled(left, field),
        (Some(is_in), false, true) => is_in,
        (Some(is_in), true, true) => is_in.and_text(" OR ").then(empty(left, field)).parenthesized(),
        (Some(is_in), false, false) if may_be_null(field) => {
            Sql::text("(NOT ").then(is_in).and_text(" OR ").then(left).and_text(" IS NULL)")
        }
        (Some(is_in), false, false) => Sql::text("(NOT ").then(is_in).and_text(")"),
        (Some(is_in), true, false) => {
            Sql::text("(NOT ").then(is_in).and_text(" AND ").then(filled(left, field)).and_text(")")
        }
    })
}

fn holds_zero(list: &Param) -> bool {
    match list {
        Param::Ids(numbers) => numbers.contains(&0),
        Param::Floats(numbers) => numbers.contains(&0.0),
        _ => false,
    }
}

fn listed(parameters: Vec<Param>) -> Option<Param> {
    let mut list: Option<Param> = None;
    for parameter in parameters {
        match (&mut list, parameter) {
            (None, Param::Int(number)) => list = Some(Param::Ids(vec![number])),
            (None, Param::Float(number)) => list = Some(Param::Floats(vec![number])),
            (None, Param::Timestamp(moment)) => list = Some(Param::Timestamps(vec![moment])),
            (None, Param::Date(day)) => list = Some(Param::Dates(vec![day])),
            (None, Param::Text(text)) => list = Some(Param::Texts(vec![text])),
            (Some(Param::Ids(all)), Param::Int(number)) => all.push(number),
            (Some(Param::Floats(all)), Param::Float(number)) => all.push(number),
            (Some(Param::Timestamps(all)), Param::Timestamp(moment)) => all.push(moment),
            (Some(Param::Dates(all)), Param::Date(day)) => all.push(day),
            (Some(Param::Texts(all)), Param::Text(text)) => all.push(text),
            // The operands of one field are all of one kind.
            _ => {}
        }
    }
    list
}

fn pattern(left: Sql, field: &Field, operator: Operator, value: &Json) -> Result<Sql> {
    let is_whole = matches!(operator, Operator::EqLike | Operator::EqIlike);
    if !python::truth(value) {
        return Ok(match operator {
            Operator::EqLike | Operator::EqIlike => empty(left, field),
            // Everything contains nothing.
            other => Sql::boolean(!other.is_negative()),
        });
    }
    let text = python::text(value);
    let wanted = if is_whole { text } else { format!("%{text}%") };
    // PostgreSQL notices only when a value gets that far; the answer should not hang on the records.
    if wanted.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
        return Err(Error::Database {
            name: "InvalidEscapeSequence",
            message: format!("The pattern '{wanted}' ends with a backslash that escapes nothing."),
        });
    }
    let sign = match operator {
        Operator::Like | Operator::EqLike => " LIKE ",
        Operator::NotLike => " NOT LIKE ",
        Operator::NotIlike => " NOT ILIKE ",
        _ => " ILIKE ",
    };
    let is_textual = field.kind.is_text() || matches!(field.kind, FieldType::Selection(_));
    let text = if is_textual { left.clone() } else { left.clone().and_text("::text") };
    let matched = text.and_text(sign).then(Sql::param(wanted));
    if operator.is_negative() && may_be_null(field) {
        return Ok(Sql::text("(").then(matched).and_text(" OR ").then(left).and_text(" IS NULL)"));
    }
    Ok(matched)
}

fn binary(left: &Sql, field: &Field, operator: Operator, value: &Json) -> Result<Sql> {
    match operator {
        Operator::Eq if !python::truth(value) => Ok(left.clone().and_text(" IS NULL")),
        Operator::Ne if !python::truth(value) => Ok(left.clone().and_text(" IS NOT NULL")),
        _ => Err(Error::Value(format!(
            "The binary field '{}' can only be tested for being empty: use [\"{0}\", \"=\", false] or \"!=\".",
            field.name
        ))),
    }
}
