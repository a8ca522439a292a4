//! Answers of WeChat Pay, and the strict reading of what is asked.

use menjie::Timestamp;
use serde_json::{Map, Value, json};

use crate::wire::Response;

/// An error answer: `{code, message, detail}` and the number at the end of `Request-ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    number: u32,
    detail: Option<Value>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, number: u32, message: &str) -> Refusal {
        Refusal { status, code, message: message.to_owned(), number, detail: None }
    }

    pub(super) fn sign_error(message: &str) -> Refusal {
        Refusal::new(401, "SIGN_ERROR", 268_443_699, message)
    }

    pub(super) fn parameter(path: &str, issue: &str) -> Refusal {
        let mut refusal = Refusal::new(400, "PARAM_ERROR", 268_435_461, &format!("参数错误：{path} {issue}"));
        refusal.detail = Some(json!({"field": path, "value": [path], "issue": issue, "location": "body"}));
        refusal
    }

    fn superfluous(paths: Vec<String>) -> Refusal {
        let mut refusal = Refusal::new(400, "PARAM_ERROR", 270_924_358, "请求中含有未在API文档中定义的参数");
        refusal.detail = Some(json!({"value": paths, "location": "body"}));
        refusal
    }

    pub(super) fn no_order() -> Refusal {
        Refusal::new(404, "ORDER_NOT_EXIST", 268_512_771, "订单不存在")
    }

    pub(super) fn system() -> Refusal {
        Refusal::new(500, "SYSTEM_ERROR", 0, "系统异常，请用相同参数重新调用")
    }

    pub(super) fn response(&self) -> Response {
        let mut body = json!({"code": self.code, "message": self.message});
        if let (Some(body), Some(detail)) = (body.as_object_mut(), &self.detail) {
            body.insert("detail".to_owned(), detail.clone());
        }
        let mut response = Response::json(self.status, &body);
        response.headers.push(("x-sim-number".to_owned(), self.number.to_string()));
        response
    }
}

/// An object of the request, read strictly: fields that no document defines are refused.
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The whole body.
    pub(super) fn body(value: &'a Value, known: &[&str]) -> Result<Fields<'a>, Refusal> {
        Fields::read("/body".to_owned(), value, known)
    }

    fn read(path: String, value: &'a Value, known: &[&str]) -> Result<Fields<'a>, Refusal> {
        let map = value.as_object().ok_or_else(|| Refusal::parameter(&path, "不是对象"))?;
        let unknown: Vec<String> = map.keys().filter(|key| !known.contains(&key.as_str())).map(|key| format!("{path}/{key}")).collect();
        if unknown.is_empty() { Ok(Fields { path, map }) } else { Err(Refusal::superfluous(unknown)) }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// An error about one field.
    pub(super) fn wrong(&self, name: &str, issue: &str) -> Refusal {
        Refusal::parameter(&self.path(name), issue)
    }

    /// A text of at most `max` characters; `None` when it is missing.
    pub(super) fn text(&self, name: &str, max: usize) -> Result<Option<&'a str>, Refusal> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.chars().count() <= max => Ok(Some(text)),
            Some(Value::String(_)) => Err(self.wrong(name, "长度不符合要求")),
            Some(_) => Err(self.wrong(name, "应为字符串")),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str, max: usize) -> Result<&'a str, Refusal> {
        self.text(name, max)?.ok_or_else(|| self.wrong(name, "缺少必填参数"))
    }

    /// A positive amount in fen.
    pub(super) fn fen(&self, name: &str) -> Result<i64, Refusal> {
        match self.map.get(name) {
            None => Err(self.wrong(name, "缺少必填参数")),
            Some(value) => value.as_i64().filter(|fen| (1..=10_000_000_000).contains(fen)).ok_or_else(|| self.wrong(name, "应为大于0的整数（分）")),
        }
    }

    /// The currency, which is CNY when it is missing.
    pub(super) fn currency(&self) -> Result<(), Refusal> {
        match self.text("currency", 16)? {
            None | Some("CNY") => Ok(()),
            Some(_) => Err(self.wrong("currency", "仅支持CNY")),
        }
    }

    /// An object inside this one.
    pub(super) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Fields<'a>>, Refusal> {
        self.map.get(name).map(|value| Fields::read(self.path(name), value, known)).transpose()
    }

    /// An object that must be there.
    pub(super) fn required_object(&self, name: &str, known: &[&str]) -> Result<Fields<'a>, Refusal> {
        self.object(name, known)?.ok_or_else(|| self.wrong(name, "缺少必填参数"))
    }

    /// Is there a field of this name?
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }
}

/// The body as JSON.
pub(super) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::parameter("/body", "不是合法的JSON"))
}

/// A merchant's number: `min` to `max` of digits, letters and `marks`.
pub(super) fn is_number(text: &str, min: usize, max: usize, marks: &[u8]) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
}

/// RFC 3339 with +08:00 and whole seconds, as WeChat writes times.
pub(super) fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, _) = text.split_once('.').unwrap_or((text.as_str(), ""));
    format!("{day}+08:00")
}

/// `yyyyMMddHHmmss` in UTC+8.
pub(super) fn compact(at: Timestamp) -> String {
    seconds(at).chars().filter(char::is_ascii_digit).take(14).collect()
}
