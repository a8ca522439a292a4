//! XML for people: indented, values masked where they must be. A scanner for showing, not a parser: what it does not understand it hides.

use super::mask::{self, Sight, visible};

/// The document over several lines, or on one. `None` when the text does not look like XML.
pub(super) fn shown(text: &str, sight: Sight, indent: bool) -> Option<String> {
    let mut rest = text.trim();
    if !rest.starts_with('<') || !rest.ends_with('>') {
        return None;
    }
    let mut out = String::with_capacity(rest.len() * 2);
    let mut open: Vec<&str> = Vec::new();
    // The text of an element stands on its line; only elements begin new ones.
    let mut inline = true;
    while !rest.is_empty() {
        let tag_at = rest.find('<')?;
        let (content, behind) = rest.split_at_checked(tag_at)?;
        if !content.trim().is_empty() {
            out.push_str(&value(open.last().copied().unwrap_or_default(), content.trim(), sight));
            inline = true;
        }
        if let Some(data) = behind.strip_prefix("<![CDATA[") {
            let (data, tail) = data.split_once("]]>")?;
            out.push_str(&value(open.last().copied().unwrap_or_default(), data, sight));
            inline = true;
            rest = tail;
            continue;
        }
        let (tag, tail) = behind.strip_prefix('<')?.split_once('>')?;
        rest = tail;
        let closing = tag.starts_with('/');
        if closing {
            open.pop()?;
        }
        if !(closing && inline) {
            line(&mut out, open.len(), indent);
        }
        out.push('<');
        out.push_str(&attributes(tag, sight));
        out.push('>');
        inline = !closing && !tag.ends_with('/') && !tag.starts_with(['?', '!']);
        if inline {
            open.push(tag.split_whitespace().next().unwrap_or_default());
        }
    }
    open.is_empty().then_some(out)
}

fn line(out: &mut String, depth: usize, indent: bool) {
    if indent && !out.is_empty() {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn value(tag: &str, text: &str, sight: Sight) -> String {
    match sight {
        Sight::Clear => visible(text),
        Sight::Masked => visible(&mask::text(tag.rsplit(':').next().unwrap_or(tag), text)),
    }
}

/// A tag; values of attributes are hidden when they must be, those of declarations and namespaces are nobody's.
fn attributes(tag: &str, sight: Sight) -> String {
    if sight == Sight::Clear || tag.starts_with(['?', '/']) {
        return visible(tag);
    }
    let mut out = String::new();
    let mut rest = tag;
    while let Some((before, behind)) = rest.split_once(['"', '\'']) {
        let quote = rest.as_bytes().get(before.len()).copied().map_or('"', char::from);
        let name = before.trim_end_matches(['=', ' ']).rsplit(' ').next().unwrap_or_default();
        let (text, tail) = behind.split_once(quote).unwrap_or((behind, ""));
        out.push_str(&visible(before));
        out.push(quote);
        out.push_str(&if name.starts_with("xmlns") { visible(text) } else { value(name, text, sight) });
        out.push(quote);
        rest = tail;
    }
    out.push_str(&visible(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_indented_and_values_masked() {
        let text = "<?xml version=\"1.0\"?><req xmlns:a=\"urn:x\" sign='abc'><Code>0</Code><a:patName>张小三</a:patName><e/><list><d><![CDATA[<b>病</b>]]></d></list></req>";
        assert_eq!(
            shown(text, Sight::Masked, true).unwrap(),
            "<?xml version=\"1.0\"?>\n<req xmlns:a=\"urn:x\" sign='***'>\n  <Code>0</Code>\n  <a:patName>张*三</a:patName>\n  <e/>\n  <list>\n    <d>***</d>\n  </list>\n</req>"
        );
        assert!(shown(text, Sight::Clear, false).unwrap().contains("<d><b>病</b></d>"));
        for broken in ["<a>", "<a></a></b>", "plain", "<a", "<a><![CDATA[x</a>", "</a>"] {
            assert_eq!(shown(broken, Sight::Masked, true), None, "{broken}");
        }
    }
}
