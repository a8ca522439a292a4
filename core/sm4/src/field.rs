//! The algebra of the S-box, worked out by the compiler.
//!
//! SM4's S-box is `A·(A·x + c)⁻¹ + c` in a field of 256 elements. All fields of that size are the same but for the names of
//! their elements, so the inversion that x86 offers in AES's field (`GF2P8AFFINEINVQB`, `AESENCLAST`) serves, once the bytes
//! are renamed. The vector back ends keep the whole state renamed (`y = M·x`) from the first round to the last, and fold
//! everything linear after the inversion, SM4's `L` included, into one matrix per byte offset.
//!
//! A matrix is eight rows of eight bits in the layout of `GF2P8AFFINEQB`: the row of result bit `i` is byte `7 - i`.
//! Words are `u32`s whose least significant byte is the one that comes first in memory.
#![allow(clippy::indexing_slicing, reason = "only the compiler runs this: an index out of bounds would not compile")]

/// SM4's affine map: row `i` is this row turned left by `i`.
const SM4_ROW: u8 = 0xa7;
/// SM4's additive constant.
pub(crate) const SM4_CONST: u8 = 0xd3;
/// AES's affine map, likewise, and its constant.
const AES_ROW: u8 = 0xf1;
const AES_CONST: u8 = 0x63;
/// The system parameter FK.
pub(crate) const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

const fn mul(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = if a & 0x80 == 0 { a << 1 } else { a << 1 ^ 0x1b };
        b >>= 1;
    }
    product
}

const fn apply(matrix: u64, byte: u8) -> u8 {
    let rows = matrix.to_be_bytes();
    let mut out = 0;
    let mut i = 0;
    while i < 8 {
        out |= (((rows[i] & byte).count_ones() & 1) as u8) << i;
        i += 1;
    }
    out
}

const fn from_columns(columns: [u8; 8]) -> u64 {
    let mut rows = [0_u8; 8];
    let mut at = 0;
    while at < 64 {
        rows[at / 8] |= (columns[at % 8] >> (at / 8) & 1) << (at % 8);
        at += 1;
    }
    u64::from_be_bytes(rows)
}

const fn circulant(row: u8) -> u64 {
    let mut rows = [0; 8];
    let mut i = 0;
    while i < 8 {
        rows[i] = row.rotate_left(i as u32);
        i += 1;
    }
    u64::from_be_bytes(rows)
}

/// First `second`, then `first`, as matrices are written.
const fn compose(first: u64, second: u64) -> u64 {
    let mut columns = [0; 8];
    let mut j = 0;
    while j < 8 {
        columns[j] = apply(first, apply(second, 1 << j));
        j += 1;
    }
    from_columns(columns)
}

const fn inverse(matrix: u64) -> u64 {
    let mut columns = [0; 8];
    let mut byte = 1_u8;
    while byte != 0 {
        let image = apply(matrix, byte);
        if image.is_power_of_two() {
            columns[image.trailing_zeros() as usize] = byte;
        }
        byte = byte.wrapping_add(1);
    }
    from_columns(columns)
}

/// SM4's field → AES's field: powers of a root that x⁸+x⁷+x⁶+x⁵+x⁴+x²+1 has there.
const ISOMORPHISM: u64 = {
    let mut root = 2;
    loop {
        let mut powers = [1_u8; 9];
        let mut i = 1;
        while i < 9 {
            powers[i] = mul(powers[i - 1], root);
            i += 1;
        }
        let [p0, p1, p2, p3, p4, p5, p6, p7, p8] = powers;
        if p8 ^ p7 ^ p6 ^ p5 ^ p4 ^ p2 ^ p0 == 0 {
            break from_columns([p0, p1, p2, p3, p4, p5, p6, p7]);
        }
        root += 1;
    }
};

const SM4_AFFINE: u64 = circulant(SM4_ROW);
/// What follows the inversion: back to SM4's field, then its affine map.
const AFTER: u64 = compose(SM4_AFFINE, inverse(ISOMORPHISM));

/// x → y, the renamed state.
pub(crate) const RENAME: u64 = compose(ISOMORPHISM, SM4_AFFINE);
/// y → x.
pub(crate) const RESTORE: u64 = inverse(RENAME);
/// Joins every round key, so that `t = y₁ ^ y₂ ^ y₃ ^ k` is what is inverted.
const KEY_CONST: u8 = apply(ISOMORPHISM, SM4_CONST);
pub(crate) const KEY_MASK: u32 = u32::from_ne_bytes([KEY_CONST; 4]);

