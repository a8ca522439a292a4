//! The types of the contract as a host in another language declares them, made from the JSON Schemas of operations, batches and ports.
//!
//! The root of a request or response is named after its operation (`bill.group` → `BillGroupRequest`), everything else as in the core. What
//! the model has no word for stops the generator: a type that is left out would be missed by hosts only.

mod names;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use menjie_bridge::batch::{Batch, batches};
use menjie_bridge::ports::{PortSpec, specs};
use menjie_bridge::{Op, table};
use serde_json::Value;

pub(crate) use names::{camel, pascal, snake};

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Any JSON.
    Any,
    Text,
    Integer,
    /// Whole fen (分).
    Fen,
    Bool,
    /// Exactly this word.
    Word(String),
    List(Box<Shape>),
    /// An object with any keys.
    Map(Box<Shape>),
    Nullable(Box<Shape>),
    Either(Vec<Shape>),
    /// A type of the model.
    Named(String),
}

impl Shape {
    /// The names that stand in it.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Shape::Named(name) => vec![name],
            Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) => inner.names(),
            Shape::Either(several) => several.iter().flat_map(Shape::names).collect(),
            Shape::Any | Shape::Text | Shape::Integer | Shape::Fen | Shape::Bool | Shape::Word(_) => Vec::new(),
        }
    }
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) shape: Shape,
    /// Is it always there?
    pub(crate) required: bool,
}

/// One form of a tagged union: an object with a word that tells it from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// The name of the form as a type.
    pub(crate) name: String,
    pub(crate) word: String,
    pub(crate) doc: String,
    /// Its members besides the tag.
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Another name of a shape.
    Alias(Shape),
    /// One of these words, each with its meaning.
    Words(Vec<(String, String)>),
    Record(Vec<Member>),
    Union {
        tag: String,
        variants: Vec<Variant>,
    },
}

/// A type with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) doc: String,
    pub(crate) body: Body,
}

impl Type {
    fn shapes(&self) -> Vec<&Shape> {
        match &self.body {
            Body::Alias(shape) => vec![shape],
            Body::Words(_) => Vec::new(),
            Body::Record(members) => members.iter().map(|m| &m.shape).collect(),
            Body::Union { variants, .. } => variants.iter().flat_map(|v| v.members.iter().map(|m| &m.shape)).collect(),
        }
    }
}

/// A method of a port.
pub(crate) struct PortMethod {
    /// Behind the port's name: `unpaid`.
    pub(crate) word: String,
    pub(crate) acts: bool,
    pub(crate) doc: String,
    pub(crate) request: String,
    /// What `done` brings; nothing where it is left out.
    pub(crate) done: Option<Shape>,
}

