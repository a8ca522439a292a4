//! Columns of a terminal: Chinese characters take two cells.

/// Cells of a terminal that a text takes: Chinese characters take two, marks that combine take none.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
            '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

/// The text, filled up to a width.
pub(crate) fn filled(text: &str, wanted: usize) -> String {
    format!("{text}{}", " ".repeat(wanted.saturating_sub(width(text))))
}

/// Rows of cells below their heads, each column as wide as its widest cell. `paint` colours a cell after it was measured.
pub(crate) fn columns(heads: &[&str], rows: &[Vec<String>], paint: impl Fn(usize, usize, String) -> String) -> Vec<String> {
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).chain(heads.get(at).map(|head| width(head))).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(widest).collect();
    let line = |cells: Vec<String>| cells.join("  ").trim_end().to_owned();
    let head = line(heads.iter().zip(&widths).map(|(head, width)| filled(head, *width)).collect());
    let body = rows.iter().enumerate().map(|(no, row)| line(row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| paint(no, at, filled(cell, *width))).collect()));
    std::iter::once(head).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_cells_and_columns_stand_below_each_other() {
        assert_eq!((width("序号"), width("a"), width("，"), width("e\u{301}")), (4, 1, 2, 1));
        let rows = columns(&["序号", "x"], &[vec!["1".to_owned(), "有应答".to_owned()], vec!["100000".to_owned(), "b".to_owned()]], |_, _, cell| cell);
        assert_eq!(rows, ["序号    x", "1       有应答", "100000  b"]);
    }
}
