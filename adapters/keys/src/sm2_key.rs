//! SM2 keys in files: PKCS#8 for private ones, SubjectPublicKeyInfo for public ones, both as PEM.

use std::path::Path;

use menjie::error::Code;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::port::Entropy;
use menjie::{Error, Result};
use zeroize::Zeroizing;

use crate::{locked_memory, pbes2, pem, private_file};

/// Shorter passwords are guessed from a stolen file.
const SHORTEST_PASSWORD: usize = 12;

/// How a private key is kept.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Encrypted under a password: an auditor's key.
    Password(&'a str),
    /// In the clear, protected by the file's mode alone: a key that a service must be able to use when nobody is there.
    FileMode,
}

fn bad(problem: &'static str) -> Error {
    Error::new(Code::BadKey).with("field", "key_file").with("problem", problem)
}

/// A private key as PEM.
pub fn private_pem(key: &Sm2PrivateKey, protection: Protection<'_>, entropy: &dyn Entropy) -> Result<Zeroizing<String>> {
    let pkcs8 = key.pkcs8()?;
    match protection {
        Protection::Password(password) if password.chars().count() < SHORTEST_PASSWORD => Err(Error::field("password", "is shorter than 12 characters")),
        Protection::Password(password) => Ok(pem::text(pem::ENCRYPTED, &pbes2::encrypt(&pkcs8, password, entropy)?)),
        Protection::FileMode => Ok(pem::text(pem::PRIVATE, &pkcs8)),
    }
}

/// Reads a private key from PEM, into locked memory if the system lets it be locked ([`Sm2PrivateKey::is_locked`]). A password that is not needed
/// is not looked at; one that is missing is told.
pub fn private_from_pem(text: &str, password: Option<&str>) -> Result<Sm2PrivateKey> {
    let blocks = pem::blocks(text)?;
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    let (Some(block), None) = (keys.next(), keys.next()) else {
        return Err(bad("holds no private key, or several"));
    };
    let key = match block.label {
        pem::PRIVATE => Sm2PrivateKey::from_pkcs8(&block.bytes)?,
        pem::ENCRYPTED => {
            let password = password.ok_or_else(|| bad("is encrypted: its password is needed"))?;
            Sm2PrivateKey::from_pkcs8(&pbes2::decrypt(&block.bytes, password)?).map_err(|_| pbes2::wrong_password())?
        }
        _ => return Err(bad("is no PKCS#8; `openssl pkcs8 -topk8` makes it one")),
    };
    // A machine that locks nothing still needs its log: who serves or shows keys says that it is so.
    locked_memory::lock(&key);
    Ok(key)
}

/// Is this file's private key encrypted? A caller that asks a person for the password need not ask for nothing.
pub fn needs_password(path: &Path) -> Result<bool> {
    is_encrypted(&private_file::read(path)?)
}

/// Is the private key of this PEM text encrypted?
pub fn is_encrypted(text: &str) -> Result<bool> {
    Ok(pem::blocks(text)?.iter().any(|block| block.label == pem::ENCRYPTED))
}

/// Reads a private key; on Unix the file is refused when anybody but its owner may read or write it.
pub fn read_private(path: &Path, password: Option<&str>) -> Result<Sm2PrivateKey> {
    private_from_pem(&private_file::read(path)?, password)
}

/// Writes a new private key file (mode 0600); an existing one is never overwritten.
pub fn write_private(path: &Path, key: &Sm2PrivateKey, protection: Protection<'_>, entropy: &dyn Entropy) -> Result<()> {
    private_file::write_new(path, &private_pem(key, protection, entropy)?)
}

/// A public key as PEM.
pub fn public_pem(key: &Sm2PublicKey) -> Result<String> {
    Ok(pem::text(pem::PUBLIC, &key.spki()?).to_string())
}

/// The public keys of a PEM text, at least one.
pub fn public_from_pem(text: &str) -> Result<Vec<Sm2PublicKey>> {
    let blocks = pem::blocks(text)?;
    let keys: Vec<Sm2PublicKey> = blocks.iter().filter(|block| block.label == pem::PUBLIC).map(|block| Sm2PublicKey::from_spki(&block.bytes)).collect::<Result<_>>()?;
    if keys.is_empty() { Err(bad("holds no public key")) } else { Ok(keys) }
}

/// Reads the public keys of a file. It is refused when anybody but its owner may change it: who exchanges an auditor's key reads the log.
pub fn read_public(path: &Path) -> Result<Vec<Sm2PublicKey>> {
    public_from_pem(&private_file::read_public(path)?)
}

/// Writes a new public key file (mode 0644).
pub fn write_public(path: &Path, key: &Sm2PublicKey) -> Result<()> {
    private_file::write_new_public(path, &public_pem(key)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::testkit::host::SeededEntropy;

    fn key(seed: u64) -> Sm2PrivateKey {
        Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn keys_survive_their_pem_and_mistakes_have_names() {
        let (key, entropy) = (key(1), SeededEntropy::new(2));
        let open = private_pem(&key, Protection::FileMode, &entropy).unwrap();
        assert_eq!(private_from_pem(&open, None).unwrap().pkcs8().unwrap(), key.pkcs8().unwrap());
        let sealed = private_pem(&key, Protection::Password("twelve or more"), &entropy).unwrap();
        assert!(sealed.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert!(is_encrypted(&sealed).unwrap() && !is_encrypted(&open).unwrap());
        assert_eq!(private_from_pem(&sealed, Some("twelve or more")).unwrap().public().id(), key.public().id());
        let public = public_pem(key.public()).unwrap();
        let problem = |text: &str, password: Option<&str>| private_from_pem(text, password).unwrap_err().to_string();
        assert!(problem(&sealed, None).contains("its password is needed"));
        assert!(problem(&sealed, Some("twelve or less")).contains("password is wrong"));
        assert!(problem(&public, None).contains("holds no private key"));
        assert!(problem(&format!("{}{}", *open, *open), None).contains("or several"));
        assert!(problem("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", None).contains("is no PKCS#8"));
        assert!(private_pem(&key, Protection::Password("too short"), &entropy).is_err_and(|e| e.to_string().contains("password")));
        assert!(public_from_pem(&open).is_err_and(|e| e.to_string().contains("holds no public key")));
        let two = format!("{public}{}", public_pem(self::key(9).public()).unwrap());
        assert_eq!(public_from_pem(&two).unwrap().len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_a_public_key_that_others_may_change_is_refused() {
        use std::fs::{Permissions, metadata, set_permissions};
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = (folder.path().join("a.pem"), folder.path().join("a.pub.pem"));
        write_private(&private, &key(1), Protection::FileMode, &SeededEntropy::new(2)).unwrap();
        write_public(&public, key(1).public()).unwrap();
        assert_eq!(metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_private(&private, None).unwrap().public(), &read_public(&public).unwrap()[0]);
        assert!(!needs_password(&private).unwrap());
        assert!(write_private(&private, &key(2), Protection::FileMode, &SeededEntropy::new(2)).is_err(), "never overwritten");
        set_permissions(&private, Permissions::from_mode(0o640)).unwrap();
        assert!(read_private(&private, None).is_err_and(|e| e.to_string().contains("chmod 600")));
        set_permissions(&public, Permissions::from_mode(0o664)).unwrap();
        assert!(read_public(&public).is_err_and(|e| e.to_string().contains("chmod 644")));
    }
}
