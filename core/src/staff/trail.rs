//! The access trail: who came in or tried to, who was refused, who changed what others may (GB/T 22239-2019 8.1.4.3). Entries
//! are numbered without gaps and chained by SM3, so that a changed, missing or added one is found.

use serde::{Deserialize, Serialize};

use crate::access::{Caller, Role};
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::gm;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Came in.
    LoggedIn,
    /// The password was wrong, there is no such account, or it may not be used.
    LoginFailed,
    /// The second factor was wrong.
    FactorFailed,
    /// So many failures that the name is locked.
    Locked,
    /// Left.
    LoggedOut,
    /// Changed the own password.
    PasswordChanged,
    /// Enrolled a second factor.
    FactorEnrolled,
    /// An account was made.
    AccountMade,
    /// An account was disabled.
    AccountDisabled,
    /// An account was revived.
    AccountEnabled,
    /// A one-time password was given out.
    PasswordReset,
    /// A second factor was taken away.
    FactorReset,
    /// Roles or departments were changed.
    RolesChanged,
    /// Somebody asked for what he may not have.
    Denied,
    /// Something was exported.
    Exported,
    /// A patient was looked at in clear.
    Unmasked,
    /// A difference of a reconciliation was dealt with.
    DifferenceResolved,
    /// An auditor's key was brought for the transfer log.
    LogUnlocked,
    /// A record of the transfer log was opened, masked.
    LogOpened,
    /// A record of the transfer log was looked at as it is.
    LogUnmasked,
}

impl What {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            What::LoggedIn => "登录成功",
            What::LoginFailed => "登录失败",
            What::FactorFailed => "第二因素错误",
            What::Locked => "登录名锁定",
            What::LoggedOut => "退出登录",
            What::PasswordChanged => "修改密码",
            What::FactorEnrolled => "登记第二因素",
            What::AccountMade => "新建账号",
            What::AccountDisabled => "停用账号",
            What::AccountEnabled => "启用账号",
            What::PasswordReset => "重置密码",
            What::FactorReset => "重置第二因素",
            What::RolesChanged => "变更角色",
            What::Denied => "越权访问被拒",
            What::Exported => "导出",
            What::Unmasked => "查看患者明文",
            What::DifferenceResolved => "处理对账差异",
            What::LogUnlocked => "载入日志密钥",
            What::LogOpened => "打开日志记录",
            What::LogUnmasked => "查看日志原文",
        }
    }

    /// Did somebody fail or get refused?
    pub const fn is_failure(self) -> bool {
        matches!(self, What::LoginFailed | What::FactorFailed | What::Locked | What::Denied)
    }
}

/// What is to be written down. No name, no password, nothing that was typed: a failed login says whose account it was, if
/// anybody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What happened.
    pub what: What,
    /// Who did it (a code, [`crate::access::Actor::code`]); `nobody` when that is not known.
    pub actor: String,
    /// What he may be.
    pub roles: Vec<Role>,
    /// From which address, or `console`.
    pub from: String,
    /// About what: a staff number or a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Before and after, in codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Note {
    /// By somebody.
    pub fn by(caller: &Caller, from: &str, what: What) -> Note {
        Note { what, actor: caller.actor.code(), roles: caller.roles.clone(), from: from.to_owned(), object: None, detail: None }
    }

    /// By nobody who is known.
    pub fn by_nobody(from: &str, what: What) -> Note {
        Note { what, actor: "nobody".to_owned(), roles: Vec::new(), from: from.to_owned(), object: None, detail: None }
    }

    /// At the console of the server.
    pub fn by_console(what: What) -> Note {
        Note { what, actor: "console".to_owned(), roles: Vec::new(), from: "console".to_owned(), object: None, detail: None }
    }

    /// About this.
    #[must_use]
    pub fn about(self, object: impl Into<String>) -> Note {
        Note { object: Some(object.into()), ..self }
    }

    /// With particulars.
    #[must_use]
    pub fn with(self, detail: impl Into<String>) -> Note {
        Note { detail: Some(detail.into()), ..self }
    }
}

/// What was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub no: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub note: Note,
    /// The link of the entry before; empty for the first.
    before: String,
    /// SM3 over everything above.
    link: String,
}

