//! The report for the hospital: Markdown, or one HTML file that needs nothing else.

use std::fmt::Write as _;
use std::path::Path;

use menjie::calendar::Timestamp;

use super::{Checked, Tally};
use crate::exit::Stop;
use crate::words::Words;

/// What the report is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Markdown,
    Html,
}

/// About what and when.
pub(super) struct Head<'h> {
    pub(super) hospital: &'h str,
    pub(super) server: Option<&'h str>,
    pub(super) at: Timestamp,
}

const COLUMNS: [&str; 5] = ["编号", "招标要求", "核对方法", "证据", "结论"];

const STYLE: &str = "body{font-family:\"Noto Sans CJK SC\",\"Microsoft YaHei\",sans-serif;line-height:1.6;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.4rem .6rem;text-align:left;vertical-align:top}th{background:#eef2f6}\
td.holds{color:#0b6b3a}td.fails{color:#a40000;font-weight:bold}@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}";

impl Form {
    /// By what the file is called.
    pub(super) fn of(path: &Path) -> Result<Form, Stop> {
        match path.extension().and_then(|ends| ends.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("md") => Ok(Form::Markdown),
            Some("html" | "htm") => Ok(Form::Html),
            _ => Err(Stop::usage("--report is a file that ends in .md or .html")),
        }
    }

    /// The whole report.
    pub(super) fn written(self, head: &Head<'_>, checked: &[Checked], tally: &Tally) -> String {
        let facts = [
            ("医院", if head.hospital.is_empty() { "（未填写）".to_owned() } else { head.hospital.to_owned() }),
            ("核对时间", head.at.to_string()),
            ("版本", format!("menjie {}", env!("CARGO_PKG_VERSION"))),
            ("核对对象", head.server.map_or_else(|| "本机程序（未指定服务端，页面与接口未核对）".to_owned(), |url| format!("服务端 {url}"))),
            ("结果", format!("共 {} 项：通过 {}，不通过 {}，须现场核对 {}，未核对 {}", checked.len(), tally.holds, tally.fails, tally.by_hand, tally.not_tried)),
        ];
        let notes = [
            "“通过”指本次运行中实际执行并看到所列证据；“现场核对”指程序无法代替人核对的内容，须由双方在现场完成并签字；“未核对”指缺少条件（如未指定服务端），不代表通过。",
            "样例数据均为虚构。本报告不代替等级保护测评、医保接口验收及票据平台联调。",
        ];
        match self {
            Form::Markdown => markdown(&facts, &notes, checked),
            Form::Html => html(&facts, &notes, checked),
        }
    }
}

fn markdown(facts: &[(&str, String)], notes: &[&str], checked: &[Checked]) -> String {
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ");
    let mut out = "# 门结验收核对报告\n\n".to_owned();
    for (name, value) in facts {
        let _infallible = writeln!(out, "- {name}：{}", cell(value));
    }
    let _infallible = writeln!(out, "\n| {} |\n|---|---|---|---|---|", COLUMNS.join(" | "));
    for check in checked {
        let row = [check.no, check.clause, &check.how, &check.seen, check.verdict.text(Words::Chinese)].map(cell);
        let _infallible = writeln!(out, "| {} |", row.join(" | "));
    }
    for note in notes {
        let _infallible = writeln!(out, "\n{note}");
    }
    out.push_str("\n医院代表（签字）：________________　日期：__________\n\n承建方代表（签字）：________________　日期：__________\n");
    out
}

fn html(facts: &[(&str, String)], notes: &[&str], checked: &[Checked]) -> String {
    let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>门结验收核对报告</title><style>{STYLE}</style></head><body>\n<h1>门结验收核对报告</h1>\n<ul>\n"
    );
    for (name, value) in facts {
        let _infallible = writeln!(out, "<li>{name}：{}</li>", text(value));
    }
    out.push_str("</ul>\n<table><thead><tr>");
    for column in COLUMNS {
        let _infallible = write!(out, "<th scope=\"col\">{column}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for check in checked {
        let row = [check.no, check.clause, &check.how, &check.seen].map(text);
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let _infallible = writeln!(out, "<tr>{cells}<td class=\"{}\">{}</td></tr>", check.verdict.code(), check.verdict.text(Words::Chinese));
    }
    out.push_str("</tbody></table>\n");
    for note in notes {
        let _infallible = writeln!(out, "<p>{note}</p>");
    }
    out.push_str("<p>医院代表（签字）：________________　日期：__________</p>\n<p>承建方代表（签字）：________________　日期：__________</p>\n</body></html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn what_was_seen_cannot_break_the_report() {
        let checked = [Checked { no: "1", clause: "条款", how: "a|b".to_owned(), seen: "<script>\nx".to_owned(), verdict: Verdict::Fails }];
        let head = Head { hospital: "", server: None, at: Timestamp::from_millis(0) };
        let tally = Tally::of(&checked);
        let markdown = Form::Markdown.written(&head, &checked, &tally);
        assert!(markdown.contains("| 1 | 条款 | a\\|b | &lt;script> x | 不通过 |") && markdown.contains("不通过 1"), "{markdown}");
        let html = Form::Html.written(&head, &checked, &tally);
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>") && html.contains("class=\"fails\""), "{html}");
        assert!(Form::of(Path::new("a.pdf")).is_err());
    }
}
