//! Parameters of an OAuth request: each at most once, and one without a value is none (RFC 6749, 3.1).

use std::fmt;

use url::form_urlencoded;

use crate::auth::oauth::{Outcome, Refusal};

/// More parameters than any request has.
const MOST: usize = 100;

/// The parameters; see the module. They are never printed: some are secrets.
#[derive(Default)]
pub(in crate::http) struct Form(Vec<(String, String)>);

impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Form {
    /// Reads urlencoded texts as one: the query, the body, or both.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidRequest`] for a parameter that is given twice.
    pub(in crate::http) fn parse(sources: &[&[u8]]) -> Outcome<Self> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in sources.iter().flat_map(|source| form_urlencoded::parse(source)) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::request("A parameter was given more than once."));
            }
            if parameters.len() >= MOST {
                return Err(Refusal::request("There are too many parameters."));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// A parameter with a value.
    pub(in crate::http) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether there is none at all.
    pub(in crate::http) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_empty())
    }

    /// A parameter that has to be there.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidRequest`] that names it.
    pub(in crate::http) fn required(&self, name: &'static str) -> Outcome<&str> {
        self.get(name)
            .ok_or_else(|| Refusal::InvalidRequest(format!("The parameter {name} is missing.").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_twice_is_refused_even_in_query_and_body() {
        assert!(Form::parse(&[b"a=1&b=2", b"c=3"]).is_ok());
        assert!(Form::parse(&[b"a=1&a=1"]).is_err());
        assert!(Form::parse(&[b"a=1", b"a="]).is_err());
    }

    #[test]
    fn no_value_is_no_parameter() {
        let form = Form::parse(&[b"state=&code=x%2Fy"]).unwrap();

        assert_eq!((form.get("state"), form.get("code")), (None, Some("x/y")));
    }
}
