//! UTF-8, GBK and GB18030 bodies. A byte that fits none of them is refused, never replaced.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};
use serde::{Deserialize, Serialize};

use menjie_transport::Shape;

/// The character sets a HIS may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Charset {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB18030, which contains GBK and GB2312.
    #[serde(rename = "gb18030")]
    Gb18030,
}

impl Charset {
    /// The name for `Content-Type` and XML declarations. HIS vendors know GBK; the four-byte part is written all the same.
    pub const fn label(self) -> &'static str {
        match self {
            Charset::Utf8 => "utf-8",
            Charset::Gb18030 => "GBK",
        }
    }

    const fn encoding(self) -> &'static Encoding {
        match self {
            Charset::Utf8 => UTF_8,
            Charset::Gb18030 => GB18030,
        }
    }

    /// The bytes of a text.
    pub fn encode(self, text: &str) -> Vec<u8> {
        self.encoding().encode(text).0.into_owned()
    }
}

/// The text of a body. `fixed` (from a mapping) wins over `Content-Type`; without either, UTF-8 when it fits, else GB18030.
pub fn decode<'a>(body: &'a [u8], fixed: Option<Charset>, content_type: Option<&str>) -> Result<Cow<'a, str>, Shape> {
    let named = match (fixed, content_type.and_then(charset_parameter)) {
        (Some(charset), _) => Some(charset),
        (None, Some(label)) => Some(of_label(label).ok_or_else(|| Shape::new("", "names a character set other than UTF-8, GBK and GB18030"))?),
        (None, None) => None,
    };
    let (text, wrong) = match named {
        Some(Charset::Utf8) => (utf8(body), "is not UTF-8, as it claims"),
        Some(Charset::Gb18030) => (gb18030(body), "is not GBK or GB18030, as it claims"),
        None => (utf8(body).or_else(|| gb18030(body)), "is neither UTF-8 nor GB18030"),
    };
    text.ok_or_else(|| Shape::new("", wrong))
}

fn utf8(body: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok().map(Cow::Borrowed)
}

fn gb18030(body: &[u8]) -> Option<Cow<'_, str>> {
    GB18030.decode_without_bom_handling_and_without_replacement(body)
}

/// The `charset` parameter of a `Content-Type`.
fn charset_parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

fn of_label(label: &str) -> Option<Charset> {
    let encoding = Encoding::for_label(label.as_bytes())?;
    if encoding == UTF_8 {
        Some(Charset::Utf8)
    } else if encoding == GB18030 || encoding == encoding_rs::GBK {
        Some(Charset::Gb18030)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_character_set_is_named_or_sniffed() {
        let gbk = Charset::Gb18030.encode("精神科");
        assert_eq!(gbk, [0xbe, 0xab, 0xc9, 0xf1, 0xbf, 0xc6]);
        for content_type in [None, Some("application/json"), Some("text/xml; charset=GBK"), Some("text/xml;charset=\"gb2312\""), Some("text/xml; CHARSET=gb18030")] {
            assert_eq!(decode(&gbk, None, content_type).unwrap(), "精神科", "{content_type:?}");
        }
        assert_eq!(decode("精神科".as_bytes(), None, None).unwrap(), "精神科");
        assert_eq!(decode(b"\xef\xbb\xbfok", None, None).unwrap(), "ok");
    }

    #[test]
    fn a_wrong_claim_is_refused_not_repaired() {
        let gbk = Charset::Gb18030.encode("精神科");
        assert_eq!(decode(&gbk, None, Some("application/json; charset=utf-8")).unwrap_err().problem, "is not UTF-8, as it claims");
        assert_eq!(decode(&gbk, Some(Charset::Gb18030), Some("application/json; charset=utf-8")).unwrap(), "精神科");
        decode(b"\xff\xff", None, None).unwrap_err();
        decode(b"ok", None, Some("text/plain; charset=big5")).unwrap_err();
    }

    proptest! {
        #[test]
        fn every_text_survives_both(text in ".*") {
            for charset in [Charset::Utf8, Charset::Gb18030] {
                let bytes = charset.encode(&text);
                let back = decode(&bytes, Some(charset), None).unwrap();
                prop_assert_eq!(back.trim_start_matches('\u{feff}'), text.trim_start_matches('\u{feff}'));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), label in prop::option::of(".{0,40}")) {
            let _ = decode(&bytes, None, label.as_deref());
        }
    }
}
