//! What surrounds every page: hospital, clock, large type, exit, help, and what the scripts need to know.

use std::sync::Arc;

use menjie::Timestamp;

use super::Pages;
use super::fields::form_token;
use super::icon::Sprite;
use super::look::Look;
use super::settings::Device;
use super::texts::{Texts, fill};
use super::visit::{Layout, Visit};
use crate::app::App;
use crate::session::Session;

/// For how long a kiosk page waits without a touch (domain/pages.md §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It waits for ever: nothing personal is shown, or money is on its way.
    Never,
    /// Nobody is identified yet.
    Identify,
    /// Lists and forms.
    Work,
    /// A finished job: leaves without asking, the seconds are shown.
    Result,
    /// A place in the queue: the same, sooner, because somebody stands behind.
    Ticket,
}

/// The surroundings of one page.
pub struct Frame {
    pages: Arc<Pages>,
    /// Which front end.
    pub layout: Layout,
    /// How it is to look.
    pub look: Look,
    /// The patient, masked.
    pub who: Option<String>,
    /// Proof for forms; hex digits.
    form: String,
    /// Where this page is, for buttons that come back to it.
    pub here: String,
    /// When it was made.
    pub now: Timestamp,
    idle: Idle,
    sprite: Sprite,
}

impl Frame {
    /// Around a page without a patient.
    pub fn new(app: &App, visit: &Visit, idle: Idle) -> Frame {
        let form = if visit.layout == Layout::Phone { form_token(visit.token.as_deref()) } else { String::new() };
        Frame {
            pages: Arc::clone(app.pages()),
            layout: visit.layout,
            look: visit.look,
            who: None,
            form,
            here: visit.path.clone(),
            now: app.engine().now(),
            idle,
            sprite: Sprite::default(),
        }
    }

    /// Around a page of a patient.
    pub fn of(app: &App, visit: &Visit, session: &Session, idle: Idle) -> Frame {
        Frame { who: Some(session.shown.clone()), ..Frame::new(app, visit, idle) }
    }

    /// The words.
    pub fn t(&self) -> &Texts {
        &self.pages.texts
    }

    /// A text with the hospital's own words filled in.
    pub fn say(&self, text: &str) -> String {
        let settings = &self.pages.settings;
        fill(text, &[("hospital", &settings.hospital_name), ("window", &settings.window), ("who", self.who.as_deref().unwrap_or_default())])
    }

    /// The hospital's name.
    pub fn hospital(&self) -> &str {
        &self.pages.settings.hospital_name
    }

    /// The number patients may call.
    pub fn phone(&self) -> Option<&str> {
        self.pages.settings.phone.as_deref()
    }

    /// Is it a kiosk?
    pub fn kiosk(&self) -> bool {
        self.layout == Layout::Kiosk
    }

    /// For `data-layout`.
    pub fn name(&self) -> &'static str {
        if self.kiosk() { "kiosk" } else { "phone" }
    }

    /// For `data-size`.
    pub fn size(&self) -> &'static str {
        if self.look.large { "large" } else { "normal" }
    }

    /// A path of this front end.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.layout.root())
    }

    /// A file's address; it changes with its content.
    pub fn asset(&self, name: &str) -> String {
        self.pages.assets.address(name)
    }

    /// The style sheet every page of this front end wears.
    pub fn stylesheet(&self) -> String {
        self.asset(if self.kiosk() { "kiosk.css" } else { "phone.css" })
    }

    /// The script every page of this front end needs.
    pub fn script(&self) -> String {
        self.asset(if self.kiosk() { "kiosk.js" } else { "phone.js" })
    }

    /// A picture as markup; the only thing templates do not escape.
    pub fn icon(&self, name: &str) -> String {
        self.sprite.place(name)
    }

    /// The pictures used so far, drawn.
    pub fn sprite(&self) -> String {
        self.sprite.drawn()
    }

    /// The hidden field that proves a form; a kiosk's cookie is `Strict` and needs none.
    pub fn proof(&self) -> String {
        if self.form.is_empty() { String::new() } else { format!("<input type=\"hidden\" name=\"form\" value=\"{}\">", self.form) }
    }

    /// Seconds until the page asks, doubled for large type; none on a phone.
    pub fn idle_s(&self) -> Option<u32> {
        let kiosk = &self.pages.settings.kiosk;
        let seconds = match self.idle {
            Idle::Never => return None,
            Idle::Identify => kiosk.idle_identify_s,
            Idle::Work => kiosk.idle_work_s,
            Idle::Result => kiosk.idle_result_s,
            Idle::Ticket => kiosk.idle_ticket_s,
        };
        self.kiosk().then_some(if self.look.large { seconds * 2 } else { seconds })
    }

    /// Seconds the question stands; none when the page leaves without asking.
    pub fn warn_s(&self) -> u32 {
        if matches!(self.idle, Idle::Result | Idle::Ticket) { 0 } else { self.pages.settings.kiosk.warn_s }
    }

    /// The clock, as it was when the page was made.
    pub fn clock(&self) -> String {
        self.now.clock()
    }

    /// Today, for people.
    pub fn today(&self) -> String {
        let today = self.now.biz_date();
        format!("{} {}", today.day_in_chinese(), today.weekday_in_chinese())
    }

    /// Are department names of clinics kept from lists?
    pub fn hides_departments(&self) -> bool {
        self.pages.settings.hide_departments
    }

    /// Where a department is, if the hospital says so.
    pub fn place(&self, department: &str) -> Option<String> {
        self.pages.content.said().place(department).map(str::to_owned)
    }

    /// A department, or a sentence of HIS that names one, as others may read it.
    pub fn discreet(&self, text: &str) -> String {
        self.pages.content.said().discreet(text)
    }

    /// How the kiosk's device is reached, for the scripts: kind, then what it needs.
    pub fn device(&self) -> String {
        let value = match &self.pages.settings.kiosk.device {
            Device::None => serde_json::json!({ "kind": "none" }),
            Device::Demo { .. } => serde_json::json!({ "kind": "demo" }),
            Device::Wedge { prefix, suffix } => serde_json::json!({ "kind": "wedge", "prefix": prefix, "suffix": suffix }),
            Device::Agent { url, token } => serde_json::json!({ "kind": "agent", "url": url, "token": token }),
        };
        value.to_string()
    }

    /// Is there a device that reads cards and codes?
    pub fn has_device(&self) -> bool {
        self.kiosk() && self.pages.settings.kiosk.device != Device::None
    }

    /// Is it the demonstration's?
    pub fn is_demo(&self) -> bool {
        self.kiosk() && matches!(self.pages.settings.kiosk.device, Device::Demo { .. })
    }
}
