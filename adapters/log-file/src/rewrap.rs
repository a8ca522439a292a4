//! Making the segments of a directory readable for further auditors: sidecar files beside them, no record is written anew.

use std::fs;

use menjie::gm::hex;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::port::Entropy;
use menjie::seal::{Rewrap, Segment, rewrap};
use menjie::{Error, Result};

use crate::files;
use crate::logbook::disk_error;
use crate::open::{SEAL, broken};
use crate::read::LogDir;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    /// Segments that the key can read now and could not before.
    pub made: Vec<u64>,
    /// Segments it could read already.
    pub already: Vec<u64>,
    /// Segments that the custodian cannot read himself, or that are damaged.
    pub impossible: Vec<(u64, Error)>,
    /// The first seal, which lets him find segments that were made anew: wrapped for him now, or before (`false`), or not, and why.
    pub seal: Result<bool>,
}

impl LogDir {
    /// Wraps the secret of every segment for `to`. It can be run again at any time, e.g. when new segments came for the old auditors only.
    pub fn rewrap(&self, custodian: &Sm2PrivateKey, to: &Sm2PublicKey, entropy: &dyn Entropy, mut progress: impl FnMut(usize, usize)) -> Result<Rewrapped> {
        let numbers = self.segments()?;
        let mut done = Rewrapped { made: Vec::new(), already: Vec::new(), impossible: Vec::new(), seal: self.rewrap_seal(custodian, to, entropy) };
        for (at, no) in numbers.iter().copied().enumerate() {
            progress(at, numbers.len());
            let stored = self.segment(no)?;
            let name = files::rewrap(self.stream(), no, &hex(&to.id()));
            let of_header = |segment: &Segment<'_>| segment.header().recipients.iter().any(|recipient| recipient.key_id == to.id());
            match Segment::read(&stored.bytes) {
                Ok(segment) if of_header(&segment) || self.has(&name) => done.already.push(no),
                Ok(segment) => match rewrap(&segment, custodian, &self.rewraps_of(no)?, std::slice::from_ref(to), entropy) {
                    Ok(bytes) => {
                        self.place(&name, &bytes)?;
                        done.made.push(no);
                    }
                    Err(error) => done.impossible.push((no, error)),
                },
                Err(error) => done.impossible.push((no, error)),
            }
        }
        progress(numbers.len(), numbers.len());
        Ok(done)
    }

    /// What was wrapped later, of one segment. A sidecar that cannot be read is told: it is evidence of somebody's doing.
    pub fn rewraps_of(&self, no: u64) -> Result<Vec<Rewrap>> {
        let mut rewraps = Vec::new();
        for name in self.names()? {
            if name.ends_with(".rewrap") && files::number(self.stream(), &name) == Some(no) {
                let bytes = fs::read(self.path(&name)).map_err(|e| disk_error(&e))?;
                rewraps.push(Rewrap::read(&bytes)?);
            }
        }
        Ok(rewraps)
    }

    /// Adds him to those for whom the first seal is wrapped. Answers whether he was not among them before.
    fn rewrap_seal(&self, custodian: &Sm2PrivateKey, to: &Sm2PublicKey, entropy: &dyn Entropy) -> Result<bool> {
        let Some(mut file) = self.seal_file()? else { return Err(broken(SEAL, "is missing")) };
        let id = hex(&to.id());
        if file.seal.contains_key(&id) {
            return Ok(false);
        }
        let seal = file.of(custodian)?.ok_or_else(|| broken(SEAL, "holds nothing for this key"))?;
        file.seal.insert(id, hex(&to.wrap(entropy, &seal)?));
        self.place(SEAL, &file.json()?)?;
        Ok(true)
    }

    fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }
}
