//! Who comes, and everything of them and of the hospital that is secret, with whoever may be answered with it.

use menjie::charge::PayerClass;
use menjie_sim::SimCredentials;
use menjie_sim::day::{Day, DayPatient};
use menjie_tests::canary::Canary;

use crate::house::House;

/// What patients write, and to whom it is written.
pub(crate) const NOTE: &str = "金丝雀退费说明七三一";
pub(crate) const ANSWER: &str = "金丝雀补充回答六四二";
pub(crate) const CONTACT: &str = "13987650003";
/// What staff writes.
pub(crate) const QUESTION: &str = "金丝雀审核提问五二九";
pub(crate) const REMARK: &str = "金丝雀审核意见四一八";
pub(crate) const EVIDENCE: &str = "金丝雀处理依据三九五";
pub(crate) const RECON_NOTE: &str = "金丝雀对账备注二八六";
pub(crate) const LOG_REASON: &str = "金丝雀查看事由一七四";
/// Somebody's first visits.
pub(crate) const NEW_NAME: &str = "雀测新";
pub(crate) const NEW_ID: [&str; 3] = ["440599199003070058", "440599199003070066", "440599199003070074"];
pub(crate) const NEW_PHONE: &str = "13987650004";
pub(crate) const NEW_ADDRESS: &str = "广东省汕头市龙湖区金丝雀路七号";
pub(crate) const NEW_CONTACT: &str = "雀测亲";
/// A member of staff, and what protects the auditor's key.
pub(crate) const STAFF_NAME: &str = "职测雀";
pub(crate) const OWN_PASSWORD: &str = "Canary-own-77x";
pub(crate) const KEY_PASSWORD: &str = "canary key password 88";
/// Who logs in at the official account.
pub(crate) const OPENID: &str = "oSimulatedUser0000000000001";
pub(crate) const NEW_OPENID: &str = "oSimulatedUser0000000000002";
/// What the hospital's doctors wrote, as the insurer is sent it.
pub(crate) const DIAGNOSIS: &str = "门诊诊断";

/// Indices of the day's patients.
#[derive(Clone, Copy)]
pub(crate) struct Cast {
    pub(crate) program: usize,
    pub(crate) kiosk: usize,
    /// Insured.
    pub(crate) phone: usize,
    /// Bound to the same account.
    pub(crate) child: usize,
    /// Two files under one document and one phone.
    pub(crate) twins: [usize; 2],
}

impl Cast {
    /// Picks them, and gives the twins what they share.
    pub(crate) fn of(day: &mut Day) -> Cast {
        let whole = |at: &usize| day.patients[*at].phone.is_some();
        let of_visit = |payer: PayerClass| day.visits.iter().filter(move |v| v.visit.payer == payer).map(|v| v.visit.patient_id.clone()).collect::<Vec<_>>();
        let insured = of_visit(PayerClass::Insured);
        let priced = |id: &menjie::ident::PatientId| day.lines.iter().any(|line| &line.patient_id == id && !line.self_paid_item);
        let at = |id| day.patients.iter().position(|p| &p.patient_id == id).unwrap();
        let phone = insured.iter().filter(|id| priced(id)).map(at).find(whole).unwrap();
        let mut others = (0..day.patients.len()).filter(|at| *at != phone).filter(whole);
        let [program, kiosk, child, one, two] = std::array::from_fn(|_| others.next().unwrap());
        let (document, number) = (day.patients[one].id_no.clone(), day.patients[one].phone.clone());
        day.patients[two].id_no = document;
        day.patients[two].phone = number;
        Cast { program, kiosk, phone, child, twins: [one, two] }
    }

