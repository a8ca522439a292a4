//! docs/permissions.md: the permission table, right by role.

use menjie::access::{GRANTS, Reach, Role};

pub(crate) fn page() -> String {
    let mut text = String::from(
        "# Permissions\n\nWho may do what: roles across, rights down. A right not in this table does not exist. ● over the whole hospital, ◐ for the departments of the account only. \
         An account holds several roles, but an administrator (the last three) holds no other. *2FA*: the role demands a second factor at each login.\n\n| right 权限 |",
    );
    for role in Role::STAFF {
        text.push_str(&format!(" {}<br>`{}`{} |", role.name(), role.code(), if role.needs_factor() { "<br>*2FA*" } else { "" }));
    }
    text.push_str(&format!(" operations | pages |\n|---|{}---|---|\n", ":---:|".repeat(Role::STAFF.len())));
    for grant in &GRANTS {
        text.push_str(&format!("| {} |", grant.name));
        for role in Role::STAFF {
            let mark = match (grant.roles.contains(&role), grant.reach) {
                (false, _) => "",
                (true, Reach::Hospital) => " ●",
                (true, Reach::Departments) => " ◐",
            };
            text.push_str(&format!("{mark} |"));
        }
        let operations: Vec<String> = grant.operations.iter().map(|op| format!("[{op}](contract/{op}.md)")).collect();
        let pages: Vec<String> = grant.pages.iter().map(u8::to_string).collect();
        text.push_str(&format!(" {} | {} |\n", operations.join(" "), pages.join(", ")));
    }
    text.push_str("\nPages are numbered as in the page inventory; which path needs which right is in `server-example/src/staff/pages.rs`, from which the router is made.\n");
    text
}
