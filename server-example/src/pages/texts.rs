//! Every word a patient reads on our pages, by id. A hospital replaces any of them in `server.pages.texts`; the words are
//! neutral: nothing says what kind of hospital it is.
//!
//! `{hospital}`, `{window}`, `{who}`, `{minutes}`, `{count}` and `{code}` (what a device says) are filled in where they stand; a
//! replacement may use what the original has.

mod own;

use std::borrow::Cow;

pub use own::fill;

macro_rules! texts {
    ($($(#[$area:meta])* $id:ident = $text:literal;)+) => {
        /// The texts.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Texts { $($(#[$area])* #[allow(missing_docs)] pub $id: Cow<'static, str>,)+ }

        impl Default for Texts {
            fn default() -> Texts {
                Texts { $($id: Cow::Borrowed($text),)+ }
            }
        }

        impl Texts {
            /// Ids with our own words.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$((stringify!($id), $text),)+];

            fn slot(&mut self, id: &str) -> Option<&mut Cow<'static, str>> {
                match id { $(stringify!($id) => Some(&mut self.$id),)+ _ => None }
            }
        }
    };
}

texts! {
    skip = "跳到正文";
    acts = "操作";
    seconds = "秒";
    back = "返回";
    to_home = "返回首页";
    exit = "退出";
    again = "重试";
    total = "合计";
    details = "明细";
    items = "项";
    bills = "张单据";
    busy = "正在处理，请稍候…";
    offline = "网络暂时中断，支付和提交已停用；恢复后会自动继续，请不要离开。";
    help = "需要帮助？请到{window}，或询问大厅工作人员。";
    help_phone = "咨询电话 ";
    staff_call = "找人帮忙";
    staff_title = "需要工作人员过来帮忙吗？";
    staff_text = "工作人员会来到这台机器旁边。";
    staff_go = "请过来帮忙";
    staff_no = "不用了";
    staff_close = "知道了";
    staff_calling = "正在呼叫，请稍候…";
    staff_called = "已通知工作人员，请在原地稍候。";
    staff_cannot = "这台机器不能呼叫。请到{window}，或询问大厅工作人员。";
    staff_failed = "没有呼叫成功。请到{window}，或询问大厅工作人员。";
    who = "就诊人 ";
    who_switch = "切换";
    who_choose = "添加";
    nobody = "添加就诊人";
    nobody_text = "还没有就诊人";
    look_large = "大字版";
    look_normal = "标准字";
    look_contrast = "高对比";
    look_plain = "普通色";
    clinic_neutral = "门诊";

    home_title = "自助服务";
    home_hello = "您好，请选择要办理的业务";
    home_sub = "轻触下方按钮即可开始";
    tile_pay = "门诊缴费";
    tile_pay_hint = "查看费用，微信扫码支付";
    tile_paid = "缴费记录";
    tile_paid_hint = "查看已缴费用和电子票据";
    tile_check_in = "就诊签到";
    tile_check_in_hint = "今日挂号签到、取号";
    tile_first = "首诊建档";
    tile_first_hint = "第一次来院看病";
    tile_intro = "医院简介";
    tile_intro_hint = "了解我们";
    tile_departments = "科室介绍";
    tile_departments_hint = "位置与服务";
    tile_experts = "专家团队";
    tile_experts_hint = "专长与出诊";
    tile_guide = "交通指引";
    tile_guide_hint = "来院路线";

    printer_empty = "打印机缺纸（{code}），暂时不能打印凭条；业务照常办理，凭条可扫码保存。";
    printer_broken = "打印机暂时不能打印（{code}）；业务照常办理，凭条可扫码保存。";
    reader_down = "读卡设备暂时不可用（{code}）；业务照常办理，请用其他方式登录。";

    idle_title = "您还在吗？";
    idle_text = "为保护您的隐私，没有操作时将自动退出。";
    idle_stay = "我还在，继续办理";

    identify_title = "请选择登录方式";
    identify_sub = "任选一种即可";
    identify_others = "也可以用其他方式";
    identify_go = "确定";
    identify_empty = "还没有读到内容";
    identify_empty_next = "请重新放置证件或输入号码";
    identify_unreadable = "没有读清楚";
    identify_unreadable_next = "请把身份证平放在感应区，稍等再试";
    identify_no_file = "没有找到就诊档案";
    identify_no_file_next = "请核对后重试；首次就诊请先到窗口建档";
    identify_newcomer = "请核对后重试；首次就诊可以在这里建档，也可以到窗口办理";
    way_card = "身份证";
    way_card_hint = "请将身份证放在感应区";
    way_health = "电子健康码";
    way_health_hint = "请将健康码对准扫描口";
    way_voucher = "医保电子凭证";
    way_voucher_hint = "请将凭证二维码对准扫描口";
    way_phone = "手机验证码";
    way_phone_hint = "请输入建档时登记的手机号";
    way_number = "就诊卡号";
    way_number_hint = "请输入就诊卡号或就诊号";
    keypad = "数字键盘";
    key_back = "删除";
    reader_ready = "设备已就绪";
    reader_reading = "正在读取，请不要移动…";
    reader_refused = "没有读完整，请重新放置";
    reader_broken = "读卡设备暂时不可用，请换一种方式";
    demo_device = "演示设备";
    demo_paste = "模拟读取的内容";
    demo_read = "读取";
    choose_title = "请选择就诊档案";
    choose_sub = "找到了多份档案";
    locked_title = "请稍后再试";
    locked_text = "尝试次数过多，请{minutes}分钟后再试，或到{window}办理。";

    first_title = "首诊建档";
    first_sub = "第一次来院，请先建立就诊档案";
    first_have_one = "已有档案，去登录";
    first_consent_title = "个人信息处理说明";
    first_consent = "建档需要登记姓名、证件、住址、电话、联系人等个人信息，其中证件和就诊信息属于敏感个人信息，只用于您在{hospital}就诊，依法保密。查询、更正或撤回同意，请到{window}。";
    first_consent_child = "未满18周岁，或由他人代为办理的，请监护人填写并同意。";
    first_agree = "同意，开始建档";
    first_step = "步骤";
    first_document = "证件和姓名";
    first_person = "基本信息";
    first_guardian = "监护人";
    first_home = "住址和电话";
    first_contact = "联系人";
    first_next = "下一步";
    first_card = "有身份证时，请平放在感应区，自动填写";
    first_limited = "由监护人代为办理";
    first_kept = "已填写";
    first_kept_more = "不修改请留空";
    first_locked = "按证件";
    first_choose = "请选择";
    first_age = "年龄";
    first_hint_name = "与证件上一致";
    first_hint_birth = "8 位数字，例如 19900307";
    first_hint_address = "省、市、区、街道、门牌";
    first_same_phone = "与监护人电话相同";
    first_same_contact = "与监护人相同";
    first_hint_contact = "关系选“本人”时不用填写";
    first_guardian_agrees = "我是监护人，同意处理被监护人的个人信息";
    first_must_agree = "请监护人同意后继续";
    first_keys = "数字和字母";
    first_letters = "字母";
    first_digits = "数字";
    first_review = "请核对后提交";
    first_review_sub = "部分内容已隐藏；需要修改时点“修改”";
    first_change = "修改";
    first_send = "提交建档";
    first_login = "去登录";
    first_go_on = "继续办理";

    unpaid_title = "待缴费用";
    unpaid_sub = "默认全选，可点按取消";
    unpaid_empty = "目前没有待缴费用";
    unpaid_empty_text = "医生开单后稍等片刻，这里就会显示。";
    unpaid_none_ticked = "还没有选择单据";
    unpaid_none_ticked_next = "请至少选择一张";
    visit_number = "就诊号";
    subtotal = "可缴小计";
    zero_bill = "无需缴费";
    go_on = "继续支付";
    as_of = "数据时间";
    chosen = "已选";
    pay_self = "自费支付";
    pay_insured = "医保支付";
    pay_insured_why = "暂未开通，请到窗口办理";
    pay_insured_self = "本次就诊为自费，不能医保支付";
    pay_insured_later = "目前没有可医保支付的单据";
    pay_insured_phone = "请在手机上办理";
    pay_insured_ok = "医保可付";
    bill_title = "费用明细";
    to_unpaid = "返回待缴费用";
    line_item = "项目";
    line_price = "单价";
    line_quantity = "数量";
    line_amount = "金额";
    line_self_paid = "自费项目";
    line_ordered = "开单";

    paid_title = "缴费记录";
    paid_sub = "最近的在前";
    filter_month = "月份";
    filter_state = "状态";
    filter_go = "查询";
    all_months = "全部月份";
    state_all = "全部";
    state_paid = "已缴";
    state_refunding = "退款中";
    state_part = "部分退";
    state_refunded = "已退";
    state_window = "窗口处理中";
    state_closed = "已关闭";
    paid_empty = "还没有缴费记录";
    paid_empty_filtered = "没有符合条件的记录";
    paid_empty_text = "缴费成功后会显示在这里。";
    newest = "回到最新";
    older = "更早的记录";
    paid_one_title = "缴费详情";
    visit_day = "就诊日期";
    receipt_number = "收据号";
    invoice = "电子票据";
    to_paid = "返回缴费记录";

    refund_title = "退费";
    refund_may = "可以申请退费";
    refund_ask = "申请退费";
    refund_follow = "查看退费进度";
    refund_until = "医保缴费可申请退费至";
    refund_unknown = "暂时查不到能否退费";
    refund_unknown_next = "请稍后再试，或到{window}咨询。";
    refund_successor = "查看重新结算的缴费";
    refund_pick = "选择要退的项目";
    refund_items = "退费项目";
    refund_whole = "这笔缴费只能全部退费。";
    refund_whole_insured = "医保缴费只能全部退费，含个人支付部分。";
    refund_quantity = "退费数量";
    refund_why = "退费原因";
    refund_why_missing = "还没有选择退费原因";
    refund_why_missing_next = "请选择最接近的一项";
    refund_note = "补充说明（选填）";
    refund_contact = "联系电话（选填）";
    refund_contact_hint = "不填则使用建档时登记的电话";
    refund_back = "退回金额";
    refund_path = "办理流程";
    refund_days = "{count}天内";
    refund_if_needed = "如仍需部分项目";
    refund_send = "提交申请";
    refund_changed = "退回金额有变化";
    refund_changed_next = "请核对金额和流程，再次提交";
    refund_progress = "退费进度";
    refund_timeline = "办理记录";
    refund_remark = "说明：";
    refund_step_done = "已完成";
    refund_step_current = "办理中";
    refund_step_dropped = "已终止";
    refund_noted = "补充说明";
    refund_answer = "补充说明";
    refund_answer_go = "提交说明";
    refund_answer_no = "稍后再说";
    refund_answer_missing = "还没有填写补充说明";
    refund_answer_missing_next = "请填写后再提交，不超过200字";
    refund_withdraw = "撤回申请";
    refund_withdraw_ask = "要撤回这次退费申请吗？";
    refund_withdraw_text = "撤回后不再退款；如需退费，可以重新申请。";
    refund_withdraw_go = "确认撤回";
    refund_withdraw_no = "先不撤回";
    refund_pay_again = "去缴费";

    department_scope = "服务内容";
    phone = "电话";
    expert_times = "出诊";
    map_alt = "医院平面示意图，文字说明见图下";
    map_words = "文字指引";
    map_open = "在地图应用中打开";
    floors = "楼层";

    patients_title = "就诊人";
    patients_sub = "为家人缴费时可以切换";
    patients_empty_text = "添加后即可查看费用和缴费。";
    patients_full = "已达到可绑定的人数上限：";
    patient_now = "当前";
    patient_default = "默认";
    patient_prefer = "设为默认";
    patient_remove = "移除";
    login_refused = "没有完成微信登录";
    login_refused_text = "请在微信里从公众号菜单重新进入本页面。";
    login_again = "重新登录";
    phone_wrong = "手机号码不正确";
    phone_wrong_next = "请输入 11 位手机号码";
    code_wrong = "验证码不正确";
    code_wrong_next = "请输入短信里的 6 位数字";
    code_send = "获取验证码";
    code_again = "重新获取";
    code_sent = "验证码已发送到";
    code_label = "短信验证码";

    check_in_title = "就诊签到";
    check_in_empty = "今天没有挂号记录";
    check_in_empty_text = "如已预约其他日期，请在就诊当天签到；如需挂号，请到{window}办理。";
    check_in_opens = "就诊时间前{minutes}分钟起可以签到";
    late_queue_end = "超过就诊时间{minutes}分钟签到的，排到候诊队尾";
    late_void = "超过就诊时间{minutes}分钟未签到的，本次挂号失效，请到{window}办理";
    late_counter = "超过就诊时间{minutes}分钟的，请到分诊台办理";
    late_queue_end_now = "已超过就诊时间，签到后排到候诊队尾；有疑问请到分诊台";
    late_queue_end_done = "您已超过就诊时间，排在候诊队尾";
    check_in_go = "签到";
    take_number_go = "取号";
    check_in_follow = "查看结果";
    check_in_stop = "查看停诊通知";
    check_in_pay = "去缴费";
    to_check_in = "返回签到列表";
    visit_too_early = "未到时间";
    visit_unpaid = "待缴费";
    visit_open = "可签到";
    visit_checked_in = "已签到";
    visit_missed = "已过号";
    visit_stopped = "已停诊";
    visit_cancelled = "已退号";
    session_am = "上午";
    session_pm = "下午";
    session_evening = "晚上";
    session_all_day = "全天";
    position_why = "签到时需要获取您的位置，只用于确认您已到院，不会保存。";
    position_asking = "正在获取位置，请稍候…";
    position_refused = "没有获得位置权限，暂不能在手机上签到。请在手机设置中允许微信使用位置信息后重试，或到院内自助机签到（不需要位置）。";
    position_unknown = "没有获取到位置。请到开阔处重试，或到院内自助机签到（不需要位置）。";
    queue_number = "候诊号";
    queue_ahead = "前面还有{count}人";
    queue_first = "前面没有人等候";
    queue_room = "诊室";
    queue_dept = "科室";
    queue_doctor = "医生";
    queue_time = "就诊时间";
    queue_slip_title = "候诊凭条";
    queue_slip_note = "请留意叫号，过号请到分诊台。";

    stop_title = "停诊通知";
    stop_home = "有{count}条停诊通知需要您选择";
    stop_none = "目前没有停诊通知";
    stop_none_text = "您的挂号如有停诊或变动，会显示在这里。";
    stop_stopped = "门诊停诊";
    stop_other_doctor = "更换医生";
    stop_other_time = "调整时间";
    stop_withdrawn = "恢复出诊";
    stop_day = "日期";
    stop_reason = "原因";
    stop_instead = "可改约到";
    stop_moved_to = "新的就诊时间";
    stop_fee = "挂号费";
    stop_state_open = "待选择";
    stop_state_asking = "办理中";
    stop_state_moved = "已改约";
    stop_state_refunding = "退费中";
    stop_state_refunded = "已退号";
    stop_state_window = "请到窗口";
    stop_state_withdrawn = "照常出诊";
    stop_reschedule = "改约";
    stop_refund = "退号";
    stop_reschedule_ask = "要改约到这个时间吗？";
    stop_reschedule_go = "确认改约";
    stop_refund_ask = "要退掉这个挂号吗？";
    stop_refund_ask_text = "退号后不能恢复，如需就诊请重新挂号。";
    stop_refund_ask_fee = "退号后不能恢复；挂号费原路退回，如需就诊请重新挂号。";
    stop_refund_go = "确认退号";
    stop_not_now = "先不选择";
    to_stops = "全部停诊通知";

    confirm_title = "请核对后支付";
    confirm_sub = "每个科室一张单据";
    confirm_channel = "支付方式";
    confirm_until = "请在此时间前支付：";
    confirm_go = "确认支付";
    to_pay = "应付金额";
    channel_wechat = "微信支付";
    channel_wechat_kiosk = "下一步用手机扫码";
    channel_wechat_phone = "下一步打开微信支付";

    insured_title = "医保支付";
    insured_sub = "由参保人本人授权，每次支付授权一次";
    insured_person = "参保人";
    insured_document = "证件号码";
    insured_kind = "险种";
    insured_state = "授权状态";
    insured_state_no = "未授权";
    insured_state_until = "已授权，有效至";
    insured_designated = "门诊选点";
    insured_designated_unknown = "暂时查不到选点信息，不影响支付";
    insured_institution = "定点机构";
    insured_valid = "有效期";
    insured_valid_long = "长期";
    insured_register = "去“粤医保”办理选点登记";
    insured_authorise = "授权医保支付";
    insured_refresh = "刷新";
    insured_none = "暂不能使用医保支付";
    insured_down = "医保系统暂时没有响应";
    insured_down_text = "请稍后刷新重试，也可以选择自费支付；自费支付后不能再转为医保结算。";
    insured_cancelled = "没有完成医保授权";
    insured_cancelled_text = "您取消了授权，或授权已失效。可以重新授权，或选择自费支付。";
    insured_other = "授权人不是当前就诊人，不能使用";
    insured_other_text = "请由就诊人本人在自己的手机上授权，或选择自费支付。";
    insured_spent = "医保授权已使用或已过期";
    insured_spent_text = "请重新授权后再支付。";
    insured_login = "请从医院公众号进入";
    insured_login_text = "医保支付要在微信里的医院公众号中办理，请登录后继续。";
    insured_scan_title = "医保支付请在手机上办理";
    insured_scan_sub = "医保支付需要参保人本人在手机上授权";
    insured_scan_one = "用微信扫一扫，进入医院公众号";
    insured_scan_two = "登录后打开“待缴费用”，点“医保支付”";
    insured_scan_three = "按提示授权、核对金额并支付";
    insured_scan_none = "请在微信中搜索“{hospital}”公众号进入。";
    insured_scan_label = "公众号二维码";

    pre_title = "医保结算";
    pre_pricing = "正在计算医保支付金额";
    pre_pricing_text = "一般只需几秒，请不要离开；等待时间较长时，可以取消或改为自费支付。";
    pre_notice = "请先阅读";
    pre_fund = "统筹支付";
    pre_account = "个人账户";
    pre_other = "其他支付";
    pre_cash = "自付";
    pre_seen = "我已知悉退费规定";
    pre_go = "确认并支付";
    pre_back = "取消结算";
    pre_self = "改为自费支付";
    pre_self_ask = "要改为自费支付吗？";
    pre_self_text = "自费支付后，这张单据不能再转为医保结算。";
    pre_self_no = "继续医保结算";

    pay_title = "请支付";
    pay_code_label = "微信支付二维码";
    pay_preparing = "正在准备，请稍候";
    pay_scan = "请用微信“扫一扫”支付";
    pay_sheet = "请在微信中完成支付";
    pay_open_sheet = "打开微信支付";
    pay_no_wechat = "请在微信里打开本页面完成支付。";
    pay_left = "剩余时间";
    pay_over = "时间已到，正在向微信核对结果，请不要再扫码";
    pay_done = "我已支付";
    pay_cancel = "取消支付";
    pay_asked = "还没有收到付款通知";
    pay_asked_text = "如果您已付款，请不要再次支付，稍等片刻会自动显示结果。";
    pay_confirming = "正在确认支付结果";
    pay_confirming_text = "正在向微信核对，请勿重复支付，通常不超过一分钟。";

    result_done = "缴费成功";
    result_done_text = "请按指引前往相应地点。";
    result_booking = "已收款，正在入账";
    result_booking_text = "款项已收到，医院系统正在登记。您不用再次支付；如需马上取药或检查，请向{window}出示下面的号码。";
    result_refunding = "款项正在原路退回";
    result_refunding_text = "这笔费用没有登记成功，款项正退回您的付款账户，一般几分钟内到账。";
    result_refunded = "款项已原路退回";
    result_refunded_text = "钱已退回您的付款账户，可以重新缴费。";
    result_asked = "正在办理退费";
    result_asked_text = "缴费已登记成功。是否退回、何时到账，请查看退费进度。";
    result_given_back = "已退费";
    result_given_back_text = "款项已退回，退回金额和去向请查看退费进度。";
    result_closed = "订单已关闭，未收款";
    result_closed_text = "没有扣款，可以重新缴费。";
    result_closed_insured = "医保结算没有完成，未扣款";
    result_closed_insured_text = "可能已取消、已超时或未通过医保审核。可以重新办理医保支付，或选择自费支付。";
    result_window = "请到窗口核对处理";
    result_window_text = "这笔费用需要工作人员核对，款项记录完好。请到{window}出示下面的号码。";
    result_again = "重新缴费";
    result_more = "继续缴费";
    next_title = "接下来请前往";
    paid_at = "支付时间";
    payment_number = "支付号";
    print = "打印凭条";
    print_sent = "凭条正在打印，请取走";
    print_failed = "没有打印成功（{code}），请用手机扫码保存凭条";
    print_no_answer = "打印机无应答";
    slip_scan = "扫码保存凭条";
    slip_code_label = "凭条二维码";
    slip_more = "另有{count}张单据，见缴费记录";
    invoice_pending = "电子票据开具中";
    invoice_scan = "扫码取电子票据";
    invoice_open = "查看电子票据";
    invoice_code_label = "电子票据二维码";
    slip_title = "自助缴费凭条";
    slip_note = "非发票，不作报销凭证；请扫码获取电子票据。";

    error_number = "编号（请告诉工作人员）";
    error_403_title = "不能这样打开";
    error_403_text = "这个请求不是从本页面发出的，请返回首页重新操作。";
    error_404_title = "没有找到这个页面";
    error_404_text = "内容可能已经变化，请返回首页重新查看，或到{window}咨询。";
    error_422_title = "内容需要重新填写";
    error_422_text = "提交的内容不完整或已过期，请返回首页重新操作。";
    error_500_title = "出了点问题";
    error_500_text = "我们已记录这个问题。已支付的款项不会丢失；请重试，或到{window}办理。";
    error_503_title = "医院系统暂时没有响应";
    error_503_text = "请稍等片刻重试，或到{window}办理。已支付的款项不会丢失。";
}
