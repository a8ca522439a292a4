//! ICD-10: the category of a code, its block and its chapter (domain/hospital.md §6.6).

/// The first three characters of a code, when it is one: a letter and two digits.
pub(super) fn category(code: &str) -> Option<&str> {
    let category = code.trim().get(..3)?;
    let shape = matches!(category.as_bytes(), [letter, tens, ones] if letter.is_ascii_uppercase() && tens.is_ascii_digit() && ones.is_ascii_digit());
    shape.then_some(category)
}

/// From, to, name. F49 is in no block; F99 stands alone.
static BLOCKS: &[(&str, &str, &str)] = &[
    ("F00", "F09", "器质性(包括症状性)精神障碍"),
    ("F10", "F19", "使用精神活性物质引起的精神和行为障碍"),
    ("F20", "F29", "精神分裂症、分裂型障碍和妄想性障碍"),
    ("F30", "F39", "心境[情感]障碍"),
    ("F40", "F48", "神经症性、应激相关的及躯体形式障碍"),
    ("F50", "F59", "伴有生理紊乱及躯体因素的行为综合征"),
    ("F60", "F69", "成人人格和行为障碍"),
    ("F70", "F79", "精神发育迟缓"),
    ("F80", "F89", "心理发育障碍"),
    ("F90", "F98", "通常起病于童年与少年期的行为和情绪障碍"),
    ("F99", "F99", "未特指的精神障碍"),
];

/// From, to, number.
static CHAPTERS: &[(&str, &str, &str)] = &[
    ("A00", "B99", "I"),
    ("C00", "D48", "II"),
    ("D50", "D89", "III"),
    ("E00", "E90", "IV"),
    ("F00", "F99", "V"),
    ("G00", "G99", "VI"),
    ("H00", "H59", "VII"),
    ("H60", "H95", "VIII"),
    ("I00", "I99", "IX"),
    ("J00", "J99", "X"),
    ("K00", "K93", "XI"),
    ("L00", "L99", "XII"),
    ("M00", "M99", "XIII"),
    ("N00", "N99", "XIV"),
    ("O00", "O99", "XV"),
    ("P00", "P96", "XVI"),
    ("Q00", "Q99", "XVII"),
    ("R00", "R99", "XVIII"),
    ("S00", "T98", "XIX"),
    ("V01", "Y98", "XX"),
    ("Z00", "Z99", "XXI"),
    ("U00", "U99", "XXII"),
];

/// Categories that a psychiatric clinic sees.
static CATEGORIES: &[(&str, &str)] = &[
    ("F00", "阿尔茨海默病性痴呆"),
    ("F01", "血管性痴呆"),
    ("F03", "未特指的痴呆"),
    ("F06", "脑损害、脑功能障碍和躯体疾病引起的其他精神障碍"),
    ("F10", "使用酒精引起的精神和行为障碍"),
    ("F20", "精神分裂症"),
    ("F22", "持久的妄想性障碍"),
    ("F23", "急性而短暂的精神病性障碍"),
    ("F25", "分裂情感性障碍"),
    ("F31", "双相情感障碍"),
    ("F32", "抑郁发作"),
    ("F33", "复发性抑郁障碍"),
    ("F40", "恐怖性焦虑障碍"),
    ("F41", "其他焦虑障碍"),
    ("F42", "强迫性障碍"),
    ("F43", "严重应激反应和适应障碍"),
    ("F45", "躯体形式障碍"),
    ("F48", "其他神经症性障碍"),
    ("F50", "进食障碍"),
    ("F51", "非器质性睡眠障碍"),
    ("F70", "轻度精神发育迟缓"),
    ("F84", "广泛性发育障碍"),
    ("F90", "多动性障碍"),
    ("F95", "抽动障碍"),
    ("G47", "睡眠障碍"),
    ("Z00", "无主诉者的一般检查"),
];

/// The name of a category, where there is one here.
pub(super) fn category_name(category: &str) -> &'static str {
    CATEGORIES.binary_search_by(|(code, _)| (*code).cmp(category)).ok().and_then(|at| CATEGORIES.get(at)).map_or("", |(_, name)| name)
}

/// The block of chapter V that a category lies in, as `F20–F29`, and its name.
pub(super) fn block(category: &str) -> Option<(String, &'static str)> {
    range(BLOCKS, category).map(|(from, to, name)| (if from == to { (*from).to_owned() } else { format!("{from}–{to}") }, *name))
}

/// The chapter that a category lies in: its number, and its range.
pub(super) fn chapter(category: &str) -> Option<(String, String)> {
    range(CHAPTERS, category).map(|(from, to, number)| ((*number).to_owned(), format!("{from}–{to}")))
}

fn range<'t>(ranges: &'t [(&'t str, &'t str, &'t str)], category: &str) -> Option<&'t (&'t str, &'t str, &'t str)> {
    ranges.iter().find(|(from, to, _)| (*from..=*to).contains(&category))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_with_and_without_extensions() {
        assert_eq!(
            ["F20.900", "F31.000x001", "G24.900x003", " Z00 ", "F2", "精神", "f20.9", "F2A"].map(category),
            [Some("F20"), Some("F31"), Some("G24"), Some("Z00"), None, None, None, None]
        );
        assert!(CATEGORIES.is_sorted() && category_name("F20") == "精神分裂症" && category_name("F21").is_empty());
    }

    #[test]
    fn the_traps_of_blocks_and_chapters() {
        let in_block = |code| block(code).map(|(block, _)| block);
        assert_eq!(
            (in_block("F48").as_deref(), in_block("F49"), in_block("F98").as_deref(), in_block("F99").as_deref(), in_block("G47")),
            (Some("F40–F48"), None, Some("F90–F98"), Some("F99"), None)
        );
        let in_chapter = |code| chapter(code).map(|(number, _)| number);
        assert_eq!(
            (in_chapter("D48").as_deref(), in_chapter("D49"), in_chapter("D50").as_deref(), in_chapter("T98").as_deref(), in_chapter("F99").as_deref()),
            (Some("II"), None, Some("III"), Some("XIX"), Some("V"))
        );
    }
}
