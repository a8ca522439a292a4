//! What HIS charged: visits and charge lines (收费明细), as every host hands them to the rules.

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, Timestamp};
use crate::error::{Error, Result};
use crate::ident::{DeptCode, LineKey, PatientId, VisitId};
use crate::money::{Money, Quantity, UnitPrice, line_amount};

/// Who pays for a visit (医疗付费方式, class only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PayerClass {
    /// 自费.
    #[default]
    SelfPay,
    /// 医保.
    Insured,
}

/// One registration = one visit (挂号单次).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The visit number (就诊号).
    pub visit_id: VisitId,
    /// Whose visit.
    pub patient_id: PatientId,
    /// Day of the visit.
    pub date: BizDate,
    /// Department of the visit (就诊科室), code.
    pub dept_code: DeptCode,
    /// Department of the visit, name.
    pub dept_name: String,
    /// Doctor's name as shown to the patient; none for window registrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<String>,
    /// Who pays.
    #[serde(default)]
    pub payer: PayerClass,
    /// Insurance medical category (医疗类别 med_type); part of the grouping key of insured visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub med_type: Option<String>,
    /// Insurance disease code (病种 dise_codg); part of the grouping key of insured visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dise_codg: Option<String>,
}

/// What kind of item a line is (itemCode of HIS: 药品, 材料, 项目).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Western or patent medicine (药品).
    Drug,
    /// Herbs of a prescription with doses (中药饮片, 付数).
    Herb,
    /// Material (卫生材料).
    Material,
    /// Examination, laboratory, treatment, consultation (项目).
    Service,
}

/// Fee class of the outpatient invoice (门诊收费票据项目, med_chrgitm_type); an open set, unknown codes round-trip.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct FeeClass(pub String);

impl FeeClass {
    /// Does the ticket have a line of its own for it?
    pub fn is_on_the_ticket(&self) -> bool {
        self.0 == "14" || self.name() != "其他门诊收费"
    }

    /// The Chinese name printed on the ticket; `其他门诊收费` for codes not in the table (domain/hospital.md §2.2).
    pub fn name(&self) -> &'static str {
        match self.0.as_str() {
            "01" => "床位费",
            "02" => "诊察费",
            "03" => "检查费",
            "04" => "化验费",
            "05" => "治疗费",
            "06" => "手术费",
            "07" => "护理费",
            "08" => "卫生材料费",
            "09" => "西药费",
            "10" => "中药饮片",
            "11" => "中成药费",
            "12" => "一般诊疗费",
            "13" => "挂号费",
            _ => "其他门诊收费",
        }
    }
}

/// One charge line (收费明细).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChargeLine {
    /// Key of the line in HIS.
    pub line_id: LineKey,
    /// Version of the line in HIS; part of the bill id, so a stale page cannot pay.
    #[serde(default)]
    pub version: u32,
    /// Whose line.
    pub patient_id: PatientId,
    /// Of which visit.
    pub visit_id: VisitId,
    /// Prescription or application number (处方号, 申请单号); none for window charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// Position within the order.
    #[serde(default)]
    pub line_no: u32,
    /// What kind of item.
    pub kind: ItemKind,
    /// Invoice fee class.
    pub fee_class: FeeClass,
    /// Item code in HIS.
    pub item_code: String,
    /// Item name as shown to the patient.
    pub item_name: String,
    /// Specification (规格).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// Unit (单位).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Unit price in yuan, decimal text.
    pub price: UnitPrice,
    /// Quantity per dose, decimal text; negative on reversal rows.
    pub quantity: Quantity,
    /// Doses of a herb prescription (付数); 1 otherwise.
    #[serde(default = "one")]
    pub doses: u32,
    /// Amount in fen = price × quantity × doses, half away from zero.
    pub amount_fen: Money,
    /// Ordering department (开单科室), code.
    pub order_dept_code: DeptCode,
    /// Ordering department, name.
    pub order_dept_name: String,
    /// Executing department (执行科室), code; may be missing in HIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_dept_code: Option<DeptCode>,
    /// Executing department, name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_dept_name: Option<String>,
    /// Dispensing pharmacy (发药药房), code; drugs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pharmacy_code: Option<DeptCode>,
    /// Dispensing pharmacy, name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pharmacy_name: Option<String>,
    /// Lines with the same key stay together (组套, 草药方, 皮试, 加收).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atomic_key: Option<String>,
    /// Is it the main line of its indivisible set?
    #[serde(default)]
    pub main_line: bool,
    /// Excluded from insurance although the visit is insured (自费项目).
    #[serde(default)]
    pub self_paid_item: bool,
    /// The line this one reverses (红冲行), when it is the negative row of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<LineKey>,
    /// When it was ordered, if HIS tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<Timestamp>,
}

fn one() -> u32 {
    1
}

impl ChargeLine {
    /// Checks what a single line can be wrong in: the amount must be price × quantity × doses to the fen.
    pub fn check(&self) -> Result<()> {
        let expected = line_amount(self.price, self.quantity, self.doses).map_err(|_| Error::amount_range("amount_fen"))?;
        if expected != self.amount_fen {
            return Err(Error::line_amount(expected, self.amount_fen.fen()));
        }
        Ok(())
    }
}
