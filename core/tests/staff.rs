//! Accounts of staff over the engine: the way in, the lock, who may change what about whom, and the trail of it all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use menjie::access::{Caller, Private, Role};
use menjie::error::Code;
use menjie::ident::{DeptCode, HospitalId, StaffId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::port::{Record, RecordKind, RecordWrite, Store};
use menjie::service::{By, Decided, Engine, Founded, NewAccount, NotSo, Parts, PasswordChange, SignIn, TrailCheck};
use menjie::staff::{Account, LoginName, Next, Rules, Weak, What};
use menjie::testkit::block_on;
use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::World;
use menjie::{Result, Timestamp};

const FROM: &str = "10.0.0.1";
const DAY: i64 = 86_400_000;

struct House {
    engine: Engine,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    hospital: HospitalId,
    rules: Rules,
}

fn house() -> House {
    let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_772_409_600_000)));
    let store = Arc::new(MemoryStore::new());
    let hospital = HospitalId::new("H1").unwrap();
    let world = World::new(clock.clone(), 1);
    let parts = Parts {
        store: store.clone(),
        clock: clock.clone(),
        ids: Arc::new(SeededIds::new(1)),
        entropy: Arc::new(SeededEntropy::new(1)),
        worker: WorkerName::new("w").unwrap(),
        hospitals: vec![world.hospital(&hospital, Terms::default(), Pace::default()).unwrap()],
    };
    let engine = block_on(Engine::new(parts)).unwrap();
    House { engine, clock, store, hospital, rules: Rules::default() }
}

fn id(number: &str) -> StaffId {
    StaffId::new(number).unwrap()
}

fn new(number: &str, login: &str) -> NewAccount {
    NewAccount { id: id(number), login: LoginName::parse(login).unwrap(), name: "测试职工".into() }
}

impl House {
    /// Made at the console, named after its role's code.
    fn found(&self, role: Role) -> Founded {
        let departments = if role.has_departments() { vec![DeptCode::new("D1").unwrap()] } else { Vec::new() };
        let account = new(&format!("S-{}", role.code()), &role.code().replace('_', "."));
        match block_on(self.engine.found_account(&self.hospital, &account, &[role], &departments)).unwrap() {
            Decided::Done(founded) => founded,
            Decided::Refused(no) => panic!("{}", no.text()),
        }
    }

    fn caller(&self, role: Role) -> Caller {
        Caller::staff(self.hospital.clone(), id(&format!("S-{}", role.code())), vec![role])
    }

    fn sign_in(&self, login: &str, password: &Private) -> SignIn {
        block_on(self.engine.sign_in(&self.hospital, &self.rules, &login.into(), password, FROM)).unwrap()
    }

    fn factor(&self, number: &str, code: &Private) -> SignIn {
        self.factor_in("session", number, code)
    }

    fn factor_in(&self, session: &str, number: &str, code: &Private) -> SignIn {
        block_on(self.engine.show_factor(&self.hospital, &self.rules, &id(number), code, session, FROM)).unwrap()
    }

    fn account(&self, number: &str) -> Account {
        block_on(self.engine.account(&self.hospital, &id(number))).unwrap().unwrap()
    }

    fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Every entry, oldest first: what, who, about whom.
    fn trail(&self) -> Vec<(What, String, Option<String>)> {
        let mut entries = block_on(self.engine.trail(&self.caller(Role::AuditAdmin), None, 1_000)).unwrap();
        entries.reverse();
        entries.into_iter().map(|e| (e.note.what, e.note.actor, e.note.object)).collect()
    }

    fn last(&self) -> What {
        self.trail().last().unwrap().0
    }

    fn check(&self) -> TrailCheck {
        block_on(self.engine.check_trail(&self.caller(Role::AuditAdmin))).unwrap()
    }
}

fn admitted(sign_in: SignIn) -> Account {
    match sign_in {
        SignIn::Admitted(account) => *account,
        other => panic!("{other:?}"),
    }
}

/// What an administrator hands over.
fn given() -> Private {
    Private::new("Given-one-9")
}

fn wrong() -> Private {
    Private::new("Wrong-one-1")
}

