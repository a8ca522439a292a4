//! A glance at a document before it is read: nearly every one has nothing that only the walk ([`super::walk`]) can judge, and the glance
//! costs a fraction of it.

use super::MAX_DEPTH;

/// An object with more keys is left to the walk, which has a table for them.
const FEW: usize = 48;
/// A number with more digits may be one that no double can hold.
const DIGITS: usize = 300;

/// Is it an object that, if it is JSON at all, has no key twice, is not too deep, and has nothing that a reader which skips it would
/// accept although it is no JSON? `false` only says that this is not sure.
pub(super) fn plain(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{') && glance(text.as_bytes()).is_some()
}

/// An array or object around the place.
struct Level {
    object: bool,
    /// Where its keys begin.
    from: usize,
    /// Of each key a bit: one whose bit is not set is new.
    bits: u64,
}

fn glance(bytes: &[u8]) -> Option<()> {
    let mut levels: Vec<Level> = Vec::with_capacity(MAX_DEPTH);
    let mut keys: Vec<&[u8]> = Vec::with_capacity(FEW);
    let mut key_follows = false;
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        at += 1;
        match first {
            b'"' => {
                let text = bytes.get(at..)?;
                let length = text.iter().position(|b| matches!(b, b'"' | b'\\'))?;
                let (text, rest) = text.split_at_checked(length)?;
                at += length + 1;
                if rest.first() == Some(&b'\\') {
                    at = behind_escapes(bytes, at - 1).filter(|_| !key_follows)?;
                } else if key_follows {
                    key_follows = false;
                    new_key(levels.last_mut()?, &mut keys, text)?;
                }
            }
            b'{' | b'[' => {
                if levels.len() == MAX_DEPTH {
                    return None;
                }
                key_follows = *first == b'{';
                levels.push(Level { object: key_follows, from: keys.len(), bits: 0 });
            }
            b'}' | b']' => {
                key_follows = false;
                keys.truncate(levels.pop()?.from);
            }
            b',' => key_follows = levels.last()?.object,
            b'0'..=b'9' => {
                let digits = bytes.get(at..)?.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'.')).count();
                at += digits;
                if digits > DIGITS || matches!(bytes.get(at), Some(b'e' | b'E')) {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(())
}

/// Behind the text's last quote, from its first escape on. None where it has one that may be half a character.
fn behind_escapes(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        if matches!(bytes.get(at + 1..at + 3), Some([b'u', b'd' | b'D'])) {
            return None;
        }
        at += 2;
    }
}

fn new_key<'t>(level: &mut Level, keys: &mut Vec<&'t [u8]>, key: &'t [u8]) -> Option<()> {
    let before = keys.get(level.from..)?;
    let bit = bit(key);
    if before.len() == FEW || (level.bits & bit != 0 && before.contains(&key)) {
        return None;
    }
    level.bits |= bit;
    keys.push(key);
    Some(())
}

/// A bit that tells most keys of one object from each other.
pub(super) fn bit(key: &[u8]) -> u64 {
    let (first, last) = (key.first().copied().unwrap_or_default(), key.last().copied().unwrap_or_default());
    1 << ((u32::from(first) * 7 + u32::from(last) * 3 + key.len() as u32) & 63)
}
