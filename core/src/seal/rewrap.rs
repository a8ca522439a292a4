//! Rewrapping (密钥重新封装): an old segment becomes readable for another auditor without a byte of it being changed.

use super::fields::Fields;
use super::header::{LogId, Recipient};
use super::reader::Segment;
use crate::error::{Code, Error, Result};
use crate::gm::sm2::{Sm2KeyId, Sm2PrivateKey, Sm2PublicKey};
use crate::port::Entropy;

const MAGIC: [u8; 4] = *b"GMR1";

/// A segment's secret, wrapped later for somebody, signed by the custodian who could read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrap {
    log_id: LogId,
    segment_no: u64,
    header: [u8; 32],
    recipients: Vec<Recipient>,
    /// Who did it.
    pub custodian: Sm2KeyId,
    signature: Vec<u8>,
}

/// Wraps the segment's secret for further public keys; answers the bytes of the sidecar file.
pub fn rewrap(segment: &Segment<'_>, custodian: &Sm2PrivateKey, rewraps: &[Rewrap], to: &[Sm2PublicKey], entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let secret = segment.secret(custodian, rewraps)?;
    let count = u16::try_from(to.len()).map_err(|_| Error::field("recipients", "are too many"))?;
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&segment.header().log_id);
    out.extend_from_slice(&segment.header().segment_no.to_be_bytes());
    out.extend_from_slice(&segment.parsed.digest);
    out.extend_from_slice(&custodian.public().id());
    out.extend_from_slice(&count.to_be_bytes());
    for key in to {
        let wrapped = key.wrap(entropy, &secret.0)?;
        out.extend_from_slice(&key.id());
        out.extend_from_slice(&length(&wrapped)?);
        out.extend_from_slice(&wrapped);
    }
    let signature = custodian.sign(&out)?;
    out.extend_from_slice(&length(&signature)?);
    out.extend_from_slice(&signature);
    Ok(out)
}

impl Rewrap {
    /// Reads a sidecar; nothing of it is believed before [`Rewrap::is_signed_by`].
    pub fn read(bytes: &[u8]) -> Result<Rewrap> {
        let read = || {
            let mut fields = Fields::of(bytes);
            if fields.array()? != MAGIC {
                return None;
            }
            let (log_id, segment_no, header, custodian, count) = (fields.array()?, fields.u64()?, fields.array()?, fields.array()?, fields.u16()?);
            let mut recipients = Vec::new();
            for _ in 0..count {
                let key_id = fields.array()?;
                let len = fields.u16()?;
                recipients.push(Recipient { key_id, wrapped: fields.bytes(usize::from(len))?.to_vec() });
            }
            let len = fields.u16()?;
            let signature = fields.bytes(usize::from(len))?.to_vec();
            fields.is_empty().then_some(Rewrap { log_id, segment_no, header, recipients, custodian, signature })
        };
        read().ok_or_else(|| Error::new(Code::SealBroken).with("field", "rewrap").with("problem", "is not laid out as documented"))
    }

    /// Is every byte the custodian's?
    pub fn is_signed_by(&self, custodian: &Sm2PublicKey, bytes: &[u8]) -> bool {
        let signed = bytes.len().checked_sub(self.signature.len() + 2).and_then(|len| bytes.get(..len));
        custodian.id() == self.custodian && signed.is_some_and(|signed| custodian.verifies(signed, &self.signature))
    }

    /// Is it about this very segment?
    pub(super) fn is_for(&self, segment: &Segment<'_>) -> bool {
        self.log_id == segment.header().log_id && self.segment_no == segment.header().segment_no && self.header == segment.parsed.digest
    }

    pub(super) fn wrapped_for(&self, key: &Sm2KeyId) -> Option<&[u8]> {
        self.recipients.iter().find(|r| &r.key_id == key).map(|r| r.wrapped.as_slice())
    }
}

fn length(bytes: &[u8]) -> Result<[u8; 2]> {
    u16::try_from(bytes.len()).map(u16::to_be_bytes).map_err(|_| Error::internal("keys and signatures are short"))
}
