//! Invented patients. Identity numbers use area 440599, which was never given to anybody.

use std::collections::BTreeSet;

use menjie::Result;
use menjie::access::Private;
use menjie::calendar::BizDate;
use menjie::ident::PatientId;

use super::DayPatient;
use crate::rng::Rng;

const SURNAMES: [&str; 30] = [
    "陈", "林", "黄", "郑", "吴", "蔡", "李", "王", "张", "刘", "许", "杨", "谢", "周", "郭", "洪", "庄", "卢", "马", "方", "余", "纪", "姚", "翁", "赖", "江", "肖", "邱", "辛",
    "佘",
];

/// The middle character says that nobody of this name exists outside the simulator.
const GIVEN: [&str; 24] = ["安", "宁", "和", "平", "清", "明", "远", "文", "静", "雅", "欣", "悦", "晨", "晓", "嘉", "思", "怡", "然", "泽", "宇", "航", "睿", "涵", "琪"];

const AREA: &str = "440599";

/// Makes patients who differ in every number.
pub(super) struct Registry {
    rng: Rng,
    year: i32,
    used: BTreeSet<String>,
    made: u32,
}

impl Registry {
    pub(super) fn new(rng: Rng, today: BizDate) -> Registry {
        let year = today.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
        Registry { rng, year, used: BTreeSet::new(), made: 0 }
    }

    pub(super) fn patient(&mut self) -> Result<DayPatient> {
        self.made += 1;
        let male = self.rng.chance(470);
        let birth_date = self.birth_date()?;
        let id_no = loop {
            let id_no = self.identity_number(birth_date, male);
            if self.used.insert(id_no.clone()) {
                break id_no;
            }
        };
        let surname = self.rng.pick(&SURNAMES).copied().unwrap_or("陈");
        let given = self.rng.pick(&GIVEN).copied().unwrap_or("安");
        Ok(DayPatient {
            patient_id: PatientId::new(&format!("P{:06}", 100_000 + self.made))?,
            card_no: Private::new(format!("K{:08}", 20_000_000 + self.made)),
            name: Private::new(format!("{surname}测{given}")),
            sex_code: if male { "1" } else { "2" }.to_owned(),
            birth_date,
            id_no: Some(Private::new(id_no)),
            phone: self.rng.chance(960).then(|| Private::new(format!("1390000{:04}", self.made % 10_000))),
        })
    }

    /// Adults mostly, some minors and elders.
    fn birth_date(&mut self) -> Result<BizDate> {
        let age = match self.rng.below(100) {
            0..=8 => self.rng.between(8, 17),
            9..=78 => self.rng.between(18, 59),
            _ => self.rng.between(60, 88),
        };
        let year = self.year - i32::try_from(age).unwrap_or(40);
        let (month, day) = (self.rng.between(1, 12), self.rng.between(1, 28));
        BizDate::parse(&format!("{year:04}-{month:02}-{day:02}"))
    }

    fn identity_number(&mut self, birth: BizDate, male: bool) -> String {
        let order = self.rng.below(500) * 2 + u64::from(male);
        let birth: String = birth.to_string().chars().filter(char::is_ascii_digit).collect();
        let body = format!("{AREA}{birth}{order:03}");
        let check = check_character(&body);
        format!("{body}{check}")
    }
}

/// The check character of GB 11643 for the first 17 digits.
pub(super) fn check_character(body: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().filter_map(|c| c.to_digit(10)).zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap_or('X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_are_those_of_the_published_and_synthetic_samples() {
        for id_no in ["11010519491231002X", "440524188001010014", "440599199003070058", "440599199003070066", "44059919751112018X"] {
            let (body, check) = id_no.split_at(17);
            assert_eq!(check_character(body).to_string(), check, "{id_no}");
        }
    }

    #[test]
    fn patients_are_synthetic_and_differ() {
        let mut registry = Registry::new(Rng::new(3), BizDate::parse("2026-03-02").unwrap());
        let patients: Vec<_> = (0..600).map(|_| registry.patient().unwrap()).collect();
        let ids: BTreeSet<_> = patients.iter().map(|p| p.id_no.clone().unwrap().reveal().to_owned()).collect();
        assert_eq!(ids.len(), 600);
        for patient in &patients {
            let id_no = patient.id_no.as_ref().unwrap().reveal();
            assert!(id_no.starts_with(AREA) && id_no.len() == 18);
            assert_eq!(id_no.chars().last(), Some(check_character(&id_no[..17])));
            assert_eq!(id_no[16..17].parse::<u32>().unwrap() % 2 == 1, patient.sex_code == "1");
            assert!(!format!("{patient:?}").contains(id_no), "Debug shows the number");
        }
    }
}
