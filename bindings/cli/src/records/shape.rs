//! What columns a record may have, read out of the contract's own schema: nobody keeps a second list of fields.

use menjie_bridge::find;
use serde_json::Value;

use super::Fault;
use crate::exit::Stop;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number, amounts in fen among them.
    Whole,
    /// Yes or no.
    Flag,
    /// A text; prices and quantities are texts, so that nobody rounds them.
    Text,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// `amount_fen`, or `guardian.phone` for a member of a member.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Where it stands in the record: the members that lead there, then its own. A list of one has `[]` behind its name.
    path: Vec<String>,
}

/// The columns of a record, sorted by where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(super) columns: Vec<Column>,
    /// A member that no table can hold: such records come as JSON.
    nested: Option<String>,
}

impl Shape {
    /// The shape of a definition in an operation's request; the request itself when no definition is named.
    pub(crate) fn of(op: &str, definition: Option<&str>) -> Result<Shape, Stop> {
        let schema = find(op).map_err(|e| Stop::failure(e.to_string()))?.request_schema();
        let definitions = schema.get("$defs").cloned().unwrap_or_default();
        let record = definition.map_or(Some(&schema), |name| definitions.get(name)).ok_or_else(|| Stop::failure("the contract has no such record"))?;
        let mut shape = Shape { columns: Vec::new(), nested: None };
        shape.members("", &[], record, &definitions);
        Ok(shape.sorted())
    }

    /// A table whose rows are the items of a list, `facts` of a request of `op` and in it `list`, with what belongs to the whole beside them, the
    /// same in each row, and `key` that says which rows are one request. A row becomes the key and a request with one item. Lists of
    /// anything else have no column: who needs one gives JSON.
    pub(crate) fn of_items(op: &str, facts: &str, list: &str, key: &str) -> Result<Shape, Stop> {
        let schema = find(op).map_err(|e| Stop::failure(e.to_string()))?.request_schema();
        let definitions = schema.get("$defs").cloned().unwrap_or_default();
        let unknown = || Stop::failure("the contract has no such list");
        let of = |record: &Value, name: &str| record.get("properties").and_then(|all| all.get(name)).cloned().ok_or_else(unknown);
        let inside = of(&schema, facts)?;
        let inside = resolved(&inside, &definitions);
        let items = of(inside, list)?;
        let items = resolved(&items, &definitions).get("items").cloned().ok_or_else(unknown)?;
        let without = |record: &Value, name: &str| {
            let mut record = record.clone();
            record.get_mut("properties").and_then(Value::as_object_mut).and_then(|all| all.remove(name));
            record
        };
        let mut shape = Shape { columns: vec![Column { name: key.to_owned(), kind: Kind::Text, path: vec![key.to_owned()] }], nested: None };
        let place = |more: &[String]| [&["request".to_owned()][..], more].concat();
        shape.members("", &place(&[]), &without(&schema, facts), &definitions);
        shape.members("", &place(&[facts.to_owned()]), &without(inside, list), &definitions);
        shape.members("", &place(&[facts.to_owned(), format!("{list}[]")]), resolved(&items, &definitions), &definitions);
        shape.nested = None;
        Ok(shape.sorted())
    }

    fn sorted(mut self) -> Shape {
        self.columns.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    fn members(&mut self, under: &str, place: &[String], record: &Value, definitions: &Value) {
        for (member_name, member) in record.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let member = resolved(member, definitions);
            let name = format!("{under}{member_name}");
            let path = [place, &[member_name.to_owned()]].concat();
            let kind = match type_of(member) {
                Some("integer") => Kind::Whole,
                Some("boolean") => Kind::Flag,
                Some("string") => Kind::Text,
                // One level deep, as `guardian.phone`.
                Some("object") if under.is_empty() => {
                    self.members(&format!("{name}."), &path, member, definitions);
                    continue;
                }
                _ => {
                    self.nested.get_or_insert(name);
                    continue;
                }
            };
            self.columns.push(Column { name, kind, path });
        }
    }

    /// A mistake at a place in a record, told by the column that a person sees.
    pub(super) fn shown(&self, fault: Fault) -> Fault {
        let place = |column: &Column| column.path.join(".").replace("[]", "[0]");
        match self.columns.iter().find(|column| place(column) == fault.field) {
            Some(column) => Fault { field: column.name.clone(), ..fault },
            None => fault,
        }
    }

    /// The member that keeps such records out of tables, if there is one.
    pub(super) fn nested(&self) -> Option<&str> {
        self.nested.as_deref()
    }

    /// Position of a column.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Every name, for a complaint.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The JSON object of a row of cells; empty cells are members that were not given.
    pub(super) fn object(&self, cells: &[Cell], text: &mut String) {
        text.clear();
        text.push('{');
        let mut open: Vec<&str> = Vec::new();
        let close = |parent: &str, text: &mut String| text.push_str(if parent.ends_with("[]") { "}]" } else { "}" });
        for (column, cell) in self.columns.iter().zip(cells) {
            let Some((name, parents)) = column.path.split_last().filter(|_| *cell != Cell::Empty) else { continue };
            let common = open.iter().zip(parents).take_while(|(open, parent)| *open == parent).count();
            open.drain(common..).rev().for_each(|parent| close(parent, text));
            for parent in parents.iter().skip(common) {
                let plain = parent.strip_suffix("[]");
                separate(text);
                quote(plain.unwrap_or(parent), text);
                text.push_str(if plain.is_some() { ":[{" } else { ":{" });
                open.push(parent);
            }
            separate(text);
            quote(name, text);
            text.push(':');
            match cell {
                Cell::Empty => {}
                Cell::Whole(digits) => text.push_str(digits),
                Cell::Flag(yes) => text.push_str(if *yes { "true" } else { "false" }),
                Cell::Text(value) => quote(value, text),
            }
        }
        open.into_iter().rev().for_each(|parent| close(parent, text));
        text.push('}');
    }
}

