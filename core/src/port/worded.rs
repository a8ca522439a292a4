//! Answers as JSON: `{"to": "unpaid", "value": …}`, the word of the call and what was answered. serde would read the value from a copy, for
//! the sake of a word that stands behind it, and every type of every answer would be compiled for that reader too. Here the value is read
//! where it stands; one that stands before its word is written down and read again.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The member that says what was asked.
const WORD: &str = "to";
/// The member with what was answered.
const CONTENT: &str = "value";

/// What is named by a word.
pub(super) trait Worded: DeserializeOwned {
    /// Reads what serde takes for an enum: a word, and its content.
    fn read<'de, D: Deserializer<'de>>(said: D) -> Result<Self, D::Error>;
}

/// Reads `{"to": word, "value": content}`.
pub(super) fn read<'de, D: Deserializer<'de>, T: Worded>(d: D) -> Result<T, D::Error> {
    d.deserialize_map(Answers(PhantomData))
}

struct Answers<T>(PhantomData<T>);

impl<'de, T: Worded> Visitor<'de> for Answers<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut early: Option<Value> = None;
        while let Some(name) = members.next_key::<String>()? {
            match (name.as_str(), &early) {
                (WORD, None) => {
                    let word = members.next_value()?;
                    let answer = T::read(Said { word, members: &mut members })?;
                    nothing_twice(members)?;
                    return Ok(answer);
                }
                (WORD, Some(content)) => {
                    let said = serde_json::json!({ WORD: members.next_value::<String>()?, CONTENT: content });
                    nothing_twice(members)?;
                    // The word is written first, in the order of the names as in that of their writing.
                    return crate::json::read(&said.to_string()).map_err(A::Error::custom);
                }
                (CONTENT, None) => early = Some(members.next_value()?),
                (CONTENT, Some(_)) => return Err(A::Error::duplicate_field(CONTENT)),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Err(A::Error::missing_field(WORD))
    }
}

/// The members behind an answer say nothing of it again.
fn nothing_twice<'de, A: MapAccess<'de>>(mut members: A) -> Result<(), A::Error> {
    while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
        match name.as_str() {
            WORD => return Err(A::Error::duplicate_field(WORD)),
            CONTENT => return Err(A::Error::duplicate_field(CONTENT)),
            _ => {}
        }
    }
    Ok(())
}

/// A word that was read, and the members behind it.
struct Said<'m, A> {
    word: String,
    members: &'m mut A,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Said<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Said<'_, A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Self), A::Error> {
        let word: StringDeserializer<A::Error> = std::mem::take(&mut self.word).into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de, A: MapAccess<'de>> Said<'_, A> {
    /// Comes to the content, if there is one.
    fn content(&mut self) -> Result<bool, A::Error> {
        while let Some(name) = self.members.next_key::<String>()? {
            match name.as_str() {
                CONTENT => return Ok(true),
                WORD => return Err(A::Error::duplicate_field(WORD)),
                _ => drop(self.members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(false)
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Said<'_, A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        if self.content()? { self.members.next_value() } else { Ok(()) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.content()? { self.members.next_value_seed(seed) } else { Err(A::Error::missing_field(CONTENT)) }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("an answer has one value"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("an answer has one value"))
    }
}

/// An enum of answers, one for each call, none of which has more than one value.
macro_rules! answers {
    ($(#[$about:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident $(($content:ty))?,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case", tag = "to", content = "value")]
        $vis enum $name {
            $($(#[$doc])* $variant $(($content))?,)+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<$name, D::Error> {
                $crate::port::worded::read(d)
            }
        }

        impl $crate::port::worded::Worded for $name {
            fn read<'de, D: serde::Deserializer<'de>>(said: D) -> Result<$name, D::Error> {
                /// The same words, as serde names variants that have no tag.
                #[derive(serde::Deserialize)]
                #[serde(remote = "Answer", rename_all = "snake_case")]
                enum Words {
                    $($variant $(($content))?,)+
                }
                type Answer = $name;
                Words::deserialize(said)
            }
        }
    };
}
pub(super) use answers;

#[cfg(test)]
mod tests {
    use serde_json::json;

    answers! {
        /// Answers of a test.
        enum Told {
            /// A list.
            SomeNumbers(Vec<u8>),
            /// Nothing more to say.
            Nothing,
            /// Perhaps.
            Perhaps(Option<bool>),
        }
    }

    fn read(json: &serde_json::Value) -> Result<Told, String> {
        let from_text: Result<Told, _> = serde_json::from_str(&json.to_string());
        let from_value: Result<Told, _> = serde_json::from_value(json.clone());
        assert_eq!(from_text.is_ok(), from_value.is_ok(), "{json}");
        from_text.map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        for (told, json) in [
            (Told::SomeNumbers(vec![1, 2]), json!({"to": "some_numbers", "value": [1, 2]})),
            (Told::Nothing, json!({"to": "nothing"})),
            (Told::Perhaps(None), json!({"to": "perhaps", "value": null})),
            (Told::Perhaps(Some(true)), json!({"to": "perhaps", "value": true})),
        ] {
            assert_eq!(serde_json::to_value(&told).unwrap(), json);
            assert_eq!(read(&json), Ok(told));
        }
    }

    #[test]
    fn members_may_stand_in_any_order_among_others() {
        let text = r#"{"x":{"value":1},"value":[7],"value2":null,"to":"some_numbers","to2":[]}"#;
        assert_eq!(serde_json::from_str::<Told>(text).unwrap(), Told::SomeNumbers(vec![7]));
        let text = r#"{"x":1,"to":"some_numbers","y":2,"value":[7],"z":3}"#;
        assert_eq!(serde_json::from_str::<Told>(text).unwrap(), Told::SomeNumbers(vec![7]));
        assert_eq!(serde_json::from_str::<Told>(r#"{"value":null,"to":"nothing"}"#).unwrap(), Told::Nothing);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (json, told) in [
            (json!({}), "missing field `to`"),
            (json!({"value": [1]}), "missing field `to`"),
            (json!({"to": "some_numbers"}), "missing field `value`"),
            (json!({"to": "numbers", "value": []}), "unknown variant `numbers`, expected one of `some_numbers`, `nothing`, `perhaps`"),
            (json!({"to": "some_numbers", "value": [256]}), "invalid value"),
            (json!({"to": "nothing", "value": 1}), "invalid type"),
            (json!({"to": 1, "value": []}), "invalid type"),
            (json!(["some_numbers", [1]]), "invalid type: sequence, expected an answer"),
            (json!("nothing"), "invalid type: string"),
        ] {
            let error = read(&json).unwrap_err();
            assert!(error.contains(told), "{json}: {error}");
        }
        for twice in [
            r#"{"to":"nothing","to":"nothing"}"#,
            r#"{"to":"perhaps","value":true,"value":false}"#,
            r#"{"value":1,"value":2,"to":"nothing"}"#,
            r#"{"value":null,"to":"nothing","to":"nothing"}"#,
        ] {
            assert!(serde_json::from_str::<Told>(twice).unwrap_err().to_string().contains("duplicate field"), "{twice}");
        }
        let early = serde_json::from_str::<Told>(r#"{"value":["x"],"to":"some_numbers"}"#).unwrap_err();
        assert!(early.to_string().contains("invalid type: string"), "{early}");
    }
}
