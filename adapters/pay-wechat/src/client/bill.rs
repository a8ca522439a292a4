//! The trade bill: asked for, downloaded, compared with its hash, and read only then (payments.md §1.15).

use std::time::Instant;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use menjie::gm;
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Fault, Outcome};
use menjie_transport::later;

use super::WechatPay;
use crate::bill;
use crate::error::judge;
use crate::wire;

impl WechatPay {
    /// The rows of a day. A file that is torn, changed or another merchant's is no answer.
    pub(super) async fn bill(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        let started = Instant::now();
        let request = match wire::build(&self.merchant, &self.notify_url, call) {
            Ok(request) => request,
            Err(no) => return Outcome::Refused(no),
        };
        let answer = match self.ask(cx, request).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        if answer.status != 200 {
            return judge(call, answer.status, &answer.body, answer.header("request-id"));
        }
        let file = match wire::read_bill_file(&answer.body) {
            Ok(file) => file,
            Err(fault) => return Outcome::Unknown(fault),
        };
        let Some(target) = self.target(&file.url) else {
            return unknown("download_url", "账单下载地址不是微信支付的地址");
        };
        // Its answer carries no signature; the hash in the signed answer before is what proves it.
        let answer = match self.send(&later(cx, started), wire::bill_file(target)).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome.map(|never| match never {}),
        };
        if answer.status != 200 {
            return unknown(&format!("http_{}", answer.status), "账单下载被拒绝");
        }
        if gm::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &answer.body).as_ref()) != file.sha1 {
            return unknown("hash", "账单文件与其摘要不符");
        }
        match bill::rows(&answer.body, &self.merchant.mchid) {
            Ok(rows) => Outcome::Done(ChannelAnswer::Bill(rows)),
            Err(error) => unknown("shape", &error.to_string()),
        }
    }

    /// Path and query of an address below one of ours.
    fn target<'u>(&self, url: &'u str) -> Option<&'u str> {
        self.bases.iter().find_map(|base| url.strip_prefix(base.trim_end_matches('/'))).filter(|target| target.starts_with('/'))
    }
}

fn unknown(code: &str, text: &str) -> Outcome<ChannelAnswer> {
    Outcome::Unknown(Fault::new(code, text))
}
