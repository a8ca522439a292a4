//! Columns of texts: the rules over millions of rows read them through [`TextColumn`], whoever stores them.

/// A column of texts: slices here, Arrow's own arrays in the bridge. `'a` is the life of the texts.
pub trait TextColumn<'a>: Copy {
    /// How many rows it has.
    fn rows(self) -> usize;
    /// The text of a row; `None` where there is none, and beyond the last row.
    fn text(self, row: usize) -> Option<&'a str>;

    /// Has any row a text?
    fn has_any(self) -> bool {
        (0..self.rows()).any(|row| self.text(row).is_some())
    }
}

impl<'a> TextColumn<'a> for &[&'a str] {
    fn rows(self) -> usize {
        self.len()
    }

    fn text(self, row: usize) -> Option<&'a str> {
        self.get(row).copied()
    }
}

impl<'a> TextColumn<'a> for &[Option<&'a str>] {
    fn rows(self) -> usize {
        self.len()
    }

    fn text(self, row: usize) -> Option<&'a str> {
        self.get(row).copied().flatten()
    }
}

/// Texts that every row has.
pub type Texts<'a> = &'a [&'a str];

/// Texts that a row may have.
pub type OptionalTexts<'a> = &'a [Option<&'a str>];
