//! XML text ↔ [`Node`]: elements only. No DTD, no entities but the five of XML, limited depth; attributes, comments and
//! processing instructions are passed over, namespace prefixes are dropped.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use crate::node::{MAX_DEPTH, Node};
use menjie_transport::Shape;

/// An element wider than this is no record of any profile; the look-up of repeated names stays cheap.
const MAX_NAMES: usize = 256;

/// An element that is still open.
struct Open {
    name: String,
    text: String,
    children: Vec<(String, Node)>,
}

impl Open {
    fn new(name: &str) -> Open {
        Open { name: name.to_owned(), text: String::new(), children: Vec::new() }
    }

    /// Elements of one name become a list.
    fn adopt(&mut self, name: String, node: Node) -> Result<(), Shape> {
        let names = self.children.len();
        match self.children.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Node::List(items))) => items.push(node),
            Some((_, first)) => {
                let items = vec![std::mem::replace(first, Node::Null), node];
                *first = Node::List(items);
            }
            None if names >= MAX_NAMES => return Err(Shape::new("", "has too many different elements")),
            None => self.children.push((name, node)),
        }
        Ok(())
    }

    fn close(self) -> Result<(String, Node), Shape> {
        if self.children.is_empty() {
            return Ok((self.name, Node::Text(self.text)));
        }
        if !self.text.trim().is_empty() {
            return Err(Shape::new(self.name, "has text between its elements"));
        }
        Ok((self.name, Node::Map(self.children)))
    }
}

/// Reads one XML document; the root's content is the tree, its name is left out.
pub fn read_xml(text: &str) -> Result<Node, Shape> {
    let bad = |problem| Shape::new("", problem);
    let mut reader = Reader::from_str(text.trim_start());
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|_| bad("is not XML"))? {
            Event::Start(start) if root.is_none() => {
                if open.len() >= MAX_DEPTH {
                    return Err(bad("is nested too deep"));
                }
                open.push(Open::new(start.local_name().as_ref()));
            }
            Event::Empty(start) if root.is_none() => place(Open::new(start.local_name().as_ref()), &mut open, &mut root)?,
            Event::End(_) => {
                let closed = open.pop().ok_or_else(|| bad("is not XML"))?;
                place(closed, &mut open, &mut root)?;
            }
            Event::Text(text) => append(&mut open, &text.xml10_content())?,
            Event::CData(text) => append(&mut open, &text.xml10_content())?,
            Event::GeneralRef(name) => {
                let resolved = match name.resolve_char_ref().map_err(|_| bad("has an impossible character reference"))? {
                    Some(character) => character,
                    None => match name.as_ref() {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err(bad("uses an entity")),
                    },
                };
                append(&mut open, resolved.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(bad("has a document type, which is not accepted")),
            Event::Start(_) | Event::Empty(_) => return Err(bad("has two roots")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(bad("is not complete XML")),
    }
}

fn place(closed: Open, open: &mut [Open], root: &mut Option<Node>) -> Result<(), Shape> {
    let (name, node) = closed.close()?;
    match open.last_mut() {
        Some(parent) => parent.adopt(name, node),
        None => {
            *root = Some(node);
            Ok(())
        }
    }
}

fn append(open: &mut [Open], text: &str) -> Result<(), Shape> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Shape::new("", "has text outside its root")),
    }
    Ok(())
}

/// The XML text of a tree under a root, without a declaration. Lists repeat their element.
pub fn write_xml(root: &str, node: &Node) -> String {
    let mut out = String::new();
    write(root, node, &mut out);
    out
}

fn write(name: &str, node: &Node, out: &mut String) {
    if let Node::List(items) = node {
        items.iter().for_each(|item| write(name, item, out));
        return;
    }
    out.push_str(&format!("<{name}>"));
    match node {
        Node::Map(entries) => entries.iter().for_each(|(key, value)| write(key, value, out)),
        Node::Number(text) | Node::Text(text) => out.push_str(&escape(text.as_str())),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Null | Node::List(_) => {}
    }
    out.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_cdata_and_references_are_read() {
        let node = read_xml("<?xml version=\"1.0\" encoding=\"GBK\"?>\n<!-- c --><s:res xmlns:s=\"u\"><resultCode> 0 </resultCode><d><i a=\"1\">A&lt;&#x7cbe;</i><i><![CDATA[<b>1</b>]]></i><e/></d></s:res>\n").unwrap();
        assert_eq!(node.at("resultCode").unwrap().scalar(), Some("0"));
        let Some(Node::List(items)) = node.at("d.i") else { panic!("two elements are a list") };
        assert_eq!(items.iter().map(|i| i.scalar().unwrap()).collect::<Vec<_>>(), ["A<精", "<b>1</b>"]);
        assert_eq!(node.at("d.e").unwrap().scalar(), None);
    }

    #[test]
    fn external_entities_and_bombs_are_refused() {
        let xxe = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>";
        assert_eq!(read_xml(xxe).unwrap_err().problem, "has a document type, which is not accepted");
        assert_eq!(read_xml("<r>&x;</r>").unwrap_err().problem, "uses an entity");
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(read_xml(&deep).unwrap_err().problem, "is nested too deep");
        let wide: String = (0..300).map(|i| format!("<k{i}/>")).collect();
        assert_eq!(read_xml(&format!("<r>{wide}</r>")).unwrap_err().problem, "has too many different elements");
    }

    #[test]
    fn rubbish_is_refused() {
        for bad in ["", "text", "<a>", "<a></b>", "<a/><b/>", "<a>x<b/></a>", "<a>&#0;</a>", "{\"code\":\"0\"}", "<a/>x", "</a>"] {
            read_xml(bad).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn texts_survive(text in "[^\\p{Cc}\u{fffe}\u{ffff}]{1,40}") {
            let xml = write_xml("r", &Node::Map(vec![("t".into(), Node::text(text.clone()))]));
            let node = read_xml(&xml).unwrap();
            let expected = Node::text(text);
            prop_assert_eq!(node.at("t").and_then(Node::scalar), expected.scalar());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[<>/&;#a-c\"\\[\\]!-]{0,60}") {
            let _ = read_xml(&text);
        }
    }
}
