//! The clauses of the tender (招标文件《自助结算改造项目建设规划》) and how each is checked.

use super::local::{self, Try};
use super::served::{self, Site};
use super::{Verdict, reports, sealed};

/// A clause.
pub(super) struct Clause {
    pub(super) no: &'static str,
    pub(super) text: &'static str,
    pub(super) checks: &'static [Check],
}

/// How a clause, or a part of it, is checked.
pub(super) enum Check {
    /// By trying it in this program: what is done, and who does it.
    Tried(&'static str, Try),
    /// The contract has these operations.
    Operations(&'static [&'static str]),
    /// The server has these pages.
    Pages(&'static [&'static str]),
    /// The server keeps a promise: what is asked, and who judges the answer.
    Asked(&'static str, served::Ask),
    /// By people: what to look at.
    ByHand(&'static str),
}

impl Check {
    /// What was done, what was seen, and what became of it.
    pub(super) fn run(&self, site: Option<&Site>) -> (String, String, Verdict) {
        let judged = |how: String, seen: Result<String, String>| match seen {
            Ok(seen) => (how, seen, Verdict::Holds),
            Err(seen) => (how, seen, Verdict::Fails),
        };
        match self {
            Check::Tried(how, run) => judged((*how).to_owned(), run()),
            Check::Operations(names) => judged("核对操作表".to_owned(), local::operations(names)),
            Check::Pages(paths) => match site {
                Some(site) => judged(format!("访问页面 {}", paths.join(" ")), site.pages(paths)),
                None => (format!("访问页面 {}", paths.join(" ")), "未指定 --server".to_owned(), Verdict::NotTried),
            },
            Check::Asked(how, ask) => match site {
                Some(site) => judged((*how).to_owned(), ask(site)),
                None => ((*how).to_owned(), "未指定 --server".to_owned(), Verdict::NotTried),
            },
            Check::ByHand(what) => ("现场核对".to_owned(), (*what).to_owned(), Verdict::ByHand),
        }
    }
}

/// Every clause.
pub(super) const ALL: &[Clause] = &[
    Clause {
        no: "1.1",
        text: "挂号签到：患者抵达医院时签到（现场自助机）",
        checks: &[Check::Operations(&["registration.list", "visit.check_in", "visit.take_number", "visit.progress"]), Check::Pages(&["/k/check-in"])],
    },
    Clause {
        no: "1.2",
        text: "停诊推送：医生停诊后通知患者（微信公众号、短信平台）",
        checks: &[
            Check::Operations(&["suspension.list", "suspension.get", "suspension.choose"]),
            Check::Pages(&["/k/suspensions", "/h5/suspensions"]),
            Check::ByHand("用真实公众号与短信平台各推送一次停诊通知，核对送达"),
        ],
    },
    Clause {
        no: "1.3.1",
        text: "自费缴费：未缴费清单按挂号单次分组；查看缴费明细",
        checks: &[
            Check::Tried("对两次就诊、两个执行科室的样例明细分组", local::grouping),
            Check::Operations(&["visit.unpaid", "bill.group", "bill.total"]),
            Check::Pages(&["/k/unpaid", "/h5/unpaid"]),
        ],
    },
    Clause {
        no: "1.3.2",
        text: "自费缴费：在线支付（微信、支付宝、银联），支付后同步更新 HIS",
        checks: &[
            Check::Operations(&["settlement.quote", "settlement.pay", "settlement.get", "channel.wechat.verify"]),
            Check::Tried("读取含微信支付渠道的医院配置", local::wechat),
            Check::Tried("读取含支付宝渠道的医院配置", local::alipay),
            Check::Tried("读取含银联渠道的医院配置", local::unionpay),
            Check::Tried("以 1.5、NaN、1e300、\"12.345\"、2^53+1 作为金额调用", local::amounts),
            Check::ByHand("以真实商户号各支付一分钱，核对 HIS 入账与渠道账单"),
        ],
    },
    Clause {
        no: "1.3.3",
        text: "生成并推送电子票据；结算发票同步推送给患者",
        checks: &[Check::Tried("金额大写与票据金额恒等式", local::invoice), Check::ByHand("用票据平台的测试环境开具并推送一张电子票据")],
    },
    Clause { no: "1.3.4", text: "已缴费列表与详情查询", checks: &[Check::Operations(&["visit.paid", "settlement.detail"]), Check::Pages(&["/k/paid", "/h5/paid"])] },
    Clause {
        no: "1.3.5",
        text: "自费退款：患者发起-门诊医生审核-计财科审核-微信退款-发票作废重开",
        checks: &[
            Check::Tried("判断一笔自费结算的退费步骤", local::self_paid_refund),
            Check::Operations(&["refund.preview", "refund.request", "refund.decide", "refund.list", "refund.get"]),
        ],
    },
    Clause {
        no: "1.3.6",
        text: "医保缴费：登记选点、绑定患者、查询未缴费清单，列出统筹/个账金额",
        checks: &[
            Check::Operations(&["insurance.binding", "insurance.authorise", "insurance.check_split"]),
            Check::Tried("核对一笔医保结算的统筹、个账、现金拆分", local::split),
            Check::Pages(&["/h5/insurance", "/h5/patients"]),
            Check::ByHand("在医保测试环境完成一次选点查询与预结算"),
        ],
    },
    Clause {
        no: "1.3.7",
        text: "医保退款：医生审核-执收科室反确认-计财科审核-微信退款-发票冲红-重新开方-移动支付-发票自动开具推送",
        checks: &[
            Check::Tried("判断一笔医保结算的退费步骤", local::insured_refund),
            Check::Operations(&["refund.preview", "refund.request", "refund.decide", "refund.answer", "refund.list", "refund.get"]),
            Check::ByHand("在医保、微信测试环境走完一次：撤销结算、退现金、冲红、重新开方、再缴费、自动开票推送；程序不能代替这些系统"),
        ],
    },
    Clause {
        no: "1.3.8",
        text: "医保跨月不予退款，在付款界面予以提示",
        checks: &[Check::Tried("次月申请退一笔医保结算", local::cross_month), Check::Tried("生成付款界面的提示", local::notice)],
    },
    Clause {
        no: "1.3.9", text: "支持根据医生开立项目以执行科室为单位分组成独立单据进行结算", checks: &[Check::Tried("同一就诊、两个执行科室的样例明细", local::by_department)]
    },
    Clause {
        no: "1.3.10",
        text: "医保缴费：个账支付并同步 HIS；已缴费列表",
        checks: &[
            Check::Operations(&["settlement.pay", "settlement.get", "visit.paid"]),
            Check::ByHand("在医保测试环境用个人账户支付一笔，核对 HIS 入账与已缴费列表；程序不能代替医保中心"),
        ],
    },
    Clause { no: "1.4", text: "医院简介：概况、科室、专家团队", checks: &[Check::Pages(&["/k/intro", "/k/departments", "/k/experts", "/h5/intro"])] },
    Clause { no: "1.5", text: "交通指引：地址、路线与地图", checks: &[Check::Pages(&["/k/guide", "/h5/guide"])] },
    Clause {
        no: "1.6",
        text: "首诊建档：必填字段齐全（姓名至医疗付费方式）",
        checks: &[
            Check::Tried("以空白记录校验，看哪些字段为必填", local::first_visit),
            Check::Operations(&["patient.validate", "patient.register", "patient.filing"]),
            Check::Pages(&["/k/first-visit", "/h5/first-visit"]),
        ],
    },
    Clause {
        no: "1.7",
        text: "电子健康码：查询、展示二维码/条形码",
        checks: &[
            Check::Operations(&["patient.identify"]),
            Check::Pages(&["/h5/health-code"]),
            Check::ByHand("扫一张真实电子健康码登记；查询并展示已绑定的健康码须有平台，程序不能自造"),
        ],
    },
    Clause {
        no: "1.8",
        text: "医保电子凭证：查询、展示二维码",
        checks: &[
            Check::Operations(&["patient.identify"]),
            Check::Pages(&["/h5/e-voucher"]),
            Check::ByHand("扫一张真实医保电子凭证登记；展示凭证须由国家医保平台给出，程序不能自造"),
        ],
    },
    Clause {
        no: "2.1",
        text: "财务报表（《250424移动支付报表》，提供独立页面）",
        checks: &[
            Check::Tried("以三笔收退款生成移动支付收款汇总表", reports::finance),
            Check::Pages(&["/a/reports/finance"]),
            Check::ByHand("《250424移动支付报表》未随招标文件提供：列名与口径须由医院对照原表确认"),
        ],
    },
    Clause {
        no: "2.2",
        text: "门诊量、挂号量、医保/自费等缴费汇总；患者年龄分布、疾病谱统计（提供独立页面）",
        checks: &[
            Check::Tried("以四次挂号生成门诊量与挂号量统计", reports::volume),
            Check::Tried("以三笔收退款生成医保/自费汇总", reports::by_insurance),
            Check::Tried("以三次就诊生成患者年龄分布", reports::ages),
            Check::Tried("以三次就诊生成疾病谱", reports::diseases),
            Check::Pages(&["/a/reports/volume", "/a/reports/ages", "/a/reports/diseases"]),
        ],
    },
    Clause {
        no: "2.3",
        text: "对账：HIS、渠道、医保、本平台四方一致",
        checks: &[
            Check::Tried("核对一日样例账单，其中一笔仅渠道有", local::reconciled),
            Check::Operations(&["reconcile.run", "reconcile.day", "reconcile.list", "reconcile.resolve"]),
        ],
    },
    Clause {
        no: "3.1",
        text: "接口：按前置服务平台标准建设，与 HIS 互联互通",
        checks: &[Check::Asked("读取服务端的接口文档 /openapi.json", served::openapi), Check::ByHand("与医院前置服务平台联调，逐个接口签字")],
    },
    Clause {
        no: "3.2",
        text: "配套接口：挂号签到、停诊推送、自费与医保缴费、健康码、电子凭证、报表所需的 HIS 接口",
        checks: &[Check::ByHand("接口要求见 docs/his-front.yaml；真实 HIS 是否提供、是否一致，须逐个联调，程序不能代替")],
    },
    Clause {
        no: "3.3", text: "与 HIS、PACS、LIS 实时同步，数据一致、完整", checks: &[Check::ByHand("检验、检查状态经 HIS 取得；与真实 PACS、LIS 的同步须在现场核对")]
    },
    Clause {
        no: "4.1",
        text: "每笔数据传送都留下日志，国密算法加密存储，提供浏览解密工具",
        checks: &[
            Check::Tried("新建一份日志：写入、查文件中有无明文、解密查看", sealed::log_is_sealed),
            Check::Tried("改动日志中的一个字节后校验", sealed::change_is_told),
            Check::Asked("匿名访问日志查看页 /a/log", served::log_page),
        ],
    },
    Clause {
        no: "4.2", text: "支持国密算法（SM2、SM3、SM4）", checks: &[Check::Tried("以国家标准的已知答案运算 SM3、SM2 验签、SM4-GCM", local::algorithms)]
    },
    Clause {
        no: "5.1",
        text: "运行环境：openEuler + openGauss",
        checks: &[Check::Tried("本机操作系统", local::system), Check::ByHand("数据库：本版本使用内嵌 SQLite；openGauss 适配须在现场环境另行验证")],
    },
    Clause { no: "5.2", text: "第三方组件可审查", checks: &[Check::ByHand("随交付物提供依赖清单与许可证清单，按信创名录核对")] },
    Clause {
        no: "6.1",
        text: "等保三级：未授权不可访问，出错不泄露信息",
        checks: &[
            Check::Asked("匿名访问员工接口", served::staff_only),
            Check::Asked("页面的内容安全策略", served::content_policy),
            Check::ByHand("由测评机构测评；门结只提供所需的技术措施"),
        ],
    },
    Clause { no: "6.2", text: "服务可用：进程、数据库、日志、作业均正常", checks: &[Check::Asked("访问 /healthz 与 /readyz", served::ready)] },
    Clause {
        no: "6.3",
        text: "电子病历四级、智慧管理三级、智慧服务三级、互联互通五级、正版化、信创",
        checks: &[Check::ByHand("由医院按评级标准评定；这些是医院整体的等级，程序不能核对")],
    },
    Clause {
        no: "7.1", text: "交付安装手册、源代码、数据结构手册、运行维护手册", checks: &[Check::ByHand("核对交付物中的 docs 目录与源代码")]
    },
    Clause {
        no: "7.2", text: "验收后至少三年免费技术支持；三级服务响应时间；系统对接整改的技术服务费", checks: &[Check::ByHand("商务与服务条款，由合同约定，程序不能核对")]
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_clause_has_a_number_of_its_own_and_a_check() {
        let numbers: BTreeSet<_> = ALL.iter().map(|clause| clause.no).collect();
        assert_eq!(numbers.len(), ALL.len());
        assert!(ALL.iter().all(|clause| !clause.checks.is_empty()));
    }
}
