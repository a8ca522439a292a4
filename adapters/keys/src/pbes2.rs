//! Encrypted private keys (PKCS#8 `EncryptedPrivateKeyInfo` with PBES2, RFC 8018). Written as GmSSL does: PBKDF2 with HMAC-SM3, then SM4-CBC.
//! Read also as OpenSSL writes them: HMAC-SHA-256 and AES-256-CBC, or a mixture of both worlds.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use menjie::error::Code;
use menjie::gm::{SM4_KEY_LEN, Sm4};
use menjie::port::Entropy;
use menjie::{Error, Result};
use zeroize::Zeroizing;

use crate::der::{Der, INTEGER, OCTETS, OID, SEQUENCE, element, integer};

/// Rounds of PBKDF2 in what we write; as GmSSL.
const ROUNDS: u32 = 65_536;
/// A file that asks for more is no key file but an attempt to keep us busy.
const MOST_ROUNDS: u32 = 10_000_000;
const IV_LEN: usize = 16;

/// 1.2.840.113549.1.5.13
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// 1.2.840.113549.1.5.12
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// 1.2.156.10197.1.401.2
const HMAC_SM3: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11, 0x02];
/// 1.2.840.113549.2.9
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09];
/// 1.2.156.10197.1.104.2
const SM4_CBC: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x68, 0x02];
/// 2.16.840.1.101.3.4.1.42
const AES256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

#[derive(Clone, Copy)]
enum Prf {
    Sm3,
    Sha256,
}

#[derive(Clone, Copy)]
enum Cipher {
    Sm4,
    Aes256,
}

/// What a file says about how it is encrypted.
struct Parameters<'a> {
    prf: Prf,
    salt: &'a [u8],
    rounds: u32,
    cipher: Cipher,
    iv: [u8; IV_LEN],
}

fn bad(problem: &'static str) -> Error {
    Error::new(Code::BadKey).with("field", "key_file").with("problem", problem)
}

/// A key of the wanted length from a password.
fn derive<const N: usize>(prf: Prf, password: &str, salt: &[u8], rounds: u32) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    match prf {
        Prf::Sm3 => pbkdf2::pbkdf2_hmac::<sm3::Sm3>(password.as_bytes(), salt, rounds, key.as_mut_slice()),
        Prf::Sha256 => pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), salt, rounds, key.as_mut_slice()),
    }
    key
}

/// Encrypts PKCS#8 under a password.
pub(crate) fn encrypt(pkcs8: &[u8], password: &str, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let (mut salt, mut iv) = ([0; 16], [0; IV_LEN]);
    entropy.fill(&mut salt);
    entropy.fill(&mut iv);
    let key = derive::<SM4_KEY_LEN>(Prf::Sm3, password, &salt, ROUNDS);
    let sealed = cbc::Encryptor::<Sm4>::new((&*key).into(), (&iv).into()).encrypt_padded_vec::<Pkcs7>(pkcs8);
    let oid = |oid: &[u8]| element(OID, &[oid]);
    let prf = element(SEQUENCE, &[&oid(HMAC_SM3)]);
    let pbkdf2 = element(SEQUENCE, &[&element(OCTETS, &[&salt]), &integer(ROUNDS), &integer(16), &prf]);
    let kdf = element(SEQUENCE, &[&oid(PBKDF2), &pbkdf2]);
    let cipher = element(SEQUENCE, &[&oid(SM4_CBC), &element(OCTETS, &[&iv])]);
    let scheme = element(SEQUENCE, &[&oid(PBES2), &element(SEQUENCE, &[&kdf, &cipher])]);
    Ok(element(SEQUENCE, &[&scheme, &element(OCTETS, &[&sealed])]))
}