    /// What is secret from the beginning.
    pub(crate) fn secrets(&self, house: &House) {
        let staff = ["doctor", "exec_dept", "finance"];
        // With a reason, which is written down: approvers open a patient who asks for his money, the auditor a record about him.
        let opened = ["doctor /patient", "exec_dept /patient", "finance /patient", "auditor /a/log/record/clear"];
        for (who, at) in [("program", self.program), ("kiosk", self.kiosk), ("phone", self.phone), ("child", self.child), ("twin", self.twins[0]), ("other twin", self.twins[1])] {
            let DayPatient { patient_id, card_no, name, id_no, phone, .. } = house.stage.patient(at);
            let of = |what: &str, value: &str| Canary::of_a_person(format!("the {what} of the patient of {who}"), value);
            let open: &[&'static str] = if ["kiosk", "phone"].contains(&who) { &opened } else { &[] };
            // The contract's answers about a patient begin with his number in HIS; the auditor looks for it in the log.
            let number: &[&'static str] = match who {
                "program" => &["program"],
                // Chosen of the two that the card has.
                "other twin" => &["program /api/v1/identify/choose"],
                "kiosk" => &["auditor /a/log", "auditor /a/log/record/clear"],
                _ => &[],
            };
            house.keep(of("number", patient_id.as_str()), number);
            house.keep(of("card", card_no.reveal()), &[]);
            house.keep(of("name", name.reveal()), open);
            house.keep(of("document", id_no.as_ref().unwrap().reveal()), &open[open.len().saturating_sub(1)..]);
            house.keep(of("phone", phone.as_ref().unwrap().reveal()), open);
        }
        let typed = |what: &str, value: &str, readers: &[&'static str]| house.keep(Canary::of_a_person(what, value), readers);
        typed("a refund's note", NOTE, &[&["program", "kiosk", "phone", "child"], &staff[..]].concat());
        typed("a refund's contact", CONTACT, &[]);
        typed("an answer", ANSWER, &[&["program", "kiosk", "phone", "child"], &staff[..]].concat());
        typed("a question", QUESTION, &[&["kiosk", "phone"], &staff[..]].concat());
        typed("an approver's remark", REMARK, &[&["kiosk", "phone"], &staff[..]].concat());
        typed("evidence", EVIDENCE, &["finance"]);
        typed("a remark of reconciliation", RECON_NOTE, &["finance", "staff program"]);
        typed("why a log was opened", LOG_REASON, &["auditor"]);
        typed("a new name", NEW_NAME, &[]);
        typed("a new address", NEW_ADDRESS, &[]);
        typed("a new phone", NEW_PHONE, &[]);
        typed("a new contact", NEW_CONTACT, &[]);
        NEW_ID.iter().for_each(|id| typed("a new document", id, &[]));
        typed("an account of WeChat", OPENID, &[]);
        typed("another account of WeChat", NEW_OPENID, &[]);
        typed("a diagnosis", DIAGNOSIS, &[]);
        // What was ordered and where says as much as a diagnosis: the pages show it, nothing keeps it.
        let day = &house.stage.day;
        for name in day.lines.iter().map(|line| &line.item_name).chain(day.departments.iter().map(|department| &department.name)) {
            typed("what was ordered, or where", name, &["*"]);
        }
        // Whoever administers accounts reads their names; everybody reads his own.
        typed("a name of staff", STAFF_NAME, crate::desk::EVERYBODY);
        let random = |what: &str, value: &str| house.keep(Canary::random(what, value), &[]);
        random("a password of staff", OWN_PASSWORD);
        random("the password of an auditor's key", KEY_PASSWORD);
        random("the token of a program of staff", house.stage.staff.reveal());
        let keys = SimCredentials::fixed();
        for (what, value) in [
            ("HIS", &keys.his_secret),
            ("the health code", &keys.health_app_secret),
            ("the SMS gateway", &keys.sms_secret),
            ("the official account", &keys.account_secret),
            ("WeChat Pay", &keys.api_v3_key),
            ("the invoice platform", &keys.invoice_key),
            ("the insurer's centre", &keys.insurance_app_secret),
            ("the insurer's gateway", &keys.insurance_paas_secret),
            ("the insurer's page", &keys.insurance_partner_secret),
            ("the insurer's signatures", &keys.insurance_private_key),
        ] {
            random(&format!("our secret at {what}"), value);
        }
    }
}

/// A line of a key file that is secret.
pub(crate) fn line_of(pem: &str) -> &str {
    pem.lines().nth(2).unwrap()
}
