//! As much DER as key files need: elements with a tag and a definite length.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Reads elements one after the other; `None` where the bytes are not what was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Der<'a> {
        Der(bytes)
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_first()?;
        let (len, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(len)?;
        if *first != tag {
            return None;
        }
        self.0 = rest;
        Some(content)
    }

    /// The next element, when it has this tag; nothing is taken otherwise.
    pub(crate) fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.0.first().filter(|first| **first == tag)?;
        self.take(tag)
    }

    /// A number that is not negative.
    pub(crate) fn number(&mut self) -> Option<u32> {
        number(self.take(INTEGER)?)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The shortest form only, as DER demands.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let count = usize::from(*first & 0x7f);
    let (digits, rest) = (1..=4).contains(&count).then(|| rest.split_at_checked(count)).flatten()?;
    let len = digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit));
    (len >= 0x80 && digits.first() != Some(&0)).then_some((len, rest))
}

fn number(content: &[u8]) -> Option<u32> {
    let digits = match content {
        [0, rest @ ..] if rest.first().is_some_and(|next| *next >= 0x80) => rest,
        [first] if *first < 0x80 => content,
        [first, ..] if (1..0x80).contains(first) => content,
        _ => return None,
    };
    (digits.len() <= 4).then(|| digits.iter().fold(0, |n, digit| n << 8 | u32::from(*digit)))
}

/// An element with its content.
pub(crate) fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let len: usize = content.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match u8::try_from(len) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let digits: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | digits.len() as u8); // at most eight
            out.extend_from_slice(&digits);
        }
    }
    content.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// The element of a number.
pub(crate) fn integer(number: u32) -> Vec<u8> {
    let mut digits: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(INTEGER, &[&digits])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_come_back() {
        for n in [0, 1, 127, 128, 255, 256, 65_535, 65_536, u32::MAX] {
            assert_eq!(Der::of(&integer(n)).number(), Some(n));
        }
        for len in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; len];
            let bytes = element(OCTETS, &[&content]);
            let mut der = Der::of(&bytes);
            assert_eq!(der.take(OCTETS), Some(content.as_slice()));
            assert!(der.is_empty());
        }
    }

    #[test]
    fn what_is_no_der_is_refused() {
        // Negative, empty, padded; long form where the short one does, indefinite, cut off, leading zero.
        for bytes in [&[2, 1, 0x80][..], &[2, 0], &[2, 2, 0, 1], &[2, 0x81, 1, 1], &[2, 0x80, 1], &[2, 5, 1], &[2, 0x82, 0, 0x80], &[2], &[]] {
            assert_eq!(Der::of(bytes).number(), None, "{bytes:x?}");
        }
        assert_eq!(Der::of(&[2, 1, 1]).take(OCTETS), None);
    }
}
