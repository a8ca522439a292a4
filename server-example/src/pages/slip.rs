//! The slip (凭条) as a code, for a kiosk whose printer has no paper: the words of the printed one, for any phone that scans
//! text. It holds no address and nothing that is not on the screen beside it.

use std::fmt::Write;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::service::{PaymentView, Progress, SettlementGetRequest};

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::pay::id_of;
use super::qr;
use super::shown::{Settled, yuan};
use super::texts::fill;
use super::visit::Signed;
use crate::app::App;
use crate::failure::Misuse;

/// More bytes than this make modules that an elder's phone does not read from a screen.
const MOST: usize = 900;

#[derive(Template)]
#[template(path = "slip.html")]
struct SlipCode {
    f: Frame,
    code: String,
}

/// `GET /result/{id}/slip`: only for a payment that is done, as the printed one.
pub async fn code(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id: id_of(&id)?, wait_ms: 0, since: None }).await?;
    if view.progress != Progress::Done {
        return Err(Misuse::NoRoute.into());
    }
    let f = Frame::of(&app, &visit, &session, Idle::Never);
    let text = words(&f, &view);
    coded(f, &text)
}

/// These words as a code.
pub fn coded(f: Frame, words: &str) -> Page<Response> {
    let code = qr::svg(words, &f.t().slip_code_label)?;
    answer::page(&SlipCode { f, code })
}

/// One line a document; what does not fit is counted.
fn words(f: &Frame, view: &PaymentView) -> String {
    let t = f.t();
    let parts: Vec<String> = view.settlements.iter().map(|settlement| line(&Settled::of(f, settlement))).collect();
    let head = format!(
        "{}\n{}\n{}{}\n{} {} {}\n",
        f.hospital(),
        t.slip_title,
        t.who,
        f.who.as_deref().unwrap_or_default(),
        view.now.biz_date().in_chinese(),
        t.payment_number,
        view.payment_id
    );
    let tail = format!("{} ¥{}\n{}", t.total, yuan(view.amount_fen), t.slip_note);
    fitted(head, &parts, &tail, &t.slip_more)
}

fn line(part: &Settled) -> String {
    let place = part.place.as_deref().map(|place| format!(" {place}")).unwrap_or_default();
    format!("{} ¥{}{place}\n", part.dept, part.amount)
}

fn fitted(head: String, parts: &[String], tail: &str, more: &str) -> String {
    let mut text = head;
    for (at, part) in parts.iter().enumerate() {
        if text.len() + part.len() + tail.len() + more.len() > MOST {
            let _infallible = writeln!(text, "{}", fill(more, &[("count", &(parts.len() - at).to_string())]));
            break;
        }
        text.push_str(part);
    }
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_the_sum_stays() {
        let parts: Vec<String> = (0..60).map(|n| format!("检验科{n} ¥12.00 门诊二楼检验窗口\n")).collect();
        let text = fitted("头\n".to_owned(), &parts, "合计 ¥720.00", "另有{count}张");
        assert!(text.len() <= MOST + 8 && text.starts_with("头\n检验科0 ¥12.00") && text.ends_with("张\n合计 ¥720.00"), "{text}");
        let shown = text.lines().filter(|line| line.starts_with("检验科")).count();
        assert!(text.contains(&format!("另有{}张", 60 - shown)) && shown > 10);
        let short = fitted("头\n".to_owned(), &parts[..3], "合计", "另有{count}张");
        assert!(!short.contains("另有") && short.lines().count() == 5);
    }
}