/// The whole contract.
pub(crate) struct Model {
    pub(crate) types: BTreeMap<String, Type>,
    pub(crate) ops: &'static [Op],
    pub(crate) batches: &'static [Batch],
    /// Word of the port → its methods.
    pub(crate) ports: Vec<(&'static str, Vec<PortMethod>)>,
}

/// The name of an operation's request type.
pub(crate) fn request_of(op: &str) -> String {
    format!("{}Request", pascal(op))
}

/// The name of an operation's response type.
pub(crate) fn response_of(op: &str) -> String {
    format!("{}Response", pascal(op))
}

/// The name of what a batch is asked with beside its tables. An operation may have the same name as a batch.
pub(crate) fn options_of(batch: &str) -> String {
    format!("{}Options", pascal(batch))
}

/// The name of what a batch answers beside its tables.
pub(crate) fn summary_of(batch: &str) -> String {
    format!("{}Summary", pascal(batch))
}

/// A JSON Schema with its definitions, and from which side it is seen.
struct Document {
    /// What it belongs to, for messages.
    label: String,
    /// Is it read by us, so that what has a default may be left out?
    inward: bool,
    definitions: BTreeMap<String, Value>,
}

impl Document {
    fn new(label: &str, inward: bool, definitions: Option<&Value>) -> Document {
        let definitions = definitions.and_then(Value::as_object).map(|all| all.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect());
        Document { label: label.to_owned(), inward, definitions: definitions.unwrap_or_default() }
    }
}

/// The contract as it is.
pub(crate) fn model() -> Result<Model, String> {
    let specs = specs();
    let mut documents = Vec::new();
    let mut roots = Vec::new();
    let ops = table().iter().flat_map(|op| [(request_of(op.name), true, op.request_schema()), (response_of(op.name), false, op.response_schema())]);
    let tables = batches().iter().flat_map(|batch| [(options_of(batch.name), true, batch.request_schema()), (summary_of(batch.name), false, batch.response_schema())]);
    for (name, inward, schema) in ops.chain(tables) {
        documents.push(Document::new(&name, inward, schema.get("$defs")));
        roots.push((name, schema));
    }
    for spec in &specs {
        documents.push(Document::new(spec.port.code(), true, Some(&Value::Object(spec.definitions.clone()))));
    }
    let renamed = names::resolve(&documents)?;
    let mut types = BTreeMap::new();
    // Operations and batches have a document each, in this order; those of the ports follow.
    for (at, (document, names)) in documents.iter().zip(&renamed).enumerate() {
        let mut reader = read::Reader::new(document, names, &mut types);
        reader.definitions()?;
        if let Some((name, schema)) = roots.get(at) {
            reader.declare(name, schema)?;
        }
    }
    let mut ports = Vec::new();
    for (spec, (document, names)) in specs.iter().zip(documents.iter().zip(&renamed).skip(roots.len())) {
        ports.push((spec.port.code(), methods(spec, &mut read::Reader::new(document, names, &mut types))?));
    }
    let model = Model { types, ops: table(), batches: batches(), ports };
    model.closed()?;
    Ok(model)
}

fn methods(spec: &PortSpec, reader: &mut read::Reader<'_>) -> Result<Vec<PortMethod>, String> {
    let method = |method: &menjie_bridge::ports::Method| {
        let request = request_of(&method.name);
        reader.declare(&request, &method.request)?;
        let done = if method.done.is_null() { None } else { Some(reader.shape(&format!("{}Done", pascal(&method.name)), "", &method.done)?) };
        let word = method.name.split_once('.').map_or(method.name.as_str(), |(_, word)| word).to_owned();
        Ok(PortMethod { word, acts: method.acts, doc: read::doc(&method.request), request, done })
    };
    spec.methods.iter().map(method).collect()
}

impl Model {
    /// Every name that is used is declared.
    fn closed(&self) -> Result<(), String> {
        let used = self.types.values().flat_map(|t| t.shapes()).chain(self.ports.iter().flat_map(|(_, methods)| methods.iter().filter_map(|m| m.done.as_ref())));
        match used.flat_map(Shape::names).find(|name| !self.types.contains_key(*name)) {
            Some(missing) => Err(format!("the type {missing} is used and nowhere declared")),
            None => Ok(()),
        }
    }

    /// No type has a name that a language needs for itself; a form of a union has a name, too.
    pub(crate) fn leaves_free(&self, taken: &[&str]) -> Result<(), String> {
        let forms = self.types.values().flat_map(|found| match &found.body {
            Body::Union { variants, .. } => variants.as_slice(),
            Body::Alias(_) | Body::Words(_) | Body::Record(_) => &[],
        });
        let mut names = BTreeSet::new();
        match self.types.keys().chain(forms.map(|form| &form.name)).find(|name| taken.contains(&name.as_str()) || !names.insert(*name)) {
            Some(name) => Err(format!("the name {name} is taken: rename the type (`schemars(rename)`)")),
            None => Ok(()),
        }
    }

    /// The types, each behind those it is made of.
    pub(crate) fn ordered(&self) -> Result<Vec<(&str, &Type)>, String> {
        let (mut done, mut order) = (BTreeSet::new(), Vec::new());
        for name in self.types.keys() {
            self.visit(name, &mut Vec::new(), &mut done, &mut order)?;
        }
        Ok(order)
    }

    fn visit<'m>(&'m self, name: &'m str, open: &mut Vec<&'m str>, done: &mut BTreeSet<&'m str>, order: &mut Vec<(&'m str, &'m Type)>) -> Result<(), String> {
        if done.contains(name) {
            return Ok(());
        }
        if open.contains(&name) {
            return Err(format!("the type {name} contains itself: {}", open.join(" → ")));
        }
        let (name, found) = self.types.get_key_value(name).ok_or_else(|| format!("no type {name}"))?;
        open.push(name);
        for inner in found.shapes().into_iter().flat_map(Shape::names) {
            self.visit(inner, open, done, order)?;
        }
        open.pop();
        done.insert(name);
        order.push((name, found));
        Ok(())
    }

    /// Areas in order, each with its operations; an operation without an area stands under the empty one.
    pub(crate) fn areas(&self) -> BTreeMap<&'static str, Vec<&'static Op>> {
        let mut areas: BTreeMap<&'static str, Vec<&'static Op>> = BTreeMap::new();
        for op in self.ops {
            areas.entry(op.name.rsplit_once('.').map_or("", |(area, _)| area)).or_default().push(op);
        }
        areas
    }
}

/// The verb of an operation: `bill.group` → `group`.
pub(crate) fn verb(op: &Op) -> &'static str {
    op.name.rsplit_once('.').map_or(op.name, |(_, verb)| verb)
}
