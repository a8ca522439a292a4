//! JSON Schema for people: a table of members per type.

use serde_json::{Map, Value};

/// A document's root type, then the types it refers to.
pub(crate) fn section(document: &Value) -> String {
    let mut text = body(document);
    if let Some(Value::Object(types)) = document.get("$defs") {
        for (name, schema) in types {
            text.push_str(&format!("\n### {name}\n\n{}", body(schema)));
        }
    }
    text
}

fn body(schema: &Value) -> String {
    let mut text = schema.get("description").and_then(Value::as_str).map(|d| format!("{}\n\n", flowing(d))).unwrap_or_default();
    if let Some(variants) = variants(schema) {
        if let Some(words) = words(variants) {
            text.push_str("| word | meaning |\n|---|---|\n");
            words.iter().for_each(|(word, meaning)| text.push_str(&format!("| `{word}` | {meaning} |\n")));
        } else {
            text.push_str("One of:\n");
            for variant in variants {
                let meaning = variant.get("description").and_then(Value::as_str).map(flowing).unwrap_or_default();
                text.push_str(&format!("\n- {}{}\n\n{}", named(variant), if meaning.is_empty() { String::new() } else { format!(": {meaning}") }, members(variant)));
            }
        }
        // Members that every variant shares.
        text.push_str(&members(schema));
        return text;
    }
    let table = members(schema);
    if table.is_empty() && schema.get("properties").is_none() {
        text.push_str(&format!("{}\n", capital(&kind(schema))));
    } else if table.is_empty() {
        text.push_str("No members.\n");
    }
    text + &table
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}

/// An enum of plain words.
fn words(variants: &[Value]) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for variant in variants {
        let meaning = variant.get("description").and_then(Value::as_str).map(flowing).unwrap_or_default();
        match (variant.get("const"), variant.get("enum").and_then(Value::as_array)) {
            (Some(Value::String(word)), _) => found.push((word.clone(), meaning)),
            (_, Some(several)) => several.iter().for_each(|word| found.push((word.as_str().unwrap_or_default().to_owned(), meaning.clone()))),
            _ => return None,
        }
    }
    Some(found)
}

/// The tag that tells a variant from the others.
fn named(variant: &Value) -> String {
    let tag = variant
        .get("properties")
        .and_then(Value::as_object)
        .and_then(|members| members.iter().find_map(|(name, m)| m.get("const").and_then(Value::as_str).map(|word| format!("`\"{name}\": \"{word}\"`"))));
    tag.unwrap_or_else(|| kind(variant))
}

fn members(schema: &Value) -> String {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return String::new() };
    let required = |name: &str| schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name));
    let rows: Vec<String> = properties
        .iter()
        .map(|(name, member)| {
            let meaning = member.get("description").and_then(Value::as_str).map(flowing).unwrap_or_default();
            let default = member.get("default").filter(|d| !d.is_null() && !d.is_object()).map(|d| format!(" Default `{d}`.")).unwrap_or_default();
            format!("| `{name}` | {} | {} | {meaning}{default} |\n", kind(member), if required(name) { "yes" } else { "no" })
        })
        .collect();
    if rows.is_empty() { String::new() } else { format!("| member | type | required | meaning |\n|---|---|---|---|\n{}", rows.concat()) }
}

/// A type in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_ascii_lowercase());
    }
    if let Some(word) = schema.get("const") {
        return format!("`{word}`");
    }
    if let Some(variants) = variants(schema) {
        return variants.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            let one = |name: &Value| schema.as_object().map(|members| kind(&Value::Object(with_type(members, name)))).unwrap_or_default();
            types.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        Some(Value::String(name)) => plain(name, schema),
        _ => "anything".to_owned(),
    }
}

fn with_type(members: &Map<String, Value>, name: &Value) -> Map<String, Value> {
    let mut members = members.clone();
    members.insert("type".to_owned(), name.clone());
    members
}

fn plain(name: &str, schema: &Value) -> String {
    let number = |key: &str| schema.get(key).map(ToString::to_string);
    match name {
        "array" => schema.get("items").map_or_else(|| "list".to_owned(), |items| format!("list of {}", kind(items))),
        "object" => match schema.get("additionalProperties").filter(|v| v.is_object()) {
            Some(values) => format!("object of {}", kind(values)),
            None => "object".to_owned(),
        },
        "string" => match (schema.get("format").and_then(Value::as_str), number("minLength"), number("maxLength"), schema.get("pattern").and_then(Value::as_str)) {
            (Some(format), ..) => format!("text ({format})"),
            (_, Some(min), Some(max), _) => format!("text of {min} to {max} characters"),
            (.., Some(pattern)) => format!("text `{}`", pattern.replace('|', "\\|")),
            _ => "text".to_owned(),
        },
        "integer" => match (number("minimum"), number("maximum")) {
            (Some(min), Some(max)) => format!("integer {min} to {max}"),
            (Some(min), None) => format!("integer from {min}"),
            _ => "integer".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// Doc comments in a table cell: one line, without rustdoc's links.
fn flowing(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    line.replace("[`", "`").replace("`]", "`")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
