//! What the tests share.
#![allow(clippy::unwrap_used, dead_code)]

use menjie_sm4::Backend;

/// The back ends this processor has.
pub(crate) fn available() -> impl Iterator<Item = Backend> {
    Backend::ALL.into_iter().filter(|backend| backend.is_available())
}

/// Bytes of hex text.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Bytes without a pattern (xorshift), the same every time.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        })
        .collect()
}

/// A case of a Wycheproof file of the kind AeadTest.
pub(crate) struct Case {
    pub(crate) id: u64,
    pub(crate) key: [u8; 16],
    pub(crate) iv: Vec<u8>,
    pub(crate) aad: Vec<u8>,
    pub(crate) msg: Vec<u8>,
    pub(crate) tag_bits: u64,
    pub(crate) valid: bool,
    ct: Vec<u8>,
    tag: Vec<u8>,
}

impl Case {
    /// Ciphertext and tag.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        [self.ct.as_slice(), &self.tag].concat()
    }
}

/// The cases of a file.
pub(crate) fn wycheproof(file: &str) -> Vec<Case> {
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let groups = file.get("testGroups").unwrap().as_array().unwrap();
    let cases = groups.iter().flat_map(|group| group.get("tests").unwrap().as_array().unwrap().iter().map(move |test| (group, test)));
    cases
        .map(|(group, test)| {
            let bytes = |name: &str| unhex(test.get(name).unwrap().as_str().unwrap());
            Case {
                id: test.get("tcId").unwrap().as_u64().unwrap(),
                key: bytes("key").try_into().unwrap(),
                iv: bytes("iv"),
                aad: bytes("aad"),
                msg: bytes("msg"),
                tag_bits: group.get("tagSize").unwrap().as_u64().unwrap(),
                valid: match test.get("result").unwrap().as_str().unwrap() {
                    "valid" => true,
                    other => {
                        assert_eq!(other, "invalid");
                        false
                    }
                },
                ct: bytes("ct"),
                tag: bytes("tag"),
            }
        })
        .collect()
}