#[test]
fn a_doctor_comes_in_by_password_and_must_change_the_given_one() {
    let house = house();
    let Founded { password, factor } = house.found(Role::Doctor);
    assert_eq!(factor, None, "no second factor is demanded of doctors");
    let account = admitted(house.sign_in(" Doctor ", &password));
    assert_eq!(account.next(&house.rules, house.now(), false), Next::Password);
    assert_eq!(house.account("S-doctor").last_login, Some(house.now()));
    let change = |present: &Private, new: &str| block_on(house.engine.change_password(&house.hospital, &house.rules, &id("S-doctor"), present, &new.into(), FROM)).unwrap();
    assert_eq!(change(&password, "short"), PasswordChange::Weak(Weak::Short));
    assert_eq!(change(&password, password.reveal()), PasswordChange::Weak(Weak::Earlier));
    assert_eq!(change(&wrong(), "My-own-77x"), PasswordChange::Refused);
    let PasswordChange::Changed(account) = change(&password, "My-own-77x") else { panic!("not changed") };
    assert_eq!(account.next(&house.rules, house.now(), false), Next::Work);
    assert_eq!(house.sign_in("doctor", &password), SignIn::Refused, "the given one is over");
    admitted(house.sign_in("doctor", &"My-own-77x".into()));
    let whats: Vec<What> = house.trail().into_iter().map(|(what, ..)| what).collect();
    assert_eq!(whats, [What::AccountMade, What::LoggedIn, What::LoginFailed, What::PasswordChanged, What::LoginFailed, What::LoggedIn]);
}

#[test]
fn a_change_that_is_pressed_twice_is_made_once_and_is_no_failed_try() {
    let house = house();
    let Founded { password, .. } = house.found(Role::Doctor);
    let change = |present: &Private, new: &str| block_on(house.engine.change_password(&house.hospital, &house.rules, &id("S-doctor"), present, &new.into(), FROM)).unwrap();
    assert!(matches!(change(&password, "My-own-77x"), PasswordChange::Changed(_)));
    let PasswordChange::Changed(account) = change(&password, "My-own-77x") else { panic!("his own second press") };
    assert_eq!(*account, house.account("S-doctor"));
    let whats: Vec<What> = house.trail().into_iter().map(|(what, ..)| what).collect();
    assert_eq!(whats, [What::AccountMade, What::PasswordChanged]);
    assert_eq!(change(&password, "My-own-78x"), PasswordChange::Refused, "another wish");
    assert_eq!(change(&wrong(), "My-own-77x"), PasswordChange::Refused, "who does not know the last one");
    house.clock.advance(60_000);
    assert_eq!(change(&password, "My-own-77x"), PasswordChange::Refused, "a minute later it is a try like any other");
}

#[test]
fn finance_is_in_only_with_a_code_and_each_code_is_good_once() {
    let house = house();
    let Founded { password, factor } = house.found(Role::Finance);
    let secret = factor.unwrap();
    let account = admitted(house.sign_in("finance", &password));
    assert_eq!(account.next(&house.rules, house.now(), false), Next::Factor);
    assert_eq!((house.account("S-finance").last_login, house.last()), (None, What::AccountMade), "not in yet");
    assert_eq!(house.factor("S-finance", &"000000".into()), SignIn::Refused);
    assert_eq!(house.last(), What::FactorFailed);
    let code = secret.code_at(house.now()).unwrap();
    assert_eq!(admitted(house.factor("S-finance", &code)).next(&house.rules, house.now(), true), Next::Password);
    assert_eq!(house.last(), What::LoggedIn);
    let entries = house.trail().len();
    admitted(house.factor("S-finance", &code));
    assert_eq!(house.trail().len(), entries, "his own second press is the first one");
    assert_eq!(house.factor_in("another", "S-finance", &code), SignIn::Refused, "somebody who looked over a shoulder");
    house.clock.advance(30_000);
    assert_eq!(house.factor_in("another", "S-finance", &code), SignIn::Refused, "nor in the next step");
    admitted(house.factor("S-finance", &secret.code_at(house.now()).unwrap()));
    assert_eq!(house.factor("S-nobody", &code), SignIn::Refused);
}

