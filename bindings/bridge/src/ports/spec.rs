//! The methods of the ports that a host may implement, with the JSON Schemas of their requests and answers: taken from the calls and
//! answers of the core, so that nothing is declared twice.

use menjie::port::{ChannelAnswer, ChannelCall, HisAnswer, HisCall, InsurerAnswer, InsurerCall, InvoiceAnswer, InvoiceCall, NotifyAnswer, NotifyCall};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::PortName;
use super::log::{LogAnswer, LogCall};

/// Methods that change something; the others only read, and are repeated without harm.
const ACTS: [&str; 22] = [
    "his.lock",
    "his.unlock",
    "his.post",
    "his.cancel_post",
    "his.reverse",
    "his.open_file",
    "his.take_number",
    "his.check_in",
    "his.rebook",
    "channel.open",
    "channel.close",
    "channel.refund",
    "insurer.file_designation",
    "insurer.upload",
    "insurer.place",
    "insurer.revoke",
    "insurer.reverse",
    "invoice.issue",
    "invoice.red",
    "notify.sms_code",
    "notify.send",
    "log.copy",
];

/// A method of a port.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its name, e.g. `his.unpaid`.
    pub name: String,
    /// Does it change something?
    pub acts: bool,
    /// JSON Schema of its request; its definitions are those of the port.
    pub request: Value,
    /// JSON Schema of the member `value` of an answer whose outcome is `done`; null when there is none.
    pub done: Value,
}

/// A port.
#[derive(Clone, Debug)]
pub struct PortSpec {
    /// Which.
    pub port: PortName,
    /// Its methods.
    pub methods: Vec<Method>,
    /// The types that their schemas refer to.
    pub definitions: Map<String, Value>,
}

/// Every port.
pub fn specs() -> Vec<PortSpec> {
    let spec = |port| match port {
        PortName::His => of::<HisCall, HisAnswer>(port, "his"),
        PortName::Channel => of::<ChannelCall, ChannelAnswer>(port, "channel"),
        PortName::Insurer => of::<InsurerCall, InsurerAnswer>(port, "insurer"),
        PortName::Invoice => of::<InvoiceCall, InvoiceAnswer>(port, "invoice"),
        PortName::Notifier => of::<NotifyCall, NotifyAnswer>(port, "notify"),
        PortName::Log => of::<LogCall<'_>, LogAnswer>(port, "log"),
    };
    PortName::ALL.into_iter().map(spec).collect()
}

fn of<C: JsonSchema, A: JsonSchema>(port: PortName, prefix: &str) -> PortSpec {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let (calls, answers) = (C::json_schema(&mut generator).to_value(), A::json_schema(&mut generator).to_value());
    let definitions = generator.take_definitions(true);
    let method = |call: &Value| {
        let word = tag(call, "do")?;
        let name = format!("{prefix}.{word}");
        let answer = variants(&answers).find(|answer| tag(answer, "to") == Some(word))?;
        let done = answer.pointer("/properties/value").cloned().unwrap_or(Value::Null);
        Some(Method { acts: ACTS.contains(&name.as_str()), request: untagged(call), done, name })
    };
    PortSpec { port, methods: variants(&calls).filter_map(method).collect(), definitions }
}

fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    schema.get("oneOf").and_then(Value::as_array).into_iter().flatten()
}

/// The word of a variant's tag.
fn tag<'v>(variant: &'v Value, name: &str) -> Option<&'v str> {
    variant.get("properties")?.get(name)?.get("const")?.as_str()
}

/// A call's schema without its tag: the method names the call.
fn untagged(call: &Value) -> Value {
    let mut schema = call.clone();
    if let Some(Value::Object(members)) = schema.get_mut("properties") {
        members.remove("do");
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name != "do");
    }
    if let Value::Object(members) = &mut schema {
        members.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_a_method_with_an_answer() {
        let specs = specs();
        let methods: Vec<(usize, &str)> = specs.iter().map(|spec| (spec.methods.len(), spec.port.code())).collect();
        assert_eq!(methods, [(23, "his"), (6, "channel"), (11, "insurer"), (3, "invoice"), (3, "notifier"), (1, "log")]);
        let names: Vec<&str> = specs.iter().flat_map(|spec| spec.methods.iter().map(|method| method.name.as_str())).collect();
        assert!(ACTS.iter().all(|act| names.contains(act)), "{names:?}");
        let lock = specs[0].methods.iter().find(|method| method.name == "his.lock").unwrap();
        assert!(lock.acts && lock.request["properties"].get("do").is_none() && lock.request["required"] == json!(["bill"]));
        assert_eq!(lock.done["$ref"], "#/$defs/LockReceipt");
        assert_eq!(specs[0].definitions["LockReceipt"]["properties"]["total_fen"]["$ref"], "#/$defs/Money");
    }

    /// A host in another language makes integers of these, or is refused.
    #[test]
    fn amounts_are_integers_and_nothing_is_a_float() {
        fn walk(value: &Value, amounts: &mut usize) {
            match value {
                Value::Object(members) => members.iter().for_each(|(key, member)| {
                    assert!(key != "type" || member != "number", "{value}");
                    if key.ends_with("_fen") && member.is_object() {
                        *amounts += 1;
                        assert!(member.to_string().contains("Money") || member.to_string().contains("integer"), "{key}: {member}");
                    }
                    walk(member, amounts);
                }),
                Value::Array(items) => items.iter().for_each(|item| walk(item, amounts)),
                _ => {}
            }
        }
        let mut amounts = 0;
        for spec in specs() {
            walk(&Value::Object(spec.definitions.clone()), &mut amounts);
            spec.methods.iter().for_each(|method| [&method.request, &method.done].into_iter().for_each(|schema| walk(schema, &mut amounts)));
        }
        assert!(amounts > 30, "only {amounts} amounts were seen");
    }
}
