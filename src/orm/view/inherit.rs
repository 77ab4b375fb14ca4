//! Views that change others: each element of an extension names an element of the view, and what
//! becomes of it.

use std::collections::BTreeSet;

use super::arch::{Element, Fault, Node};

type Result<T> = std::result::Result<T, Fault>;

/// Steps of a path; nobody writes longer ones.
const MOST_STEPS: usize = 12;

/// Where an element is: the places of its ancestors and its own, from the root down.
type Place = Vec<usize>;

/// Changes a view by an extension.
///
/// # Errors
///
/// A [`Fault`] in the extension: an element that the view does not have, a position that is none.
pub fn apply(view: &mut Element, extension: &Element) -> Result<()> {
    if extension.tag == "data" {
        return extension.elements().try_for_each(|change| apply(view, change));
    }
    let place = find(view, extension)?;
    match extension.attribute("position").unwrap_or("inside") {
        "inside" => {
            let target = at(view, &place).ok_or_else(|| lost(extension))?;
            target.children.extend(extension.children.iter().cloned());
        }
        "attributes" => {
            let target = at(view, &place).ok_or_else(|| lost(extension))?;
            extension.elements().try_for_each(|change| attribute(target, change))?;
        }
        position @ ("after" | "before" | "replace") => beside(view, &place, extension, position)?,
        other => {
            return Err(Fault::at(
                extension,
                format!("'{other}' is no position: inside, after, before, replace or attributes"),
            ));
        }
    }
    Ok(())
}

fn lost(extension: &Element) -> Fault {
    let mut wanted = extension.clone();
    wanted.children.clear();
    Fault::at(extension, format!("the view has no element for {}", wanted.write()))
}

fn beside(view: &mut Element, place: &[usize], extension: &Element, position: &str) -> Result<()> {
    let new = extension.children.iter().cloned();
    let Some((last, above)) = place.split_last() else {
        // The root itself: there is nothing beside it.
        let mut roots = extension.elements();
        return match (position, roots.next(), roots.next()) {
            ("replace", Some(root), None) => {
                *view = root.clone();
                Ok(())
            }
            _ => Err(Fault::at(extension, "the root of a view can only be replaced, by one element")),
        };
    };
    let parent = at(view, above).ok_or_else(|| lost(extension))?;
    let range = match position {
        "after" => last + 1..last + 1,
        "before" => *last..*last,
        _ => *last..last + 1,
    };
    parent.children.splice(range, new);
    Ok(())
}

/// `<attribute name="class" add="x" remove="y" separator=" "/>`, or with the whole value as its text.
fn attribute(target: &mut Element, change: &Element) -> Result<()> {
    let name = change.attribute("name").filter(|_| change.tag == "attribute");
    let name = name.ok_or_else(|| Fault::at(change, "an <attribute name=\"…\"> is wanted here"))?;
    let (add, remove) = (change.attribute("add"), change.attribute("remove"));
    if add.is_none() && remove.is_none() {
        let text: String = change
            .children
            .iter()
            .filter_map(|child| match child {
                Node::Text(text) => Some(text.trim()),
                Node::Element(_) => None,
            })
            .collect();
        if text.is_empty() {
            target.remove(name);
        } else {
            target.set(name, &text);
        }
        return Ok(());
    }
    let separator = change.attribute("separator").unwrap_or(",");
    let parts = |text: &str| -> Vec<String> {
        text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let mut values = parts(target.attribute(name).unwrap_or_default());
    let removed = parts(remove.unwrap_or_default());
    values.retain(|value| !removed.contains(value));
    for value in parts(add.unwrap_or_default()) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    target.set(name, &values.join(separator));
    Ok(())
}

fn at<'a>(view: &'a mut Element, place: &[usize]) -> Option<&'a mut Element> {
    place.iter().try_fold(view, |parent, index| match parent.children.get_mut(*index) {
        Some(Node::Element(element)) => Some(element),
        _ => None,
    })
}