#[test]
fn a_second_factor_is_enrolled_by_its_first_code() {
    let house = house();
    house.found(Role::SystemAdmin);
    house.found(Role::SecurityAdmin);
    let system = house.caller(Role::SystemAdmin);
    let by = By { caller: &system, from: FROM };
    let password = given();
    let Decided::Done(()) = block_on(house.engine.make_account(by, &new("S9", "newone"), &password)).unwrap() else { panic!("not made") };
    let security = house.caller(Role::SecurityAdmin);
    let by = By { caller: &security, from: FROM };
    assert_eq!(block_on(house.engine.assign_roles(by, &id("S9"), &[Role::Finance], &[])).unwrap(), Decided::Done(()));
    let account = admitted(house.sign_in("newone", &password));
    assert_eq!(account.next(&house.rules, house.now(), false), Next::Enrol);
    let secret = menjie::staff::Secret::draw(&SeededEntropy::new(77));
    let enrol = |code: &Private| block_on(house.engine.enrol_factor(&house.hospital, &id("S9"), &secret, code, FROM)).unwrap();
    assert!(!enrol(&"123456".into()));
    let code = secret.code_at(house.now()).unwrap();
    assert!(enrol(&code));
    assert_eq!(house.last(), What::FactorEnrolled);
    let entries = house.trail().len();
    assert!(enrol(&code), "his own second press");
    assert_eq!(house.trail().len(), entries, "it was enrolled once");
    house.clock.advance(30_000);
    assert!(!enrol(&secret.code_at(house.now()).unwrap()), "it is not replaced by whoever has the password");
    assert_eq!(block_on(house.engine.reset_factor(by, &id("S9"))).unwrap(), Decided::Done(()));
    assert!(!house.account("S9").has_factor());
    assert!(enrol(&secret.code_at(house.now()).unwrap()), "after a reset it is");
}

#[test]
fn five_failures_lock_a_name_alike_whether_somebody_has_it_or_not() {
    let house = house();
    let Founded { password, .. } = house.found(Role::Doctor);
    for login in ["doctor", "nobody.here", "张三 <script>"] {
        for _ in 0..4 {
            assert_eq!(house.sign_in(login, &wrong()), SignIn::Refused);
        }
        assert_eq!(house.sign_in(login, &wrong()), SignIn::Refused, "the fifth");
        assert_eq!(house.last(), What::Locked);
        assert_eq!(house.sign_in(login, &password), SignIn::Locked { seconds: 900 }, "{login}: also the right one");
    }
    house.clock.advance(899_000);
    for login in ["doctor", "nobody.here"] {
        assert_eq!(house.sign_in(login, &password), SignIn::Locked { seconds: 1 });
    }
    house.clock.advance(1_000);
    assert_eq!(house.sign_in("nobody.here", &password), SignIn::Refused);
    admitted(house.sign_in("doctor", &password));
    let known = house.trail().into_iter().filter(|(what, ..)| *what == What::Locked).map(|(.., object)| object).collect::<Vec<_>>();
    assert_eq!(known, [Some("S-doctor".to_owned()), None, None], "what was typed is nowhere");
    assert_eq!(house.check().broken, None);
}

#[test]
fn wrong_codes_lock_too_and_a_right_password_between_does_not_help() {
    let house = house();
    let Founded { password, factor } = house.found(Role::AuditAdmin);
    for _ in 0..5 {
        admitted(house.sign_in("audit.admin", &password));
        assert_eq!(house.factor("S-audit_admin", &"000000".into()), SignIn::Refused);
    }
    assert_eq!(house.sign_in("audit.admin", &password), SignIn::Locked { seconds: 900 });
    let code = factor.unwrap().code_at(house.now()).unwrap();
    assert_eq!(house.factor("S-audit_admin", &code), SignIn::Locked { seconds: 900 });
}

#[test]
fn a_name_that_was_guessed_can_still_be_given_to_somebody() {
    let house = house();
    house.found(Role::SystemAdmin);
    for _ in 0..5 {
        house.sign_in("newone", &wrong());
    }
    let system = house.caller(Role::SystemAdmin);
    let by = By { caller: &system, from: FROM };
    let password = given();
    let Decided::Done(()) = block_on(house.engine.make_account(by, &new("S9", "newone"), &password)).unwrap() else { panic!("not made") };
    admitted(house.sign_in("newone", &password));
}

