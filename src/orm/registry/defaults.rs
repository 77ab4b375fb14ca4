//! Values that new records begin with, as `ir.default` has them.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{int, text};
use crate::db::{Row, Sql};

struct Given {
    user: Option<i64>,
    company: Option<i64>,
    value: Json,
}

/// Defaults by model and field; see the module.
#[derive(Default)]
pub struct Defaults(HashMap<String, HashMap<String, Vec<Given>>>);

impl Defaults {
    /// The statement whose rows [`Self::from_rows`] reads: those for one user first, then those for
    /// one company.
    pub(super) fn statement() -> Sql {
        Sql::text(include_str!("../../../sql/queries/registry/defaults.sql"))
    }

    pub(super) fn from_rows(rows: &[Row]) -> Self {
        let mut all = Self::default();
        for row in rows {
            let Ok(value) = serde_json::from_str(&text(row, 4)) else { continue };
            let only = |place| Some(int(row, place)).filter(|id| *id != 0);
            let given = Given { user: only(2), company: only(3), value };
            all.0.entry(text(row, 0)).or_default().entry(text(row, 1)).or_default().push(given);
        }
        all
    }

    /// The defaults of a model for a user who works in a company, by field; with it whether the user alone has it.
    pub fn of_model(
        &self,
        model: &str,
        user: i64,
        company: i64,
    ) -> impl Iterator<Item = (&str, &Json, bool)> {
        let fits = move |given: &&Given| {
            given.user.is_none_or(|id| id == user) && given.company.is_none_or(|id| id == company)
        };
        self.0.get(model).into_iter().flatten().filter_map(move |(field, known)| {
            known.iter().find(fits).map(|given| (field.as_str(), &given.value, given.user.is_some()))
        })
    }
}
