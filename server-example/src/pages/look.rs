//! Large type and high contrast: a choice the browser keeps, made by a form so that it works without scripts.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::answer::{self, Page};
use super::fields::Fields;
use super::visit::{Layout, Visit};
use crate::app::App;

/// How a page is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Large type (大字版).
    pub large: bool,
    /// High contrast (高对比).
    pub contrast: bool,
}

impl Look {
    /// The cookie's name.
    pub const COOKIE: &'static str = "mj_look";

    /// From the cookie; unknown words mean nothing.
    pub fn parse(text: &str) -> Look {
        let has = |word| text.split('.').any(|w| w == word);
        Look { large: has("large"), contrast: has("contrast") }
    }

    /// For the cookie.
    pub fn word(self) -> &'static str {
        match (self.large, self.contrast) {
            (false, false) => "normal",
            (true, false) => "large",
            (false, true) => "contrast",
            (true, true) => "large.contrast",
        }
    }

    /// A phone keeps the choice; on a kiosk it lasts until the next patient ([`Look::forget`]).
    fn cookie(self, layout: Layout) -> String {
        let age = if layout == Layout::Phone { "; Max-Age=31536000" } else { "" };
        format!("{}={}; Path={}; HttpOnly; SameSite=Lax{age}", Self::COOKIE, self.word(), layout.root())
    }

    /// Takes the choice away.
    pub fn forget(layout: Layout) -> String {
        format!("{}=; Path={}; HttpOnly; SameSite=Lax; Max-Age=0", Self::COOKIE, layout.root())
    }
}

/// `POST /look`: changes one of the two and returns to where the button was.
pub async fn change(State(_): State<App>, visit: Visit, fields: Fields) -> Page<Response> {
    let mut look = visit.look;
    match fields.one("set") {
        Some("large") => look.large = true,
        Some("normal") => look.large = false,
        Some("contrast") => look.contrast = true,
        Some("plain") => look.contrast = false,
        _ => {}
    }
    let back = fields.one("back").filter(|back| Layout::of(back.split('?').next().unwrap_or_default()) == Some(visit.layout)).unwrap_or(visit.layout.root());
    let mut response = answer::see(back);
    answer::add(&mut response, SET_COOKIE, &look.cookie(visit.layout));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_survives_its_cookie() {
        for large in [false, true] {
            for contrast in [false, true] {
                let look = Look { large, contrast };
                assert_eq!(Look::parse(look.word()), look);
            }
        }
        assert_eq!(Look::parse("<script>"), Look::default());
    }
}
