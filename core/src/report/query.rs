//! What a report is asked for.

use serde::{Deserialize, Serialize};

use super::cube::Key;
use super::fact::{Business, InsuranceClass};
use super::names::{Dimension, Names};
use crate::calendar::BizDate;
use crate::error::{Error, Result};

/// The reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportName {
    /// 移动支付收款汇总表 (A).
    Receipts,
    /// 医保/自费汇总 (D).
    Insurance,
    /// 收款员/终端日结 (E).
    Closing,
    /// 门诊量与挂号量统计 (C).
    Volume,
    /// 收入分类 (F).
    Income,
    /// 退费分析 (G).
    Refunds,
    /// 患者年龄分布 (H).
    Ages,
    /// 疾病谱 (I).
    Diseases,
}

impl ReportName {
    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            ReportName::Receipts => "移动支付收款汇总表",
            ReportName::Insurance => "医保/自费汇总",
            ReportName::Closing => "收款员/终端日结",
            ReportName::Volume => "门诊量与挂号量统计",
            ReportName::Income => "收入分类",
            ReportName::Refunds => "退费分析",
            ReportName::Ages => "患者年龄分布",
            ReportName::Diseases => "疾病谱",
        }
    }

    /// The axes it may be asked by, the usual ones first, and how many of them are usual.
    const fn axes(self) -> (&'static [Axis], usize) {
        use Axis::{Business, Channel, Day, Dept, Doctor, ExecDept, Insurance, Month, OrderDept, Reason, Terminal, Week};
        match self {
            ReportName::Receipts => (&[Day, Channel, Business, Week, Month, Insurance, ExecDept, OrderDept, Terminal], 3),
            ReportName::Insurance => (&[Day, Insurance, Week, Month, Channel, Business, ExecDept, OrderDept, Terminal], 2),
            ReportName::Closing => (&[Terminal, Day, Week, Month, Business, Insurance], 1),
            ReportName::Volume => (&[Day, Dept, Doctor, Week, Month], 3),
            ReportName::Refunds => (&[Dept, Reason, Day, Week, Month], 2),
            ReportName::Income | ReportName::Ages | ReportName::Diseases => (&[], 0),
        }
    }
}

/// By what a report is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportAxis"))]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// 日.
    Day,
    /// 周, from Monday.
    Week,
    /// 月.
    Month,
    /// 支付渠道.
    Channel,
    /// 业务类型.
    Business,
    /// 医保类别.
    Insurance,
    /// 执行科室.
    ExecDept,
    /// 开单科室.
    OrderDept,
    /// 收款员/终端.
    Terminal,
    /// 科室.
    Dept,
    /// 医生.
    Doctor,
    /// 退费原因.
    Reason,
}

impl Axis {
    /// The key and the heading of its column.
    pub(super) const fn heading(self) -> (&'static str, &'static str) {
        match self {
            Axis::Day => ("day", "日期"),
            Axis::Week => ("week", "周（周一）"),
            Axis::Month => ("month", "月份"),
            Axis::Channel => ("channel", "支付渠道"),
            Axis::Business => ("business", "业务类型"),
            Axis::Insurance => ("insurance", "医保类别"),
            Axis::ExecDept => ("exec_dept", "执行科室"),
            Axis::OrderDept => ("order_dept", "开单科室"),
            Axis::Terminal => ("terminal", "收款员/终端"),
            Axis::Dept => ("dept", "科室"),
            Axis::Doctor => ("doctor", "医生"),
            Axis::Reason => ("reason", "退费原因"),
        }
    }

    pub(super) const fn is_time(self) -> bool {
        matches!(self, Axis::Day | Axis::Week | Axis::Month)
    }

    /// The dimension of its names.
    pub(super) const fn dimension(self) -> Option<Dimension> {
        match self {
            Axis::Channel => Some(Dimension::Channel),
            Axis::ExecDept | Axis::OrderDept | Axis::Dept => Some(Dimension::Dept),
            Axis::Terminal => Some(Dimension::Terminal),
            Axis::Doctor => Some(Dimension::Doctor),
            Axis::Reason => Some(Dimension::Reason),
            Axis::Day | Axis::Week | Axis::Month | Axis::Business | Axis::Insurance => None,
        }
    }
}

/// How diseases are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiseaseLevel {
    /// By the first three characters.
    #[default]
    Category,
    /// By the blocks of chapter V; what lies in none of them, by category.
    Block,
    /// By chapter.
    Chapter,
}

