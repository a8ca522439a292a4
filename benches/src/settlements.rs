//! Settlements of a year for B6: what each moved, and whose visit it was.

use std::io::{self, Write as _};

use menjie::BizDate;
use menjie::report::{Event, Facts, InsuranceClass, MovementColumns, Sex, VisitColumns, VisitState};

use crate::lines::{Column, Rng};

const CHANNELS: [&str; 3] = ["微信", "支付宝", "银联"];
const DEPTS: [&str; 12] = ["精神科", "心理科", "睡眠科", "老年科", "儿少科", "康复科", "检验科", "影像科", "中药房", "西药房", "急诊科", "全科"];
const INSURANCES: [(InsuranceClass, &str); 5] =
    [(InsuranceClass::Employee, "职工"), (InsuranceClass::Resident, "居民"), (InsuranceClass::Public, "公费"), (InsuranceClass::Other, "其他"), (InsuranceClass::SelfPay, "自费")];
const SEXES: [(Sex, &str); 3] = [(Sex::Male, "male"), (Sex::Female, "female"), (Sex::Unknown, "unknown")];
const CATEGORIES: [&str; 24] =
    ["F20", "F32", "F41", "F31", "F33", "F42", "F43", "F51", "F10", "F00", "F01", "F03", "F06", "F22", "F23", "F25", "F40", "F45", "F70", "F84", "F90", "F95", "G47", "Z00"];

/// Facts of many settlements, in columns: a movement each, a refund for one in fifty, and a visit each.
pub struct Settlements {
    moved_ms: Vec<i64>,
    event: Vec<Event>,
    channel: Column,
    exec_dept: Column,
    insurance: Vec<usize>,
    fund_fen: Vec<i64>,
    account_fen: Vec<i64>,
    cash_fen: Vec<i64>,
    seen_ms: Vec<i64>,
    dept: Column,
    patient: Column,
    visit_insurance: Vec<usize>,
    birth: Vec<BizDate>,
    sex: Vec<usize>,
    diagnosis: Column,
}

