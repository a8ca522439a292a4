//! What the invented hospital charges for. Names are made up and carry no brand; prices are invented.

/// A department: code, name, where to go after paying.
pub(super) const DEPARTMENTS: [(&str, &str, &str); 14] = [
    ("JSK1", "精神科一诊区", "请回精神科一诊区就诊"),
    ("JSK2", "精神科二诊区", "请回精神科二诊区就诊"),
    ("XLK", "心理咨询科", "请回心理咨询科就诊"),
    ("SMK", "睡眠医学科", "请回睡眠医学科就诊"),
    ("LNK", "老年心身科", "请回老年心身科就诊"),
    ("ETK", "儿童青少年科", "请回儿童青少年科就诊"),
    ("XYF", "西药房", "请到门诊一楼西药房3号窗口取药"),
    ("ZYF", "中药房", "请到门诊一楼中药房1号窗口取药"),
    ("JYK", "检验科", "请到门诊二楼检验科采血处"),
    ("DSL", "电生理室", "请到门诊三楼电生理室登记"),
    ("CPS", "心理测评室", "请到门诊三楼心理测评室"),
    ("WLS", "物理治疗室", "请到康复楼一楼物理治疗室"),
    ("YXK", "影像科", "请到医技楼一楼影像科登记"),
    ("XDS", "心电图室", "请到门诊二楼心电图室"),
];

/// Departments that see patients, with a doctor of each.
pub(super) const CLINICS: [(&str, &str); 6] = [("JSK1", "李医生"), ("JSK2", "黄医生"), ("XLK", "许医生"), ("SMK", "周医生"), ("LNK", "郭医生"), ("ETK", "洪医生")];

/// A drug: code, name, specification, unit, price per unit, usual quantities.
pub(super) struct Drug {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) spec: &'static str,
    pub(super) unit: &'static str,
    pub(super) price: &'static str,
    pub(super) quantities: [u32; 3],
    pub(super) fee_class: &'static str,
}

const fn western(code: &'static str, name: &'static str, spec: &'static str, unit: &'static str, price: &'static str, quantities: [u32; 3]) -> Drug {
    Drug { code, name, spec, unit, price, quantities, fee_class: "09" }
}

const fn patent(code: &'static str, name: &'static str, spec: &'static str, unit: &'static str, price: &'static str, quantities: [u32; 3]) -> Drug {
    Drug { code, name, spec, unit, price, quantities, fee_class: "11" }
}

/// Drugs: mostly 4 decimals, some 6 (package price divided by pack size).
pub(super) const DRUGS: [Drug; 18] = [
    western("D001", "仿真片剂甲", "5mg*28片", "片", "3.2650", [14, 28, 56]),
    western("D002", "仿真片剂乙", "10mg*14片", "片", "2.1357", [14, 28, 42]),
    western("D003", "仿真片剂丙", "20mg*20片", "片", "1.4825", [20, 30, 60]),
    western("D004", "仿真缓释片甲", "50mg*10片", "片", "4.0733", [10, 20, 30]),
    western("D005", "仿真缓释片乙", "150mg*12片", "片", "2.9167", [12, 24, 36]),
    western("D006", "仿真胶囊甲", "20mg*28粒", "粒", "0.312500", [28, 56, 84]),
    western("D007", "仿真胶囊乙", "30mg*24粒", "粒", "5.118333", [12, 24, 24]),
    western("D008", "仿真口服液甲", "10ml*6支", "支", "6.458333", [6, 12, 18]),
    western("D009", "仿真分散片甲", "100mg*30片", "片", "0.8642", [30, 60, 90]),
    western("D010", "仿真分散片乙", "25mg*50片", "片", "0.0896", [50, 100, 100]),
    western("D011", "仿真口崩片甲", "2mg*20片", "片", "3.7715", [20, 20, 40]),
    western("D012", "仿真注射液甲", "1ml*1支", "支", "11.1500", [1, 2, 3]),
    western("D013", "仿真长效注射剂甲", "75mg*1支", "支", "218.4000", [1, 1, 1]),
    western("D014", "仿真片剂丁", "1mg*100片", "片", "0.1234", [30, 60, 100]),
    western("D015", "仿真滴剂甲", "10ml*1瓶", "瓶", "27.6650", [1, 2, 2]),
    patent("D101", "仿真安神颗粒", "10g*9袋", "袋", "2.7778", [9, 18, 27]),
    patent("D102", "仿真养心丸", "9g*10丸", "丸", "1.9850", [10, 20, 30]),
    patent("D103", "仿真疏肝胶囊", "0.4g*36粒", "粒", "0.694444", [36, 72, 72]),
];

