//! Staff page 38 over a sealed log on disk: who may, with which key, what is written down before anything is shown, what is found
//! when the files were changed, and when the key goes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "canary/captured.rs"]
mod captured;
#[path = "log/rig.rs"]
mod rig;
#[path = "desk/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::sync::atomic::Ordering;

use menjie::access::{Right, Role};
use menjie::gm::hex;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::port::Direction::{In, Out};
use menjie::port::TransferResult::{Answered, Unknown};
use menjie::seal::Segment;
use menjie::testkit::host::SeededEntropy;
use menjie_bridge::sealed_log::{Act, LogDir, Protection, TRANSFER_STREAM};
use menjie_server::logging;
use menjie_server::staff::pages::{Gate, PAGES};
use menjie_server::token;
use tracing::level_filters::LevelFilter;

use captured::Captured;
use rig::{ID_NO, NAME, PASSWORD, Rig, pem_of};

#[tokio::test]
async fn without_the_setting_there_is_no_page_at_all() {
    let stage = stage::stage().await;
    let auditor = stage.enter("S1", Role::Auditor).await;
    for path in ["/a/log", "/a/log/check", "/a/log/record?seq=1"] {
        assert_eq!(stage.get(path, &auditor.cookie).await.status, 404, "{path}");
    }
    for path in ["/a/log", "/a/log/key", "/a/log/record", "/a/log/record/clear", "/a/log/export"] {
        assert_eq!(stage.submit(path, &auditor.cookie, &[]).await.status, 404, "{path}");
    }
    assert!(!stage.get("/a", &auditor.cookie).await.text.contains("/a/log\""), "nor in the menu");
}

#[tokio::test]
async fn the_pages_are_the_auditors_alone() {
    let rig = Rig::open().await;
    let pages: Vec<_> = PAGES.iter().filter(|page| page.gate == Gate::Right(Right::ReadLog)).collect();
    assert_eq!(pages.len(), 9);
    for role in Role::STAFF {
        let person = rig.stage.enter(&format!("S-{}", role.code()), role).await;
        for page in &pages {
            let reply = if page.method == "GET" { rig.stage.get(page.path, &person.cookie).await } else { rig.submit(&person, page.path, &[]).await };
            let case = format!("{} {} as {role:?}: {}", page.method, page.path, reply.status);
            assert_eq!(reply.status == 403, role != Role::Auditor, "{case}");
            assert!(matches!(reply.status, 200 | 303 | 403 | 422) && (page.method == "POST" || reply.status != 422), "{case}");
        }
        assert_eq!(rig.stage.get("/a", &person.cookie).await.text.contains("加密日志"), role == Role::Auditor, "{role:?}");
    }
}

/// What a server says at its start when it is run by this script. There is no configuration, so it ends at once.
fn start_words(script: &str) -> String {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_menjie-server"), "--config", "/nowhere/menjie.json"]).env_remove("MENJIE_LOG");
    let output = command.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && words.contains("the configuration cannot be read"), "{} {words}", output.status);
    words
}

