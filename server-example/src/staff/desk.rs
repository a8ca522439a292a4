//! What surrounds every staff page: hospital, who is at the desk and as what, the menu of his rights, the way out. The words of
//! staff pages stand in their templates: hospitals reword what patients read, not this.

use std::sync::Arc;

use super::gate::StaffSession;
use super::pages::{Gate, PAGES};
use crate::app::App;
use crate::pages::Pages;
use crate::pages::fields::form_token;
use crate::pages::icon::Sprite;
use menjie::staff::Next;

/// The surroundings of a staff page.
pub struct Desk {
    pages: Arc<Pages>,
    /// Who is at the desk; none before the login.
    pub who: Option<Who>,
    form: String,
    here: &'static str,
    sprite: Sprite,
}

/// Who is at the desk.
pub struct Who {
    /// His name.
    pub name: String,
    /// His roles, for people.
    pub roles: String,
    /// What he may open.
    pub menu: Vec<(&'static str, &'static str)>,
}

impl Desk {
    /// Around a page for everybody.
    pub fn open(app: &App) -> Desk {
        Desk { pages: Arc::clone(app.pages()), who: None, form: String::new(), here: "", sprite: Sprite::default() }
    }

    /// Around a page of somebody; `here` is its path in the menu.
    pub fn of(app: &App, session: &StaffSession, here: &'static str) -> Desk {
        let account = &session.live.account;
        let roles: Vec<&str> = account.roles.iter().map(|role| role.name()).collect();
        let may = |gate: Gate| match gate {
            Gate::Right(right) => session.has(right),
            Gate::Staff => true,
            Gate::Open | Gate::Entering => false,
        };
        // Before he is in there is nothing to open.
        let in_already = session.live.next == Next::Work;
        let menu = PAGES.iter().filter(|page| in_already && page.is_served(app) && may(page.gate)).filter_map(|page| Some((page.path, page.menu?))).collect();
        let roles = if roles.is_empty() { "未授予角色".to_owned() } else { roles.join("、") };
        let who = Who { name: account.name.reveal().to_owned(), roles, menu };
        Desk { who: Some(who), form: form_token(Some(session.live.token.reveal())), here, ..Desk::open(app) }
    }

    /// The hospital's name.
    pub fn hospital(&self) -> &str {
        &self.pages.settings.hospital_name
    }

    /// A file's address; it changes with its content.
    pub fn asset(&self, name: &str) -> String {
        self.pages.assets.address(name)
    }

    /// A picture as markup.
    pub fn icon(&self, name: &str) -> String {
        self.sprite.place(name)
    }

    /// The pictures used so far, drawn.
    pub fn sprite(&self) -> String {
        self.sprite.drawn()
    }

    /// The hidden field that proves a form.
    pub fn proof(&self) -> String {
        format!("<input type=\"hidden\" name=\"form\" value=\"{}\">", self.form)
    }

    /// Is this path of the menu where we are?
    pub fn is_here(&self, path: &str) -> bool {
        self.here == path
    }
}
