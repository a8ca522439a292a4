//! SM2 (GB/T 32918): signatures and key wrapping with 256-bit keys on the recommended curve.
//!
//! The identity of every signature is `1234567812345678`, as GM/T 0009 says; OpenSSL needs it set (`distid`). What leaves this
//! module is DER: signatures `SEQUENCE { r, s }`, ciphertexts of GM/T 0009 `SEQUENCE { x, y, C3, C2 }`, keys as SPKI and PKCS#8.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use sm2::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use sm2::pke::{DecryptingKey, EncryptingKey};
use sm2::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::sm3;
use crate::error::{Code, Error, Result};
use crate::port::Entropy;

/// The identity in every signature.
pub const SIGNER_ID: &str = "1234567812345678";

/// Names a public key: the first 16 bytes of SM3 over its SPKI.
pub type Sm2KeyId = [u8; 16];

/// A public key: checks signatures, wraps secrets for whoever holds the private one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sm2PublicKey {
    key: PublicKey,
    id: Sm2KeyId,
}

impl Sm2PublicKey {
    fn new(key: PublicKey) -> Result<Sm2PublicKey> {
        let spki = key.to_public_key_der().map_err(|_| Error::internal("public keys have a SPKI"))?;
        let [id, _] = halves(&sm3(spki.as_bytes()));
        Ok(Sm2PublicKey { key, id })
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    pub fn from_spki(der: &[u8]) -> Result<Sm2PublicKey> {
        PublicKey::from_public_key_der(der).map_err(|_| bad_key("is no SM2 public key in SPKI form")).and_then(Sm2PublicKey::new)
    }

    /// Reads a point: 04 ‖ X ‖ Y. One that is not on the curve is refused.
    pub fn from_point(point: &[u8]) -> Result<Sm2PublicKey> {
        PublicKey::from_sec1_bytes(point).map_err(|_| bad_key("is no point of the SM2 curve")).and_then(Sm2PublicKey::new)
    }

    /// The key as SubjectPublicKeyInfo.
    pub fn spki(&self) -> Result<Vec<u8>> {
        self.key.to_public_key_der().map(|der| der.as_bytes().to_vec()).map_err(|_| Error::internal("public keys have a SPKI"))
    }

    /// The key as a point: 04 ‖ X ‖ Y.
    pub fn point(&self) -> Vec<u8> {
        self.key.to_sec1_bytes().into_vec()
    }

    /// Its name.
    pub const fn id(&self) -> Sm2KeyId {
        self.id
    }

    /// Does this DER signature of the message hold?
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::new(SIGNER_ID, self.key), Signature::from_der(signature)) else { return false };
        key.verify(message, &signature).is_ok()
    }

    /// Encrypts a secret to the holder of the private key. Only short secrets are wrapped; the rest is for SM4.
    pub fn wrap(&self, entropy: &dyn Entropy, secret: &[u8; 32]) -> Result<Vec<u8>> {
        EncryptingKey::new(self.key).encrypt_der(&mut Drawn(entropy), secret).map_err(|_| Error::new(Code::BadKey))
    }
}

/// A private key. Its clones share one place in memory, which is wiped when the last of them is dropped.
#[derive(Clone)]
pub struct Sm2PrivateKey {
    place: Arc<Place>,
    public: Sm2PublicKey,
}

/// What keeps memory from being swapped to a disk (锁定内存), for as long as it is not dropped.
pub type MemoryLock = Box<dyn Any + Send + Sync>;

/// Dropped in this order: the key is wiped while its memory is still locked, and the lock is gone before the memory belongs to somebody else.
struct Place {
    key: SecretKey,
    lock: OnceLock<MemoryLock>,
}

impl Sm2PrivateKey {
    fn new(key: SecretKey) -> Result<Sm2PrivateKey> {
        let public = Sm2PublicKey::new(key.public_key())?;
        Ok(Sm2PrivateKey { place: Arc::new(Place { key, lock: OnceLock::new() }), public })
    }

    /// Has the memory of the key locked by `lock`, which is told where it begins and how long it is: the core has no operating system. Answers
    /// whether it is locked; a second lock is not asked for.
    pub fn lock_memory(&self, lock: impl FnOnce(*const u8, usize) -> Option<MemoryLock>) -> bool {
        let key: *const SecretKey = &raw const self.place.key;
        if !self.is_locked()
            && let Some(locked) = lock(key.cast(), size_of::<SecretKey>())
        {
            // Of two at once one lock is enough.
            let _ = self.place.lock.set(locked);
        }
        self.is_locked()
    }

    /// Is its memory locked?
    pub fn is_locked(&self) -> bool {
        self.place.lock.get().is_some()
    }

    /// A new key. Numbers that are no key are drawn again.
    pub fn generate(entropy: &dyn Entropy) -> Result<Sm2PrivateKey> {
        let mut scalar = Zeroizing::new([0; 32]);
        for _ in 0..64 {
            entropy.fill(scalar.as_mut_slice());
            if let Ok(key) = SecretKey::from_slice(scalar.as_slice()) {
                return Sm2PrivateKey::new(key);
            }
        }
        Err(Error::internal("randomness gives a key in a few draws"))
    }

    /// From the number d in 32 bytes; 0 and what is too large is refused.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Sm2PrivateKey> {
        SecretKey::from_slice(scalar).map_err(|_| bad_key("is no SM2 private key")).and_then(Sm2PrivateKey::new)
    }

    /// Reads PKCS#8 in DER, not encrypted.
    pub fn from_pkcs8(der: &[u8]) -> Result<Sm2PrivateKey> {
        SecretKey::from_pkcs8_der(der).map_err(|_| bad_key("is no SM2 private key in PKCS#8 form")).and_then(Sm2PrivateKey::new)
    }

    /// The key as PKCS#8 in DER, not encrypted.
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.place.key.to_pkcs8_der().map(|der| Zeroizing::new(der.as_bytes().to_vec())).map_err(|_| Error::internal("private keys have a PKCS#8 form"))
    }

    /// Its public half.
    pub const fn public(&self) -> &Sm2PublicKey {
        &self.public
    }

    /// The DER signature of a message. Its nonce comes from key and message (as in RFC 6979), so none repeats.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let key = SigningKey::new(SIGNER_ID, &self.place.key).map_err(|_| Error::new(Code::BadKey))?;
        let signature: Signature = key.try_sign(message).map_err(|_| Error::internal("SM2 signs every message"))?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    /// Decrypts what was wrapped for this key; anything that was changed, or is for somebody else, is refused.
    pub fn unwrap_secret(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
        let broken = || Error::new(Code::SealBroken);
        let secret = Zeroizing::new(DecryptingKey::new(self.place.key.clone()).decrypt_der(wrapped).map_err(|_| broken())?);
        secret.as_slice().try_into().map(Zeroizing::new).map_err(|_| broken())
    }
}

impl std::fmt::Debug for Sm2PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sm2PrivateKey(***)")
    }
}

/// The two halves of a digest.
pub(crate) fn halves(digest: &[u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    halves.as_flattened_mut().copy_from_slice(digest);
    halves
}

fn bad_key(problem: &'static str) -> Error {
    Error::new(Code::BadKey).with("problem", problem)
}

/// Our randomness as RustCrypto asks for it.
struct Drawn<'a>(&'a dyn Entropy);

impl TryRng for Drawn<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Drawn<'_> {}
