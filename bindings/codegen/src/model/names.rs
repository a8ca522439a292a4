//! Names of types. The same name must mean the same type in the whole contract; a type that a response writes in another form than a request
//! may have (nothing left out) has the suffix `Response` there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Document;

/// What was seen under a name: its form in full, with the names of its members.
struct Seen {
    form: String,
    outline: BTreeSet<String>,
    inward: bool,
    label: String,
}

/// For each document: name of a definition there → name in the model.
pub(super) fn resolve(documents: &[Document]) -> Result<Vec<BTreeMap<String, String>>, String> {
    let mut seen: BTreeMap<&str, Vec<Seen>> = BTreeMap::new();
    for document in documents {
        for (name, schema) in &document.definitions {
            let form = form(schema, document, &mut vec![name])?;
            let forms = seen.entry(name).or_default();
            match forms.iter_mut().find(|seen| seen.form == form) {
                // What is seen from both sides has its plain name.
                Some(seen) => seen.inward |= document.inward,
                None => forms.push(Seen { form, outline: outline(schema), inward: document.inward, label: document.label.clone() }),
            }
        }
    }
    let plain = |name: &str| -> Result<Option<&str>, String> {
        match seen.get(name).map(Vec::as_slice).unwrap_or_default() {
            [_] => Ok(None),
            [one, two] if one.inward != two.inward && one.outline == two.outline => Ok(Some(if one.inward { &one.form } else { &two.form })),
            several => {
                let labels: Vec<&str> = several.iter().map(|seen| seen.label.as_str()).collect();
                Err(format!("{name} means different types in {}: rename all but one (`schemars(rename)`)", labels.join(", ")))
            }
        }
    };
    let mut renamed = Vec::new();
    for document in documents {
        let mut names = BTreeMap::new();
        for (name, schema) in &document.definitions {
            let other = match plain(name)? {
                Some(plain) => form(schema, document, &mut vec![name])? != plain,
                None => false,
            };
            names.insert(name.clone(), if other { format!("{name}Response") } else { name.clone() });
        }
        renamed.push(names);
    }
    Ok(renamed)
}

/// A schema with everything it refers to and without what makes no type: texts, limits, defaults.
fn form<'d>(schema: &Value, document: &'d Document, open: &mut Vec<&'d str>) -> Result<String, String> {
    let Value::Object(members) = schema else { return Ok(schema.to_string()) };
    let mut text = String::new();
    for (key, value) in members {
        match (key.as_str(), value) {
            ("$ref", Value::String(path)) => {
                let (name, inner) = document.definitions.get_key_value(path.trim_start_matches("#/$defs/")).ok_or_else(|| format!("{}: {path} leads nowhere", document.label))?;
                if open.contains(&name.as_str()) {
                    return Err(format!("{}: {name} contains itself", document.label));
                }
                open.push(name);
                text.push_str(&format!("{name}={}", form(inner, document, open)?));
                open.pop();
            }
            ("properties", Value::Object(properties)) => {
                for (name, member) in properties {
                    text.push_str(&format!("{name}:{},", form(member, document, open)?));
                }
            }
            ("oneOf" | "anyOf", Value::Array(several)) => {
                for one in several {
                    text.push_str(&format!("|{}", form(one, document, open)?));
                }
            }
            ("items", _) | ("additionalProperties", Value::Object(_)) => text.push_str(&format!("{key}:{}", form(value, document, open)?)),
            ("required", Value::Array(names)) => {
                let names: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
                text.push_str(&format!("required:{names:?}"));
            }
            ("type" | "const" | "enum", _) => text.push_str(&format!("{key}={value}")),
            _ => {}
        }
    }
    Ok(format!("{{{text}}}"))
}

/// What a type is told by, whichever side looks at it: members, words, tags.
fn outline(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, member) in properties {
            found.insert(format!("{name}{}", member.get("const").map(Value::to_string).unwrap_or_default()));
        }
    }
    for variant in schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array).into_iter().flatten() {
        found.extend(outline(variant));
        found.extend(["const", "enum"].iter().filter_map(|key| variant.get(key)).map(Value::to_string));
    }
    found
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '_', '-']).filter(|word| !word.is_empty())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `bill.group_batch` → `BillGroupBatch`.
pub(crate) fn pascal(name: &str) -> String {
    words(name).map(capital).collect()
}

/// `take_number` → `takeNumber`.
pub(crate) fn camel(name: &str) -> String {
    let mut parts = words(name);
    parts.next().map(|first| parts.fold(first.to_owned(), |text, word| text + &capital(word))).unwrap_or_default()
}

/// `BillGroup` → `bill_group`.
pub(crate) fn snake(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, letter)| {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(label: &str, inward: bool, definitions: Value) -> Document {
        Document::new(label, inward, Some(&definitions))
    }

    fn line(required: Value) -> Value {
        json!({ "Line": { "type": "object", "description": "x", "properties": { "n": { "type": "integer" }, "m": { "type": "integer" } }, "required": required } })
    }

    #[test]
    fn one_type_has_one_name_whatever_is_written_about_it() {
        let mut other = line(json!(["m", "n"]));
        other["Line"]["description"] = json!("y");
        let names = resolve(&[document("a", true, line(json!(["n", "m"]))), document("b", false, other)]).unwrap();
        assert_eq!((names[0]["Line"].as_str(), names[1]["Line"].as_str()), ("Line", "Line"));
    }

    #[test]
    fn a_response_that_leaves_nothing_out_has_a_suffix_and_so_has_what_contains_it() {
        let with = |required: Value| {
            let mut all = line(required);
            all["Bill"] = json!({ "type": "object", "properties": { "line": { "$ref": "#/$defs/Line" } } });
            all
        };
        let names = resolve(&[document("b", false, with(json!(["n", "m"]))), document("a", true, with(json!(["n"])))]).unwrap();
        assert_eq!((names[0]["Line"].as_str(), names[0]["Bill"].as_str()), ("LineResponse", "BillResponse"));
        assert_eq!((names[1]["Line"].as_str(), names[1]["Bill"].as_str()), ("Line", "Bill"));
    }

    #[test]
    fn two_types_of_one_name_are_refused() {
        let other = json!({ "Line": { "type": "object", "properties": { "k": { "type": "integer" } } } });
        let told = resolve(&[document("a", true, line(json!([]))), document("b", false, other)]).unwrap_err();
        assert!(told.contains("Line means different types in a, b"), "{told}");
        // Twice within requests is no matter of sides either.
        assert!(resolve(&[document("a", true, line(json!([]))), document("b", true, line(json!(["n"])))]).is_err());
        let words = |word: &str| json!({ "Way": { "oneOf": [{ "const": word, "type": "string" }] } });
        assert!(resolve(&[document("a", true, words("in")), document("b", false, words("out"))]).is_err());
        assert!(resolve(&[document("a", true, json!({ "A": { "$ref": "#/$defs/A" } }))]).unwrap_err().contains("contains itself"));
    }

    #[test]
    fn names_are_written_as_each_language_has_them() {
        assert_eq!(pascal("id_document.check"), "IdDocumentCheck");
        assert_eq!((camel("take_number"), camel("unpaid")), ("takeNumber".to_owned(), "unpaid".to_owned()));
        assert_eq!(snake("BillGroupResponse"), "bill_group_response");
    }
}