/// Herbs: code, name, price per gram.
pub(super) const HERBS: [(&str, &str, &str); 10] = [
    ("H001", "仿真饮片一号", "0.0560"),
    ("H002", "仿真饮片二号", "0.1285"),
    ("H003", "仿真饮片三号", "0.0375"),
    ("H004", "仿真饮片四号", "0.2146"),
    ("H005", "仿真饮片五号", "0.0918"),
    ("H006", "仿真饮片六号", "0.1733"),
    ("H007", "仿真饮片七号", "0.0645"),
    ("H008", "仿真饮片八号", "0.3055"),
    ("H009", "仿真饮片九号", "0.0492"),
    ("H010", "仿真饮片十号", "0.1166"),
];

/// A thing that is done, with what is used up by it.
pub(super) struct Procedure {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) price: &'static str,
    pub(super) fee_class: &'static str,
    pub(super) dept: &'static str,
    /// Attached material: code, name, price, most pieces.
    pub(super) material: Option<(&'static str, &'static str, &'static str, u32)>,
}

const fn procedure(
    code: &'static str,
    name: &'static str,
    unit: &'static str,
    price: &'static str,
    (fee_class, dept): (&'static str, &'static str),
    material: Option<(&'static str, &'static str, &'static str, u32)>,
) -> Procedure {
    Procedure { code, name, unit, price, fee_class, dept, material }
}

const LAB: (&str, &str) = ("04", "JYK");
const SCALE: (&str, &str) = ("03", "CPS");
const TREATMENT: (&str, &str) = ("05", "WLS");
const TUBE: (&str, &str, &str, u32) = ("M001", "一次性真空采血管", "0.4560", 3);
const PASTE: (&str, &str, &str, u32) = ("M002", "导电膏", "1.115000", 3);
const ELECTRODE: (&str, &str, &str, u32) = ("M003", "一次性电极片", "0.6275", 6);

/// Examinations, laboratory, scales, treatments.
pub(super) const PROCEDURES: [Procedure; 19] = [
    procedure("S101", "血常规", "次", "20.00", LAB, Some(TUBE)),
    procedure("S102", "肝功能组合", "次", "68.50", LAB, Some(TUBE)),
    procedure("S103", "肾功能组合", "次", "39.00", LAB, Some(TUBE)),
    procedure("S104", "血药浓度测定", "项", "96.00", LAB, Some(TUBE)),
    procedure("S105", "空腹血糖", "次", "6.50", LAB, None),
    procedure("S106", "甲状腺功能组合", "次", "132.00", LAB, Some(TUBE)),
    procedure("S201", "脑电图", "次", "120.00", ("03", "DSL"), Some(PASTE)),
    procedure("S202", "脑电地形图", "次", "98.00", ("03", "DSL"), Some(PASTE)),
    procedure("S203", "诱发电位检查", "次", "86.40", ("03", "DSL"), Some(ELECTRODE)),
    procedure("S204", "多导睡眠监测", "次", "365.00", ("03", "DSL"), Some(ELECTRODE)),
    procedure("S301", "心理测验（A类）", "次", "30.00", SCALE, None),
    procedure("S302", "心理测验（B类）", "次", "45.00", SCALE, None),
    procedure("S303", "心理测验（C类）", "次", "60.00", SCALE, None),
    procedure("S401", "经颅磁刺激治疗", "次", "78.00", TREATMENT, None),
    procedure("S402", "生物反馈治疗", "次", "52.80", TREATMENT, Some(ELECTRODE)),
    procedure("S403", "心理治疗", "次", "160.00", ("05", "XLK"), None),
    procedure("S404", "工娱治疗", "次", "12.00", TREATMENT, None),
    procedure("S501", "常规心电图", "次", "24.00", ("03", "XDS"), Some(ELECTRODE)),
    procedure("S502", "头颅CT平扫", "部位", "210.00", ("03", "YXK"), None),
];

/// A package with one price: the main line carries it, the parts are zero.
pub(super) struct Package {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) price: &'static str,
    /// Code and name of each part.
    pub(super) parts: [(&'static str, &'static str); 2],
}

/// Packages (组套).
pub(super) const PACKAGES: [Package; 2] = [
    Package { code: "T001", name: "首诊测评组套", price: "168.00", parts: [("T011", "自评问卷（组套内）"), ("T012", "他评问卷（组套内）")] },
    Package { code: "T002", name: "复诊随访组套", price: "75.00", parts: [("T021", "随访问卷（组套内）"), ("T022", "用药依从性评估（组套内）")] },
];