/// Decrypts to PKCS#8. A wrong password and a damaged file cannot be told apart.
pub(crate) fn decrypt(der: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>> {
    let (scheme, sealed) = outer(der).ok_or_else(|| bad("is no encrypted PKCS#8"))?;
    let p = parameters(scheme)?;
    let opened = match p.cipher {
        Cipher::Sm4 => {
            let key = derive::<SM4_KEY_LEN>(p.prf, password, p.salt, p.rounds);
            cbc::Decryptor::<Sm4>::new((&*key).into(), (&p.iv).into()).decrypt_padded_vec::<Pkcs7>(sealed)
        }
        Cipher::Aes256 => {
            let key = derive::<32>(p.prf, password, p.salt, p.rounds);
            cbc::Decryptor::<Aes256>::new((&*key).into(), (&p.iv).into()).decrypt_padded_vec::<Pkcs7>(sealed)
        }
    };
    opened.map(Zeroizing::new).map_err(|_| wrong_password())
}

/// What a wrong password looks like; also when the padding happened to fit.
pub(crate) fn wrong_password() -> Error {
    bad("does not open: the password is wrong, or the file is damaged")
}

fn outer(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut der = Der::of(der);
    let mut info = Der::of(der.take(SEQUENCE)?);
    let (scheme, sealed) = (info.take(SEQUENCE)?, info.take(OCTETS)?);
    (der.is_empty() && info.is_empty()).then_some((scheme, sealed))
}

fn parameters(scheme: &[u8]) -> Result<Parameters<'_>> {
    let mut scheme = Der::of(scheme);
    if scheme.take(OID) != Some(PBES2) {
        return Err(bad("is encrypted otherwise than with PBES2"));
    }
    let layout = || bad("is no PBES2 as RFC 8018 lays it out");
    let mut both = Der::of(scheme.take(SEQUENCE).ok_or_else(layout)?);
    let (mut kdf, mut cipher) = (Der::of(both.take(SEQUENCE).ok_or_else(layout)?), Der::of(both.take(SEQUENCE).ok_or_else(layout)?));
    if kdf.take(OID) != Some(PBKDF2) {
        return Err(bad("derives its key otherwise than with PBKDF2"));
    }
    let mut pbkdf2 = Der::of(kdf.take(SEQUENCE).ok_or_else(layout)?);
    let salt = pbkdf2.take(OCTETS).ok_or_else(layout)?;
    let rounds = pbkdf2.number().filter(|rounds| (1..=MOST_ROUNDS).contains(rounds)).ok_or_else(|| bad("asks for an impossible number of PBKDF2 rounds"))?;
    let key_len = pbkdf2.take_if(INTEGER);
    // Left out it would be HMAC-SHA-1, which nobody has written for years.
    let mut prf = Der::of(pbkdf2.take(SEQUENCE).ok_or_else(|| bad("derives its key with a function that is not read here (HMAC-SM3 and HMAC-SHA-256 are)"))?);
    let prf = match prf.take(OID) {
        Some(HMAC_SM3) => Prf::Sm3,
        Some(HMAC_SHA256) => Prf::Sha256,
        _ => return Err(bad("derives its key with a function that is not read here (HMAC-SM3 and HMAC-SHA-256 are)")),
    };
    let (cipher, len) = match (cipher.take(OID), &mut cipher) {
        (Some(SM4_CBC), rest) => ((Cipher::Sm4, rest.take(OCTETS)), 16),
        (Some(AES256_CBC), rest) => ((Cipher::Aes256, rest.take(OCTETS)), 32),
        _ => return Err(bad("is encrypted with a cipher that is not read here (SM4-CBC and AES-256-CBC are)")),
    };
    let (cipher, iv) = (cipher.0, cipher.1.and_then(|iv| iv.try_into().ok()).ok_or_else(layout)?);
    if key_len.is_some_and(|told| told != [len]) {
        return Err(layout());
    }
    Ok(Parameters { prf, salt, rounds, cipher, iv })
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::gm::hex;
    use menjie::testkit::host::SeededEntropy;

    /// domain/gmlog.md §6.
    #[test]
    fn pbkdf2_with_hmac_sm3_is_the_standards() {
        assert_eq!(
            hex(derive::<64>(Prf::Sm3, "passwd", b"salt", 1).as_slice()),
            "30530b86537c85ea33fbe26ee0adea8d8bd91d283b87936f400e83ad2364ef2632cd8662313657c0e6138ffeda2c4e6805869cbd8030188858d8a675ac762523"
        );
        assert_eq!(
            hex(derive::<64>(Prf::Sm3, "Password", b"NaCl", 80_000).as_slice()),
            "6064dd50568a7cd0fab52aea443fd71c6f45044fd0aede5928568be7948a34699d2bfce8a435110f551cc0e1814602c03c11ecb7f951fec50602850a5102cb88"
        );
    }

    #[test]
    fn what_was_encrypted_opens_with_its_password_only_and_no_change_panics() {
        let sealed = encrypt(b"thirty bytes of a private key.", "对的口令", &SeededEntropy::new(3)).unwrap();
        assert_eq!(decrypt(&sealed, "对的口令").unwrap().as_slice(), b"thirty bytes of a private key.");
        assert!(sealed.windows(7).all(|w| w != b"private"));
        assert!(decrypt(&sealed, "错的口令").is_err_and(|e| e.to_string().contains("password is wrong")));
        // Cut anywhere it is refused; the head changed it opens to nothing, or to something else than the key.
        for len in 0..sealed.len() {
            assert!(decrypt(&sealed[..len], "对的口令").is_err());
        }
        for at in (0..60).step_by(4) {
            let mut changed = sealed.clone();
            changed[at] ^= 0x40;
            assert!(decrypt(&changed, "对的口令").map_or(true, |plain| plain.as_slice() != b"thirty bytes of a private key."), "byte {at}");
        }
    }
}