#[test]
fn disabled_and_forgotten_accounts_are_refused_like_wrong_passwords() {
    let house = house();
    let Founded { password, .. } = house.found(Role::Doctor);
    house.found(Role::SystemAdmin);
    let system = house.caller(Role::SystemAdmin);
    let by = By { caller: &system, from: FROM };
    let enable = |enabled| assert_eq!(block_on(house.engine.enable_account(by, &id("S-doctor"), enabled)).unwrap(), Decided::Done(()));
    enable(false);
    assert_eq!(house.sign_in("doctor", &password), SignIn::Refused);
    enable(true);
    admitted(house.sign_in("doctor", &password));
    house.clock.advance(90 * DAY);
    assert_eq!(house.sign_in("doctor", &password), SignIn::Refused, "ninety days");
    enable(true);
    admitted(house.sign_in("doctor", &password));
}

/// What administrators do, by the role that may; everybody else is told that there is nothing.
#[test]
fn each_administrator_has_his_own_duties_and_no_other() {
    let house = house();
    for role in Role::STAFF {
        house.found(role);
    }
    let victim = id("S-reports");
    for role in Role::STAFF {
        let caller = house.caller(role);
        let by = By { caller: &caller, from: FROM };
        let code = |result: Result<()>| result.err().map(|error| error.code());
        let engine = &house.engine;
        let done: [(Option<Code>, &[Role]); 9] = [
            (code(block_on(engine.accounts(&caller)).map(drop)), &[Role::SystemAdmin, Role::SecurityAdmin]),
            (code(block_on(engine.make_account(by, &new("S9", "newone"), &given())).map(drop)), &[Role::SystemAdmin]),
            (code(block_on(engine.enable_account(by, &victim, true)).map(drop)), &[Role::SystemAdmin]),
            (code(block_on(engine.reset_password(by, &victim, &given())).map(drop)), &[Role::SystemAdmin]),
            (code(block_on(engine.assign_roles(by, &victim, &[Role::Reports], &[])).map(drop)), &[Role::SecurityAdmin]),
            (code(block_on(engine.reset_factor(by, &victim)).map(drop)), &[Role::SecurityAdmin]),
            (code(block_on(engine.trail(&caller, None, 1)).map(drop)), &[Role::AuditAdmin]),
            (code(block_on(engine.check_trail(&caller)).map(drop)), &[Role::AuditAdmin]),
            (code(block_on(engine.export_trail(by)).map(drop)), &[Role::AuditAdmin]),
        ];
        for (at, (code, roles)) in done.into_iter().enumerate() {
            assert_eq!(code, (!roles.contains(&role)).then_some(Code::NotFound), "{role:?}, act {at}");
        }
    }
    assert_eq!(house.check().broken, None);
}

#[test]
fn nobody_changes_his_own_account_and_the_last_of_an_administrators_kind_stays() {
    let house = house();
    for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin] {
        house.found(role);
    }
    let (system, security) = (house.caller(Role::SystemAdmin), house.caller(Role::SecurityAdmin));
    let (system, security) = (By { caller: &system, from: FROM }, By { caller: &security, from: FROM });
    let engine = &house.engine;
    let own = Decided::Refused(NotSo::OnesOwn);
    assert_eq!(block_on(engine.enable_account(system, &id("S-system_admin"), false)).unwrap(), own);
    assert_eq!(block_on(engine.assign_roles(security, &id("S-security_admin"), &[Role::AuditAdmin], &[])).unwrap(), own);
    let last = Decided::Refused(NotSo::LastAdministrator);
    assert_eq!(block_on(engine.enable_account(system, &id("S-audit_admin"), false)).unwrap(), last);
    assert_eq!(block_on(engine.assign_roles(security, &id("S-audit_admin"), &[], &[])).unwrap(), last);
    assert_eq!(house.account("S-audit_admin").roles, [Role::AuditAdmin], "nothing happened");
    let Decided::Done(_) = block_on(engine.make_account(system, &new("S9", "newone"), &given())).unwrap() else { panic!("not made") };
    let two = block_on(engine.assign_roles(security, &id("S9"), &[Role::AuditAdmin, Role::Reports], &[])).unwrap_err();
    assert_eq!(two.code(), Code::BadField, "an administrator is nothing else");
    assert_eq!(block_on(engine.assign_roles(security, &id("S9"), &[Role::AuditAdmin], &[])).unwrap(), Decided::Done(()));
    assert_eq!(block_on(engine.enable_account(system, &id("S-audit_admin"), false)).unwrap(), Decided::Done(()), "there is another one now");
    assert_eq!(block_on(engine.enable_account(system, &id("S9"), false)).unwrap(), last, "and now he is the last");
}

