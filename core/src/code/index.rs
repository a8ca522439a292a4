//! Where a code stands in its table: worked out in the compiler, found in one or two steps whatever the size of the table.
#![expect(clippy::indexing_slicing, reason = "`head` never reads past an end; the rest that indexes runs in the compiler, where a fault stops the build")]

use super::rows::Rows;

/// The positions of the codes of a table by [`head`]: no two codes of one table have the same.
#[derive(Debug)]
pub(super) struct Index {
    /// Of each code, in the order of the rows.
    pub(super) heads: &'static [u64],
    /// A power of two of slots, at least half of them free (0); the others hold a position + 1.
    pub(super) slots: &'static [u16],
}

impl Index {
    /// The only row that may have this code; a code of at most [`WHOLE`] bytes is that row's.
    #[inline]
    pub(super) fn find(&self, code: &str) -> Option<usize> {
        let head = head(code);
        let mut slot = home(head, self.slots.len());
        loop {
            let at = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            if self.heads.get(at) == Some(&head) {
                return Some(at);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

/// So many bytes are in a head.
pub(super) const WHOLE: usize = 7;

/// The first seven bytes of a code, then its length: a number that compares as the texts do.
const fn head(code: &str) -> u64 {
    let bytes = code.as_bytes();
    // Overlapping reads instead of a loop: where they overlap they agree.
    let begin = match (bytes.first_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(eight), _, _) => u64::from_be_bytes(*eight) & !0xff,
        (None, Some(first), Some(last)) => (u32::from_be_bytes(*first) as u64) << 32 | (u32::from_be_bytes(*last) as u64) << (64 - 8 * bytes.len()),
        _ if bytes.is_empty() => 0,
        _ => byte(bytes, 0) | byte(bytes, bytes.len() / 2) | byte(bytes, bytes.len() - 1),
    };
    begin | if bytes.len() < 0xff { bytes.len() as u64 } else { 0xff }
}

const fn byte(bytes: &[u8], at: usize) -> u64 {
    (bytes[at] as u64) << (56 - 8 * at)
}

/// Where the search for a head begins.
const fn home(head: u64, slots: usize) -> usize {
    // The upper half of the product, which every bit of the head has moved.
    ((head ^ head >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (slots - 1)
}

/// The heads of every row's first column.
pub(super) const fn heads<const ROWS: usize, const COLUMNS: usize>(rows: &Rows<COLUMNS>) -> [u64; ROWS] {
    let (mut out, mut row) = ([0; ROWS], 0);
    while row < ROWS {
        out[row] = head(rows.first(row));
        row += 1;
    }
    out
}

/// How many slots so many rows need.
pub(super) const fn room(rows: usize) -> usize {
    (2 * rows + 1).next_power_of_two()
}

/// The slots of so many heads.
pub(super) const fn slots<const ROWS: usize, const SLOTS: usize>(heads: &[u64; ROWS]) -> [u16; SLOTS] {
    let (mut out, mut row) = ([0; SLOTS], 0);
    while row < ROWS {
        let mut slot = home(heads[row], SLOTS);
        while out[slot] != 0 {
            slot = (slot + 1) & (SLOTS - 1);
        }
        out[slot] = row as u16 + 1;
        row += 1;
    }
    out
}

/// `index!(ROWS)`: the [`Index`] of rows by their first column.
macro_rules! index {
    ($rows:expr) => {
        $crate::code::index::Index {
            heads: &$crate::code::index::heads::<{ $rows.len() }, _>(&$rows),
            slots: &$crate::code::index::slots::<_, { $crate::code::index::room($rows.len()) }>(&$crate::code::index::heads::<{ $rows.len() }, _>(&$rows)),
        }
    };
}
pub(super) use index;

#[cfg(test)]
mod tests {
    use super::super::rows::{self, Cell};
    use super::*;

    #[test]
    fn heads_compare_as_the_texts_do() {
        let mut texts: Vec<&str> = vec!["", "0", "01", "012", "0123", "01234", "012345", "0123456", "01234567", "99", "9", "CHN", "CN", "中", "resident"];
        texts.sort_unstable();
        assert!(texts.is_sorted_by(|a, b| head(a) < head(b)));
        assert_eq!((head("0123456xyz"), head("ab")), (u64::from_be_bytes(*b"0123456\x0a"), u64::from_be_bytes(*b"ab\0\0\0\0\0\x02")));
        assert_eq!(head(&"7".repeat(300)), head(&"7".repeat(255)));
    }

    /// Every code is found where it stands, and nothing else: also when many begin their search at one slot.
    #[test]
    fn a_code_is_found_at_its_row() {
        const TEXT: &str = "0\n1\n10\n100\n1000\n10000\n";
        static CELLS: [[Cell; 1]; 6] = rows::parse(TEXT);
        const ROWS: Rows<1> = Rows { text: TEXT, cells: &CELLS };
        static INDEX: Index = index!(ROWS);
        for (at, [code]) in ROWS.iter().enumerate() {
            assert_eq!(INDEX.find(code), Some(at), "{code}");
        }
        assert_eq!([INDEX.find(""), INDEX.find("2"), INDEX.find("01"), INDEX.find("100000")], [None; 4]);
        let crowd: Vec<String> = (0..10_000).map(|n| n.to_string()).filter(|code| home(head(code), 16) == 15).take(5).collect();
        let (crowd, last) = (&crowd[..4], &crowd[4]);
        let heads: [u64; 4] = std::array::from_fn(|at| head(&crowd[at]));
        let slots: [u16; 16] = slots(&heads);
        let crowded = Index { heads: Box::leak(Box::new(heads)), slots: Box::leak(Box::new(slots)) };
        assert_eq!(crowd.iter().map(|code| crowded.find(code)).collect::<Vec<_>>(), [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(crowded.find(last), None, "one more that begins there and is not in the table");
    }
}