fn find(view: &Element, extension: &Element) -> Result<Place> {
    let found = if extension.tag == "xpath" {
        let path =
            extension.attribute("expr").ok_or_else(|| Fault::at(extension, "an xpath needs an expr"))?;
        let steps = steps(path).ok_or_else(|| {
            Fault::at(
                extension,
                format!("'{path}' is not understood: elements by tag, [@attribute='value'], [number] and hasclass() are"),
            )
        })?;
        follow(view, &steps)
    } else {
        // By its tag and all its attributes; a field by its name alone.
        let is_field = extension.tag == "field";
        let wanted: Vec<Test> = extension
            .attributes
            .iter()
            .filter(|(name, _)| if is_field { name == "name" } else { name != "position" })
            .map(|(name, value)| Test::Attribute(name.clone(), value.clone()))
            .collect();
        follow(view, &[Step { anywhere: true, tag: extension.tag.clone(), tests: wanted }])
    };
    found.ok_or_else(|| lost(extension))
}

/// One step of a path: `//field[@name='x']`.
#[derive(Debug)]
struct Step {
    anywhere: bool,
    tag: String,
    tests: Vec<Test>,
}

#[derive(Debug)]
enum Test {
    Attribute(String, String),
    Class(String),
    Number(usize),
}

/// The steps of a path; none when it says more than views need.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim();
    if let Some(relative) = rest.strip_prefix('.') {
        rest = relative;
    }
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (anywhere, after) = match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
            (Some(after), _) => (true, after),
            (None, Some(after)) => (false, after),
            (None, None) if steps.is_empty() => (true, rest),
            (None, None) => return None,
        };
        let end = after.find(['/', '[']).unwrap_or(after.len());
        let (tag, after) = after.split_at_checked(end)?;
        let is_tag = |letter: char| letter.is_alphanumeric() || "_-.*".contains(letter);
        if tag.is_empty() || !tag.chars().all(is_tag) {
            return None;
        }
        let mut step = Step { anywhere, tag: tag.to_owned(), tests: Vec::new() };
        rest = after;
        while let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = closing(after)?;
            step.tests.push(test(inside.trim())?);
            rest = after;
        }
        steps.push(step);
    }
    (1..=MOST_STEPS).contains(&steps.len()).then_some(steps)
}

/// What stands before the bracket that closes, which may be in a quoted text itself.
fn closing(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (None, ']') => {
                return text
                    .split_at_checked(place)
                    .and_then(|(inside, rest)| Some((inside, rest.strip_prefix(']')?)));
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}

fn quoted(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
    (!inside.contains(['\'', '"'])).then(|| inside.to_owned())
}

fn test(text: &str) -> Option<Test> {
    if let Ok(number) = text.parse() {
        return Some(Test::Number(number));
    }
    if let Some(inside) = text.strip_prefix("hasclass(").and_then(|rest| rest.strip_suffix(')')) {
        return quoted(inside).map(Test::Class);
    }
    let (name, value) = text.strip_prefix('@')?.split_once('=')?;
    Some(Test::Attribute(name.trim().to_owned(), quoted(value)?))
}

/// The first element that the steps lead to.
fn follow(view: &Element, steps: &[Step]) -> Option<Place> {
    // The root is reached as a child of nothing.
    let mut reached: BTreeSet<Option<Place>> = BTreeSet::from([None]);
    for step in steps {
        let counts = step.tests.iter().any(|test| matches!(test, Test::Number(_)));
        let mut next: BTreeSet<Option<Place>> = BTreeSet::new();
        let mut covered: Option<&Place> = None;
        for place in &reached {
            // What lies below another reached place has been looked through with that.
            let is_below = |above: &&Place| place.as_ref().is_some_and(|place| place.starts_with(above));
            if step.anywhere && !counts && covered.is_some_and(|above| is_below(&above)) {
                continue;
            }
            covered = place.as_ref();
            let mut candidates = Vec::new();
            children(view, place.as_ref(), step.anywhere, &mut candidates);
            next.extend(select(view, candidates, step).into_iter().map(Some));
        }
        reached = next;
    }
    reached.into_iter().flatten().next()
}

fn look<'a>(view: &'a Element, place: &[usize]) -> Option<&'a Element> {
    place.iter().try_fold(view, |parent, index| match parent.children.get(*index) {
        Some(Node::Element(element)) => Some(element),
        _ => None,
    })
}

