//! Which instructions the work is done with.

/// A way to compute SM4 and GHASH. All give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// x86-64: GFNI, AVX-512 and VPCLMULQDQ; 64 blocks in flight.
    Gfni512,
    /// x86-64: GFNI, AVX2 and VPCLMULQDQ; 32 blocks in flight.
    Gfni256,
    /// x86-64: VAES, AVX2 and VPCLMULQDQ; 32 blocks in flight.
    Vaes,
    /// x86-64: AES-NI, AVX2 and PCLMULQDQ; 32 blocks in flight.
    AesNiAvx2,
    /// x86-64: AES-NI, SSSE3 and PCLMULQDQ; 8 blocks in flight.
    AesNi,
    /// Any processor: gates, 16 blocks at a time; GHASH by the crate `ghash`. A single block takes the same way: by itself it
    /// would be slower.
    Portable,
}

impl Backend {
    /// All of them, fastest first.
    pub const ALL: [Backend; 6] = [Backend::Gfni512, Backend::Gfni256, Backend::Vaes, Backend::AesNiAvx2, Backend::AesNi, Backend::Portable];

    /// Can this processor do it?
    pub fn is_available(self) -> bool {
        Usable::check(self).is_some()
    }

    /// The fastest this processor can do.
    pub fn best() -> Backend {
        Usable::best().get()
    }
}

/// A back end whose instructions this processor was seen to have. There is no other way to make one: what runs those
/// instructions relies on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usable(Backend);

impl Usable {
    pub(crate) fn check(backend: Backend) -> Option<Usable> {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        let available = crate::x86::can(backend);
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let available = backend == Backend::Portable;
        available.then_some(Usable(backend))
    }

    pub(crate) fn best() -> Usable {
        Backend::ALL.into_iter().find_map(Usable::check).unwrap_or(Usable(Backend::Portable))
    }

    pub(crate) fn get(self) -> Backend {
        self.0
    }
}
