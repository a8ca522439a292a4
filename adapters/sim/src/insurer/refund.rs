//! 6203: a settled order goes back; its number makes it the same refund however often it is sent.

use menjie::Timestamp;
use serde_json::{Value, json};

use super::book::Settled;
use super::{Fields, Insurer, PLACE, Refused, required, required_fen, text};
use crate::faults::{Drawn, Fault};

impl Insurer {
    pub(super) fn refund(&mut self, data: &Fields, now: Timestamp, drawn: &Drawn) -> Result<Value, Refused> {
        let order = self.orders.get(required(data, "payOrdId")?).ok_or("订单不存在")?;
        let no = required(data, "appRefdSn")?.to_owned();
        if required(data, "appRefdTime")?.len() != 14 {
            return Err("appRefdTime格式错误".to_owned());
        }
        // Whoever reverses what HIS could not post brings revsToken instead of the patient.
        if text(data, "revsToken") != order.revs_token && self.permit_of(data, now)? != order.patient_id {
            return Err("授权人与订单不一致".to_owned());
        }
        let asked = |data: &Fields| -> Fields {
            data.iter().filter(|(name, _)| !matches!(name.as_str(), "payAuthNo" | "ecToken" | "revsToken")).map(|(n, v)| (n.clone(), v.clone())).collect()
        };
        match order.refunds.get(&no) {
            Some(known) if *known == asked(data) => return Ok(json!({"refStatus": "SUCC", "payOrdId": order.pay_ord_id, "appRefdSn": no})),
            Some(_) => return Err("退款流水号重复且内容不一致".to_owned()),
            None => {}
        }
        let pay_ord_id = order.pay_ord_id.clone();
        if self.give_back(&pay_ord_id, data, now)? {
            if let Some(order) = self.orders.get_mut(&pay_ord_id) {
                order.refunds.insert(no.clone(), asked(data));
            }
            let status = if drawn.has(Fault::RefundUnclear) { "EXP" } else { "SUCC" };
            return Ok(json!({"refStatus": status, "payOrdId": pay_ord_id, "appRefdSn": no}));
        }
        Ok(json!({"refStatus": "FAIL", "payOrdId": pay_ord_id, "appRefdSn": no}))
    }

    /// False when the scope's rules are broken: nothing moves.
    fn give_back(&mut self, pay_ord_id: &str, data: &Fields, now: Timestamp) -> Result<bool, Refused> {
        let (total, cash) = (required_fen(data, "totlRefdAmt")?, required_fen(data, "cashRefdAmt")?);
        let told = |name: &str| if text(data, name).is_empty() { Ok(None) } else { required_fen(data, name).map(Some) };
        let (account, fund) = (told("psnAcctRefdAmt")?, told("fundRefdAmt")?);
        let order = self.orders.get(pay_ord_id).ok_or("订单不存在")?;
        let Some(split) = order.split.filter(|_| order.is_settled()) else { return Ok(false) };
        let insured_back = order.setl_id.as_ref().is_some_and(|setl_id| self.book.reversal_of(setl_id).is_some());
        let cash_left = split.cash_fen - order.cash_back_fen;
        let insured = split.account_fen + split.fund_fen;
        let parts_fit = account.is_none_or(|a| a == split.account_fen) && fund.is_none_or(|f| f == split.fund_fen);
        let (reverse, back) = match required(data, "refdType")? {
            "ALL" if !insured_back && order.cash_back_fen == 0 && parts_fit && cash == split.cash_fen && total == split.total_fen => (true, cash),
            "HI" if !insured_back && account == Some(split.account_fen) && fund == Some(split.fund_fen) && cash == 0 && total == insured => (true, 0),
            "CASH" if (1..=cash_left).contains(&cash) && account.unwrap_or(0) == 0 && fund.unwrap_or(0) == 0 && total == cash => (false, cash),
            _ => return Ok(false),
        };
        if reverse {
            let setl_id = order.setl_id.clone().ok_or("订单未结算")?;
            self.reverse(&setl_id, &format!("{pay_ord_id}R"), now)?;
        }
        let all_cash = cash_left - back == 0;
        if let Some(order) = self.orders.get_mut(pay_ord_id) {
            order.cash_back_fen += back;
            order.state = match (reverse || insured_back, order.cash_back_fen > 0, all_cash) {
                (true, _, true) => "7",
                (true, true, false) => "11",
                (true, false, false) => "8",
                (false, _, true) => "9",
                (false, _, false) => "10",
            };
        }
        Ok(true)
    }

    /// Books the reversal of a settlement; its number.
    pub(super) fn reverse(&mut self, setl_id: &str, msgid: &str, now: Timestamp) -> Result<String, Refused> {
        if self.book.reversal_of(setl_id).is_some() {
            return Err("该结算已撤销，请勿重复操作".to_owned());
        }
        let original = self.book.get(setl_id).filter(|row| row.reverses.is_none()).cloned().ok_or("结算信息不存在")?;
        let number = format!("{PLACE}S{:010}", self.next_number());
        let insured = self.members.get_mut(&original.patient_id).ok_or("无参保信息")?;
        let row = Settled { setl_id: number.clone(), msgid: msgid.to_owned(), split: original.split.negated(), at: now, reverses: Some(original.setl_id.clone()), ..original };
        self.book.post(row, insured);
        Ok(number)
    }
}
