//! bindings/node/lib: the contract as TypeScript declares it, and the list of operations that the package is made from when it is loaded.

use std::fmt::Write;

use menjie_bridge::{Kind, Op};
use serde_json::json;

use crate::NOTICE;
use crate::model::{Body, Member, Model, PortMethod, Shape, Type, camel, options_of, pascal, request_of, response_of, summary_of, verb};

const HEAD: &str = "/* The types of the contract (docs/contract). A request holds nothing else than what stands here; a response may hold members that are
 * not known yet, and they are to be ignored. */

import type { CallOptions } from \"../index\";

/** Whole fen (分): a safe integer, never a fraction. */
export type Fen = number;
";

const PORTS: &str = "
/** What a port is asked with, beside the request. */
export interface PortContext {
  /** For which hospital. */
  hospital: string;
  /** Of which port. */
  port: PortName;
  /** Of which channel; empty for other ports. */
  channel: string;
  /** What, e.g. `his.unpaid`. */
  method: string;
  /** Which attempt under its business number, from 1: a repeat must not do the same thing twice. */
  attempt: number;
  /** After so many milliseconds nobody waits any more. */
  timeout_ms: number;
}

/** Why it was not done: the counterpart's own code, and a text for staff without names or numbers of patients. */
export interface PortFault {
  /** 1 to 64 bytes. */
  code: string;
  /** For staff. */
  text: string;
}

