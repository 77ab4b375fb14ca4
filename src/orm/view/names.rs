//! The names that an expression of a view asks for: `not active or model_limit != 'none'`.

/// Words that are no fields: Python's own, and what the web client lends to every expression.
const WORDS: [&str; 34] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "True",
    "False",
    "None",
    "true",
    "false",
    "id",
    "uid",
    "parent",
    "context",
    "active_id",
    "active_ids",
    "active_model",
    "allowed_company_ids",
    "current_company_id",
    "companies",
    "context_today",
    "current_date",
    "time",
    "datetime",
    "relativedelta",
    "today",
    "now",
    "len",
    "self",
    "set",
    "bool",
    "str",
];

/// The fields of the record that an expression names: a name after a point belongs to another, a
/// quoted text is none.
pub fn fields(expression: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut rest = expression;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let after = rest.get(1..).unwrap_or_default();
            let end = after.find(first).map_or(after.len(), |end| end + 1);
            rest = after.get(end..).unwrap_or_default();
            before = first;
            continue;
        }
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        if !is_name(first) {
            if !first.is_whitespace() {
                before = first;
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let is_called = after.trim_start().starts_with('(');
        if before != '.'
            && !first.is_numeric()
            && !is_called
            && !WORDS.contains(&word)
            && !found.contains(&word)
        {
            found.push(word);
        }
        before = 'a';
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn only_names_of_the_record_are_fields() {
        assert_eq!(fields("not active or model_limit != 'white list'"), ["active", "model_limit"]);
        assert_eq!(fields("parent.state == \"x\" and (company_id in allowed_company_ids)"), ["company_id"]);
        assert_eq!(fields("create_date < context_today().strftime('%Y') and 1"), ["create_date"]);
        assert_eq!(fields("'unclosed and é"), Vec::<&str>::new());
    }
}
