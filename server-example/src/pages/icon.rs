//! Small pictures, drawn for these pages: one stroke width, the colour of the text around them, hidden from readers
//! because words always stand beside them.

use std::sync::{Mutex, PoisonError};

macro_rules! icons {
    ($($name:literal),+ $(,)?) => {
        /// Every picture there is.
        pub const NAMES: &[&str] = &[$($name),+];

        /// The drawing of a picture; an unknown name is an empty one.
        fn drawn(name: &str) -> &'static str {
            match name {
                $($name => include_str!(concat!("../../assets/icons/", $name, ".svg")),)+
                _ => "",
            }
        }
    };
}

icons![
    "alert", "back", "bell", "card", "check", "checkin", "clock", "close", "contrast", "doctor", "exit", "home", "hospital", "info", "left", "lock", "logo", "number", "offline",
    "person", "phone", "pin", "plus", "print", "qr", "receipt", "right", "rooms", "search", "shield", "stop", "tick", "type", "wait", "wallet", "window",
];

/// The pictures a page uses: each is drawn once, at the end, however often it is shown.
#[derive(Debug, Default)]
pub struct Sprite(Mutex<Vec<&'static str>>);

impl Sprite {
    /// A place where a picture is shown.
    pub fn place(&self, name: &str) -> String {
        let Some(name) = NAMES.iter().copied().find(|known| *known == name) else { return String::new() };
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&name) {
            used.push(name);
        }
        format!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-{name}\"/></svg>")
    }

    /// All that were used so far, drawn.
    pub fn drawn(&self) -> String {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let symbols = used.iter().map(|name| {
            let body = drawn(name).split_once('>').map_or("", |(_, body)| body).trim_end().trim_end_matches("</svg>");
            format!("<symbol id=\"i-{name}\" viewBox=\"0 0 24 24\">{body}</symbol>")
        });
        format!("<svg hidden aria-hidden=\"true\">{}</svg>", symbols.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_draws_what_it_shows_once() {
        let sprite = Sprite::default();
        assert_eq!(sprite.place("pin"), sprite.place("pin"));
        assert_eq!(sprite.place("<script>"), "");
        let all = sprite.drawn();
        assert_eq!((all.matches("<symbol").count(), all.contains("id=\"i-pin\"")), (1, true));
    }

    #[test]
    fn every_picture_is_one_hidden_svg_that_cannot_run_anything() {
        for name in NAMES {
            let markup = drawn(name);
            assert!(markup.starts_with("<svg ") && markup.trim_end().ends_with("</svg>") && markup.contains("aria-hidden=\"true\""), "{name}");
            assert!(!markup.contains("<script") && !markup.contains("style=") && !markup.contains("href") && markup.len() < 900, "{name}");
        }
    }
}
