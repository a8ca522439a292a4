//! Reading JSON: an object is an object. serde's readers take an array for a record, member by member in the order of our source, which
//! nobody has written down and nobody would notice when it changes. Here it is refused, however deep it lies; inside tagged enums, which
//! serde reads from a copy of its own, it is not.
//!
//! Requests, answers of ports, records and the log are read through here, and from text, never from bytes: each further kind of reader is
//! compiled for every type there is. What counterparts send on their own wires, adapters read as they must.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// Reads a value from a text that holds nothing else.
///
/// # Errors
/// serde_json's, with line and column.
pub fn read<'t, T: Deserialize<'t>>(text: &'t str) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Objects(&mut reader))?;
    reader.end()?;
    Ok(value)
}

/// The same from bytes, which must be UTF-8.
///
/// # Errors
/// serde_json's, with line and column.
pub fn read_bytes<'t, T: Deserialize<'t>>(bytes: &'t [u8]) -> serde_json::Result<T> {
    read(std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?)
}

/// A reader that takes objects for records, nothing else.
struct Objects<D>(D);

/// Whatever is read through [`Objects`]: what a visitor, seed or access hands on is wrapped again.
struct Within<I>(I);

/// The visitor of a record, in which members have names.
struct Members<V>(V);

macro_rules! as_it_is {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        }
    )+};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    as_it_is! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Within(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Within(visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(Within(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(len, Within(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, name: &'static str, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, len, Within(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Members(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Members(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Within(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Within(members))
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Within<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Objects(reader))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Objects(reader))
    }

    /// Only serde_json's raw value comes so: a newtype to ask for, an object of one member to be told.
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Within(items))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, word: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Within(word))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Within<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects(reader))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Within<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Within<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Within(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Within<A> {
    type Error = A::Error;
    type Variant = Within<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Within<A::Variant>), A::Error> {
        self.0.variant_seed(seed).map(|(word, content)| (word, Within(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Within<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Within(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Within(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.0.newtype_variant_seed(Members(visitor))
    }
}

/// The content of a word that has members.
impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Members<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: i32,
        #[serde(default)]
        y: Option<Box<Point>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Nothing,
        At(Point),
        Between(Point, Point),
        Round { middle: Point, radius: u32 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct All {
        shapes: Vec<Shape>,
        named: BTreeMap<String, Point>,
        pair: (Point, bool),
        some: Option<Point>,
    }

    const TEXT: &str = r#"{"shapes":["nothing",{"at":{"x":1}},{"between":[{"x":1},{"x":2}]},{"round":{"middle":{"x":3},"radius":4}}],
        "named":{"a":{"x":5,"y":{"x":6}}},"pair":[{"x":7},true],"some":{"x":8}}"#;

    #[test]
    fn what_serde_reads_from_objects_is_read_as_serde_reads_it() {
        let all: All = read(TEXT).unwrap();
        assert_eq!(all, serde_json::from_str(TEXT).unwrap());
        assert_eq!(all, read_bytes(TEXT.as_bytes()).unwrap());
        assert_eq!((all.shapes.len(), all.some), (4, Some(Point { x: 8, y: None })));
    }

    /// Every place where a record may stand: serde would take the array there.
    #[test]
    fn an_array_is_no_object_anywhere() {
        for (object, array) in [
            (r#"{"at":{"x":1}}"#, r#"{"at":[1,null]}"#),
            (r#"[{"x":1},"#, r#"[[1,null],"#),
            (r#"{"middle":{"x":3},"radius":4}"#, r#"[{"x":3},4]"#),
            (r#"{"x":6}"#, "[6,null]"),
            (r#"{"x":7}"#, "[7,null]"),
            (r#"{"x":8}"#, "[8,null]"),
        ] {
            let text = TEXT.replacen(object, array, 1);
            assert!(serde_json::from_str::<All>(&text).is_ok(), "{array}");
            let error = read::<All>(&text).unwrap_err();
            assert!(error.is_data() && error.to_string().starts_with("invalid type: sequence, expected struct"), "{array}: {error}");
        }
        assert!(serde_json::from_str::<Point>("[1,null]").is_ok() && read::<Point>("[1,null]").is_err());
    }

    #[test]
    fn raw_values_numbers_as_keys_and_the_end_of_the_text_are_what_they_are_with_serde() {
        let raw: &RawValue = read(r#" [1, {"x":2}] "#).unwrap();
        assert_eq!(raw.get(), r#"[1, {"x":2}]"#);
        assert_eq!(read::<BTreeMap<u8, Option<()>>>(r#"{"1":null}"#).unwrap(), BTreeMap::from([(1, None)]));
        assert!(read::<bool>("true false").is_err() && read::<bool>("").is_err() && read_bytes::<String>(b"\"\xff\"").is_err());
        let error = read::<Vec<Point>>("[{\"x\":1},\n{\"x\":true}]").unwrap_err();
        assert_eq!((error.line(), error.column()), (2, 9));
    }
}
