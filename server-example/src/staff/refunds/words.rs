//! What codes of refunds mean to those who decide about them.

use menjie::invoice::InvoiceFact;
use menjie::refund::{Cause, Why};
use menjie::service::LineState;
use menjie::workflow::refund::Decision;

/// Why money goes back.
pub fn why(cause: Cause, why: Option<Why>) -> &'static str {
    match (cause, why) {
        (Cause::Patient, Some(why)) => why.text(),
        (Cause::Patient, None) => "患者申请",
        (Cause::HisRefused | Cause::Late | Cause::Incomplete | Cause::Window | Cause::Suspended, _) => cause.reason(),
    }
}

/// A payment channel.
pub fn channel(code: &str) -> &str {
    match code {
        "wechat" => "微信支付",
        "alipay" => "支付宝",
        "unionpay" => "银联",
        other => other,
    }
}

/// How far the work of a line is.
pub const fn line(state: LineState) -> &'static str {
    match state {
        LineState::NotDone => "未执行",
        LineState::TakenBack => "已撤销执行",
        LineState::Reversible => "已执行，可撤",
        LineState::Irreversible => "不可撤",
    }
}

/// An invoice as the platform tells it now.
pub const fn invoice(fact: InvoiceFact) -> &'static str {
    match fact {
        InvoiceFact::None => "无电子票据",
        InvoiceFact::Unknown => "平台暂时查不到",
        InvoiceFact::Blue => "正常，可冲红",
        InvoiceFact::Red => "已冲红",
        InvoiceFact::Paper => "已换开纸质票据，须先交回",
        InvoiceFact::Booked => "已报销入账，不能冲红",
    }
}

/// Why a refund needs a person. What a counterpart said no with is its own code, for its own manual.
pub fn hangs(reason: &str) -> String {
    if let Some((what, code)) = reason.split_once(':') {
        return match what {
            "channel_no" => format!("支付渠道明确拒绝退款（{code}），款项仍预留"),
            "his_no" => format!("HIS明确拒绝冲正（{code}）"),
            "insurer_no" => format!("医保明确拒绝退费（{code}）"),
            "order_state" => format!("医保订单状态异常（{code}）"),
            _ => format!("需人工核对（{reason}）"),
        };
    }
    match reason {
        "approval_overdue" => "审核超过预期时间".to_owned(),
        "answer_overdue" => "患者未在预期时间内补充说明，可以直接作出决定".to_owned(),
        "finance_must_decide" => "HIS窗口已退费，等待计财审核".to_owned(),
        "finance_disagrees" => "计财未同意，HIS窗口已退费".to_owned(),
        "refund_abnormal" => "支付渠道报告退款异常，须在商户平台处理".to_owned(),
        "channel_closed_refund" => "支付渠道已关闭该退款单".to_owned(),
        "refund_overdue" => "退款结果长时间未确认".to_owned(),
        "insurer_overdue" => "医保退费结果长时间未确认".to_owned(),
        "reversal_overdue" => "HIS冲正结果长时间未确认".to_owned(),
        "check_overdue" => "核对长时间没有完成".to_owned(),
        "his_cannot_query" => "HIS不能查询冲正结果，请在HIS中核对".to_owned(),
        "no_insurer_order" => "没有可退的医保订单号".to_owned(),
        "window_reversed_all" => "部分退费期间，HIS窗口已全部冲正".to_owned(),
        other if other.ends_with("_differs") => format!("对方返回的内容与本单不一致，请人工核对（{other}）"),
        other => format!("需人工核对（{other}）"),
    }
}

/// What a person may decide: its word in forms, its button, and what pressing it means.
pub const fn decision(decision: &Decision) -> (&'static str, &'static str, &'static str) {
    match decision {
        Decision::AskAgain => ("ask_again", "重新查询并继续", "按原退款单号查询；对方没有收到的，按同一单号再次发出，不会重复退款。"),
        Decision::GivenBack { .. } => ("given_back", "已在商户平台退款", "仅在商户平台确认款项已退给患者后登记。"),
        Decision::Reversed => ("reversed", "HIS已冲正", "仅在HIS界面确认该笔结算已全部冲正后登记。"),
        Decision::ChargedAgain { .. } => ("charged_again", "HIS已冲正并重收", "仅在HIS界面确认该笔结算已冲正、余下项目已重新收费后登记。"),
        Decision::GiveUp => ("give_up", "终止退费", "款项与票据均未变动，终止后患者可重新申请。"),
        Decision::Agree => ("agree", "同意", ""),
        Decision::Disagree => ("disagree", "不同意", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_keeps_the_code_of_who_said_it_and_an_unknown_word_is_shown() {
        assert_eq!(hangs("channel_no:NOT_ENOUGH"), "支付渠道明确拒绝退款（NOT_ENOUGH），款项仍预留");
        assert_eq!(hangs("amount_differs"), "对方返回的内容与本单不一致，请人工核对（amount_differs）");
        assert_eq!(hangs("second_refund_no"), "需人工核对（second_refund_no）");
        assert!(!hangs("refund_abnormal").contains("refund_abnormal"));
    }
}
