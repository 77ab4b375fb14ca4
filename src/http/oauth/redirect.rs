//! The way back to the client: the registered URI with what it is told (RFC 6749 4.1.2, RFC 9207).

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What needs no escape in a query, and is easier to read so.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What cannot stand in a header. A registered URI is otherwise kept to the letter.
const HEADER: &AsciiSet = &CONTROLS.add(b' ');

/// Adds parameters to a registered URI. Its own query is kept, but for parameters of the same name: each is
/// there once, and ours count.
pub(in crate::http) fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let (base, query) = uri.split_once('?').map_or((uri, None), |(base, query)| (base, Some(query)));
    let is_ours = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        parameters.iter().any(|(ours, _)| *ours == name)
    };
    let own = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.is_empty() && !is_ours(pair));
    let told = parameters.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)));
    let all: Vec<String> = own.map(str::to_owned).chain(told).collect();
    let whole = if all.is_empty() { base.to_owned() } else { format!("{base}?{}", all.join("&")) };
    utf8_percent_encode(&whole, HEADER).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_the_uri_stays_and_each_parameter_is_there_once() {
        let told = [("code", "abc"), ("state", "a b+c/=&%ü")];

        assert_eq!(
            with_parameters("https://a.example/cb", &told),
            "https://a.example/cb?code=abc&state=a%20b%2Bc%2F%3D%26%25%C3%BC"
        );
        assert_eq!(
            with_parameters("https://a.example/cb?x=1&state=fixed&y=", &told[..1]),
            "https://a.example/cb?x=1&state=fixed&y=&code=abc"
        );
        assert_eq!(
            with_parameters("https://a.example/?st%61te=1", &[("state", "2")]),
            "https://a.example/?state=2"
        );
    }
}