/// So many settlements over a year from `start`, of a fifth as many patients; by day, or in no order.
pub fn year(count: usize, seed: u64, start: BizDate, shuffled: bool) -> Settlements {
    let mut rng = Rng::new(seed);
    let day_ms = 86_400_000;
    let minute = |rng: &mut Rng| 28_800_000 + rng.below(36_000_000) as i64;
    let mut at: Vec<i64> = (0..count).map(|i| start.start().millis() + (i * 365 / count.max(1)) as i64 * day_ms + minute(&mut rng)).collect();
    if shuffled {
        for i in (1..at.len()).rev() {
            at.swap(i, rng.below(i as u64 + 1) as usize);
        }
    }
    let mut s = Settlements {
        moved_ms: Vec::new(),
        event: Vec::new(),
        channel: Column::of(0, std::iter::empty::<&str>()),
        exec_dept: Column::of(0, std::iter::empty::<&str>()),
        insurance: Vec::new(),
        fund_fen: Vec::new(),
        account_fen: Vec::new(),
        cash_fen: Vec::new(),
        seen_ms: at.clone(),
        dept: Column::of(0, std::iter::empty::<&str>()),
        patient: Column::of(0, std::iter::empty::<&str>()),
        visit_insurance: Vec::new(),
        birth: Vec::new(),
        sex: Vec::new(),
        diagnosis: Column::of(0, std::iter::empty::<&str>()),
    };
    let (mut channels, mut execs, mut depts, mut patients, mut diagnoses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let people = (count as u64 / 5).max(1);
    for at in at {
        // What a patient is stays with him.
        let who = rng.below(people);
        let mut of = Rng::new(who);
        let insurance = of.below(INSURANCES.len() as u64) as usize;
        let sex = if of.below(50) == 0 { 2 } else { of.below(2) as usize };
        // No 29 February: peers count years in more than one way there.
        let birth = BizDate::new(1940 + of.below(80) as i32, 1 + of.below(12) as u8, 1 + of.below(28) as u8).unwrap_or(start);
        let dept = rng.pick(&DEPTS, "");
        let (fund, account, cash) =
            if insurance == 4 { (0, 0, 100 + rng.below(80_000) as i64) } else { (rng.below(60_000) as i64, rng.below(9_000) as i64, rng.below(30_000) as i64) };
        let moves = if rng.below(50) == 0 { [Some((Event::Pay, at)), Some((Event::Refund, at + rng.below(9) as i64 * day_ms))] } else { [Some((Event::Pay, at)), None] };
        let (channel, exec) = (rng.pick(&CHANNELS, ""), rng.pick(&DEPTS, ""));
        for (event, at) in moves.into_iter().flatten() {
            s.moved_ms.push(at);
            s.event.push(event);
            channels.push(channel);
            execs.push(exec);
            s.insurance.push(insurance);
            s.fund_fen.push(fund);
            s.account_fen.push(account);
            s.cash_fen.push(cash);
        }
        depts.push(dept);
        patients.push(who);
        s.visit_insurance.push(insurance);
        s.birth.push(birth);
        s.sex.push(sex);
        diagnoses.push(format!("{}.{}00", rng.pick(&CATEGORIES, "F99"), rng.below(10)));
    }
    s.channel = Column::of(channels.len(), channels.iter());
    s.exec_dept = Column::of(execs.len(), execs.iter());
    s.dept = Column::of(depts.len(), depts.iter());
    s.patient = Column::of(patients.len(), patients.iter().map(|who| format!("P{who:09}")));
    s.diagnosis = Column::of(diagnoses.len(), diagnoses.iter());
    s
}

impl Settlements {
    /// Writes what the peers read; the day stands there as a date of UTC+8.
    pub fn write_csv(&self, movements: impl io::Write, visits: impl io::Write) -> io::Result<()> {
        let day = |ms: &i64| menjie::Timestamp::from_millis(*ms).biz_date();
        let mut out = io::BufWriter::new(movements);
        writeln!(out, "day,event,channel,exec_dept,insurance,fund_fen,account_fen,cash_fen")?;
        let word = |classes: &[(InsuranceClass, &'static str)], at: &usize| classes.get(*at).map_or("未知", |(_, word)| *word);
        let amounts = self.fund_fen.iter().zip(&self.account_fen).zip(&self.cash_fen);
        let texts = self.channel.iter().zip(self.exec_dept.iter());
        for ((((at, event), (channel, dept)), insurance), ((fund, account), cash)) in self.moved_ms.iter().zip(&self.event).zip(texts).zip(&self.insurance).zip(amounts) {
            let event = if *event == Event::Pay { "pay" } else { "refund" };
            writeln!(out, "{},{event},{channel},{dept},{},{fund},{account},{cash}", day(at), word(&INSURANCES, insurance))?;
        }
        out.flush()?;
        let mut out = io::BufWriter::new(visits);
        writeln!(out, "day,dept,patient,insurance,birth_date,sex,diagnosis")?;
        let texts = self.dept.iter().zip(self.patient.iter()).zip(self.diagnosis.iter());
        for ((((at, ((dept, patient), diagnosis)), insurance), birth), sex) in self.seen_ms.iter().zip(texts).zip(&self.visit_insurance).zip(&self.birth).zip(&self.sex) {
            let sex = SEXES.get(*sex).map_or("unknown", |(_, word)| *word);
            writeln!(out, "{},{dept},{patient},{},{birth},{sex},{diagnosis}", day(at), word(&INSURANCES, insurance))?;
        }
        out.flush()
    }

    /// The facts, borrowed, as a host's columns would be.
    pub fn facts(&self) -> Facts<'_> {
        let class = |at: &usize| INSURANCES.get(*at).map_or(InsuranceClass::Unknown, |(class, _)| *class);
        Facts {
            movements: MovementColumns {
                at: (&self.moved_ms).into(),
                event: (&self.event).into(),
                channel: self.channel.iter().map(Some).collect(),
                exec_dept: self.exec_dept.iter().map(Some).collect(),
                insurance: self.insurance.iter().map(class).collect(),
                fund_fen: (&self.fund_fen).into(),
                account_fen: (&self.account_fen).into(),
                cash_fen: (&self.cash_fen).into(),
                ..MovementColumns::default()
            },
            visits: VisitColumns {
                at: (&self.seen_ms).into(),
                state: vec![VisitState::Seen; self.seen_ms.len()].into(),
                dept: self.dept.iter().map(Some).collect(),
                patient: self.patient.iter().map(Some).collect(),
                insurance: self.visit_insurance.iter().map(class).collect(),
                birth_date: self.birth.iter().map(|birth| Some(*birth)).collect(),
                sex: self.sex.iter().map(|at| SEXES.get(*at).map_or(Sex::Unknown, |(sex, _)| *sex)).collect(),
                diagnosis: self.diagnosis.iter().map(Some).collect(),
                ..VisitColumns::default()
            },
            ..Facts::default()
        }
    }
}
