//! The archives of statement files: one text in a ZIP. Only what that needs: one entry, stored or deflated.

use menjie_transport::Shape;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// The largest text that is read: a month of a large hospital is a tenth of it.
const LARGEST: usize = 64 << 20;
/// How every archive begins.
pub const MAGIC: &str = "PK\u{3}\u{4}";

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

/// An archive of one stored text.
pub fn packed(name: &str, text: &[u8]) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    let crc = crc32(text).to_le_bytes();
    // Version 2.0, UTF-8 name, stored, no time, checksum, both sizes, length of the name, no extra field.
    let entry = [&[20, 0, 0, 8, 0, 0, 0, 0, 0, 0], crc.as_slice(), &size, &size, &length, &[0, 0]].concat();
    let local = [LOCAL.to_le_bytes().as_slice(), &entry, name.as_bytes(), text].concat();
    let central = [CENTRAL.to_le_bytes().as_slice(), &[20, 0], &entry, &[0; 14], name.as_bytes()].concat();
    let offset = u32::try_from(local.len()).unwrap_or(u32::MAX).to_le_bytes();
    let central_size = u32::try_from(central.len()).unwrap_or(u32::MAX).to_le_bytes();
    let end = [END.to_le_bytes().as_slice(), &[0, 0, 0, 0, 1, 0, 1, 0], &central_size, &offset, &[0, 0]].concat();
    [local, central, end].concat()
}

/// The first text of an archive. Its sizes are taken from the directory at the end: writers that stream leave them out at the
/// front.
pub fn unpacked(archive: &[u8]) -> Result<Vec<u8>, Shape> {
    read(archive).ok_or(Shape::new("zip", "is no archive of one text, or its checksum does not hold"))
}

fn read(archive: &[u8]) -> Option<Vec<u8>> {
    let end = archive.windows(4).rposition(|window| window == END.to_le_bytes())?;
    let central = archive.get(usize::try_from(number(archive, end + 16, 4)?).ok()?..)?;
    let of = |at: usize, length: usize| number(central, at, length).and_then(|value| usize::try_from(value).ok());
    if of(0, 4)? != usize::try_from(CENTRAL).ok()? {
        return None;
    }
    let (method, crc, packed, size, at) = (of(10, 2)?, number(central, 16, 4)?, of(20, 4)?, of(24, 4)?, of(42, 4)?);
    let local = archive.get(at..)?;
    let skipped = 30 + usize::try_from(number(local, 26, 2)? + number(local, 28, 2)?).ok()?;
    let body = local.get(skipped..skipped.checked_add(packed)?)?;
    let text = match method {
        0 => body.to_vec(),
        8 => decompress_to_vec_with_limit(body, LARGEST).ok()?,
        _ => return None,
    };
    (text.len() == size && u64::from(crc32(&text)) == crc).then_some(text)
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(bytes.get(at..at.checked_add(length)?)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// CRC-32 as ZIP wants it, bit by bit: these files are small.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The check value of CRC-32; deflated archives come from the simulator (tests/window.rs).
    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_packed_is_unpacked_and_every_changed_byte_of_the_text_is_noticed() {
        let archive = packed("20260506.txt", "P\tM1\tS1\n".as_bytes());
        assert!(archive.starts_with(MAGIC.as_bytes()));
        assert_eq!(unpacked(&archive).unwrap(), b"P\tM1\tS1\n");
        for at in 42..50 {
            let mut changed = archive.clone();
            changed[at] ^= 1;
            assert!(unpacked(&changed).is_err(), "{at}");
        }
        assert_eq!(unpacked(&packed("x", b"")).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..120, byte in any::<u8>()) {
            let _ = unpacked(&bytes);
            let mut archive = packed("a.txt", &bytes);
            if let Some(place) = archive.get_mut(at) {
                *place = byte;
            }
            let _ = unpacked(&archive);
        }
    }
}
