//! The command line of OpenSSL 3. The identity of SM2 signatures is empty there unless it is set (`distid`).

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, unhex};
use menjie::seal::{NewSegment, SegmentWriter};
use menjie::testkit::host::SeededEntropy;
use serde_json::{Value, json};

use super::{Oracle, der};

const ID: [&str; 2] = ["-pkeyopt", "distid:1234567812345678"];

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    output.unwrap_or_else(|error| panic!("openssl: {error}: ./x test installs it"))
}

fn made(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = run(folder, arguments);
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Does the signature hold under this SPKI?
pub(crate) fn verifies(spki: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("key", spki), ("text", text), ("signature", signature)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let arguments = ["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform", "DER", "-rawin", "-digest", "sm3", "-in", "text", "-sigfile", "signature"];
    let output = run(folder.path(), &[&arguments[..], &ID].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("Verified Successfully") || said.contains("Verification Failure"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// Decrypts with a private key in PKCS#8.
pub(crate) fn decrypts(pkcs8: &[u8], sealed: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), pkcs8).unwrap();
    std::fs::write(folder.path().join("sealed"), sealed).unwrap();
    made(folder.path(), &["pkeyutl", "-decrypt", "-inkey", "key", "-keyform", "DER", "-in", "sealed"])
}

pub(crate) struct CommandLine;

impl CommandLine {
    fn answer(question: &Value) -> Value {
        let words: Vec<&str> = question.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        let made = |arguments: &[&str]| made(folder.path(), arguments);
        let private = |secret: &str| Sm2PrivateKey::from_scalar(&unhex(secret).unwrap().try_into().unwrap()).unwrap().pkcs8().unwrap();
        let public = |open: &str| Sm2PublicKey::from_point(&unhex(&format!("04{open}")).unwrap()).unwrap().spki().unwrap();
        match words[..] {
            ["sm3", data] => {
                write("text", &unhex(data).unwrap());
                json!(hex(&made(&["dgst", "-sm3", "-binary", "text"])))
            }
            ["sm4", key, data] => {
                write("text", &unhex(data).unwrap());
                // The same blocks as counters of CTR: for the blocks alone there is ECB.
                json!(hex(&made(&["enc", "-sm4-ecb", "-nopad", "-K", key, "-in", "text"])))
            }
            ["sign", secret, _, data] => {
                write("text", &unhex(data).unwrap());
                write("key", &private(secret));
                let arguments = ["pkeyutl", "-sign", "-inkey", "key", "-keyform", "DER", "-rawin", "-digest", "sm3", "-in", "text"];
                json!(hex(&der::raw_signature(&made(&[&arguments[..], &ID].concat()))))
            }
            ["verify", _, open, data, signature] => json!(verifies(&public(open), &unhex(data).unwrap(), &der::signature(&unhex(signature).unwrap()))),
            ["encrypt", _, open, data] => {
                write("text", &unhex(data).unwrap());
                write("key", &public(open));
                json!(hex(&der::raw_ciphertext(&made(&["pkeyutl", "-encrypt", "-pubin", "-inkey", "key", "-keyform", "DER", "-in", "text"]))))
            }
            ["decrypt", secret, _, data] => json!(hex(&decrypts(&private(secret), &der::ciphertext(&unhex(data).unwrap())))),
            _ => panic!("{words:?} is not asked"),
        }
    }
}

impl Oracle for CommandLine {
    fn ask(&self, questions: Vec<Value>) -> Vec<Value> {
        questions.iter().map(CommandLine::answer).collect()
    }
}

/// SM4-CTR, which OpenSSL has; SM4-GCM came with OpenSSL 3.5.
#[test]
fn counter_mode_agrees() {
    let folder = tempfile::tempdir().unwrap();
    for (len, first) in [(1, [0; 16]), (100, [0xff; 16]), (5000, [0x5a; 16])] {
        let mut text: Vec<u8> = (0..len).map(|i| (i * 31) as u8).collect();
        std::fs::write(folder.path().join("text"), &text).unwrap();
        let theirs = made(folder.path(), &["enc", "-sm4-ctr", "-K", &hex(&[9; 16]), "-iv", &hex(&first), "-in", "text"]);
        menjie_sm4::Sm4::from_key(&[9; 16]).apply_ctr(&first, &mut text);
        assert_eq!(theirs, text);
    }
}

/// A segment that was just begun.
pub(crate) struct Begun {
    pub(crate) bytes: Vec<u8>,
    pub(crate) writer: Sm2PrivateKey,
    pub(crate) auditor: Sm2PrivateKey,
}

pub(crate) fn segment() -> Begun {
    let (writer, auditor) = (Sm2PrivateKey::generate(&SeededEntropy::new(1)).unwrap(), Sm2PrivateKey::generate(&SeededEntropy::new(2)).unwrap());
    let new = NewSegment {
        log_id: [3; 16],
        segment_no: 1,
        first_seq: 1,
        created_ns: 0,
        incarnation: 1,
        prev_digest: [0; 32],
        after_crash: false,
        recipients: Arc::from([auditor.public().clone()]),
        signer: Arc::new(writer.clone()),
        seal: None,
        ratchet_frames: 256,
        pad_to: 64,
        codec: None,
        flushed_in_turn: false,
    };
    let mut bytes = Vec::new();
    SegmentWriter::begin(new, &SeededEntropy::new(4), &mut bytes).unwrap();
    Begun { bytes, writer, auditor }
}