/** What a port answers. A time-out is unknown, never refused. */
export type PortAnswer<T> =
  | { outcome: \"done\"; value: T }
  /** Understood and denied: nothing happened there. */
  | { outcome: \"refused\"; value: PortFault }
  /** Nothing left this machine. */
  | { outcome: \"unsent\"; value: PortFault }
  /** Sent, and nobody knows what became of it. */
  | { outcome: \"unknown\"; value: PortFault };

/** What a port answers that has nothing to bring. */
export type PortDone = { outcome: \"done\"; value?: null } | Exclude<PortAnswer<null>, { outcome: \"done\" }>;
";

/// What the file itself needs.
const TAKEN: [&str; 15] =
    ["Areas", "Array", "Batches", "CallOptions", "Exclude", "Fen", "Operations", "PortAnswer", "PortContext", "PortDone", "PortFault", "PortName", "Ports", "Promise", "PureAreas"];

/// lib/contract.d.ts.
pub(crate) fn types(model: &Model) -> Result<String, String> {
    model.leaves_free(&TAKEN)?;
    let mut text = format!("/* {NOTICE} */\n{HEAD}");
    model.types.iter().for_each(|(name, declared)| declare(&mut text, name, declared));
    operations(&mut text, model);
    batches(&mut text, model);
    areas(&mut text, model);
    ports(&mut text, model);
    Ok(text)
}

/// lib/operations.js.
pub(crate) fn list(model: &Model) -> Result<String, String> {
    let rows: Result<Vec<String>, String> =
        model.ops.iter().map(|op| serde_json::to_string(&json!({ "name": op.name, "kind": op.kind.code(), "reach": op.reach.code() })).map_err(|e| e.to_string())).collect();
    Ok(format!("\"use strict\";\n/* {NOTICE} */\n\nmodule.exports = [\n  {},\n];\n", rows?.join(",\n  ")))
}

fn declare(text: &mut String, name: &str, declared: &Type) {
    text.push('\n');
    match &declared.body {
        Body::Alias(shape) => {
            comment(text, "", &declared.doc);
            let _ = writeln!(text, "export type {name} = {};", written(shape));
        }
        Body::Words(words) => {
            comment(text, "", &declared.doc);
            let _ = writeln!(text, "export type {name} =");
            let last = words.len().saturating_sub(1);
            for (at, (word, meaning)) in words.iter().enumerate() {
                comment(text, "  ", meaning);
                let _ = writeln!(text, "  | {}{}", quoted(word), if at == last { ";" } else { "" });
            }
        }
        Body::Record(members) => interface(text, name, &declared.doc, None, members),
        Body::Union { tag, variants } => {
            comment(text, "", &declared.doc);
            let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            let _ = writeln!(text, "export type {name} = {};", names.join(" | "));
            for variant in variants {
                text.push('\n');
                interface(text, &variant.name, &variant.doc, Some((tag, &variant.word)), &variant.members);
            }
        }
    }
}

fn interface(text: &mut String, name: &str, doc: &str, tag: Option<(&str, &str)>, members: &[Member]) {
    comment(text, "", doc);
    if tag.is_none() && members.is_empty() {
        // An empty interface would take anything.
        let _ = writeln!(text, "export type {name} = {{ [member: string]: never }};");
        return;
    }
    let _ = writeln!(text, "export interface {name} {{");
    if let Some((tag, word)) = tag {
        let _ = writeln!(text, "  {}: {};", key(tag), quoted(word));
    }
    for member in members {
        comment(text, "  ", &member.doc);
        let _ = writeln!(text, "  {}{}: {};", key(&member.name), if member.required { "" } else { "?" }, written(&member.shape));
    }
    text.push_str("}\n");
}

fn written(shape: &Shape) -> String {
    match shape {
        Shape::Any => "unknown".to_owned(),
        Shape::Text => "string".to_owned(),
        Shape::Integer => "number".to_owned(),
        Shape::Fen => "Fen".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Word(word) => quoted(word),
        Shape::List(inner) => format!("Array<{}>", written(inner)),
        Shape::Map(inner) => format!("{{ [key: string]: {} }}", written(inner)),
        Shape::Nullable(inner) => format!("{} | null", written(inner)),
        Shape::Either(several) => several.iter().map(written).collect::<Vec<_>>().join(" | "),
        Shape::Named(name) => name.clone(),
    }
}

fn operations(text: &mut String, model: &Model) {
    text.push_str("\n/** Every operation by name. */\nexport interface Operations {\n");
    for op in model.ops {
        comment(text, "  ", op.purpose);
        let (request, response) = (request_of(op.name), response_of(op.name));
        let _ = writeln!(text, "  {}: {{ request: {request}; response: {response}; kind: \"{}\"; reach: \"{}\" }};", quoted(op.name), op.kind.code(), op.reach.code());
    }
    text.push_str("}\n");
}

fn batches(text: &mut String, model: &Model) {
    text.push_str("\n/** Every operation over tables by name; tables are Arrow IPC streams. */\nexport interface Batches {\n");
    for batch in model.batches {
        comment(text, "  ", batch.purpose);
        let given: Vec<String> = batch.inputs.iter().map(|input| format!("{}{}: Uint8Array", key(input.name), if input.needed { "" } else { "?" })).collect();
        let made: Vec<String> = batch.outputs.iter().map(|output| format!("{}: Uint8Array", key(output.name))).collect();
        let (request, response) = (options_of(batch.name), summary_of(batch.name));
        let _ = writeln!(text, "  {}: {{ request: {request}; response: {response}; inputs: {{ {} }}; tables: {{ {} }} }};", quoted(batch.name), given.join("; "), made.join("; "));
    }
    text.push_str("}\n");
}

fn areas(text: &mut String, model: &Model) {
    text.push_str("\n/** Every operation as a typed method: `client.bill.group(request)`. */\nexport interface Areas {\n");
    for (area, ops) in model.areas() {
        methods(text, area, &ops, |text, indent, op| method(text, indent, op));
    }
    text.push_str("}\n\n/** What needs no engine. `sync` forms compute on the calling thread and block it. */\nexport interface PureAreas {\n");
    for (area, ops) in model.areas() {
        let ops: Vec<&Op> = ops.into_iter().filter(|op| !op.kind.needs_engine()).collect();
        if !ops.is_empty() {
            methods(text, area, &ops, alone);
        }
    }
    text.push_str("}\n");
}

fn methods(text: &mut String, area: &str, ops: &[&Op], write: fn(&mut String, &str, &Op)) {
    if area.is_empty() {
        ops.iter().for_each(|op| write(text, "  ", op));
        return;
    }
    // channel.wechat.verify lies two deep.
    let path: Vec<String> = area.split('.').map(camel).collect();
    for (at, part) in path.iter().enumerate() {
        let _ = writeln!(text, "{}{part}: {{", "  ".repeat(at + 1));
    }
    ops.iter().for_each(|op| write(text, &"  ".repeat(path.len() + 1), op));
    for at in (1..=path.len()).rev() {
        let _ = writeln!(text, "{}}};", "  ".repeat(at));
    }
}

fn method(text: &mut String, indent: &str, op: &Op) {
    comment(text, indent, &about(op));
    let _ = writeln!(text, "{indent}{}(request: {}, options?: CallOptions): Promise<{}>;", camel(verb(op)), request_of(op.name), response_of(op.name));
}

fn alone(text: &mut String, indent: &str, op: &Op) {
    if op.kind != Kind::Pure {
        // Files are read and written on worker threads only.
        return method(text, indent, op);
    }
    comment(text, indent, &about(op));
    let (request, response) = (request_of(op.name), response_of(op.name));
    let _ = writeln!(
        text,
        "{indent}{}: {{\n{indent}  (request: {request}, options?: CallOptions): Promise<{response}>;\n{indent}  /** On the calling thread. */\n{indent}  sync(request: {request}): {response};\n{indent}}};",
        camel(verb(op))
    );
}

fn about(op: &Op) -> String {
    format!("{} docs/contract/{}.md", op.purpose, op.name)
}

fn ports(text: &mut String, model: &Model) {
    let words: Vec<String> = model.ports.iter().map(|(port, _)| quoted(port)).collect();
    let _ = writeln!(text, "\n/** A port that a host may implement. */\nexport type PortName = {};", words.join(" | "));
    text.push_str(PORTS);
    for (port, methods) in &model.ports {
        let _ = writeln!(
            text,
            "\n/** The port `{port}` of a host: docs/contract/port.{port}.md. A method that is left out is answered as unsent. */\nexport interface {}Port {{",
            pascal(port)
        );
        methods.iter().for_each(|method| asked(text, method));
        text.push_str("}\n");
    }
    text.push_str("\n/** The ports of a host. */\nexport interface Ports {\n");
    for (port, _) in &model.ports {
        let _ = writeln!(text, "  {port}?: {}Port;", pascal(port));
    }
    text.push_str("}\n");
}

fn asked(text: &mut String, method: &PortMethod) {
    let kind = if method.acts { "Act: it may be repeated under the same business number." } else { "Read." };
    comment(text, "  ", &format!("{} {kind}", method.doc));
    let answer = method.done.as_ref().map_or_else(|| "PortDone".to_owned(), |done| format!("PortAnswer<{}>", written(done)));
    let _ = writeln!(text, "  {}?(request: {}, cx: PortContext): {answer} | Promise<{answer}>;", camel(&method.word), method.request);
}

fn comment(text: &mut String, indent: &str, doc: &str) {
    let doc = doc.trim().replace("*/", "*\\/");
    if !doc.is_empty() {
        let _ = writeln!(text, "{indent}/** {doc} */");
    }
}

fn quoted(word: &str) -> String {
    format!("{word:?}")
}

/// A name of a member; quoted where it is no identifier.
fn key(name: &str) -> String {
    let plain = name.chars().enumerate().all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()));
    if plain && !name.is_empty() { name.to_owned() } else { quoted(name) }
}
