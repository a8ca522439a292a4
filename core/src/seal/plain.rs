//! Records in the clear, on their way: overwritten when dropped, all at once (a `Zeroizing<Vec<u8>>` goes byte by byte, which takes
//! longer than the cipher).

use std::ops::{Deref, DerefMut};

/// Bytes that nobody may find afterwards.
pub(super) struct Plain(pub(super) Vec<u8>);

impl Plain {
    /// Empty again, with its room.
    pub(super) fn clear_and_wipe(&mut self) {
        zeroize::zeroize_bytes(&mut self.0);
        self.0.clear();
    }

    /// What is no longer in the clear.
    pub(super) fn into_sealed(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Deref for Plain {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Plain {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // Only zeros are ever cut off its end, and it never grows beyond its first allocation.
        zeroize::zeroize_bytes(&mut self.0);
    }
}
