//! The sealed log, tried on a log of its own in a folder that is taken away again.

use std::path::{Path, PathBuf};

use menjie::gm::sm2::Sm2PrivateKey;
use menjie_bridge::sealed_log::{OsEntropy, Protection, write_private, write_public};
use serde_json::{Value, json};

use super::local::{Seen, at, response};

/// What is sealed: no real person's number.
const NUMBER: &str = "440599199003070058";

/// A folder with a writer's and an auditor's keys.
struct Stage {
    folder: PathBuf,
}

impl Stage {
    fn new(name: &str) -> Result<Stage, String> {
        let folder = std::env::temp_dir().join(format!("menjie-acceptance-{}-{name}", std::process::id()));
        let wrong = |what: &str| format!("{what}（{}）", folder.display());
        std::fs::create_dir_all(&folder).map_err(|e| wrong(&e.kind().to_string()))?;
        let stage = Stage { folder: folder.clone() };
        for name in ["writer", "auditor"] {
            let key = Sm2PrivateKey::generate(&OsEntropy).map_err(|e| wrong(&e.to_string()))?;
            write_private(&folder.join(format!("{name}.pem")), &key, Protection::FileMode, &OsEntropy).map_err(|e| wrong(&e.to_string()))?;
            write_public(&folder.join(format!("{name}.pub")), key.public()).map_err(|e| wrong(&e.to_string()))?;
        }
        Ok(stage)
    }

    fn at(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes one exchange; its number.
    fn write(&self) -> Result<u64, String> {
        let begin = json!({"what": "begin", "hospital": "h1", "direction": "out", "peer": "his", "interface": "QUERY", "business_no": "T1",
            "body": format!("{{\"id_no\":\"{NUMBER}\"}}")});
        let log = json!({"dir": self.at("log"), "signer": self.at("writer.pem"), "auditors": [self.at("auditor.pub")]});
        let begun = at(&response("seal.append", &json!({"log": log, "records": [begin]}))?, "/begun/0").as_u64().ok_or("没有得到记录序号")?;
        response("seal.append", &json!({"log": log, "records": [{"what": "end", "of": begun, "result": "answered", "status": "200", "body": "ok"}]}))?;
        Ok(begun)
    }

    fn verify(&self) -> Result<Value, String> {
        response("seal.verify", &json!({"dir": self.at("log"), "writers": [self.at("writer.pub")], "key": self.at("auditor.pem")}))
    }

    /// The segments, sorted.
    fn segments(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(self.folder.join("log")).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| is_segment(path)).collect();
        found.sort();
        found
    }
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gml")
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Made-up keys and a made-up number: what cannot be removed harms nobody.
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

/// Nothing of a body is in the files in clear, the auditor reads it, masked unless he says why, and the log is as it was written.
pub(super) fn log_is_sealed() -> Seen {
    let stage = Stage::new("sealed")?;
    let seq = stage.write()?;
    let segments = stage.segments();
    let clear = |path: &PathBuf| std::fs::read(path).map_or(true, |bytes| bytes.windows(NUMBER.len()).any(|window| window == NUMBER.as_bytes()));
    if segments.is_empty() || segments.iter().any(clear) {
        return Err("日志文件中可见明文，或没有日志文件".to_owned());
    }
    let reader = json!({"dir": stage.at("log"), "key": stage.at("auditor.pem")});
    let masked = response("seal.read", &json!({"log": reader, "seq": seq}))?.to_string();
    let seen = response("seal.read", &json!({"log": reader, "seq": seq, "unmask": {"actor": "acceptance", "reason": "验收"}}))?.to_string();
    let verdict = at(&stage.verify()?, "/verdict");
    if masked.contains(NUMBER) || !seen.contains(NUMBER) || verdict != "sound" {
        return Err(format!("脱敏查看 {}，解密查看 {}，校验 {verdict}", !masked.contains(NUMBER), seen.contains(NUMBER)));
    }
    Ok(format!("{} 个分段中无明文；默认脱敏，注明事由后可见原文；校验结果 {verdict}", segments.len()))
}

/// One byte that was changed is found, and where.
pub(super) fn change_is_told() -> Seen {
    let stage = Stage::new("changed")?;
    stage.write()?;
    let path = stage.segments().into_iter().next().ok_or("没有日志文件")?;
    let mut bytes = std::fs::read(&path).map_err(|e| e.kind().to_string())?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    std::fs::write(&path, bytes).map_err(|e| e.kind().to_string())?;
    let verified = stage.verify()?;
    if at(&verified, "/verdict") == "tampered" {
        Ok(format!("改动第 {middle} 字节，校验结果 tampered，指出偏移 {}", at(&verified, "/findings/0/offset")))
    } else {
        Err(format!("改动未被发现：{}", at(&verified, "/verdict")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_sealed_changes_are_told_and_nothing_stays_behind() {
        assert!(log_is_sealed().is_ok(), "{:?}", log_is_sealed());
        assert!(change_is_told().is_ok(), "{:?}", change_is_told());
        for name in ["sealed", "changed"] {
            assert!(!std::env::temp_dir().join(format!("menjie-acceptance-{}-{name}", std::process::id())).exists());
        }
    }
}
