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

/// Where a cell stands in its file. No address: a table of texts would be ten times as large, and every address in it would
/// be one more thing to correct whenever the library is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    from: u16,
    to: u16,
}

/// The rows of a file, each of so many cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<const COLUMNS: usize> {
    pub(super) text: &'static str,
    pub(super) cells: &'static [[Cell; COLUMNS]],
}

impl<const COLUMNS: usize> Rows<COLUMNS> {
    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn get(&self, row: usize) -> Option<[&'static str; COLUMNS]> {
        self.cells.get(row).map(|cells| cells.map(|cell| self.read(cell)))
    }

    /// Every cell was cut out of this text in the compiler.
    fn read(&self, cell: Cell) -> &'static str {
        self.text.get(usize::from(cell.from)..usize::from(cell.to)).unwrap_or_default()
    }

    pub(super) fn iter(self) -> impl DoubleEndedIterator<Item = [&'static str; COLUMNS]> + ExactSizeIterator {
        (0..self.cells.len()).map(move |row| self.get(row).unwrap_or([""; COLUMNS]))
    }

    /// The row that begins with this cell, of rows in ascending order.
    pub(super) fn search(&self, first: &str) -> Option<[&'static str; COLUMNS]> {
        let found = self.cells.binary_search_by(|cells| cells.first().map(|cell| self.read(*cell)).cmp(&Some(first)));
        self.get(found.ok()?)
    }

    /// The first cell of a row, for the compiler.
    pub(super) const fn first(&self, row: usize) -> &'static str {
        let cell = self.cells[row][0];
        let (head, _) = self.text.split_at(cell.to as usize);
        let (_, cut) = head.split_at(cell.from as usize);
        cut
    }
}

/// The cells of the rows, split at tabs.
pub(super) const fn parse<const ROWS: usize, const COLUMNS: usize>(text: &'static str) -> [[Cell; COLUMNS]; ROWS] {
    assert!(text.len() <= u16::MAX as usize, "a file is longer than a cell can tell");
    let mut out = [[Cell { from: 0, to: 0 }; COLUMNS]; ROWS];
    let (bytes, mut at, mut row) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        let comment = bytes[at] == b'#' || bytes[at] == b'\n';
        let (mut start, mut column) = (at, 0);
        while at < bytes.len() && bytes[at] != b'\n' {
            if bytes[at] == b'\t' && !comment {
                out[row][column] = Cell { from: start as u16, to: at as u16 };
                column += 1;
                start = at + 1;
            }
            at += 1;
        }
        if !comment {
            assert!(column + 1 == COLUMNS, "a row has not the right number of columns");
            out[row][column] = Cell { from: start as u16, to: at as u16 };
            row += 1;
        }
        at += 1;
    }
    out
}

/// Some columns of every row, in this order.
pub(super) const fn columns<const ROWS: usize, const FROM: usize, const TO: usize>(rows: &Rows<FROM>, take: [usize; TO]) -> [[Cell; TO]; ROWS] {
    let mut out = [[Cell { from: 0, to: 0 }; TO]; ROWS];
    let mut row = 0;
    while row < ROWS {
        let mut column = 0;
        while column < TO {
            out[row][column] = rows.cells[row][take[column]];
            column += 1;
        }
        row += 1;
    }
    out
}

/// `include_rows!(ROWS, 3, "data/sex.tsv")`: the rows of the file, under this name.
macro_rules! include_rows {
    ($name:ident, $columns:literal, $file:expr) => {
        const $name: $crate::code::rows::Rows<$columns> = {
            static CELLS: [[$crate::code::rows::Cell; $columns]; $crate::code::rows::count(include_str!($file))] = $crate::code::rows::parse(include_str!($file));
            $crate::code::rows::Rows { text: include_str!($file), cells: &CELLS }
        };
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
        static CELLS: [[Cell; 2]; 2] = parse(TEXT);
        const ROWS: Rows<2> = Rows { text: TEXT, cells: &CELLS };
        assert_eq!(ROWS.iter().collect::<Vec<_>>(), [["1", "一"], ["2", "二"]]);
        assert_eq!((ROWS.len(), ROWS.get(1), ROWS.get(2), ROWS.first(1)), (2, Some(["2", "二"]), None, "2"));
        static TURNED: [[Cell; 3]; 2] = columns(&ROWS, [1, 0, 1]);
        assert_eq!(Rows { text: TEXT, cells: &TURNED }.iter().collect::<Vec<_>>(), [["一", "1", "一"], ["二", "2", "二"]]);
    }
}