#[test]
fn a_start_without_locked_memory_warns() {
    const WARNING: &str = "memory is not locked, so private keys may be swapped out";
    // No limit holds root back as long as it has the capability.
    let refused = r#"ulimit -l 0; if [ "$(id -u)" = 0 ]; then exec setpriv --bounding-set -ipc_lock "$0" "$@"; else exec "$0" "$@"; fi"#;
    let words = start_words(refused);
    assert!(words.lines().any(|line| line.contains(WARNING) && line.contains("\"level\":\"WARN\"")), "{words}");
    let words = start_words(r#"exec "$0" "$@""#);
    assert!(!words.contains(WARNING), "{words}");
}

#[tokio::test]
async fn a_key_whose_memory_is_not_locked_is_told_beside_it() {
    let rig = Rig::open().await;
    let person = rig.reader().await;
    let notice = async || rig.stage.get("/a/log", &person.cookie).await.text.contains("data-unlocked");
    assert!(!notice().await, "a key that was brought is locked");
    assert!(!rig.auditor.is_locked());
    rig.stage.app.log().unwrap().lent().lend(token::hash(&person.cookie), rig.auditor.clone(), rig.stage.app.engine().now());
    assert!(notice().await && rig.stage.get("/a/log", &person.cookie).await.text.contains("本机不允许锁定内存"));
}

#[tokio::test]
async fn a_wrong_key_is_told_in_words_and_opens_nothing() {
    let rig = Rig::open().await;
    rig.transfer(1, "his", Out, Some(Answered)).await;
    let person = rig.auditor().await;
    let other = Sm2PrivateKey::generate(&SeededEntropy::new(5)).unwrap();
    let open = pem_of(&rig.auditor, Protection::FileMode);
    let stranger = pem_of(&other, Protection::Password(PASSWORD));
    for (pem, password, told) in [
        (rig.pem.as_str(), "canary wrong 99", "口令不正确"),
        (open.as_str(), PASSWORD, "没有口令的私钥不能在此使用"),
        ("no key at all", PASSWORD, "设有口令的私钥文件"),
        ("", "", "设有口令的私钥文件"),
        (stranger.as_str(), PASSWORD, "不能打开本系统的日志"),
    ] {
        let reply = rig.bring(&person, pem, password).await;
        assert!(reply.status == 422 && reply.text.contains(told), "{told}: {} {}", reply.status, reply.text);
        assert_eq!(rig.lent(), 0);
    }
    let denied = rig.accesses();
    assert!(denied.len() == 5 && denied.iter().all(|access| access.act == Act::Denied && access.actor == "staff:S-aud"));
    assert_eq!(denied[4].key, Some(hex(&other.public().id())), "whose key it was is on record");
    assert_eq!(rig.upload(&person, &[("form", "x"), ("password", PASSWORD), ("key", &rig.pem)]).await.status, 403, "a form of somebody else");
    assert_eq!(rig.lent(), 0);
    let list = rig.stage.get("/a/log", &person.cookie).await.text;
    assert!(list.contains("载入审计方密钥") && !list.contains("MZ1"));
    assert_eq!(rig.stage.get("/a/log/record?seq=1", &person.cookie).await.to(), "/a/log");
}

#[tokio::test]
async fn lists_hold_heads_only_and_every_condition_counts() {
    let rig = Rig::open().await;
    rig.transfer(1, "his", Out, Some(Answered)).await;
    rig.transfer(2, "wechat", In, Some(Unknown)).await;
    rig.stage.clock.advance(3_600_000);
    rig.transfer(3, "wechat", Out, None).await;
    let person = rig.reader().await;
    let list = rig.stage.get("/a/log", &person.cookie).await.text;
    let order = |text: &str| ["MZ1", "MZ2", "MZ3"].into_iter().filter(|no| text.contains(*no)).collect::<Vec<_>>();
    assert_eq!(order(&list), ["MZ1", "MZ2", "MZ3"]);
    assert!(list.find("MZ3") < list.find("MZ2") && list.find("MZ2") < list.find("MZ1"), "newest first");
    assert!(!list.contains(NAME) && !list.contains(ID_NO) && !list.contains("张*三") && !list.contains("patient_name"), "no body, not even masked");
    for (field, value, found) in [
        ("peer", "wechat", ["MZ2", "MZ3"].as_slice()),
        ("interface", "his.*", &["MZ1"]),
        ("direction", "in", &["MZ2"]),
        ("order", "MZ3", &["MZ3"]),
        ("patient", "P2", &["MZ2"]),
        ("result", "in_doubt", &["MZ3"]),
        ("result", "unknown", &["MZ2"]),
        ("from", "2026-03-02 08:30", &["MZ3"]),
        ("to", "2026-03-02 08:30", &["MZ1", "MZ2"]),
        ("peer", "nobody", &[]),
    ] {
        let reply = rig.submit(&person, "/a/log", &[(field, value)]).await;
        // A value that was typed is shown again in its field; only the cards count.
        let cards = reply.text.split("data-items").nth(1).and_then(|rest| rest.split("</ul>").next()).unwrap_or_default();
        assert_eq!((reply.status, order(cards)), (200, found.to_vec()), "{field}={value}");
    }
    let wrong = rig.submit(&person, "/a/log", &[("from", "soon")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("时间请写作"));
}

#[tokio::test]
async fn older_pages_follow_without_gap_or_repetition() {
    let rig = Rig::open().await;
    for no in 100..145 {
        rig.transfer(no, "his", Out, Some(Answered)).await;
    }
    let person = rig.reader().await;
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let fields = [("peer", "his"), ("before", before.as_str())];
        let text = rig.submit(&person, "/a/log", &fields).await.text;
        seen.extend(text.split("data-seq=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse::<u64>().unwrap()));
        match text.split("name=\"before\" value=\"").nth(1) {
            Some(rest) => before = rest.split('"').next().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 45);
    assert!(seen.windows(2).all(|two| two[0] > two[1]), "{seen:?}");
}

#[tokio::test]
async fn who_opens_and_why_is_written_before_anything_is_shown() {
    let rig = Rig::open().await;
    let seq = rig.transfer(1, "his", Out, Some(Answered)).await.0.to_string();
    let person = rig.reader().await;
    let page = rig.stage.get(&format!("/a/log/record?seq={seq}"), &person.cookie).await.text;
    assert!(page.contains("MZ1") && !page.contains("张") && !page.contains("patient_name"), "{page}");
    let before = rig.accesses().len();
    for path in ["/a/log/record", "/a/log/record/clear"] {
        let refused = rig.submit(&person, path, &[("seq", &seq), ("reason", " ")]).await;
        assert!(refused.status == 422 && refused.text.contains("请填写事由") && !refused.text.contains("data-body"), "{path}");
    }
    assert_eq!(rig.accesses().len(), before, "nothing was looked at");

    let opened = rig.submit(&person, "/a/log/record", &[("seq", &seq), ("reason", "投诉工单-7")]).await;
    assert!(opened.status == 200 && opened.text.contains("张*三") && !opened.text.contains(NAME) && !opened.text.contains(ID_NO), "{}", opened.text);
    let clear = rig.submit(&person, "/a/log/record/clear", &[("seq", &seq), ("reason", "院领导批准-8")]).await;
    assert!(clear.status == 200 && clear.text.contains(NAME) && clear.text.contains(ID_NO));
    assert_eq!(clear.headers["cache-control"], "no-store");

    let key = Some(hex(&rig.auditor.public().id()));
    let accesses = rig.accesses();
    let told: Vec<_> = accesses.iter().map(|a| (a.act, a.reason.as_str(), a.about.as_str())).collect();
    let about = format!("transfers seq={seq}");
    assert_eq!(told, [(Act::Login, "载入审计方密钥", "transfers key"), (Act::Search, "投诉工单-7", &about), (Act::Unmask, "院领导批准-8", &about)]);
    assert!(accesses.iter().all(|a| a.actor == "staff:S-aud" && a.key == key));
    let admin = rig.stage.enter("S-adm", Role::AuditAdmin).await;
    let trail = rig.stage.trail(&admin).await;
    for what in ["载入日志密钥", "打开日志记录", "查看日志原文", &format!("log seq={seq}")] {
        assert!(trail.contains(what), "{what}");
    }
    assert!(!trail.contains("投诉工单") && !trail.contains("院领导"), "nothing that was typed is in the trail");

    // When it cannot be written down nothing is shown.
    rig.broken.store(true, Ordering::Release);
    for path in ["/a/log/record", "/a/log/record/clear", "/a/log/export"] {
        let reply = rig.submit(&person, path, &[("seq", &seq), ("reason", "x")]).await;
        assert!(reply.status >= 500 && !reply.text.contains("张") && !reply.text.contains("MZ1"), "{path}: {}", reply.status);
    }
}

#[tokio::test]
async fn an_export_is_masked_named_and_written_down() {
    let rig = Rig::open().await;
    rig.transfer(1, "=his", Out, Some(Answered)).await;
    rig.transfer(2, "wechat", Out, Some(Answered)).await;
    let person = rig.reader().await;
    let refused = rig.submit(&person, "/a/log/export", &[("peer", "wechat")]).await;
    assert!(refused.status == 422 && refused.text.contains("请填写事由"));
    let csv = rig.submit(&person, "/a/log/export", &[("reason", "月度稽核"), ("patient", "P1")]).await;
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"transfer-log.csv\"");
    assert!(csv.text.starts_with("\u{feff}seq,what,at,") && csv.text.lines().count() == 2, "{}", csv.text);
    assert!(csv.text.contains(",'=his,") && !csv.text.contains(NAME) && !csv.text.contains(ID_NO), "{}", csv.text);
    let lines = rig.submit(&person, "/a/log/export", &[("reason", "月度稽核"), ("peer", "wechat"), ("format", "jsonl")]).await;
    let row: serde_json::Value = serde_json::from_str(lines.text.trim_end()).unwrap();
    assert_eq!((row["business_no"].as_str(), lines.text.contains(NAME)), (Some("MZ2"), false));
    let exports: Vec<_> = rig.accesses().into_iter().filter(|a| a.act == Act::Export).collect();
    assert_eq!(exports.len(), 2);
    assert!(exports[0].about.starts_with("transfers export masked patient=sm3:") && !exports[0].about.contains("P1"), "{}", exports[0].about);
    assert_eq!(exports[1].about, "transfers export masked peer=wechat");
}

#[tokio::test]
async fn a_flipped_byte_is_found_where_it_is_and_a_torn_tail_is_told_apart() {
    let rig = Rig::open().await;
    for no in 1..16 {
        rig.transfer(no, "his", Out, Some(Answered)).await;
        if no == 8 {
            // The next day begins another segment.
            rig.stage.clock.advance(86_400_000);
        }
    }
    let person = rig.auditor().await;
    let sound = rig.stage.get("/a/log/check", &person.cookie).await.text;
    assert!(sound.contains("data-verdict=\"sound\"") && sound.contains("未载入密钥") && sound.contains(&hex(&rig.auditor.public().id())), "{sound}");
    assert_eq!(rig.bring(&person, &rig.pem, PASSWORD).await.status, 303);

    let dir = LogDir::new(rig.folder.path(), TRANSFER_STREAM);
    let numbers = dir.segments().unwrap();
    assert_eq!(numbers, [1, 2]);
    let file = |no: u64| rig.folder.path().join(format!("{TRANSFER_STREAM}-{no:010}.gml"));
    let frames = |bytes: &[u8]| -> Vec<(u32, usize, u64)> {
        let segment = Segment::read(bytes).unwrap();
        segment.frames().filter(|frame| frame.head.records > 0).map(|frame| (frame.head.no, usize::try_from(frame.offset).unwrap(), frame.head.first_seq)).collect()
    };
    let whole = std::fs::read(file(1)).unwrap();
    let (frame, offset, first) = frames(&whole)[2];
    let mut flipped = whole.clone();
    flipped[offset + 60] ^= 1;
    std::fs::write(file(1), &flipped).unwrap();
    let changed = rig.stage.get("/a/log/check", &person.cookie).await.text;
    assert!(changed.contains("data-verdict=\"tampered\""), "{changed}");
    let told = changed.split("data-first>").nth(1).unwrap().split('<').next().unwrap();
    assert!(told.starts_with(&format!("分段1，第{frame}帧，自记录{first}起，")), "{told}: frame {frame}, record {first}");

    // Without a key the same is seen, at the same segment.
    assert_eq!(rig.submit(&person, "/a/log/key/drop", &[]).await.to(), "/a/log");
    let blind = rig.stage.get("/a/log/check", &person.cookie).await.text;
    assert!(blind.contains("data-verdict=\"tampered\"") && blind.contains(&format!("分段1，第{frame}帧，自记录{first}起，")), "{blind}");

    std::fs::write(file(1), &whole).unwrap();
    let newest = std::fs::read(file(2)).unwrap();
    std::fs::write(file(2), &newest[..frames(&newest).last().unwrap().1 + 40]).unwrap();
    let torn = rig.stage.get("/a/log/check", &person.cookie).await.text;
    assert!(torn.contains("data-verdict=\"torn\"") && torn.contains("末尾残缺") && !torn.contains("data-first"), "{torn}");
}

#[tokio::test]
async fn the_key_goes_when_it_is_idle_and_with_its_session() {
    let rig = Rig::open().await;
    rig.transfer(1, "his", Out, Some(Answered)).await;
    let person = rig.reader().await;
    // He works on other pages, so that his session lives.
    for _ in 0..2 {
        rig.stage.clock.advance(449_000);
        assert!(rig.stage.is_in(&person).await);
    }
    assert_eq!(rig.lent(), 1);
    rig.stage.clock.advance(2_000);
    assert!(rig.stage.get("/a/log", &person.cookie).await.text.contains("载入审计方密钥"), "fifteen minutes without use");
    assert_eq!(rig.lent(), 0);

    assert_eq!(rig.bring(&person, &rig.pem, PASSWORD).await.status, 303);
    rig.sweep().await;
    assert_eq!(rig.lent(), 1, "a live session keeps it");
    rig.submit(&person, "/a/logout", &[]).await;
    assert_eq!(rig.lent(), 0, "dropped at logout");

    let again = stage::Person { cookie: rig.stage.sign_in(&person).await.cookie().unwrap(), ..person.clone() };
    assert!(rig.stage.get("/a/log", &again.cookie).await.text.contains("载入审计方密钥"), "another session has none");
    assert_eq!(rig.bring(&again, &rig.pem, PASSWORD).await.status, 303);
    let other = rig.stage.enter("S-other", Role::Auditor).await;
    assert!(rig.stage.get("/a/log", &other.cookie).await.text.contains("载入审计方密钥"), "nobody uses another's");
    let admin = rig.stage.enter("S-sys", Role::SystemAdmin).await;
    rig.submit(&admin, "/a/users/S-aud/state", &[("set", "disabled")]).await;
    assert_eq!(rig.lent(), 1);
    rig.sweep().await;
    assert_eq!(rig.lent(), 0, "dropped with the account");
}

#[tokio::test]
async fn neither_key_nor_password_nor_cleartext_is_in_any_file_or_log() {
    let lines = Captured::default();
    tracing::subscriber::set_global_default(logging::subscriber(lines.clone(), LevelFilter::TRACE)).unwrap();
    let rig = Rig::open().await;
    let seq = rig.transfer(1, "his", Out, Some(Answered)).await.0.to_string();
    let person = rig.reader().await;
    rig.bring(&person, &rig.pem, "canary wrong 99").await;
    for path in ["/a/log/record", "/a/log/record/clear", "/a/log/export"] {
        assert_eq!(rig.submit(&person, path, &[("seq", &seq), ("reason", "canary reason")]).await.status, 200, "{path}");
    }
    let (folder, log) = (rig.bytes(), lines.bytes());
    assert!(!log.is_empty() && folder.len() > 1000);
    let pkcs8 = rig.auditor.pkcs8().unwrap();
    let base64 = rig.pem.lines().nth(2).unwrap();
    let scalar = pkcs8.windows(34).find(|window| window[..2] == [4, 32]).map(|window| window[2..].to_vec()).unwrap();
    let secrets = [PASSWORD.as_bytes(), b"canary wrong 99", b"canary reason", NAME.as_bytes(), ID_NO.as_bytes(), base64.as_bytes(), &pkcs8, &scalar, hex(&scalar).as_bytes()]
        .map(<[u8]>::to_vec);
    for secret in secrets {
        for (place, bytes) in [("the folder", &folder), ("the server's log", &log)] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{} in {place}", String::from_utf8_lossy(&secret));
        }
    }
}
