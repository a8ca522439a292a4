//! Small cells (小单元抑制): what tells of fewer people than the limit is not shown, and enough beside it that it cannot be worked out.
//!
//! A table has its totals in its last row and column, and everything in it that is not negative. A hidden number stays secret when there is another
//! table with the same shown numbers in which it differs: then whoever subtracts has at least two answers. Such a table exists when the number can
//! grow or shrink by one along a closed path of hidden cells, and [`is_secret`] looks for the path.

/// A table of counts, row by row, totals included.
pub(super) struct Counts {
    pub(super) columns: usize,
    /// What would be shown.
    pub(super) values: Vec<u64>,
    /// How many people it tells of.
    pub(super) people: Vec<u64>,
}

impl Counts {
    fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or_default()
    }

    fn at(&self, row: usize, column: usize) -> usize {
        row * self.columns + column
    }

    fn value(&self, at: usize) -> u64 {
        self.values.get(at).copied().unwrap_or_default()
    }

    /// A row's or a column's total, which is taken off where the others are added.
    fn is_total(&self, row: usize, column: usize) -> bool {
        (row + 1 == self.rows()) != (column + 1 == self.columns)
    }

    /// Which cells are not shown.
    pub(super) fn hidden(&self, least: u64) -> Vec<bool> {
        let small = |(value, people): (&u64, &u64)| *value > 0 && *people < least;
        let primary: Vec<bool> = self.values.iter().zip(&self.people).map(small).collect();
        let mut hidden = primary.clone();
        for (at, _) in primary.iter().enumerate().filter(|(_, small)| **small) {
            while !self.is_secret(&hidden, at) {
                let Some(cover) = self.cover(&hidden, at) else { break };
                if let Some(cell) = hidden.get_mut(cover) {
                    *cell = true;
                }
            }
        }
        hidden
    }

    /// The next cell to hide, the smallest first, no zeros and no totals while there is another: a partner in the row, one in the column, then the corner
    /// that closes the path, then whatever is left.
    fn cover(&self, hidden: &[bool], at: usize) -> Option<usize> {
        let (row, column) = (at / self.columns, at % self.columns);
        let (in_row, in_column) = (self.line(hidden, row, true), self.line(hidden, column, false));
        let fits = |r: usize, c: usize| match (in_row, in_column) {
            (..=1, _) => r == row,
            (_, ..=1) => c == column,
            _ => self.is_hidden(hidden, r, column) && self.is_hidden(hidden, row, c),
        };
        let open = (0..self.values.len()).filter(|cell| !hidden.get(*cell).copied().unwrap_or(true));
        open.min_by_key(|cell| {
            let (r, c) = (cell / self.columns, cell % self.columns);
            (!fits(r, c), r + 1 == self.rows() || c + 1 == self.columns, self.value(*cell) == 0, self.value(*cell), *cell)
        })
    }

    fn is_hidden(&self, hidden: &[bool], row: usize, column: usize) -> bool {
        hidden.get(self.at(row, column)).copied().unwrap_or_default()
    }

    /// How many cells of a row or a column are hidden.
    fn line(&self, hidden: &[bool], line: usize, is_row: bool) -> usize {
        if is_row { (0..self.columns).filter(|c| self.is_hidden(hidden, line, *c)).count() } else { (0..self.rows()).filter(|r| self.is_hidden(hidden, *r, line)).count() }
    }

    /// May the number be one more or one less, with everything that is shown as it is?
    fn is_secret(&self, hidden: &[bool], at: usize) -> bool {
        let (row, column) = (at / self.columns, at % self.columns);
        let up = !self.is_total(row, column);
        self.can_move(hidden, row, column, up) || (self.value(at) > 0 && self.can_move(hidden, row, column, !up))
    }

    /// A closed path from the column of a cell back to its row, over hidden cells that can move the other way and this way in turn.
    /// `up`: the cell's share of its lines grows (for a total, that is when it shrinks).
    fn can_move(&self, hidden: &[bool], row: usize, column: usize, up: bool) -> bool {
        let moves = |r: usize, c: usize, up: bool| (r, c) != (row, column) && self.is_hidden(hidden, r, c) && (up != self.is_total(r, c) || self.value(self.at(r, c)) > 0);
        let (mut rows, mut columns) = (vec![false; self.rows()], vec![false; self.columns]);
        let mut to_do = vec![column];
        while let Some(c) = to_do.pop() {
            if columns.get(c).copied().unwrap_or(true) {
                continue;
            }
            columns.iter_mut().skip(c).take(1).for_each(|seen| *seen = true);
            for r in (0..self.rows()).filter(|r| moves(*r, c, !up)) {
                if r == row {
                    return true;
                }
                if let Some(seen) = rows.get_mut(r).filter(|seen| !**seen) {
                    *seen = true;
                    to_do.extend((0..self.columns).filter(|c| moves(r, *c, up)));
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table with its totals.
    fn table(rows: &[Vec<u64>]) -> Counts {
        let columns = rows[0].len() + 1;
        let mut all: Vec<Vec<u64>> = rows.iter().map(|row| row.iter().copied().chain([row.iter().sum()]).collect()).collect();
        all.push((0..columns).map(|c| all.iter().map(|row| row[c]).sum()).collect());
        let values: Vec<u64> = all.concat();
        Counts { columns, people: values.clone(), values }
    }

    /// All tables that show the same, up to a number: what somebody with all patience finds out.
    fn possible(counts: &Counts, hidden: &[bool], most: u64) -> Vec<Vec<u64>> {
        let (rows, columns) = (counts.rows() - 1, counts.columns - 1);
        let mut found = Vec::new();
        let mut inner = vec![vec![0u64; columns]; rows];
        fn fill(counts: &Counts, hidden: &[bool], most: u64, at: usize, inner: &mut Vec<Vec<u64>>, found: &mut Vec<Vec<u64>>) {
            let columns = inner[0].len();
            if at == inner.len() * columns {
                let other = table(inner);
                if other.values.iter().zip(&counts.values).zip(hidden).all(|((a, b), hidden)| *hidden || a == b) {
                    found.push(other.values);
                }
                return;
            }
            let (r, c) = (at / columns, at % columns);
            let cell = r * (columns + 1) + c;
            let values = if hidden[cell] { 0..=most } else { counts.values[cell]..=counts.values[cell] };
            for value in values {
                inner[r][c] = value;
                fill(counts, hidden, most, at + 1, inner, found);
            }
        }
        fill(counts, hidden, most, 0, &mut inner, &mut found);
        found
    }

    fn holds(rows: &[Vec<u64>], least: u64) {
        let counts = table(rows);
        let hidden = counts.hidden(least);
        let possible = possible(&counts, &hidden, 7);
        for (at, value) in counts.values.iter().enumerate() {
            if *value > 0 && *value < least {
                assert!(hidden[at]);
                assert!(possible.iter().any(|other| other[at] != *value), "{rows:?} tells {value} at {at}: {hidden:?}");
            }
        }
        if counts.values.iter().all(|value| *value == 0 || *value >= least) {
            assert!(hidden.iter().all(|hidden| !hidden));
        }
    }

    #[test]
    fn a_single_small_cell_takes_three_others_with_it() {
        let hidden = table(&[vec![9, 2, 30], vec![12, 40, 50], vec![11, 60, 70]]).hidden(5);
        assert_eq!(hidden.iter().filter(|hidden| **hidden).count(), 4, "{hidden:?}");
        assert!(hidden.iter().enumerate().all(|(at, hidden)| !hidden || (at % 4 < 3 && at / 4 < 3)), "no total: {hidden:?}");
    }

    #[test]
    fn what_has_no_cover_takes_its_totals_with_it() {
        holds(&[vec![3]], 5);
        holds(&[vec![2, 0], vec![0, 0]], 5);
        holds(&[vec![4, 0, 0]], 5);
        assert!(table(&[vec![3]]).hidden(5).iter().all(|hidden| *hidden));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn nothing_small_can_be_worked_out(rows in (1..3usize, 1..4usize).prop_flat_map(|(r, c)| prop::collection::vec(prop::collection::vec(0..6u64, c), r)), least in 2..5u64) {
            holds(&rows, least);
        }
    }
}
