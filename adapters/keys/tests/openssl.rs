//! Key files both ways with the `openssl` command line, which must be there (`./x test` installs it): PKCS#8 and SPKI as they are, and
//! encrypted ones. OpenSSL 3.0 does not know HMAC-SM3 in PBES2, so the form that GmSSL writes is taken apart and put together with
//! OpenSSL's PBKDF2 and SM4-CBC, step by step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, unhex};
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
