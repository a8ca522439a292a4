//! The permission table: each right once, who has it, and how far it reaches. Pages, operations and `docs/permissions.md` read it
//! from here; nothing else decides by role.

use super::{Caller, Role};
use crate::error::{Code, Error, Result};
use crate::ident::DeptCode;

/// Something staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// See what needs a person, any payment or settlement, and what the audit finds.
    SeeBusiness,
    /// Decide about what hangs, but refunds.
    Resolve,
    /// A doctor's word about a refund, and the prescription that replaces an old one.
    ApproveAsDoctor,
    /// What an executing department did not do, or takes back.
    Unconfirm,
    /// Finance's word about a refund.
    ApproveAsFinance,
    /// Differences between HIS, channels and insurer.
    Reconcile,
    /// Reports.
    ReadReports,
    /// State of the system and of its terminals.
    Operate,
    /// Accounts, without changing them.
    ReadAccounts,
    /// Make, disable and revive accounts, and give out one-time passwords.
    ManageAccounts,
    /// Roles and departments of accounts, and their second factors.
    AssignRoles,
    /// What everybody did.
    ReadTrail,
    /// The sealed transfer log, with a key of one's own.
    ReadLog,
}

/// How far a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The whole hospital.
    Hospital,
    /// The caller's own departments.
    Departments,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// What.
    pub right: Right,
    /// For people.
    pub name: &'static str,
    /// Who.
    pub roles: &'static [Role],
    /// How far.
    pub reach: Reach,
    /// The operations it opens.
    pub operations: &'static [&'static str],
    /// The pages of domain/pages.md it opens.
    pub pages: &'static [u8],
}

/// The table.
pub const GRANTS: [Grant; 13] = [
    Grant {
        right: Right::SeeBusiness,
        name: "查看业务与待处理事项",
        roles: &[Role::Operator, Role::Finance, Role::Auditor],
        reach: Reach::Hospital,
        operations: &["attention.list", "audit.run", "settlement.get", "settlement.detail", "refund.get"],
        pages: &[],
    },
    Grant { right: Right::Resolve, name: "处理挂起的业务", roles: &[Role::Operator], reach: Reach::Hospital, operations: &["attention.resolve"], pages: &[] },
    Grant {
        right: Right::ApproveAsDoctor,
        name: "医生审核退费、登记新处方",
        roles: &[Role::Doctor],
        reach: Reach::Departments,
        operations: &["refund.list", "refund.get", "refund.decide"],
        pages: &[29, 31],
    },
    Grant {
        right: Right::Unconfirm,
        name: "执行科室反确认",
        roles: &[Role::ExecDept],
        reach: Reach::Departments,
        operations: &["refund.list", "refund.get", "refund.decide"],
        pages: &[30],
    },
    Grant {
        right: Right::ApproveAsFinance,
        name: "计财审核退费",
        roles: &[Role::Finance],
        reach: Reach::Hospital,
        operations: &["attention.resolve", "refund.list", "refund.get", "refund.decide"],
        pages: &[32],
    },
    Grant {
        right: Right::Reconcile,
        name: "处理对账差异",
        roles: &[Role::Finance],
        reach: Reach::Hospital,
        operations: &["reconcile.day", "reconcile.get", "reconcile.list", "reconcile.resolve"],
        pages: &[37],
    },
    Grant { right: Right::ReadReports, name: "查看报表", roles: &[Role::Finance, Role::Reports], reach: Reach::Hospital, operations: &[], pages: &[33, 34, 35, 36] },
    Grant { right: Right::Operate, name: "查看系统与终端状态", roles: &[Role::Operations], reach: Reach::Hospital, operations: &[], pages: &[39, 40] },
    Grant { right: Right::ReadAccounts, name: "查看账号", roles: &[Role::SystemAdmin, Role::SecurityAdmin], reach: Reach::Hospital, operations: &[], pages: &[43] },
    Grant {
        right: Right::ManageAccounts, name: "新建、停用、启用账号，重置密码", roles: &[Role::SystemAdmin], reach: Reach::Hospital, operations: &[], pages: &[43]
    },
    Grant { right: Right::AssignRoles, name: "授予角色与科室，重置第二因素", roles: &[Role::SecurityAdmin], reach: Reach::Hospital, operations: &[], pages: &[43] },
    Grant { right: Right::ReadTrail, name: "查看操作审计", roles: &[Role::AuditAdmin], reach: Reach::Hospital, operations: &[], pages: &[43] },
    Grant { right: Right::ReadLog, name: "查看加密交易日志", roles: &[Role::Auditor], reach: Reach::Hospital, operations: &[], pages: &[38] },
];

impl Right {
    /// Its row; the table has one for each (tested).
    fn grant(self) -> Option<&'static Grant> {
        GRANTS.iter().find(|grant| grant.right == self)
    }
}