/// A cell as it goes into the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Not given.
    Empty,
    /// Digits, perhaps behind a minus.
    Whole(String),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
}

impl Cell {
    /// A cell of text in a column of a kind; the error says what it is not.
    pub(super) fn read(text: &str, kind: Kind) -> Result<Cell, &'static str> {
        if text.is_empty() {
            return Ok(Cell::Empty);
        }
        match kind {
            Kind::Text => Ok(Cell::Text(text.to_owned())),
            Kind::Whole => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = (1..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
                if plain { Ok(Cell::Whole(text.to_owned())) } else { Err("is not a whole number (amounts are whole fen)") }
            }
            Kind::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Cell::Flag(true)),
                "false" | "0" => Ok(Cell::Flag(false)),
                _ => Err("is neither true nor false"),
            },
        }
    }
}

fn separate(text: &mut String) {
    if !text.ends_with('{') {
        text.push(',');
    }
}

fn quote(value: &str, text: &mut String) {
    // A text always becomes JSON.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}

/// What a member is, its reference followed; of "this or null" it is this.
fn resolved<'v>(member: &'v Value, definitions: &'v Value) -> &'v Value {
    let is_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) != Some("null");
    let member = member.get("anyOf").and_then(Value::as_array).and_then(|choices| choices.iter().find(is_null)).unwrap_or(member);
    let name = member.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
    name.and_then(|name| definitions.get(name)).unwrap_or(member)
}

fn type_of(member: &Value) -> Option<&str> {
    let of = |value: &'_ Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
    match member.get("type") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        // A list of words.
        _ => member.get("oneOf").and_then(Value::as_array).filter(|words| words.iter().all(|word| of(word).as_deref() == Some("string"))).map(|_| "string"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_tells_what_stands_in_a_column() {
        let line = Shape::of("bill.group", Some("ChargeLine")).unwrap();
        let kind = |name: &str| line.position(name).map(|at| line.columns[at].kind);
        assert_eq!((kind("amount_fen"), kind("main_line"), kind("price")), (Some(Kind::Whole), Some(Kind::Flag), Some(Kind::Text)));
        assert_eq!((kind("kind"), kind("exec_dept_code"), kind("ordered_at"), kind("no_such")), (Some(Kind::Text), Some(Kind::Text), Some(Kind::Text), None));
        assert_eq!(line.nested(), None);
        let record = Shape::of("patient.validate_batch", Some("Record")).unwrap();
        assert!(record.position("guardian.phone").is_some() && record.position("guardian").is_none() && record.nested().is_none());
        assert!(Shape::of("refund.check", None).unwrap().nested().is_some());
    }

    #[test]
    fn a_row_becomes_an_object_with_members_of_members() {
        let shape = Shape::of("patient.validate_batch", Some("Record")).unwrap();
        let mut cells = vec![Cell::Empty; shape.columns.len()];
        for (name, text) in [("name", "张\"三"), ("guardian.name", "李四"), ("guardian.phone", "1"), ("capacity_limited", "true"), ("sex", "1")] {
            let at = shape.position(name).unwrap();
            cells[at] = Cell::read(text, shape.columns[at].kind).unwrap();
        }
        let mut text = String::new();
        shape.object(&cells, &mut text);
        assert_eq!(text, r#"{"capacity_limited":true,"guardian":{"name":"李四","phone":"1"},"name":"张\"三","sex":"1"}"#);
        shape.object(&vec![Cell::Empty; shape.columns.len()], &mut text);
        assert_eq!(text, "{}");
    }

    #[test]
    fn a_row_of_a_list_becomes_a_request_with_one_item() {
        let shape = Shape::of_items("refund.check", "facts", "lines", "settlement_no").unwrap();
        let names: std::collections::BTreeSet<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names.len(), shape.columns.len(), "no two columns have one name");
        let mut cells = vec![Cell::Empty; shape.columns.len()];
        for (name, text) in [("settlement_no", "S1"), ("now", "T"), ("channel.refund_age_days", "365"), ("line_id", "A"), ("amount_fen", "1000"), ("generation", "3")] {
            let at = shape.position(name).unwrap();
            cells[at] = Cell::read(text, shape.columns[at].kind).unwrap();
        }
        let mut text = String::new();
        shape.object(&cells, &mut text);
        let wanted = serde_json::json!({"settlement_no": "S1", "request": {"generation": 3, "facts": {"now": "T", "channel": {"refund_age_days": 365}, "lines": [{"line_id": "A", "amount_fen": 1000}]}}});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), wanted, "{text}");
        let shown = shape.shown(Fault::at(crate::records::Place::Line(2), "request.facts.lines[0].amount_fen", "x"));
        assert_eq!(shown.field, "amount_fen");
    }

    #[test]
    fn amounts_are_whole_or_refused() {
        for good in ["0", "-1", "9007199254740993"] {
            assert_eq!(Cell::read(good, Kind::Whole), Ok(Cell::Whole(good.to_owned())));
        }
        for bad in ["1.5", "NaN", "1e300", "12.345", "1,234", " 1", "+1", "007", "-", "٣", "99999999999999999999"] {
            assert!(Cell::read(bad, Kind::Whole).is_err(), "{bad}");
        }
        assert_eq!(Cell::read("", Kind::Whole), Ok(Cell::Empty));
        assert!(Cell::read("是", Kind::Flag).is_err());
    }
}