impl Entry {
    /// The entry after `before`.
    pub fn after(before: Option<(u32, &str)>, at: Timestamp, note: Note) -> Result<Entry> {
        let (no, before) = before.map_or((1, String::new()), |(no, link)| (no.saturating_add(1), link.to_owned()));
        let mut entry = Entry { no, at, note, before, link: String::new() };
        entry.link = entry.hash()?;
        Ok(entry)
    }

    /// What the next one refers to.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The key it is kept under: numbers in order of their bytes.
    pub fn key(no: u32) -> String {
        format!("{no:010}")
    }

    fn hash(&self) -> Result<String> {
        let bare = Entry { link: String::new(), ..self.clone() };
        let json = serde_json::to_vec(&bare).map_err(|_| Error::internal("entries serialise"))?;
        Ok(gm::hex(&gm::sm3(&json)))
    }
}

/// Walks a trail from its first entry and finds where it is broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainCheck {
    last: Option<(u32, String)>,
    broken: Option<u32>,
}

impl ChainCheck {
    /// The next entry in order.
    pub fn see(&mut self, entry: &Entry) -> Result<()> {
        let (no, link) = self.last.as_ref().map_or((1, ""), |(no, link)| (no.saturating_add(1), link.as_str()));
        let whole = entry.no == no && entry.before == link && entry.link == entry.hash()?;
        if !whole {
            self.broken = self.broken.or(Some(no));
        }
        self.last = Some((entry.no, entry.link.clone()));
        Ok(())
    }

    /// That was all, and the store says the last one should have been `head`: the first entry that is not as it was written, and
    /// how many there are.
    pub fn end(self, head: Option<(u32, &str)>) -> (Option<u32>, u32) {
        let seen = self.last.as_ref().map(|(no, link)| (*no, link.as_str()));
        let count = seen.map_or(0, |(no, _)| no);
        let torn = (seen != head).then(|| count.saturating_add(1));
        (self.broken.or(torn), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(n: u32) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        for i in 0..n {
            let before = all.last().map(|e| (e.no, e.link().to_owned()));
            let note = Note::by_nobody("10.0.0.1", What::LoginFailed).about(format!("S{i}"));
            all.push(Entry::after(before.as_ref().map(|(no, link)| (*no, link.as_str())), Timestamp::from_millis(1_772_409_600_000 + i64::from(i)), note).unwrap());
        }
        all
    }

    fn check(all: &[Entry], head: &Entry) -> (Option<u32>, u32) {
        let mut check = ChainCheck::default();
        for entry in all {
            // As it comes back from the store.
            let entry: Entry = serde_json::from_str(&serde_json::to_string(entry).unwrap()).unwrap();
            check.see(&entry).unwrap();
        }
        check.end(Some((head.no, head.link())))
    }

    #[test]
    fn an_untouched_trail_is_whole() {
        let all = trail(5);
        assert_eq!(check(&all, &all[4]), (None, 5));
        assert_eq!(ChainCheck::default().end(None), (None, 0));
    }

    #[test]
    fn a_changed_missing_or_added_entry_is_found_where_it_is() {
        let all = trail(5);
        let head = all[4].clone();
        let mut changed = all.clone();
        changed[2].note.object = Some("S9".to_owned());
        assert_eq!(check(&changed, &head).0, Some(3));
        let mut forged = all.clone();
        forged[2].note.actor = "staff:S2".to_owned();
        forged[2].link = forged[2].hash().unwrap();
        assert_eq!(check(&forged, &head).0, Some(4), "a new link does not fit the next one");
        let missing: Vec<Entry> = all.iter().filter(|e| e.no != 2).cloned().collect();
        assert_eq!(check(&missing, &head).0, Some(2));
        assert_eq!(check(&all[..3], &head).0, Some(4), "its end was cut off");
        assert_eq!(check(&trail(6), &head).0, Some(7), "longer than its head says");
    }

    #[test]
    fn keys_sort_like_numbers() {
        assert!(Entry::key(9) < Entry::key(10) && Entry::key(999_999_999) < Entry::key(u32::MAX));
    }
}