/// A question to a partial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportQuery"))]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Which report.
    pub report: ReportName,
    /// From this day on, in UTC+8,
    pub from: BizDate,
    /// to this day, inclusive.
    pub to: BizDate,
    /// By what, in this order; empty: as the report is usually asked.
    #[serde(default)]
    pub by: Vec<Axis>,
    /// Only these channels; empty: all. Reports of movements only, as the next two.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Only these businesses.
    #[serde(default)]
    pub businesses: Vec<Business>,
    /// Only these operators or terminals.
    #[serde(default)]
    pub terminals: Vec<String>,
    /// Only these insurance classes; not of refund requests.
    #[serde(default)]
    pub insurance: Vec<InsuranceClass>,
    /// Lower bounds of the age bands, ascending from 0; empty: 0, 5, 15, 45, 60.
    #[serde(default)]
    pub bands: Vec<u16>,
    /// How diseases are put together.
    #[serde(default)]
    pub level: DiseaseLevel,
    /// So many diseases; the others are one row.
    #[serde(default = "top")]
    pub top: u32,
    /// Ages and diseases: what tells of fewer people than this is not shown, and nothing from which it follows. 0 and 1 show everything:
    /// for eyes inside the hospital.
    #[serde(default = "min_cell")]
    pub min_cell: u32,
}

fn top() -> u32 {
    20
}

fn min_cell() -> u32 {
    5
}

/// So many age bands at most.
const MOST_BANDS: usize = 24;

impl Query {
    /// A question with everything else as it usually is.
    pub fn new(report: ReportName, from: BizDate, to: BizDate) -> Query {
        Query {
            report,
            from,
            to,
            by: Vec::new(),
            channels: Vec::new(),
            businesses: Vec::new(),
            terminals: Vec::new(),
            insurance: Vec::new(),
            bands: Vec::new(),
            level: DiseaseLevel::default(),
            top: top(),
            min_cell: min_cell(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let (known, _) = self.report.axes();
        if self.to < self.from {
            return Err(Error::field("to", "is before from"));
        }
        if self.by.iter().any(|axis| !known.contains(axis)) {
            return Err(Error::field("by", "names what this report cannot be asked by"));
        }
        if self.by.iter().enumerate().any(|(at, axis)| self.by.iter().skip(at + 1).any(|other| other == axis)) || self.by.iter().filter(|axis| axis.is_time()).count() > 1 {
            return Err(Error::field("by", "names an axis twice, or two axes of time"));
        }
        let bands = self.bands.first().is_none_or(|first| *first == 0) && self.bands.is_sorted_by(|a, b| a < b) && self.bands.len() <= MOST_BANDS;
        if !bands {
            return Err(Error::field("bands", "must ascend from 0, 24 at most"));
        }
        if self.top == 0 {
            return Err(Error::field("top", "must be above 0"));
        }
        Ok(())
    }

    pub(super) fn axes(&self) -> &[Axis] {
        let (known, usual) = self.report.axes();
        if self.by.is_empty() { known.get(..usual).unwrap_or_default() } else { &self.by }
    }

    /// The days, as keys have them.
    pub(super) fn days(&self) -> std::ops::RangeInclusive<u32> {
        self.from.number()..=self.to.number()
    }

    /// Is a movement asked for?
    pub(super) fn movements(&self, names: &Names) -> impl Fn(&Key) -> bool + use<> {
        let (days, insurance) = (self.days(), self.insured());
        let numbers = |dimension, asked: &[String]| -> Option<Vec<u16>> {
            let number = |name: &String| names.of(dimension).binary_search(name).ok().and_then(|at| u16::try_from(at + 1).ok());
            (!asked.is_empty()).then(|| asked.iter().filter_map(number).collect())
        };
        let (channels, terminals) = (numbers(Dimension::Channel, &self.channels), numbers(Dimension::Terminal, &self.terminals));
        let businesses: Vec<u16> = self.businesses.iter().map(|business| *business as u16).collect();
        move |[day, channel, business, class, _, _, terminal, _]: &Key| {
            let among = |asked: &Option<Vec<u16>>, number| asked.as_ref().is_none_or(|asked| asked.contains(number));
            days.contains(&u32::from(*day))
                && among(&channels, channel)
                && among(&terminals, terminal)
                && (businesses.is_empty() || businesses.contains(business))
                && insurance(*class)
        }
    }

    /// Is an insurance class asked for?
    pub(super) fn insured(&self) -> impl Fn(u16) -> bool + use<> {
        let classes: Vec<u16> = self.insurance.iter().map(|class| *class as u16).collect();
        move |class| classes.is_empty() || classes.contains(&class)
    }
}
