//! 2206 and 2207: a batch is priced and settled; 5203: what is settled; and `setlinfo`, which they all tell.

use menjie::insurance::{Funds, HisSplit, PersonKey};
use menjie::{Money, Timestamp};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::{Visit, certificate};
use crate::field::{self, filled, flag};

/// 预结算; repeat it freely.
pub const PRICE: &str = "2206";
/// 结算. Its end is unknown after a time-out: ask 5203 by the visit, then 2601 with its msgid.
pub const SETTLE: &str = "2207";
/// 结算信息查询.
pub const FIND: &str = "5203";

/// A batch to be priced or settled.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Whose visit.
    pub visit: Visit<'a>,
    /// By what he is known.
    pub key: &'a PersonKey,
    /// Medical category (med_type).
    pub med_type: &'a str,
    /// The batch (chrg_bchno).
    pub batch_no: &'a str,
    /// Its total (medfee_sumamt).
    pub total_fen: Money,
    /// May the personal account be used?
    pub use_account: bool,
}

/// Prices a batch.
pub fn price(batch: &Batch<'_>) -> Map<String, Value> {
    let (kind, no) = certificate(batch.key);
    filled([
        ("psn_no", batch.visit.person.psn_no.reveal()),
        ("mdtrt_cert_type", kind),
        ("mdtrt_cert_no", no.reveal()),
        ("med_type", batch.med_type),
        ("medfee_sumamt", &batch.total_fen.to_yuan()),
        ("psn_setlway", "01"),
        ("mdtrt_id", batch.visit.mdtrt_id),
        ("chrg_bchno", batch.batch_no),
        ("acct_used_flag", flag(batch.use_account)),
        ("insutype", &batch.visit.person.insurance_type),
    ])
}

/// Settles a batch as it was priced. Every town wants the priced parts repeated.
pub fn settle(batch: &Batch<'_>, priced: &HisSplit, invoice_no: &str) -> Map<String, Value> {
    let mut input = price(batch);
    input.extend(filled([
        ("invono", invoice_no),
        ("fulamt_ownpay_amt", &priced.own_fen.to_yuan()),
        ("overlmt_selfpay", &priced.over_limit_fen.to_yuan()),
        ("preselfpay_amt", &priced.pre_self_fen.to_yuan()),
        ("inscp_scp_amt", &priced.in_scope_fen.to_yuan()),
    ]));
    input
}

/// Asks for a settlement; without its number, for that of the visit.
pub fn find(visit: Visit<'_>, setl_id: &str) -> Map<String, Value> {
    filled([("psn_no", visit.person.psn_no.reveal()), ("setl_id", setl_id), ("mdtrt_id", visit.mdtrt_id)])
}

/// What `setlinfo` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The insurer's number (setl_id); none while it is only priced.
    pub setl_id: Option<String>,
    /// Who pays what. Close it with `insurance.check_split` before money moves.
    pub split: HisSplit,
    /// When, by the insurer's clock (setl_time).
    pub at: Option<Timestamp>,
    /// The msgid it was settled under (medins_setl_id).
    pub msgid: Option<String>,
    /// Is it a reversal (refd_setl_flag)?
    pub reversal: bool,
    /// Balance of the account after it.
    pub balance_fen: Option<Money>,
}

/// Reads `setlinfo` and `setldetail`. Another visit's answer is not ours.
pub fn settlement(output: &Map<String, Value>, mdtrt_id: &str) -> Result<Settlement, Shape> {
    let info = field::one_object(output, "setlinfo")?.ok_or(Shape::new("setlinfo", "is missing"))?;
    read(info, output, mdtrt_id).map_err(|shape| shape.under("setlinfo"))
}

fn read(info: &Map<String, Value>, output: &Map<String, Value>, mdtrt_id: &str) -> Result<Settlement, Shape> {
    if field::text(info, "mdtrt_id").is_some_and(|theirs| theirs != mdtrt_id) {
        return Err(Shape::new("mdtrt_id", "is another visit's"));
    }
    let or_zero = |field: &'static str| Ok(field::money(info, field)?.unwrap_or_default());
    // 5203 and one table of 2208 spell the personal parts in their own ways.
    let first_of = |usual: &'static str, others: &[&'static str]| {
        let told = others.iter().find_map(|name| field::money(info, name).transpose());
        field::money(info, usual)?.map(Ok).or(told).unwrap_or(Err(Shape::new(usual, "is missing")))
    };
    let details = field::objects(output, "setldetail")?;
    let details = details.into_iter().map(|row| field::required_money(row, "fund_payamt")).collect::<Result<Vec<_>, _>>()?;
    let funds = match field::money(info, "hifp_pay")? {
        None => None,
        Some(pooled_fen) => Some(Funds {
            pooled_fen,
            serious_fen: or_zero("hifmi_pay")?,
            large_fen: or_zero("hifob_pay")?,
            enterprise_fen: or_zero("hifes_pay")?,
            civil_fen: or_zero("cvlserv_pay")?,
            aid_fen: or_zero("maf_pay")?,
            other_fen: or_zero("oth_pay")?,
            disabled_fen: field::money(info, "hifdm_pay")?,
        }),
    };
    Ok(Settlement {
        setl_id: field::text(info, "setl_id"),
        split: HisSplit {
            total_fen: field::required_money(info, "medfee_sumamt")?,
            own_fen: or_zero("fulamt_ownpay_amt")?,
            over_limit_fen: or_zero("overlmt_selfpay")?,
            pre_self_fen: or_zero("preselfpay_amt")?,
            in_scope_fen: or_zero("inscp_scp_amt")?,
            fund_fen: field::required_money(info, "fund_pay_sumamt")?,
            personal_fen: first_of("psn_part_amt", &["psn_pay"])?,
            account_fen: or_zero("acct_pay")?,
            cash_fen: first_of("psn_cash_pay", &["cash_payamt", "pdn_cash_pay"])?,
            mutual_aid_fen: or_zero("acct_mulaid_pay")?,
            hospital_fen: or_zero("hosp_part_amt")?,
            funds,
            details_fen: (!details.is_empty()).then_some(details),
            lines_fen: None,
        },
        at: field::time(info, "setl_time")?,
        msgid: field::text(info, "medins_setl_id"),
        reversal: field::text(info, "refd_setl_flag").as_deref() == Some("1"),
        balance_fen: field::money(info, "balc")?,
    })
}
