//! What is shown of what (脱敏). Everything personal is hidden unless somebody gives a reason: of a body only fields are shown that are known
//! to be harmless, everything else is hidden, because nobody can list what counterparts may write about a patient.

use menjie::access::{mask_card, mask_id_no, mask_name, mask_phone};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Without anything personal.
    Masked,
    /// As it was sent and received. An access record comes first.
    Clear,
}

/// What stands for a hidden value.
const HIDDEN: &str = "***";

/// Parts of names of fields whose values are hidden altogether: in a psychiatric hospital a department says as much as a diagnosis.
const NEVER: [&str; 24] = [
    "dept",
    "department",
    "office",
    "ward",
    "diag",
    "dise",
    "disease",
    "drug",
    "item",
    "spec",
    "doctor",
    "dr",
    "birth",
    "brdy",
    "addr",
    "chargename",
    "listdetail",
    "prescribe",
    "token",
    "secret",
    "sign",
    "openid",
    "unionid",
    "pwd",
];

/// Parts of names of fields that hold a person's name.
const NAMES: [&str; 9] = ["name", "psnname", "patientname", "username", "payer", "guardian", "contact", "kin", "operator"];
const ID_NOS: [&str; 5] = ["idno", "idnumber", "certno", "idcard", "certnumber"];
const PHONES: [&str; 4] = ["phone", "mobile", "tel", "phonenumber"];
const CARDS: [&str; 3] = ["cardno", "cardnumber", "bankcard"];

/// Names of fields whose values say nothing about a person: codes, states, numbers of orders, times.
const HARMLESS: [&str; 62] = [
    "code",
    "errcode",
    "errorcode",
    "retcode",
    "resultcode",
    "returncode",
    "infcode",
    "infno",
    "status",
    "state",
    "tradestate",
    "refundstatus",
    "tradetype",
    "type",
    "kind",
    "result",
    "retry",
    "decision",
    "reason",
    "currency",
    "outtradeno",
    "outrefundno",
    "transactionid",
    "refundid",
    "tradeno",
    "medorgord",
    "payordid",
    "orderno",
    "settlementno",
    "receiptno",
    "billno",
    "busno",
    "refundno",
    "msgid",
    "infmsgid",
    "requestid",
    "noncestr",
    "nonce",
    "version",
    "timestamp",
    "time",
    "at",
    "date",
    "paidat",
    "postedat",
    "begunat",
    "createtime",
    "endtime",
    "successtime",
    "timeexpire",
    "inftime",
    "channel",
    "paychannelcode",
    "method",
    "mchid",
    "appid",
    "orgid",
    "orgcodg",
    "hospitalid",
    "posted",
    "insuplcadmdvs",
    "spmchid",
];

/// Text of a field as it may be shown. `field` is the field's name in any spelling.
pub(super) fn text(field: &str, value: &str) -> String {
    let name: String = field.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if value.is_empty() {
        String::new()
    } else if has(&ID_NOS) {
        mask_id_no(value)
    } else if has(&PHONES) {
        mask_phone(value)
    } else if has(&CARDS) {
        mask_card(value)
    } else if has(&NEVER) {
        HIDDEN.to_owned()
    } else if has(&NAMES) {
        mask_name(value)
    } else if HARMLESS.contains(&name.as_str()) && is_code(value) || is_amount(value) {
        value.to_owned()
    } else {
        HIDDEN.to_owned()
    }
}

/// A number as it may be shown: long ones are numbers of something.
pub(super) fn number(field: &str, value: &str) -> String {
    if is_amount(value) && text(field, "0") == "0" { value.to_owned() } else { text(field, value) }
}

/// Letters, digits and the signs of codes and times; no words of any language with spaces, and nothing Chinese.
fn is_code(value: &str) -> bool {
    value.len() <= 64 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:+/T".contains(&b))
}

/// An amount or a count: few digits, perhaps a point.
fn is_amount(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().filter(u8::is_ascii_digit).count() <= 7 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Text for a terminal, a page or a file: characters that command a terminal, or hide text from the reader, are written out.
pub fn visible(text: &str) -> String {
    let hides = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if !text.chars().any(hides) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
        if hides(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_harmless_is_shown() {
        for (field, value, shown) in [
            ("out_trade_no", "P2026060100001", "P2026060100001"),
            ("trade_state", "SUCCESS", "SUCCESS"),
            ("total_fen", "1230", "1230"),
            ("price", "12.30", "12.30"),
            ("patient_name", "张小三", "张*三"),
            ("psnName", "张三", "张*"),
            ("id_no", "440599199003070058", "440***********0058"),
            ("IDCardNo", "440599199003070058", "440***********0058"),
            ("tel", "13812345678", "138****5678"),
            ("cardNo", "6222021234561234", "************1234"),
            ("dept_code", "0105", "***"),
            ("dept_name", "精神科", "***"),
            ("diagnosis", "F20.0", "***"),
            ("dise_codg", "F20", "***"),
            ("message", "患者张三不存在", "***"),
            ("reason", "病人 张三", "***"),
            ("remark", "anything", "***"),
            ("patient_id", "P0001", "***"),
            ("birth_date", "1990-03-07", "***"),
            ("payAuthNo", "AUTH440100", "***"),
            ("age", "36", "36"),
            ("code", "", ""),
        ] {
            assert_eq!(text(field, value), shown, "{field}");
        }
        assert_eq!((number("amount", "1230"), number("phone", "13812345678"), number("x", "440599199003070058")), ("1230".into(), "138****5678".into(), "***".into()));
        assert_eq!(number("dept_id", "12"), "***");
    }

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(visible("病\u{1b}[2J\r\n\u{202e}x"), "病\\u{1b}[2J\\u{d}\\u{a}\\u{202e}x");
        assert_eq!(visible("张三 OK"), "张三 OK");
    }
}
