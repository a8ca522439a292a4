//! Small pictures, drawn for these pages: one stroke width, the colour of the text around them, hidden from readers
//! because words always stand beside them.

macro_rules! icons {
    ($($name:literal),+ $(,)?) => {
        /// Every picture there is.
        pub const NAMES: &[&str] = &[$($name),+];

        /// The markup of a picture; an unknown name is an empty one.
        pub fn icon(name: &str) -> &'static str {
            match name {
                $($name => include_str!(concat!("../../assets/icons/", $name, ".svg")),)+
                _ => "",
            }
        }
    };
}

icons![
    "alert", "back", "bell", "card", "check", "clock", "close", "contrast", "doctor", "exit", "home", "hospital", "info", "left", "lock", "logo", "number", "offline", "person",
    "phone", "pin", "plus", "print", "qr", "receipt", "right", "rooms", "search", "shield", "tick", "type", "wait", "wallet", "window",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_one_hidden_svg_that_cannot_run_anything() {
        for name in NAMES {
            let markup = icon(name);
            assert!(markup.starts_with("<svg ") && markup.trim_end().ends_with("</svg>") && markup.contains("aria-hidden=\"true\""), "{name}");
            assert!(!markup.contains("<script") && !markup.contains("style=") && !markup.contains("href") && markup.len() < 900, "{name}");
        }
    }
}
