//! The body of a request or an answer, as it is shown.

use super::mask::{self, Sight, visible};
use super::{json, xml};
use crate::entry::Body;

/// A body as text: JSON and XML over several lines (`indent`) or on one. What is of no known form is shown clear only.
pub fn shown_body(body: &Body, sight: Sight, indent: bool) -> String {
    let text = match body {
        Body::Text(text) => text,
        Body::Base64(text) if sight == Sight::Clear => return format!("base64:{text}"),
        Body::Base64(text) => return format!("[binary, {} bytes]", text.len() / 4 * 3),
    };
    if text.is_empty() {
        return String::new();
    }
    json::shown(text, sight, indent).or_else(|| xml::shown(text, sight, indent)).or_else(|| form(text, sight)).unwrap_or_else(|| match sight {
        Sight::Clear => text.lines().map(visible).collect::<Vec<_>>().join(if indent { "\n" } else { " " }),
        Sight::Masked => format!("[text, {} characters]", text.chars().count()),
    })
}

/// `a=1&b=2`
fn form(text: &str, sight: Sight) -> Option<String> {
    let pairs: Option<Vec<(&str, &str)>> = text.split('&').map(|pair| pair.split_once('=').filter(|(name, _)| is_name(name))).collect();
    let shown = |(name, value): (&str, &str)| match sight {
        Sight::Clear => format!("{name}={}", visible(value)),
        Sight::Masked => format!("{name}={}", visible(&mask::text(name, value))),
    };
    Some(pairs?.into_iter().map(shown).collect::<Vec<_>>().join("&"))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_no_known_form_is_hidden() {
        let masked = |text: &str| shown_body(&Body::Text(text.to_owned()), Sight::Masked, false);
        assert_eq!(masked("患者张三"), "[text, 4 characters]");
        assert_eq!(masked("code=0&name=张小三"), "code=0&name=张*三");
        assert_eq!(masked("患者=张三"), "[text, 5 characters]");
        assert_eq!(masked(r#"{"code":"0"}"#), r#"{"code":"0"}"#);
        assert_eq!(shown_body(&Body::Base64("/wAA".to_owned()), Sight::Masked, true), "[binary, 3 bytes]");
        assert_eq!(shown_body(&Body::Text("a\u{7}\nb".to_owned()), Sight::Clear, true), "a\\u{7}\nb");
    }
}