/// What an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object<'o> {
    /// The hospital as a whole.
    Hospital,
    /// Something of one department.
    Department(&'o DeptCode),
}

/// May the caller do this to that? A right that ends at departments is never had over the whole hospital: whoever lists uses
/// [`Caller::has`] and shows his own departments only. What is not allowed looks like a missing object.
pub fn check(caller: &Caller, right: Right, object: Object<'_>) -> Result<()> {
    let within = match (right.grant().map(|grant| grant.reach), object) {
        (Some(Reach::Hospital), _) => true,
        (Some(Reach::Departments), Object::Department(department)) => caller.departments.contains(department),
        (Some(Reach::Departments), Object::Hospital) | (None, _) => false,
    };
    if within && caller.has(right) { Ok(()) } else { Err(Error::new(Code::NotFound)) }
}

impl Caller {
    /// Does one of his roles have the right at all?
    pub fn has(&self, right: Right) -> bool {
        right.grant().is_some_and(|grant| grant.roles.iter().any(|role| self.roles.contains(role)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::{HospitalId, PatientId, StaffId};
    use Role::{AuditAdmin, Auditor, Doctor, ExecDept, Finance, Operations, Operator, Reports, SecurityAdmin, SystemAdmin};

    /// The table once more, by role, as a hospital would write it: whoever changes one must mean to change the other.
    const BY_ROLE: [(Role, &[Right]); 10] = [
        (Doctor, &[Right::ApproveAsDoctor]),
        (ExecDept, &[Right::Unconfirm]),
        (Finance, &[Right::SeeBusiness, Right::ApproveAsFinance, Right::Reconcile, Right::ReadReports]),
        (Operator, &[Right::SeeBusiness, Right::Resolve]),
        (Auditor, &[Right::SeeBusiness, Right::ReadLog]),
        (Reports, &[Right::ReadReports]),
        (Operations, &[Right::Operate]),
        (SystemAdmin, &[Right::ReadAccounts, Right::ManageAccounts]),
        (SecurityAdmin, &[Right::ReadAccounts, Right::AssignRoles]),
        (AuditAdmin, &[Right::ReadTrail]),
    ];

    fn caller(roles: &[Role]) -> Caller {
        Caller::staff(HospitalId::new("H1").unwrap(), StaffId::new("S1").unwrap(), roles.to_vec())
    }

    #[test]
    fn each_right_has_one_row_in_order_and_somebody() {
        assert!(GRANTS.windows(2).all(|two| two[0].right < two[1].right));
        assert!(GRANTS.iter().all(|grant| !grant.roles.is_empty()));
    }

    #[test]
    fn every_role_has_its_rights_and_no_other() {
        assert_eq!(BY_ROLE.map(|(role, _)| role), Role::STAFF);
        let own = DeptCode::new("D1").unwrap();
        for (role, rights) in BY_ROLE {
            let caller = caller(&[role]).within(vec![own.clone()]);
            for grant in &GRANTS {
                let wanted = rights.contains(&grant.right);
                assert_eq!(caller.has(grant.right), wanted, "{role:?} {:?}", grant.right);
                assert_eq!(check(&caller, grant.right, Object::Department(&own)).is_ok(), wanted, "{role:?} {:?}", grant.right);
            }
        }
    }

    #[test]
    fn administrators_see_no_business_and_business_sees_no_accounts() {
        for grant in &GRANTS {
            let administrators = grant.roles.iter().filter(|role| role.administers()).count();
            assert!(administrators == 0 || administrators == grant.roles.len(), "{:?} mixes them", grant.right);
        }
        for (one, other) in [(SystemAdmin, Right::ReadTrail), (SystemAdmin, Right::AssignRoles), (SecurityAdmin, Right::ManageAccounts), (AuditAdmin, Right::ReadAccounts)] {
            assert!(!caller(&[one]).has(other));
        }
    }

    #[test]
    fn a_right_of_departments_ends_there() {
        let (own, other) = (DeptCode::new("D1").unwrap(), DeptCode::new("D2").unwrap());
        let doctor = caller(&[Doctor]).within(vec![own.clone()]);
        check(&doctor, Right::ApproveAsDoctor, Object::Department(&own)).unwrap();
        for object in [Object::Department(&other), Object::Hospital] {
            assert_eq!(check(&doctor, Right::ApproveAsDoctor, object).unwrap_err(), Error::new(Code::NotFound));
        }
        check(&caller(&[Finance]), Right::ApproveAsFinance, Object::Department(&other)).unwrap();
    }

    #[test]
    fn patients_and_newcomers_have_none() {
        let hospital = HospitalId::new("H1").unwrap();
        for nobody in [Caller::patient(hospital.clone(), PatientId::new("P1").unwrap()), Caller::newcomer(hospital), caller(&[])] {
            for grant in &GRANTS {
                assert_eq!(check(&nobody, grant.right, Object::Hospital).unwrap_err().code(), Code::NotFound);
            }
        }
    }
}
