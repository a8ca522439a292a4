//! docs/workflows.md from the transition tables of the core.

use menjie::workflow::table::{transitions, unknown};
use menjie::workflow::{CheckInSt, FilingSt, InvoiceSt, MachineKind, NoticeSt, PaymentSt, RefundSt, SettlementSt, State, StopSt, SuspensionSt};

pub(crate) fn page() -> Result<String, String> {
    let mut text = String::from(
        "# The machines\n\nWhat each machine may do, from `menjie::workflow::table`; a test walks every state and event through the step functions and proves that the tables are exactly \
         what they do. A move that keeps the state is always allowed. In a state marked *unknown* it is not known what a counterpart did: only evidence may leave it, never a timer. \
         `held` (挂起) means that evidence contradicts itself; only a person leaves it, with evidence.\n",
    );
    for kind in MachineKind::ALL {
        let states = codes(kind);
        let (name, chinese) = machine(kind);
        text.push_str(&format!("\n## {name} ({chinese})\n\n| state | 名称 | unknown | may become |\n|---|---|---|---|\n"));
        for state in &states {
            let to: Vec<String> = transitions(kind).iter().filter(|(from, _)| *from == Some(*state)).map(|(_, to)| format!("`{to}`")).collect();
            let mark = if unknown(kind, state) { "yes" } else { "" };
            text.push_str(&format!("| `{state}` | {} | {mark} | {} |\n", chinese_of(kind, state)?, if to.is_empty() { "–".to_owned() } else { to.join(" ") }));
        }
        text.push_str("\n```mermaid\nstateDiagram-v2\n");
        for (from, to) in transitions(kind) {
            if !states.contains(to) || from.is_some_and(|from| !states.contains(&from)) {
                return Err(format!("the table of {name} names a state that the machine does not have: {to}"));
            }
            text.push_str(&format!("    {} --> {to}\n", from.unwrap_or("[*]")));
        }
        text.push_str("```\n");
    }
    Ok(text)
}

const fn machine(kind: MachineKind) -> (&'static str, &'static str) {
    match kind {
        MachineKind::Payment => ("Payment", "支付单"),
        MachineKind::Settlement => ("Settlement", "结算单"),
        MachineKind::Refund => ("Refund", "退费单"),
        MachineKind::Invoice => ("Invoice", "票据"),
        MachineKind::CheckIn => ("CheckIn", "签到、取号"),
        MachineKind::Stop => ("Stop", "停诊通知"),
        MachineKind::Suspension => ("Suspension", "停诊影响的挂号"),
        MachineKind::Notice => ("Notice", "通知"),
        MachineKind::Filing => ("Filing", "首诊建档"),
    }
}

fn codes(kind: MachineKind) -> Vec<&'static str> {
    fn of<S: State>() -> Vec<&'static str> {
        S::ALL.iter().map(|state| state.code()).collect()
    }
    match kind {
        MachineKind::Payment => of::<PaymentSt>(),
        MachineKind::Settlement => of::<SettlementSt>(),
        MachineKind::Refund => of::<RefundSt>(),
        MachineKind::Invoice => of::<InvoiceSt>(),
        MachineKind::CheckIn => of::<CheckInSt>(),
        MachineKind::Stop => of::<StopSt>(),
        MachineKind::Suspension => of::<SuspensionSt>(),
        MachineKind::Notice => of::<NoticeSt>(),
        MachineKind::Filing => of::<FilingSt>(),
    }
}

/// The names hospitals read; a new state without one stops the generator.
fn chinese_of(kind: MachineKind, state: &str) -> Result<&'static str, String> {
    Ok(match (kind, state) {
        (_, "held") => "挂起（人工处理）",
        (MachineKind::Payment, "preparing") => "锁单中",
        (MachineKind::Payment, "pricing") => "医保预结算中",
        (MachineKind::Payment, "priced") => "待患者确认",
        (MachineKind::Payment, "ordering") => "下单中",
        (MachineKind::Payment, "paying") => "待支付",
        (MachineKind::Payment, "closing") => "关单中",
        (MachineKind::Payment, "closed") => "已关单",
        (MachineKind::Payment, "paid") => "已支付",
        (MachineKind::Settlement, "locking") => "锁定中",
        (MachineKind::Settlement, "locked") => "已锁定",
        (MachineKind::Settlement, "posting") => "入账中",
        (MachineKind::Settlement, "posted") => "已入账",
        (MachineKind::Settlement, "refunding") => "退费中",
        (MachineKind::Settlement, "reversed") => "已退费",
        (MachineKind::Settlement, "replaced") => "已部分退费，余额重新结算",
        (MachineKind::Settlement, "releasing") => "解锁中",
        (MachineKind::Settlement, "void") => "已作废",
        (MachineKind::Refund, "doctor") => "待医生审核",
        (MachineKind::Refund, "unconfirm") => "待执行科室反确认",
        (MachineKind::Refund, "finance") => "待财务审批",
        (MachineKind::Refund, "checking") => "退款前核对中",
        (MachineKind::Refund, "insurer") => "医保退费中",
        (MachineKind::Refund, "his") => "HIS冲正中",
        (MachineKind::Refund, "returning") => "退款中",
        (MachineKind::Refund, "red") => "冲红中",
        (MachineKind::Refund, "done") => "已完成",
        (MachineKind::Refund, "rejected") => "审核未通过",
        (MachineKind::Refund, "withdrawn") => "已撤回",
        (MachineKind::Refund, "refused") => "不符合条件，未退",
        (MachineKind::Invoice, "waiting") => "待原票冲红",
        (MachineKind::Invoice, "issuing") => "开票中",
        (MachineKind::Invoice, "issued") => "已开票",
        (MachineKind::Invoice, "redding") => "冲红中",
        (MachineKind::Invoice, "red") => "已冲红",
        (MachineKind::Invoice, "none") => "无需开票",
        (MachineKind::CheckIn, "asking") => "办理中",
        (MachineKind::CheckIn, "done") => "已办理",
        (MachineKind::CheckIn, "refused") => "未能办理",
        (MachineKind::Stop, "expanding") => "查询受影响挂号中",
        (MachineKind::Stop, "told") => "已逐一通知",
        (MachineKind::Stop, "withdrawn") => "停诊已撤销",
        (MachineKind::Suspension, "notified") => "已通知，待选择",
        (MachineKind::Suspension, "withdrawn") => "停诊已撤销，照常就诊",
        (MachineKind::Suspension, "rebooking") => "改约或退号中",
        (MachineKind::Suspension, "moved") => "已改约",
        (MachineKind::Suspension, "refunding") => "已退号，退费中",
        (MachineKind::Suspension, "refunded") => "已退号",
        (MachineKind::Suspension, "window") => "窗口办理",
        (MachineKind::Notice, "waiting") => "待发送（免打扰时段）",
        (MachineKind::Notice, "sending") => "发送中",
        (MachineKind::Notice, "accepted") => "已受理",
        (MachineKind::Notice, "refused") => "被拒绝",
        (MachineKind::Notice, "handled") => "人工已处理",
        (MachineKind::Notice, "withdrawn") => "已撤销，不再发送",
        (MachineKind::Notice, "unsure") => "结果不明，无需处理",
        (MachineKind::Filing, "asking") => "建档中",
        (MachineKind::Filing, "filed") => "已建档",
        (MachineKind::Filing, "refused") => "未能建档",
        _ => return Err(format!("the state {state} of {} has no Chinese name", kind.code())),
    })
}
