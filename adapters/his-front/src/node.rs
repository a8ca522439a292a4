//! A tree that JSON and XML have in common.

use std::fmt;

/// How deep a tree may be; deeper input is refused before it is built.
pub(crate) const MAX_DEPTH: usize = 32;

/// A value of JSON or XML. Numbers keep the digits that were written.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// JSON `null`.
    Null,
    /// JSON `true` and `false`.
    Bool(bool),
    /// A JSON number, as written.
    Number(String),
    /// A text, or an XML element without children.
    Text(String),
    /// A JSON array, or XML elements of one name.
    List(Vec<Node>),
    /// A JSON object, or an XML element with children; names are unique, in the order of arrival.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A text.
    pub fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    /// The value of a name; none when this is not a map or has no such name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => None,
        }
    }

    /// The node at a path of names joined by dots; the empty path is the node itself.
    pub fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').filter(|name| !name.is_empty()).try_fold(self, |node, name| node.get(name))
    }

    /// Puts a value at a path of names joined by dots, making maps on the way. Something else on the way is replaced.
    pub(crate) fn put(&mut self, path: &str, value: Node) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        if !matches!(self, Node::Map(_)) {
            *self = Node::Map(Vec::new());
        }
        let Node::Map(entries) = self else { return };
        let at = entries.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
            entries.push((name.to_owned(), Node::Null));
            entries.len() - 1
        });
        let Some((_, slot)) = entries.get_mut(at) else { return };
        match rest {
            Some(rest) => slot.put(rest, value),
            None => *slot = value,
        }
    }

    /// The text of a scalar: blanks around it removed (U+3000 too); `null`, nothing, `"null"` and `"NULL"` are absent. `None`
    /// for lists and maps as well; callers that care ask [`Node::is_scalar`].
    pub fn scalar(&self) -> Option<&str> {
        let text = match self {
            Node::Null | Node::List(_) | Node::Map(_) => return None,
            Node::Bool(true) => "true",
            Node::Bool(false) => "false",
            Node::Number(text) | Node::Text(text) => text.trim(),
        };
        if text.is_empty() || text == "null" || text == "NULL" { None } else { Some(text) }
    }

    /// Is it one value?
    pub const fn is_scalar(&self) -> bool {
        !matches!(self, Node::List(_) | Node::Map(_))
    }
}

impl fmt::Debug for Node {
    /// Values may be personal: only the kind is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Null => f.write_str("Null"),
            Node::Bool(_) => f.write_str("Bool"),
            Node::Number(_) => f.write_str("Number"),
            Node::Text(_) => f.write_str("Text"),
            Node::List(items) => write!(f, "List({})", items.len()),
            Node::Map(entries) => write!(f, "Map({})", entries.len()),
        }
    }
}
