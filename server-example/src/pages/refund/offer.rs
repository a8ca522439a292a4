//! Page 18, its refund part: may this be given back, and if not, why and what to do; how the last request stands; how far the
//! work of each item is.

use std::collections::BTreeMap;

use menjie::error::Code;
use menjie::service::{Progress, RefundGetRequest, RefundPreviewRequest, RefundPreviewResponse, SettlementView};

use crate::app::App;
use crate::pages::answer::Page;
use crate::pages::frame::Frame;
use crate::session::Session;

/// What the page says about giving it back.
pub struct Offer {
    /// It may be asked for.
    pub may: bool,
    /// Until which day; insured only.
    pub until: Option<String>,
    /// Why not, and what to do.
    pub refusal: Option<(String, String)>,
    /// The last request: its id, and how it stands.
    pub last: Option<(String, String)>,
    /// What was charged again.
    pub successor: Option<String>,
    /// How far the work of each item is, by its key.
    flags: BTreeMap<String, String>,
}

impl Offer {
    /// Of a settlement, on what is true now. A HIS that does not answer leaves the question open and the page as it is.
    pub async fn of(app: &App, f: &Frame, session: &Session, view: &SettlementView) -> Page<Offer> {
        let t = f.t();
        let last = match view.refund_id {
            Some(refund_id) => {
                let refund = app.engine().refund_get(&session.caller, &RefundGetRequest { refund_id, wait_ms: 0, since: None }).await?;
                Some((refund_id.to_string(), refund.text))
            }
            None => None,
        };
        let successor = view.successor_id.map(|id| id.to_string());
        let request = RefundPreviewRequest { settlement_id: view.settlement_id, lines: Vec::new() };
        let blank = Offer { may: false, until: None, refusal: None, last, successor, flags: BTreeMap::new() };
        let preview = match app.engine().refund_preview(&session.caller, &request).await {
            Ok(preview) => preview,
            Err(error) if matches!(error.code(), Code::HisUnreachable | Code::HisAnswer) => {
                let refusal = Some((t.refund_unknown.to_string(), f.say(&t.refund_unknown_next)));
                return Ok(Offer { refusal, ..blank });
            }
            Err(error) => return Err(error.into()),
        };
        let flags = preview.lines.iter().filter_map(|line| Some((line.line_id.to_string(), line.work_text.clone()?))).collect();
        let may = may(&preview);
        // What is on its way back, or is back, says so itself.
        let asks = !matches!(view.progress, Progress::Refunding | Progress::Refunded | Progress::Closed);
        let refusal = preview.refusal.filter(|_| asks && !may).map(|refusal| (refusal.text, refusal.next));
        Ok(Offer { may, until: preview.last_day.filter(|_| may).map(menjie::BizDate::in_chinese), refusal, flags, ..blank })
    }

    /// How far the work of an item is.
    pub fn flag(&self, line_id: &str) -> Option<String> {
        self.flags.get(line_id).cloned()
    }
}

/// All of it may, or a part.
pub(super) fn may(preview: &RefundPreviewResponse) -> bool {
    preview.refusal.is_none() || !preview.may.is_empty()
}