fn children(view: &Element, place: Option<&Place>, anywhere: bool, found: &mut Vec<Place>) {
    let Some(place) = place else {
        found.push(Place::new());
        if anywhere {
            children(view, Some(&Place::new()), true, found);
        }
        return;
    };
    let Some(parent) = look(view, place) else { return };
    for (index, child) in parent.children.iter().enumerate() {
        if let Node::Element(_) = child {
            let mut own = place.clone();
            own.push(index);
            found.push(own.clone());
            if anywhere {
                children(view, Some(&own), true, found);
            }
        }
    }
}

fn select(view: &Element, candidates: Vec<Place>, step: &Step) -> Vec<Place> {
    let has_tag =
        |place: &Place| look(view, place).is_some_and(|element| step.tag == "*" || element.tag == step.tag);
    let mut kept: Vec<Place> = candidates.into_iter().filter(has_tag).collect();
    for test in &step.tests {
        kept = match test {
            Test::Number(number) => {
                number.checked_sub(1).and_then(|place| kept.get(place).cloned()).into_iter().collect()
            }
            Test::Attribute(name, value) => {
                kept.retain(|place| {
                    look(view, place).and_then(|element| element.attribute(name)) == Some(value.as_str())
                });
                kept
            }
            Test::Class(class) => {
                kept.retain(|place| {
                    let classes = look(view, place).and_then(|element| element.attribute("class"));
                    classes.unwrap_or_default().split_whitespace().any(|own| own == class)
                });
                kept
            }
        };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: &str = r#"<form><sheet><group name="a"><field name="x"/></group><group name="b" class="p q"><field name="y"/></group></sheet></form>"#;

    fn changed(extension: &str) -> std::result::Result<String, String> {
        let mut view = Element::parse(VIEW).unwrap();
        let extension = Element::parse(extension).map_err(|fault| fault.to_string())?;
        apply(&mut view, &extension).map_err(|fault| fault.to_string())?;
        Ok(view.write())
    }

    #[test]
    fn a_field_is_put_beside_another() {
        let after = changed(r#"<field name="x" position="after"><field name="z"/></field>"#).unwrap();
        assert!(after.contains(r#"<field name="x"/><field name="z"/></group>"#), "{after}");
        let before = changed(r#"<field name="y" position="before"><field name="z"/></field>"#).unwrap();
        assert!(before.contains(r#"<field name="z"/><field name="y"/>"#), "{before}");
    }

    #[test]
    fn a_path_finds_by_attribute_class_and_number() {
        for path in
            ["//group[@name='b']", "//group[hasclass('q')]", "/form/sheet/group[2]", "//sheet/group[2]"]
        {
            let done =
                changed(&format!(r#"<xpath expr="{path}" position="inside"><field name="z"/></xpath>"#))
                    .unwrap();
            assert!(done.contains(r#"<field name="y"/><field name="z"/>"#), "{path}: {done}");
        }
    }

    #[test]
    fn attributes_are_set_added_to_and_removed() {
        let done = changed(
            r#"<data><group name="b" position="attributes"><attribute name="class" add="r" remove="p" separator=" "/><attribute name="string">Hi</attribute></group><field name="x" position="attributes"><attribute name="name"/></field></data>"#,
        )
        .unwrap();
        assert!(done.contains(r#"<group name="b" class="q r" string="Hi">"#), "{done}");
        assert!(done.contains("<field/>"), "{done}");
    }

    #[test]
    fn what_is_replaced_is_gone() {
        let done = changed(r#"<xpath expr="//group[@name='a']" position="replace"/>"#).unwrap();
        assert!(!done.contains(r#"name="x""#), "{done}");
    }

    #[test]
    fn what_the_view_does_not_have_is_a_fault() {
        for bad in [
            r#"<field name="nope" position="after"/>"#,
            r#"<xpath expr="//field[count(.) > 2]" position="after"/>"#,
            r#"<xpath position="after"/>"#,
            r#"<field name="x" position="somewhere"/>"#,
            r#"<form position="after"><p/></form>"#,
        ] {
            assert!(changed(bad).is_err(), "{bad}");
        }
    }
}
