//! From JSON Schema to the model.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Body, Document, Member, Shape, Type, Variant, pascal};

/// The type of amounts; it becomes [`Shape::Fen`] everywhere.
const MONEY: &str = "Money";

/// Reads the types of one document.
pub(super) struct Reader<'a> {
    document: &'a Document,
    names: &'a BTreeMap<String, String>,
    types: &'a mut BTreeMap<String, Type>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document, names: &'a BTreeMap<String, String>, types: &'a mut BTreeMap<String, Type>) -> Reader<'a> {
        Reader { document, names, types }
    }

    /// Declares every definition of the document.
    pub(super) fn definitions(&mut self) -> Result<(), String> {
        let (document, names) = (self.document, self.names);
        for (name, schema) in document.definitions.iter().filter(|(name, _)| *name != MONEY) {
            self.declare(names.get(name).unwrap_or(name), schema)?;
        }
        Ok(())
    }

    /// Declares a type, or finds it declared with the same body.
    pub(super) fn declare(&mut self, name: &str, schema: &Value) -> Result<(), String> {
        let declared = Type { doc: doc(schema), body: self.body(name, schema)? };
        match self.types.get(name) {
            Some(there) if there.body != declared.body && !same_but_for_texts(&there.body, &declared.body) => {
                Err(format!("{}: {name} is there already, with another form", self.document.label))
            }
            Some(_) => Ok(()),
            None => {
                self.types.insert(name.to_owned(), declared);
                Ok(())
            }
        }
    }

    fn body(&mut self, name: &str, schema: &Value) -> Result<Body, String> {
        let Some(variants) = variants(schema).filter(|variants| !variants.iter().any(is_null)) else {
            return if is_record(schema) { Ok(Body::Record(self.members(name, schema)?)) } else { Ok(Body::Alias(self.leaf(name, "", schema)?)) };
        };
        if let Some(words) = words(variants) {
            return Ok(Body::Words(words));
        }
        if let Some(tag) = tag(variants) {
            let variants = variants.iter().map(|variant| self.variant(name, tag, schema, variant)).collect::<Result<_, _>>()?;
            return Ok(Body::Union { tag: tag.to_owned(), variants });
        }
        Ok(Body::Alias(self.leaf(name, "", schema)?))
    }

    /// A form of a union: its own members, those of a type it takes over, and those that every form shares.
    fn variant(&mut self, union: &str, tag: &str, whole: &Value, variant: &Value) -> Result<Variant, String> {
        let word = const_of(variant, tag).ok_or_else(|| format!("{union}: a form without {tag}"))?.to_owned();
        let name = format!("{union}{}", pascal(&word));
        let mut members = self.members(&name, variant)?;
        if let Some(path) = variant.get("$ref").and_then(Value::as_str) {
            let inner = self.definition(path)?;
            if !is_record(inner) {
                return Err(format!("{name} takes over {path}, which is no object"));
            }
            members.extend(self.members(&name, inner)?);
        }
        members.extend(self.members(union, whole)?);
        members.retain(|member| member.name != tag);
        Ok(Variant { name, word, doc: doc(variant), members })
    }

    fn members(&mut self, owner: &str, schema: &Value) -> Result<Vec<Member>, String> {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(Vec::new()) };
        let required = |name: &str| schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name));
        let mut members = Vec::new();
        for (name, member) in properties {
            let default = member.get("default").filter(|d| !d.is_null() && !d.is_object()).map(|d| format!(" Default `{d}`."));
            let doc = doc(member) + &default.unwrap_or_default();
            members.push(Member { name: name.clone(), doc, shape: self.shape(&format!("{owner}{}", pascal(name)), name, member)?, required: required(name) });
        }
        Ok(members)
    }

    /// What a value is; an object or union that has no name of its own is declared as `name`.
    pub(super) fn shape(&mut self, name: &str, member: &str, schema: &Value) -> Result<Shape, String> {
        let own = is_record(schema) || variants(schema).is_some_and(|variants| !variants.iter().any(is_null) && (words(variants).is_some() || tag(variants).is_some()));
        if own {
            self.declare(name, schema)?;
            return Ok(Shape::Named(name.to_owned()));
        }
        self.leaf(name, member, schema)
    }

    fn leaf(&mut self, name: &str, member: &str, schema: &Value) -> Result<Shape, String> {
        if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
            self.definition(path)?;
            let referred = path.trim_start_matches("#/$defs/");
            return Ok(if referred == MONEY { Shape::Fen } else { Shape::Named(self.names.get(referred).cloned().unwrap_or_else(|| referred.to_owned())) });
        }
        if let Some(Value::String(word)) = schema.get("const") {
            return Ok(Shape::Word(word.clone()));
        }
        if let Some(variants) = variants(schema) {
            let rest: Vec<&Value> = variants.iter().filter(|variant| !is_null(variant)).collect();
            let several = rest.iter().map(|one| self.shape(name, member, one)).collect::<Result<Vec<_>, _>>()?;
            let shape = match <[Shape; 1]>::try_from(several) {
                Ok([one]) => one,
                Err(several) => Shape::Either(several),
            };
            return Ok(if rest.len() < variants.len() { Shape::Nullable(Box::new(shape)) } else { shape });
        }
        match schema.get("type") {
            // No type at all: any JSON.
            None => Ok(Shape::Any),
            Some(Value::Array(types)) => {
                let mut rest = types.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                match (rest.next(), rest.next(), types.len()) {
                    (Some(one), None, 2) => Ok(Shape::Nullable(Box::new(self.plain(name, member, one, schema)?))),
                    _ => Err(format!("{}: {name} has types that the model has no word for", self.document.label)),
                }
            }
            Some(Value::String(one)) => self.plain(name, member, one, schema),
            Some(_) => Err(format!("{}: {name} has no type that can be read", self.document.label)),
        }
    }

    fn plain(&mut self, name: &str, member: &str, one: &str, schema: &Value) -> Result<Shape, String> {
        match one {
            "string" => Ok(Shape::Text),
            "integer" if member.ends_with("_fen") => Ok(Shape::Fen),
            "integer" => Ok(Shape::Integer),
            "boolean" => Ok(Shape::Bool),
            "array" => {
                let items = schema.get("items").ok_or_else(|| format!("{name}: a list of nothing"))?;
                Ok(Shape::List(Box::new(self.shape(name, member, items)?)))
            }
            "object" => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => Ok(Shape::Map(Box::new(self.shape(name, member, values)?))),
                None => Err(format!("{name}: an object without members")),
            },
            other => Err(format!("{}: {name} is a {other}, which the model has no word for", self.document.label)),
        }
    }

    fn definition(&self, path: &str) -> Result<&'a Value, String> {
        self.document.definitions.get(path.trim_start_matches("#/$defs/")).ok_or_else(|| format!("{}: {path} leads nowhere", self.document.label))
    }
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

