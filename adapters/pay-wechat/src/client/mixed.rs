//! Mixed orders: the cash order first, then the order that holds both.

use std::time::Instant;

use menjie::payment::{ChannelOrder, Handover, Method, MixedLeg};
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Fault, No, Outcome};
use menjie_transport::{ApiRequest, HttpResponse, later};

use super::WechatPay;
use crate::error::judge;
use crate::keys::VerifyKey;
use crate::mixed::{self, InsuranceRefund, MixedConfig, MixedTrade};
use crate::wire;

/// An answer whose signature holds, or how the exchange ended.
type Verified = std::result::Result<HttpResponse, Outcome<ChannelAnswer>>;

impl WechatPay {
    /// Opens a mixed order. A repeat is the same order: WeChat says that it exists, and is asked for it.
    pub(super) async fn open_mixed(&self, cx: &CallCx, call: &ChannelCall, order: &ChannelOrder, leg: &MixedLeg) -> Outcome<ChannelAnswer> {
        let started = Instant::now();
        let (Some(config), Method::Jsapi { .. }) = (&self.mixed, &order.method) else {
            return Outcome::Refused(No::new("absent", "微信医保混合支付未配置，或不支持扫码方式"));
        };
        if let Err(no) = mixed::check(order, leg) {
            return Outcome::Refused(no);
        }
        let Some(key) = self.sealing_key(cx) else {
            return Outcome::Unsent(Fault::new("key", "没有可用的微信支付公钥"));
        };
        let prepay_id = match self.prepay(cx, call, order).await {
            Ok(prepay_id) => prepay_id,
            Err(outcome) => return outcome,
        };
        let cx = later(cx, started);
        match self.create_mixed(&cx, config, call, order, leg, prepay_id.as_deref(), &key).await {
            Ok(mix_trade_no) => self.mixed_sheet(&cx, &mix_trade_no, prepay_id.as_deref()).map_or_else(Outcome::Unknown, |sheet| Outcome::Done(ChannelAnswer::Open(sheet))),
            Err(outcome) => outcome,
        }
    }

    /// The cash order, under the same number; none when the patient has nothing to pay himself.
    async fn prepay(&self, cx: &CallCx, call: &ChannelCall, order: &ChannelOrder) -> std::result::Result<Option<String>, Outcome<ChannelAnswer>> {
        if order.amount_fen.is_zero() {
            return Ok(None);
        }
        let request = wire::build(&self.merchant, &self.notify_url, call).map_err(Outcome::Refused)?;
        let answer = self.ask(cx, request).await?;
        match answer.status {
            200 => wire::read_prepay_id(&answer.body).map(Some).map_err(Outcome::Unknown),
            status => Err(judge(call, status, &answer.body, answer.header("request-id"))),
        }
    }

    #[allow(clippy::too_many_arguments)]
    async fn create_mixed(
        &self,
        cx: &CallCx,
        config: &MixedConfig,
        call: &ChannelCall,
        order: &ChannelOrder,
        leg: &MixedLeg,
        prepay_id: Option<&str>,
        key: &VerifyKey,
    ) -> std::result::Result<String, Outcome<ChannelAnswer>> {
        let started = Instant::now();
        let request = mixed::create(&self.merchant, config, order, leg, prepay_id, key, cx.now).map_err(Outcome::Refused)?;
        let answer = self.ask(cx, request).await?;
        let number = order.out_trade_no.as_str();
        if answer.status == 200 {
            return mixed::read_created(&answer.body, number).map_err(Outcome::Unknown);
        }
        if answer.header("request-id").is_some_and(|id| id.ends_with(mixed::EXISTS)) {
            // The number is not signed: what counts is the signed answer to the question it leads to.
            return match self.query_mixed(&later(cx, started), number).await {
                Outcome::Done(trade) if trade.total_fen == leg.amounts.total_fen && trade.pay_order_id.as_ref().is_none_or(|id| *id == leg.order.pay_order_id) => {
                    Ok(trade.mix_trade_no)
                }
                Outcome::Done(_) => Err(Outcome::Unknown(Fault::new("already_used", "该商户订单号已用于其他医保订单"))),
                Outcome::Refused(no) => Err(Outcome::Unknown(Fault::new(no.code, no.text))),
                Outcome::Unsent(fault) | Outcome::Unknown(fault) => Err(Outcome::Unknown(fault)),
            };
        }
        // Refused: the cash order of its number stays open until it expires, and nobody has it.
        Err(judge(call, answer.status, &answer.body, answer.header("request-id")))
    }

    /// What became of a mixed order.
    pub async fn query_mixed(&self, cx: &CallCx, out_trade_no: &str) -> Outcome<MixedTrade> {
        match self.ask(cx, mixed::query(out_trade_no)).await {
            Ok(answer) if answer.status == 200 => mixed::read_trade(&answer.body, Some(out_trade_no)).map_or_else(Outcome::Unknown, Outcome::Done),
            Ok(answer) => Outcome::Unknown(Fault::new(format!("http_{}", answer.status), "微信医保订单查询未成功")),
            Err(outcome) => outcome_of(outcome),
        }
    }

    /// Tells WeChat what the insurer gave back; WeChat moves no money on it.
    pub async fn tell_insurance_refund(&self, cx: &CallCx, refund: &InsuranceRefund) -> Outcome<()> {
        let request = match mixed::tell_refund(refund) {
            Ok(request) => request,
            Err(no) => return Outcome::Refused(no),
        };
        match self.ask(cx, request).await {
            Ok(answer) if matches!(answer.status, 200 | 204) => Outcome::Done(()),
            Ok(answer) => Outcome::Unknown(Fault::new(format!("http_{}", answer.status), "微信医保退款通知未成功")),
            Err(outcome) => outcome_of(outcome),
        }
    }

    pub(super) async fn ask(&self, cx: &CallCx, request: ApiRequest) -> Verified {
        let started = Instant::now();
        let answer = self.send(cx, request).await.map_err(|outcome| outcome.map(|never| match never {}))?;
        match self.verified(&later(cx, started), &answer).await {
            Ok(()) => Ok(answer),
            Err(problem) => Err(Outcome::Unknown(Fault::new("signature", format!("微信支付应答未通过验签：{}", problem.word())))),
        }
    }

    fn sealing_key(&self, cx: &CallCx) -> Option<VerifyKey> {
        self.verifier().announced_key(cx.now).cloned()
    }

    /// The fields of `requestMedicalInsurancePay`: those of a pay sheet, and the order that holds both.
    fn mixed_sheet(&self, cx: &CallCx, mix_trade_no: &str, prepay_id: Option<&str>) -> std::result::Result<Handover, Fault> {
        let sheet = self.pay_sheet(cx, prepay_id.unwrap_or_default())?;
        let Handover::Jsapi { mut fields } = sheet else { return Ok(sheet) };
        fields.insert("mixTradeNo".to_owned(), menjie::access::Private::new(mix_trade_no));
        Ok(Handover::Jsapi { fields })
    }
}

/// An exchange that ended without an answer ends the same for every question.
fn outcome_of<T>(outcome: Outcome<ChannelAnswer>) -> Outcome<T> {
    match outcome {
        Outcome::Unsent(fault) => Outcome::Unsent(fault),
        Outcome::Unknown(fault) => Outcome::Unknown(fault),
        Outcome::Refused(no) => Outcome::Refused(no),
        Outcome::Done(_) => Outcome::Unknown(Fault::new("answer", "没有应答")),
    }
}