const fn diffuse(word: u32) -> u32 {
    word ^ word.rotate_left(2) ^ word.rotate_left(10) ^ word.rotate_left(18) ^ word.rotate_left(24)
}

const fn diffuse_key(word: u32) -> u32 {
    word ^ word.rotate_left(13) ^ word.rotate_left(23)
}

/// From an inverted byte to its share in the byte `offset` places before it (turning around in the word).
const fn share(offset: u32, key: bool) -> u64 {
    let mut columns = [0; 8];
    let mut j = 0;
    while j < 8 {
        let word = 1 << j << (24 - 8 * offset);
        columns[j] = (if key { diffuse_key(word) } else { diffuse(word) } >> 24) as u8;
        j += 1;
    }
    compose(RENAME, compose(columns_of(columns), AFTER))
}

const fn columns_of(columns: [u8; 8]) -> u64 {
    from_columns(columns)
}

const CONST_WORD: u32 = u32::from_ne_bytes([SM4_CONST; 4]);

/// The shares of a round; those of offsets 1 and 2 are equal.
pub(crate) const ROUND: [u64; 3] = [share(0, false), share(1, false), share(3, false)];
const _: () = assert!(share(1, false) == share(2, false));
/// What the S-box's constant adds to every byte of a round.
pub(crate) const ROUND_CONST: u8 = apply(RENAME, (diffuse(CONST_WORD) >> 24) as u8);
/// The shares of a round of the key schedule.
pub(crate) const KEY_ROUND: [u64; 4] = [share(0, true), share(1, true), share(2, true), share(3, true)];
/// What the S-box's constant adds to every byte of a round of the key schedule.
pub(crate) const KEY_ROUND_CONST: u8 = apply(RENAME, (diffuse_key(CONST_WORD) >> 24) as u8);

/// CK, as numbers.
pub(crate) const CK: [u32; 32] = {
    let mut words = [0; 32];
    let mut i = 0;
    while i < 128 {
        words[i / 4] = words[i / 4] << 8 | (i as u32 * 7) & 0xff;
        i += 1;
    }
    words
};

/// CK renamed, with [`KEY_MASK`].
pub(crate) const KEY_CK: [u32; 32] = {
    let mut words = [0; 32];
    let mut i = 0;
    while i < 32 {
        let [a, b, c, d] = CK[i].to_be_bytes();
        words[i] = u32::from_le_bytes([apply(RENAME, a), apply(RENAME, b), apply(RENAME, c), apply(RENAME, d)]) ^ KEY_MASK;
        i += 1;
    }
    words
};

/// FK as it lies in memory.
pub(crate) const FK_BYTES: [u8; 16] = {
    let mut bytes = [0; 16];
    let mut i = 0;
    while i < 16 {
        bytes[i] = FK[i / 4].to_be_bytes()[i % 4];
        i += 1;
    }
    bytes
};

/// A matrix as two tables for `PSHUFB`: of the low and of the high half of a byte. The constant is in the first.
pub(crate) const fn halves(matrix: u64, constant: u8) -> [[u8; 16]; 2] {
    let mut tables = [[0; 16]; 2];
    let mut i = 0;
    while i < 16 {
        tables[0][i] = apply(matrix, i as u8) ^ constant;
        tables[1][i] = apply(matrix, (i as u8) << 4);
        i += 1;
    }
    tables
}

/// The same for a byte that went through AES's S-box instead of the bare inversion.
pub(crate) const fn after_aes(matrix: u64, constant: u8) -> [[u8; 16]; 2] {
    let undone = compose(matrix, inverse(circulant(AES_ROW)));
    halves(undone, apply(undone, AES_CONST) ^ constant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_s_box_is_that_of_the_standard() {
        let invert = |byte: u8| (0..254).fold(1, |power, _| mul(power, byte));
        let s_box = |byte: u8| apply(AFTER, invert(apply(RENAME, byte) ^ KEY_CONST)) ^ SM4_CONST;
        // The first and the last row of the table in GB/T 32907, 6.2 a).
        let first = [0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05];
        let last = [0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48];
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(s_box), first);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(|low| s_box(0xf0 | low)), last);
    }

    #[test]
    fn tables_are_the_matrices_they_stand_for() {
        let [low, high] = halves(RENAME, 7);
        assert!((0..=255_u8).all(|byte| low[usize::from(byte & 15)] ^ high[usize::from(byte >> 4)] == apply(RENAME, byte) ^ 7));
        assert!((0..=255_u8).all(|byte| apply(RESTORE, apply(RENAME, byte)) == byte));
    }
}
