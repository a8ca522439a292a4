//! The compression function of SM3 (GB/T 32905, 5.3), written once over the instructions of a kind of register.

/// T_j turned left by j.
pub(crate) const TURNED: [u32; 64] = {
    let mut constants = [0_u32; 64];
    let mut j = 0;
    while j < 64 {
        let t: u32 = if j < 16 { 0x79cc_4519 } else { 0x7a87_9d8a };
        #[allow(clippy::indexing_slicing, reason = "only the compiler runs this: an index out of bounds would not compile")]
        {
            constants[j] = t.rotate_left(j as u32 % 32);
        }
        j += 1;
    }
    constants
};

/// `$name(state, words)`: the state after a block of sixteen words, a message to a lane. `$features` are the processor features, if any.
macro_rules! compression {
    ($(features: $features:literal,)? name: $name:ident, word: $word:ty, add: $add:ident, xor: $xor:ident, xor3: $xor3:ident, majority: $majority:ident,
     choose: $choose:ident, constant: $constant:ident, turn: $turn:ident) => {
        $(#[target_feature(enable = $features)])?
        #[inline]
        fn $name(state: &mut [$word; 8], words: &[$word; 16]) {
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
            let mut w = *words;
            let mut rounds = $crate::compress::TURNED.iter();
            for part in 0..4 {
                for _ in 0..4 {
                    // Four rounds; words move on by four, and the names of the registers come round.
                    let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15] = w;
                    let next = |far: $word, nine: $word, three: $word, thirteen: $word, six: $word| {
                        let x = $xor3(far, nine, $turn::<15>(three));
                        $xor3($xor3(x, $turn::<15>(x), $turn::<23>(x)), $turn::<7>(thirteen), six)
                    };
                    let w16 = next(w0, w7, w13, w3, w10);
                    let w17 = next(w1, w8, w14, w4, w11);
                    let w18 = next(w2, w9, w15, w5, w12);
                    let w19 = next(w3, w10, w16, w6, w13);
                    for (word, later) in [(w0, w4), (w1, w5), (w2, w6), (w3, w7)] {
                        let t = $constant(rounds.next().copied().unwrap_or_default());
                        let a12 = $turn::<12>(a);
                        let ss1 = $turn::<7>($add($add(a12, e), t));
                        let ss2 = $xor(ss1, a12);
                        let (ff, gg) = if part == 0 { ($xor3(a, b, c), $xor3(e, f, g)) } else { ($majority(a, b, c), $choose(e, f, g)) };
                        let tt1 = $add($add(ff, d), $add(ss2, $xor(word, later)));
                        let tt2 = $add($add(gg, h), $add(ss1, word));
                        (d, c, b, a) = (c, $turn::<9>(b), a, tt1);
                        (h, g, f, e) = (g, $turn::<19>(f), e, $xor3(tt2, $turn::<9>(tt2), $turn::<17>(tt2)));
                    }
                    w = [w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15, w16, w17, w18, w19];
                }
            }
            for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                *word = $xor(*word, new);
            }
        }
    };
}
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_imports))] // the vector code is for that alone
pub(crate) use compression;

use crate::{BLOCK, State};

const fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

const fn xor(a: u32, b: u32) -> u32 {
    a ^ b
}

const fn xor3(a: u32, b: u32, c: u32) -> u32 {
    a ^ b ^ c
}

const fn majority(a: u32, b: u32, c: u32) -> u32 {
    a & b | c & (a | b)
}

const fn choose(e: u32, f: u32, g: u32) -> u32 {
    g ^ e & (f ^ g)
}

const fn constant(t: u32) -> u32 {
    t
}

const fn turn<const BY: u32>(x: u32) -> u32 {
    x.rotate_left(BY)
}

compression! { name: rounds, word: u32, add: add, xor: xor, xor3: xor3, majority: majority, choose: choose, constant: constant, turn: turn }

/// One block of one message.
pub(crate) fn one(states: &mut [State; 1], blocks: &[[u8; BLOCK]; 1]) {
    for (state, block) in states.iter_mut().zip(blocks) {
        let mut words = [0; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        rounds(state, &words);
    }
}