#[test]
fn numbers_and_names_are_given_once() {
    let house = house();
    house.found(Role::SystemAdmin);
    let system = house.caller(Role::SystemAdmin);
    let by = By { caller: &system, from: FROM };
    assert!(matches!(block_on(house.engine.make_account(by, &new("S9", "newone"), &given())).unwrap(), Decided::Done(_)));
    let entries = house.trail().len();
    assert_eq!(block_on(house.engine.make_account(by, &new("S9", "newone"), &given())).unwrap(), Decided::Done(()), "his own second press");
    assert_eq!(block_on(house.engine.reset_password(by, &id("S9"), &given())).unwrap(), Decided::Done(()), "he has it");
    assert_eq!(house.trail().len(), entries, "nothing happened twice");
    assert_eq!(block_on(house.engine.make_account(by, &new("S9", "newone"), &wrong())).unwrap(), Decided::Refused(NotSo::NumberTaken));
    assert_eq!(block_on(house.engine.make_account(by, &new("S9", "another"), &given())).unwrap(), Decided::Refused(NotSo::NumberTaken));
    assert_eq!(block_on(house.engine.make_account(by, &new("S8", "NewOne"), &given())).unwrap(), Decided::Refused(NotSo::LoginTaken));
    assert_eq!(block_on(house.engine.accounts(&system)).unwrap().len(), 2);
    assert_eq!(block_on(house.engine.reset_password(by, &id("S7"), &given())).unwrap_err().code(), Code::NotFound);
}

#[test]
fn the_trail_says_what_changed_and_shows_where_it_was_changed() {
    let house = house();
    for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin, Role::Reports] {
        house.found(role);
    }
    let security = house.caller(Role::SecurityAdmin);
    let by = By { caller: &security, from: FROM };
    block_on(house.engine.assign_roles(by, &id("S-reports"), &[Role::Doctor, Role::Reports], &[DeptCode::new("D7").unwrap()])).unwrap();
    let audit = house.caller(Role::AuditAdmin);
    let entries = block_on(house.engine.trail(&audit, None, 2)).unwrap();
    assert_eq!(entries.iter().map(|e| e.no).collect::<Vec<_>>(), [5, 4], "newest first");
    let note = &entries[0].note;
    assert_eq!((note.what, note.actor.as_str(), note.object.as_deref()), (What::RolesChanged, "staff:S-security_admin", Some("S-reports")));
    assert_eq!((note.from.as_str(), note.detail.as_deref()), (FROM, Some("[reports] -> [doctor+reports @ D7]")));
    assert_eq!(block_on(house.engine.trail(&audit, Some(4), 10)).unwrap().iter().map(|e| e.no).collect::<Vec<_>>(), [3, 2, 1]);
    let exported = block_on(house.engine.export_trail(By { caller: &audit, from: FROM })).unwrap();
    assert_eq!((exported.len(), house.last()), (5, What::Exported), "the export is an entry, and not in itself");
    assert_eq!(house.check(), TrailCheck { entries: 6, broken: None });

    let key = menjie::staff::Entry::key(3);
    let there = block_on(house.store.record(&house.hospital, RecordKind::Trail, &key)).unwrap().unwrap();
    let body = String::from_utf8(there.body).unwrap().replace("S-audit_admin", "S-somebody").into_bytes();
    let forged = RecordWrite { expected: Some(there.ver), record: Record { ver: there.ver + 1, body, ..there } };
    block_on(house.engine.housekeep(&house.hospital, vec![forged])).unwrap();
    assert_eq!(house.check(), TrailCheck { entries: 6, broken: Some(3) });
}

#[test]
fn what_the_store_keeps_of_an_account_tells_no_password() {
    let house = house();
    let Founded { password, .. } = house.found(Role::Finance);
    admitted(house.sign_in("finance", &password));
    for (kind, key) in [(RecordKind::Staff, "S-finance".to_owned()), (RecordKind::StaffLogin, LoginName::key_of("finance")), (RecordKind::Trail, menjie::staff::Entry::key(1))] {
        let record = block_on(house.store.record(&house.hospital, kind, &key)).unwrap().unwrap();
        assert!(!String::from_utf8(record.body).unwrap().contains(password.reveal()), "{kind:?}");
        assert!(!key.contains("finance") || kind == RecordKind::Staff, "login names are hashed");
    }
}
