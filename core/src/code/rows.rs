//! Reading the data files in the compiler: a file that has not so many columns is a compile error.
#![expect(clippy::indexing_slicing, reason = "it runs in the compiler, where a fault stops the build")]

/// How many rows a file has; `#` begins a line that is none.
pub(super) const fn count(text: &str) -> usize {
    let (bytes, mut at, mut rows, mut first) = (text.as_bytes(), 0, 0, true);
    while at < bytes.len() {
        if first && bytes[at] != b'#' && bytes[at] != b'\n' {
            rows += 1;
        }
        first = bytes[at] == b'\n';
        at += 1;
    }
    rows
}

/// The rows, split at tabs.
pub(super) const fn parse<const ROWS: usize, const COLUMNS: usize>(text: &'static str) -> [[&'static str; COLUMNS]; ROWS] {
    let mut out = [[""; COLUMNS]; ROWS];
    let (bytes, mut at, mut row) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        let comment = bytes[at] == b'#' || bytes[at] == b'\n';
        let (mut start, mut column) = (at, 0);
        while at < bytes.len() && bytes[at] != b'\n' {
            if bytes[at] == b'\t' && !comment {
                out[row][column] = between(text, start, at);
                column += 1;
                start = at + 1;
            }
            at += 1;
        }
        if !comment {
            assert!(column + 1 == COLUMNS, "a row has not the right number of columns");
            out[row][column] = between(text, start, at);
            row += 1;
        }
        at += 1;
    }
    out
}

const fn between(text: &'static str, start: usize, end: usize) -> &'static str {
    let (head, _) = text.split_at(end);
    let (_, cut) = head.split_at(start);
    cut
}

/// Some columns of every row, in this order.
pub(super) const fn columns<const ROWS: usize, const FROM: usize, const TO: usize>(rows: &[[&'static str; FROM]; ROWS], take: [usize; TO]) -> [[&'static str; TO]; ROWS] {
    let mut out = [[""; TO]; ROWS];
    let mut row = 0;
    while row < ROWS {
        let mut column = 0;
        while column < TO {
            out[row][column] = rows[row][take[column]];
            column += 1;
        }
        row += 1;
    }
    out
}

/// `include_rows!(ROWS, 3, "data/sex.tsv")`: the file as a static of rows.
macro_rules! include_rows {
    ($name:ident, $columns:literal, $file:expr) => {
        static $name: [[&str; $columns]; $crate::code::rows::count(include_str!($file))] = $crate::code::rows::parse(include_str!($file));
    };
}
pub(super) use include_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_rows_and_the_last_line_needs_no_end() {
        const TEXT: &str = "# a\tb\n1\t一\n\n2\t二";
        assert_eq!(count(TEXT), 2);
        const ROWS: [[&str; 2]; 2] = parse(TEXT);
        assert_eq!(ROWS, [["1", "一"], ["2", "二"]]);
        assert_eq!(columns(&ROWS, [1, 0, 1]), [["一", "1", "一"], ["二", "2", "二"]]);
    }
}
