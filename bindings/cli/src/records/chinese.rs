//! What is wrong with a file, in Chinese. The words of the contract's own reader are told here, too: they name shapes and rules, never what
//! stands in the file.

/// Whole texts.
const TEXTS: &[(&str, &str)] = &[
    ("does not fit into a table: give these records as JSON", "不能放入表格，这类记录请用 JSON 提供"),
    ("is there twice", "重复出现"),
    ("is missing", "缺失"),
    ("is not an object", "不是对象"),
    ("is not CSV", "不是 CSV 格式"),
    ("is not UTF-8", "不是 UTF-8 编码"),
    ("is UTF-16; save it as UTF-8 or GB18030", "是 UTF-16 编码，请另存为 UTF-8 或 GB18030"),
    ("is not a whole number (amounts are whole fen)", "不是整数（金额以分为单位，必须是整数）"),
    ("is neither true nor false", "既不是 true 也不是 false"),
    ("has a wrong value", "内容有误"),
    ("is not a decimal id", "不是十进制编号"),
    ("is not understood", "无法识别"),
    ("the list is not closed; is the file cut off?", "列表没有结束，文件可能不完整"),
    ("a comma is followed by an object", "逗号之后应为对象"),
    ("between objects of a list stands a comma", "列表中的对象之间应有逗号"),
    ("nothing may stand behind the list", "列表之后不应再有内容"),
    ("a record is an object: { … }", "每条记录应为一个对象：{ … }"),
    ("the record is not closed; is the file cut off?", "记录没有结束，文件可能不完整"),
    ("is Parquet, and this terminal was built without it (feature parquet)", "是 Parquet 文件，而本程序编译时未包含 Parquet 支持（feature parquet）"),
    ("is not a Parquet file that can be read", "不是可读取的 Parquet 文件"),
    ("cannot be read", "无法读取"),
    (
        "is a column of floating-point numbers: amounts are whole fen in an integer column, prices and quantities are texts or decimals",
        "是浮点数列：金额应为以分为单位的整数列，单价和数量应为文本列或小数（DECIMAL）列",
    ),
    ("is a column of a type that no field has", "列的类型不适用于任何字段"),
    ("is of a type that no field has", "类型不适用于任何字段"),
    ("is a column of lists", "是列表列"),
    ("is a column of times without a zone: give instants, or RFC 3339 texts", "是不带时区的时间列：请提供带时区的时刻，或 RFC 3339 文本"),
    ("is a column of nanoseconds: give milliseconds or microseconds", "是纳秒时间列：请改为毫秒或微秒"),
    ("is a column of decimals: amounts are whole fen", "是小数（DECIMAL）列：金额应为以分为单位的整数"),
    ("is no date between 1800 and 9999", "不是 1800 年至 9999 年之间的日期"),
    ("differs from the first row of its settlement", "与该结算的首行不一致"),
    ("stands in rows that are not together", "的各行没有连续排列"),
    ("entity not found", "文件不存在"),
    ("permission denied", "没有读取权限"),
    ("is a directory", "是目录，不是文件"),
];

/// Texts around a number or a name: before, between, behind.
const FORMS: &[(&[&str], &str)] = &[
    (
        &["is unknown (column ", "); --rename NAME=OURS, or --ignore-unknown; known are ", ""],
        "不认识（第 {0} 列）；可用 --rename 文件列名=字段名 对应，或用 --ignore-unknown 忽略；可用的列：{1}",
    ),
    (&["has ", " cells, the line of names has ", ""], "有 {0} 格，而表头有 {1} 格"),
    (&["line ", " is not ", "; say what it is with --encoding"], "第 {0} 行不是 {1} 编码，请用 --encoding 指明编码"),
    (&["the record is longer than ", " bytes"], "记录超过 {0} 字节"),
    (&["is longer than ", " bytes"], "超过 {0} 字节"),
    (&["is nested too deep (at most ", " levels)"], "嵌套过深（最多 {0} 层）"),
];

/// A problem in Chinese; of one that has no words here, the field is still named, and its rule is told as it is.
pub(super) fn problem(english: &str) -> String {
    if let Some((_, chinese)) = TEXTS.iter().find(|(text, _)| *text == english) {
        return (*chinese).to_owned();
    }
    if let Some(told) = FORMS.iter().find_map(|(parts, chinese)| formed(english, parts, chinese)) {
        return told;
    }
    let (before, wanted) = english.split_once("; expected ").map_or((english, None), |(before, wanted)| (before, Some(wanted)));
    let chinese = match before {
        "is unknown" => "不是已知的字段".to_owned(),
        "is not a known word" => "不是已知的代码".to_owned(),
        _ => match before.strip_suffix(" is not accepted here") {
            Some(class) => format!("此处不能是{}", shape(class)),
            None => return format!("不符合规则（{english}）"),
        },
    };
    match wanted {
        Some(wanted) => format!("{chinese}；应为 {}", wanted.trim_start_matches("one of ").replace(" or ", "、").replace(", ", "、")),
        None => chinese,
    }
}

/// The text with its numbers and names put into the Chinese one, if it has this form.
fn formed(english: &str, parts: &[&str], chinese: &str) -> Option<String> {
    let (first, rest) = parts.split_first()?;
    let mut left = english.strip_prefix(first)?;
    let mut told = chinese.to_owned();
    for (nth, part) in rest.iter().enumerate() {
        let last = nth + 1 == rest.len();
        let (value, behind) = if part.is_empty() { (left, "") } else { left.split_once(part)? };
        if last && !behind.is_empty() {
            return None;
        }
        told = told.replace(&format!("{{{nth}}}"), value);
        left = behind;
    }
    Some(told)
}

/// What serde calls a shape.
fn shape(class: &str) -> &str {
    match class {
        "string" => "文本",
        "integer" => "整数",
        "floating point" => "小数",
        "boolean" => "布尔值",
        "map" => "对象",
        "sequence" => "列表",
        "null" => "空值",
        "this" => "这样的值",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn numbers_and_names_are_put_where_they_belong() {
        for (english, chinese) in [
            ("is there twice", "重复出现"),
            ("has 3 cells, the line of names has 15", "有 3 格，而表头有 15 格"),
            ("line 4 is not gb18030; say what it is with --encoding", "第 4 行不是 gb18030 编码，请用 --encoding 指明编码"),
            (
                "is unknown (column 2); --rename NAME=OURS, or --ignore-unknown; known are a, b",
                "不认识（第 2 列）；可用 --rename 文件列名=字段名 对应，或用 --ignore-unknown 忽略；可用的列：a, b",
            ),
            ("is longer than 9 bytes", "超过 9 字节"),
            ("floating point is not accepted here; expected an integer", "此处不能是小数；应为 an integer"),
            ("is not a known word; expected one of posted, reversed", "不是已知的代码；应为 posted、reversed"),
            ("is unknown; expected a or b", "不是已知的字段；应为 a、b"),
            // A rule of the core, and the words of the parser.
            ("has more than 4 decimals", "不符合规则（has more than 4 decimals）"),
        ] {
            assert_eq!(problem(english), chinese, "{english}");
        }
    }
}
