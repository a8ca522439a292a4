//! SM2 keys, signatures, wrapped secrets and key files from foreign bytes.

use std::sync::OnceLock;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::testkit::host::SeededEntropy;
use menjie_keys::{Protection, private_from_pem, private_pem, public_from_pem, public_pem};

use crate::log::written;

const MESSAGE: &[u8] = b"message digest";
const SECRET: [u8; 32] = [0x5c; 32];

struct Genuine {
    signature: Vec<u8>,
    wrapped: Vec<u8>,
}

fn genuine() -> &'static Genuine {
    static GENUINE: OnceLock<Genuine> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let key = &written().auditor;
        Genuine { signature: key.sign(MESSAGE).unwrap(), wrapped: key.public().wrap(&SeededEntropy::new(50), &SECRET).unwrap() }
    })
}

/// The first byte says what the rest is.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let key = &written().auditor;
    let as_kind = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    vec![
        as_kind(0, &key.public().spki().unwrap()),
        as_kind(1, &key.public().spki().unwrap()[26..]),
        as_kind(2, &key.pkcs8().unwrap()),
        as_kind(3, &genuine().signature),
        as_kind(4, &genuine().wrapped),
    ]
}

/// A key that is read is written the same; a signature holds, and a secret opens, only as it was made.
pub(crate) fn sm2(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let key = &written().auditor;
    match kind {
        0 => {
            let Ok(read) = Sm2PublicKey::from_spki(bytes) else { return };
            assert_eq!(Sm2PublicKey::from_spki(&read.spki().unwrap()).unwrap(), read);
        }
        1 => {
            let Ok(read) = Sm2PublicKey::from_point(bytes) else { return };
            assert_eq!(Sm2PublicKey::from_spki(&read.spki().unwrap()).unwrap(), read);
        }
        2 => {
            let Ok(read) = Sm2PrivateKey::from_pkcs8(bytes) else { return };
            assert_eq!(Sm2PrivateKey::from_pkcs8(&read.pkcs8().unwrap()).unwrap().public(), read.public());
            assert!(read.public().verifies(MESSAGE, &read.sign(MESSAGE).unwrap()));
        }
        3 => assert_eq!(key.public().verifies(MESSAGE, bytes), bytes == genuine().signature),
        _ => {
            let Ok(secret) = key.unwrap_secret(bytes) else { return };
            assert!(*secret == SECRET && bytes == genuine().wrapped, "a secret that nobody wrapped");
        }
    }
}

pub(crate) fn key_file_seeds() -> Vec<Vec<u8>> {
    let (key, entropy) = (&written().auditor, SeededEntropy::new(60));
    let private = |protection| private_pem(key, protection, &entropy).unwrap().as_bytes().to_vec();
    vec![private(Protection::FileMode), private(Protection::Password("correct horse battery")), public_pem(key.public()).unwrap().into_bytes()]
}

/// A key that is read from a file is written and read the same. Without a password: its rounds take seconds on purpose.
pub(crate) fn key_files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = private_from_pem(text, None) {
        let again = private_pem(&key, Protection::FileMode, &SeededEntropy::new(1)).unwrap();
        assert_eq!(private_from_pem(&again, None).unwrap().public(), key.public());
    }
    for key in public_from_pem(text).unwrap_or_default() {
        assert_eq!(public_from_pem(&public_pem(&key).unwrap()).unwrap(), [key]);
    }
}