/// An object of members that are known, perhaps none.
fn is_record(schema: &Value) -> bool {
    let open = schema.get("additionalProperties").is_some_and(Value::is_object);
    schema.get("type").is_some_and(|name| name == "object") && !open && variants(schema).is_none()
}

fn words(variants: &[Value]) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for variant in variants {
        match (variant.get("const"), variant.get("enum").and_then(Value::as_array)) {
            (Some(Value::String(word)), _) => found.push((word.clone(), doc(variant))),
            (_, Some(several)) => several.iter().filter_map(Value::as_str).for_each(|word| found.push((word.to_owned(), doc(variant)))),
            _ => return None,
        }
    }
    Some(found)
}

/// The member that tells the forms of a union apart.
fn tag(variants: &[Value]) -> Option<&str> {
    let first = variants.first()?.get("properties")?.as_object()?;
    let tag = first.iter().find(|(_, member)| member.get("const").is_some_and(Value::is_string))?.0;
    variants.iter().all(|variant| const_of(variant, tag).is_some()).then_some(tag)
}

fn const_of<'v>(variant: &'v Value, tag: &str) -> Option<&'v str> {
    variant.get("properties")?.get(tag)?.get("const")?.as_str()
}

/// What is written about a schema.
pub(super) fn doc(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).map(prose).unwrap_or_default()
}

