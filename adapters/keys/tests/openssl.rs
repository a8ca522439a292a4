//! Key files both ways with the `openssl` command line, which must be there (`./x test` installs it): PKCS#8 and SPKI as they are, and
//! encrypted ones. OpenSSL 3.0 does not know HMAC-SM3 in PBES2, so the form that GmSSL writes is taken apart and put together with
//! OpenSSL's PBKDF2 and SM4-CBC, step by step. What a segment of the sealed log is signed and wrapped with, OpenSSL checks and opens as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, hkdf_expand, hmac_sm3, unhex};
use menjie::seal::{NewSegment, Segment, SegmentWriter};
use menjie::testkit::host::SeededEntropy;
use menjie_keys::{Protection, private_from_pem, private_pem, public_from_pem, public_pem, read_private, write_private};

const PASSWORD: &str = "correct horse 电池";

fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let child = Command::new("openssl").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the oracle of this test is the openssl command line: install the Debian package openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn key(seed: u64) -> Sm2PrivateKey {
    Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap()
}

#[test]
fn keys_that_openssl_made_are_read() {
    for _ in 0..8 {
        let private = text(openssl(&["genpkey", "-algorithm", "SM2"], b""));
        let public = text(openssl(&["pkey", "-pubout"], private.as_bytes()));
        let read = private_from_pem(&private, None).unwrap();
        assert_eq!(&public_from_pem(&public).unwrap(), &[read.public().clone()]);
        let pass = format!("pass:{PASSWORD}");
        for cipher in ["aes-256-cbc", "sm4-cbc"] {
            let sealed = text(openssl(&["pkcs8", "-topk8", "-v2", cipher, "-v2prf", "hmacWithSHA256", "-passout", &pass], private.as_bytes()));
            assert_eq!(private_from_pem(&sealed, Some(PASSWORD)).unwrap().public(), read.public(), "{cipher}");
            assert!(private_from_pem(&sealed, Some("another password")).is_err());
        }
        let old = text(openssl(&["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-passout", &pass], private.as_bytes()));
        assert!(private_from_pem(&old, Some(PASSWORD)).is_err_and(|e| e.to_string().contains("a function that is not read here")));
    }
    // A key of another curve is none of ours.
    let other = text(openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], b""));
    assert!(private_from_pem(&other, None).is_err());
}

#[test]
fn openssl_reads_what_we_write() {
    for seed in 1..9 {
        let key = key(seed);
        let private = private_pem(&key, Protection::FileMode, &SeededEntropy::new(99)).unwrap();
        assert_eq!(text(openssl(&["pkey", "-pubout"], private.as_bytes())), public_pem(key.public()).unwrap());
        assert_eq!(text(openssl(&["pkey"], private.as_bytes())), *private, "the very same PEM");
    }
}

/// The bytes of the OCTET STRINGs and the numbers of a DER, in order, as OpenSSL's parser sees them.
fn parsed(der: &Path) -> Vec<String> {
    let listing = text(openssl(&["asn1parse", "-inform", "DER", "-in", der.to_str().unwrap()], b""));
    let wanted = |line: &&str| ["OCTET STRING", "INTEGER", "OBJECT"].iter().any(|kind| line.contains(kind));
    listing.lines().filter(wanted).map(|line| line.rsplit(':').next().unwrap().trim().to_owned()).collect()
}

/// PBKDF2 and SM4-CBC of OpenSSL.
fn derived(salt: &str, rounds: &str) -> String {
    let pass = format!("hexpass:{}", hex(PASSWORD.as_bytes()));
    let salt = format!("hexsalt:{salt}");
    let key = openssl(&["kdf", "-keylen", "16", "-kdfopt", "digest:SM3", "-kdfopt", &pass, "-kdfopt", &salt, "-kdfopt", &format!("iter:{rounds}"), "-binary", "PBKDF2"], b"");
    hex(&key)
}

#[test]
fn the_form_of_gmssl_opens_with_the_parts_of_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let (path, der) = (folder.path().join("auditor.pem"), folder.path().join("auditor.der"));
    let key = key(5);
    write_private(&path, &key, Protection::Password(PASSWORD), &SeededEntropy::new(8)).unwrap();
    assert_eq!(read_private(&path, Some(PASSWORD)).unwrap().public(), key.public());
    let pem = std::fs::read_to_string(&path).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    std::fs::write(&der, base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap();
    let parts = parsed(&der);
    let [pbes2, pbkdf2, salt, rounds, key_len, prf, cipher, iv, sealed] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((pbes2.as_str(), pbkdf2.as_str(), prf.as_str(), cipher.as_str()), ("PBES2", "PBKDF2", "1.2.156.10197.1.401.2", "sm4-cbc"));
    assert_eq!((rounds.as_str(), key_len.as_str()), ("010000", "10"));
    assert!(sealed.contains("HEX DUMP") || sealed.len() > 64, "{sealed}");
    let sealed = unhex(&sealed.replace("[HEX DUMP]", "").to_lowercase()).unwrap();
    let opened = openssl(&["enc", "-d", "-sm4-cbc", "-K", &derived(salt, "65536"), "-iv", iv], &sealed);
    assert_eq!(opened, key.pkcs8().unwrap().as_slice());
}

