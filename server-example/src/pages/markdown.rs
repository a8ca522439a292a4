//! The little of Markdown that a hospital's texts need: headings, paragraphs, lists, bold. It becomes blocks of plain text
//! that templates escape, so nothing in a content file can run or reach elsewhere.

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// Bold?
    pub bold: bool,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// `## …`
    Heading(Vec<Run>),
    /// Lines up to an empty one.
    Paragraph(Vec<Run>),
    /// `- …` lines.
    List(Vec<Vec<Run>>),
}

/// Reads a document. What is no markup of ours is text.
pub fn read(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim).chain([""]) {
        if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
            close(&mut lines, &mut blocks);
            match blocks.last_mut() {
                Some(Block::List(items)) => items.push(runs(item)),
                _ => blocks.push(Block::List(vec![runs(item)])),
            }
        } else if line.starts_with('#') {
            close(&mut lines, &mut blocks);
            blocks.push(Block::Heading(runs(line.trim_start_matches('#').trim())));
        } else if line.is_empty() {
            close(&mut lines, &mut blocks);
        } else {
            lines.push(line);
        }
    }
    blocks
}

/// Chinese lines join without a blank.
fn close(lines: &mut Vec<&str>, blocks: &mut Vec<Block>) {
    if !lines.is_empty() {
        blocks.push(Block::Paragraph(runs(&lines.concat())));
        lines.clear();
    }
}

fn runs(text: &str) -> Vec<Run> {
    let parts: Vec<&str> = text.split("**").collect();
    // An odd number of marks leaves the last one as it is written.
    let paired = parts.len() % 2 == 1;
    let last = parts.len().saturating_sub(1);
    let mut runs = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        let bold = at % 2 == 1 && (paired || at != last);
        let text = if at % 2 == 1 && !bold { format!("**{part}") } else { part.to_owned() };
        if !text.is_empty() {
            runs.push(Run { text, bold });
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Run {
        Run { text: text.to_owned(), bold: false }
    }

    #[test]
    fn headings_paragraphs_lists_and_bold() {
        let blocks = read("\u{feff}# 简介\n\n第一行\n第二行**重点**结束\n\n- 甲\n- 乙\n末尾");
        let bold = Run { text: "重点".to_owned(), bold: true };
        assert_eq!(
            blocks,
            [
                Block::Heading(vec![plain("简介")]),
                Block::Paragraph(vec![plain("第一行第二行"), bold, plain("结束")]),
                Block::List(vec![vec![plain("甲")], vec![plain("乙")]]),
                Block::Paragraph(vec![plain("末尾")]),
            ]
        );
        assert_eq!(read("a**b"), [Block::Paragraph(vec![plain("a"), plain("**b")])]);
        assert!(read("").is_empty());
    }

    #[test]
    fn markup_of_others_is_text() {
        let blocks = read("<script>alert(1)</script> [x](javascript:1) ![y](http://z)");
        assert_eq!(blocks, [Block::Paragraph(vec![plain("<script>alert(1)</script> [x](javascript:1) ![y](http://z)")])]);
    }
}