/// Doc comments as one line, without rustdoc's links.
fn prose(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`")
}

fn same_but_for_texts(one: &Body, two: &Body) -> bool {
    fn bare(members: &[Member]) -> Vec<Member> {
        members.iter().cloned().map(|member| Member { doc: String::new(), ..member }).collect()
    }
    match (one, two) {
        (Body::Record(one), Body::Record(two)) => bare(one) == bare(two),
        (Body::Words(one), Body::Words(two)) => one.iter().map(|(word, _)| word).eq(two.iter().map(|(word, _)| word)),
        (Body::Union { tag: one_tag, variants: one }, Body::Union { tag: two_tag, variants: two }) => {
            let bare = |variant: &Variant| Variant { doc: String::new(), members: bare(&variant.members), ..variant.clone() };
            one_tag == two_tag && one.iter().map(bare).eq(two.iter().map(bare))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(schema: &Value) -> Result<(Shape, BTreeMap<String, Type>), String> {
        let definitions = json!({ "Money": { "type": "integer" }, "Line": { "type": "object", "properties": { "n": { "type": "integer", "description": "A  [`n`]\n number.", "default": 3 } } } });
        let document = Document::new("test", true, Some(&definitions));
        let names = document.definitions.keys().map(|name| (name.clone(), name.clone())).collect();
        let mut types = BTreeMap::new();
        let mut reader = Reader::new(&document, &names, &mut types);
        reader.definitions()?;
        let shape = reader.shape("Root", "", schema)?;
        Ok((shape, types))
    }

    fn members(schema: &Value) -> Vec<Member> {
        match read(schema).unwrap().1.remove("Root").unwrap().body {
            Body::Record(members) => members,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn members_have_their_shapes() {
        let found = members(&json!({ "type": "object", "required": ["a_fen"], "properties": {
            "a_fen": { "$ref": "#/$defs/Money" }, "b_fen": { "type": ["array", "null"], "items": { "type": "integer" } },
            "c": { "anyOf": [{ "$ref": "#/$defs/Line" }, { "type": "null" }] }, "d": { "type": "object", "additionalProperties": { "type": "integer" } },
            "e": { "type": "object", "properties": {} }, "f": {}, "g": { "type": "boolean" }, "h": { "anyOf": [{ "type": "integer" }, { "type": "string" }, { "type": "null" }] } } }));
        let shapes: Vec<(bool, Shape)> = found.into_iter().map(|member| (member.required, member.shape)).collect();
        let named = |name: &str| Shape::Named(name.to_owned());
        let boxed = Box::new;
        assert_eq!(
            shapes,
            [
                (true, Shape::Fen),
                (false, Shape::Nullable(boxed(Shape::List(boxed(Shape::Fen))))),
                (false, Shape::Nullable(boxed(named("Line")))),
                (false, Shape::Map(boxed(Shape::Integer))),
                (false, named("RootE")),
                (false, Shape::Any),
                (false, Shape::Bool),
                (false, Shape::Nullable(boxed(Shape::Either(vec![Shape::Integer, Shape::Text])))),
            ]
        );
    }

    #[test]
    fn texts_are_one_line_and_tell_defaults() {
        let (_, types) = read(&json!({ "$ref": "#/$defs/Line" })).unwrap();
        let Body::Record(members) = &types["Line"].body else { panic!("{types:?}") };
        assert_eq!(members[0].doc, "A `n` number. Default `3`.");
        // Amounts are a shape, no type.
        assert!(!types.contains_key("Money"));
    }

    #[test]
    fn a_form_has_its_own_members_those_it_takes_over_and_those_all_share() {
        let union = json!({ "type": "object", "properties": { "at": { "type": "string" } }, "oneOf": [
            { "type": "object", "properties": { "did": { "const": "it" } }, "$ref": "#/$defs/Line", "required": ["did"] },
            { "type": "object", "properties": { "did": { "const": "not_it" }, "why": { "type": "string" } }, "required": ["did", "why"] } ] });
        let (shape, types) = read(&union).unwrap();
        assert_eq!(shape, Shape::Named("Root".to_owned()));
        let Body::Union { tag, variants } = &types["Root"].body else { panic!("{types:?}") };
        let seen: Vec<(&str, Vec<&str>)> = variants.iter().map(|v| (v.name.as_str(), v.members.iter().map(|m| m.name.as_str()).collect())).collect();
        assert_eq!((tag.as_str(), seen), ("did", vec![("RootIt", vec!["n", "at"]), ("RootNotIt", vec!["why", "at"])]));
    }

    #[test]
    fn what_the_model_has_no_word_for_is_refused() {
        for schema in [
            json!({ "type": "number" }),
            json!({ "type": ["string", "integer"] }),
            json!({ "type": 7 }),
            json!({ "type": "array" }),
            json!({ "$ref": "#/$defs/Gone" }),
            json!({ "type": "object", "properties": { "x": { "type": "number" } } }),
        ] {
            assert!(read(&schema).is_err(), "{schema}");
        }
    }
}