#[test]
fn the_form_of_gmssl_made_with_the_parts_of_openssl_is_read() {
    let private = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], &openssl(&["genpkey", "-algorithm", "SM2"], b""));
    let (salt, iv) = ("000102030405060708090a0b0c0d0e0f", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let sealed = openssl(&["enc", "-sm4-cbc", "-K", &derived(salt, "65536"), "-iv", iv], &private);
    assert_eq!(sealed.len(), 144);
    // domain/gmlog.md §6, laid out by hand: PBES2 { PBKDF2 { salt, 65536, 16, HMAC-SM3 }, sm4-cbc { iv } }.
    let prf = "300b06092a811ccf5501831102";
    let kdf = format!("303406092a864886f70d01050c30270410{salt}0203010000020110{prf}");
    let cipher = format!("301c06082a811ccf550168020410{iv}");
    let scheme = format!("306106092a864886f70d01050d3054{kdf}{cipher}");
    let der = format!("3081f6{scheme}048190{}", hex(&sealed));
    let body = base64::engine::general_purpose::STANDARD.encode(unhex(&der).unwrap());
    let pem = format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let read = private_from_pem(&pem, Some(PASSWORD)).unwrap();
    assert_eq!(read.public(), Sm2PrivateKey::from_pkcs8(&private).unwrap().public());
}

/// OpenSSL with a key in a file; its SM2 has an empty identity unless it is told another.
fn with_key(folder: &Path, pem: &str, args: &[&str], input: &[u8]) -> std::process::Output {
    let (key, message) = (folder.join("key.pem"), folder.join("input"));
    std::fs::write(&key, pem).unwrap();
    std::fs::write(&message, input).unwrap();
    let given = ["pkeyutl", "-inkey", key.to_str().unwrap(), "-in", message.to_str().unwrap()];
    Command::new("openssl").args(given).args(args).output().expect("the oracle of this test is the openssl command line")
}

const SIGNING: [&str; 5] = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];

#[test]
fn signatures_and_wrapped_secrets_go_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..6 {
        let key = key(seed);
        let (private, public) = (private_pem(&key, Protection::FileMode, &SeededEntropy::new(1)).unwrap(), public_pem(key.public()).unwrap());
        let message = format!("message {seed}");
        let signed = with_key(folder.path(), &private, &[&["-sign"], &SIGNING[..]].concat(), message.as_bytes());
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
        assert!(key.public().verifies(message.as_bytes(), &signed.stdout));
        // Under another identity it is another signature.
        let other = with_key(folder.path(), &private, &["-sign", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:somebody else"], message.as_bytes());
        assert!(other.status.success() && !key.public().verifies(message.as_bytes(), &other.stdout));
        assert!(openssl_verifies(folder.path(), &public, message.as_bytes(), &key.sign(message.as_bytes()).unwrap()));
        assert!(!openssl_verifies(folder.path(), &public, b"another", &key.sign(message.as_bytes()).unwrap()));

        let wrapped = with_key(folder.path(), &public, &["-pubin", "-encrypt"], &[9; 32]);
        assert!(wrapped.status.success(), "{}", String::from_utf8_lossy(&wrapped.stderr));
        assert_eq!(key.unwrap_secret(&wrapped.stdout).unwrap().as_slice(), [9; 32]);
        let ours = key.public().wrap(&SeededEntropy::new(seed), &[8; 32]).unwrap();
        assert_eq!(with_key(folder.path(), &private, &["-decrypt"], &ours).stdout, [8; 32]);
    }
}

fn openssl_verifies(folder: &Path, public: &str, message: &[u8], signature: &[u8]) -> bool {
    let file = folder.join("signature");
    std::fs::write(&file, signature).unwrap();
    with_key(folder, public, &[&["-pubin", "-verify", "-sigfile", file.to_str().unwrap()], &SIGNING[..]].concat(), message).status.success()
}

/// Whoever has OpenSSL and an auditor's key needs nothing of ours to check a segment's header and to get at its secret.
#[test]
fn openssl_checks_a_segments_header_and_unwraps_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, auditor) = (std::sync::Arc::new(key(1)), key(2));
    let new = NewSegment {
        log_id: [5; 16],
        segment_no: 1,
        first_seq: 1,
        created_ns: 1,
        incarnation: 1,
        prev_digest: [0; 32],
        after_crash: false,
        recipients: [auditor.public().clone()].into(),
        signer: signer.clone(),
        seal: None,
        ratchet_frames: 256,
        pad_to: 64,
        codec: None,
        flushed_in_turn: false,
    };
    let mut bytes = Vec::new();
    SegmentWriter::begin(new, &SeededEntropy::new(3), &mut bytes).unwrap();
    // docs/sealed-log.md: the signed length stands at 12, the length of the signature behind what is signed.
    let signed_len = usize::try_from(u32::from_be_bytes(bytes[12..16].try_into().unwrap())).unwrap();
    let signature = &bytes[signed_len + 2..];
    assert!(openssl_verifies(folder.path(), &public_pem(signer.public()).unwrap(), &bytes[..signed_len], signature));
    let header = Segment::read(&bytes).unwrap().header().clone();
    let private = private_pem(&auditor, Protection::FileMode, &SeededEntropy::new(4)).unwrap();
    let secret = with_key(folder.path(), &private, &["-decrypt"], &header.recipients[0].wrapped).stdout;
    let prk = hmac_sm3(&[&[5; 16][..], &1u64.to_be_bytes()].concat(), &[&secret]).unwrap();
    assert_eq!(hkdf_expand::<32>(&prk, b"GML1 commit").unwrap(), header.key_commit);
}
