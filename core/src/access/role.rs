//! What a caller may be, and what one account may not be at once: of the three administrators (三员分立) nobody is two, and
//! none of them works in the hospital's business (domain/hospital.md §7.3, 8.1.4.2 d).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a caller may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Patients and their kiosk or phone sessions.
    Patient,
    /// Operators who resolve what hangs (收费处).
    Operator,
    /// Finance (计财科).
    Finance,
    /// May read what the audit finds, and the transfer log with a key of his own.
    Auditor,
    /// A doctor: the first word about giving back what he prescribed (医生).
    Doctor,
    /// An executing department: says what was done and what was not (执行科室).
    ExecDept,
    /// Reads reports (报表).
    Reports,
    /// Keeps the system running (运维).
    Operations,
    /// Makes, disables and revives accounts (系统管理员).
    SystemAdmin,
    /// Says who may do what (安全管理员).
    SecurityAdmin,
    /// Reads what everybody did (审计管理员).
    AuditAdmin,
}

impl Role {
    /// What an account can be, in the order of lists.
    pub const STAFF: [Role; 10] =
        [Role::Doctor, Role::ExecDept, Role::Finance, Role::Operator, Role::Auditor, Role::Reports, Role::Operations, Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];

    /// Stable code, as in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Role::Patient => "patient",
            Role::Operator => "operator",
            Role::Finance => "finance",
            Role::Auditor => "auditor",
            Role::Doctor => "doctor",
            Role::ExecDept => "exec_dept",
            Role::Reports => "reports",
            Role::Operations => "operations",
            Role::SystemAdmin => "system_admin",
            Role::SecurityAdmin => "security_admin",
            Role::AuditAdmin => "audit_admin",
        }
    }

    /// By its code.
    pub fn of(code: &str) -> Option<Role> {
        Role::STAFF.into_iter().find(|role| role.code() == code)
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Patient => "患者",
            Role::Operator => "收费",
            Role::Finance => "计财",
            Role::Auditor => "稽核",
            Role::Doctor => "医生",
            Role::ExecDept => "执行科室",
            Role::Reports => "报表",
            Role::Operations => "运维",
            Role::SystemAdmin => "系统管理员",
            Role::SecurityAdmin => "安全管理员",
            Role::AuditAdmin => "审计管理员",
        }
    }

    /// Is it one of the three administrators?
    pub const fn administers(self) -> bool {
        matches!(self, Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin)
    }

    /// Does it work for departments only, so that an account needs at least one?
    pub const fn has_departments(self) -> bool {
        matches!(self, Role::Doctor | Role::ExecDept)
    }

    /// Must it show a second factor at each login (8.1.4.1 d)?
    pub const fn needs_factor(self) -> bool {
        self.administers() || matches!(self, Role::Finance)
    }

    /// May one account hold these? An administrator is nothing else; nobody on the staff is a patient.
    pub fn may_be_held_together(roles: &[Role]) -> Result<()> {
        if roles.contains(&Role::Patient) {
            return Err(Error::field("roles", "must name staff roles"));
        }
        if roles.iter().enumerate().any(|(at, role)| roles.iter().take(at).any(|earlier| earlier == role)) {
            return Err(Error::field("roles", "names a role twice"));
        }
        if roles.len() > 1 && roles.iter().any(|role| role.administers()) {
            return Err(Error::field("roles", "an administrator holds no other role"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_json_and_lead_back() {
        for role in Role::STAFF {
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.code()));
            assert_eq!(Role::of(role.code()), Some(role));
        }
        assert_eq!((Role::of("patient"), Role::of("root")), (None, None), "no account is a patient");
    }

    #[test]
    fn of_two_roles_neither_is_an_administrator() {
        for one in Role::STAFF {
            Role::may_be_held_together(&[one]).unwrap();
            for other in Role::STAFF {
                let may = Role::may_be_held_together(&[one, other]).is_ok();
                assert_eq!(may, one != other && !one.administers() && !other.administers(), "{one:?} {other:?}");
            }
        }
        Role::may_be_held_together(&[]).unwrap();
        Role::may_be_held_together(&[Role::Operator, Role::Finance, Role::Auditor]).unwrap();
        assert!(Role::may_be_held_together(&[Role::Patient]).is_err());
        assert!(Role::may_be_held_together(&[Role::Doctor, Role::Reports, Role::AuditAdmin]).is_err());
    }

    #[test]
    fn administrators_and_finance_show_a_second_factor() {
        let with: Vec<Role> = Role::STAFF.into_iter().filter(|r| r.needs_factor()).collect();
        assert_eq!(with, [Role::Finance, Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin]);
    }
}
