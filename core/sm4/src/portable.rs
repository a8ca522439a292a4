//! The back end of every other processor: sixteen blocks at a time, one bit of every byte to a machine word, the S-box as
//! gates. Nothing that is secret is an index or a branch.

mod sbox;

use crate::field::{CK, FK};
use sbox::{Planes, substitute};

/// Blocks in one pass.
pub(crate) const BATCH: usize = 16;

/// The round keys, as numbers.
pub(crate) fn expand(key: &[u8; 16]) -> [u32; 32] {
    let mut state = [0; 4];
    for ((word, bytes), fk) in state.iter_mut().zip(key.as_chunks::<4>().0).zip(FK) {
        *word = u32::from_be_bytes(*bytes) ^ fk;
    }
    CK.map(|ck| {
        let [a, b, c, d] = state;
        let s = substitute_word(b ^ c ^ d ^ ck);
        let next = a ^ s ^ s.rotate_left(13) ^ s.rotate_left(23);
        state = [b, c, d, next];
        next
    })
}

fn substitute_word(word: u32) -> u32 {
    const LOW: u64 = 0x0101_0101;
    let mut planes: Planes = [0, 1, 2, 3, 4, 5, 6, 7].map(|bit| u64::from(word) >> bit & LOW);
    substitute(&mut planes);
    let out = planes.iter().rev().fold(0, |out, plane| out << 1 | plane & LOW);
    (out & u64::from(u32::MAX)) as u32
}

/// Encrypts sixteen blocks with these keys, decrypts with the keys in reverse order.
pub(crate) fn batch(keys: &[u32; 32], blocks: &mut [[u8; 16]; BATCH]) {
    let mut state = split(blocks);
    for [k0, k1, k2, k3] in keys.as_chunks::<4>().0 {
        let [a, b, c, d] = &mut state;
        round(a, b, c, d, *k0);
        round(b, c, d, a, *k1);
        round(c, d, a, b, *k2);
        round(d, a, b, c, *k3);
    }
    state.reverse();
    join(&state, blocks);
}

fn round(a: &mut Planes, b: &Planes, c: &Planes, d: &Planes, key: u32) {
    let mut s = *b;
    let key = spread(key);
    for (bit, ((s, c), d)) in s.iter_mut().zip(c).zip(d).enumerate() {
        *s ^= c ^ d ^ ((key >> bit & 0x0001_0001_0001_0001) * 0xffff);
    }
    substitute(&mut s);
    let [s0, s1, s2, s3, s4, s5, s6, s7] = s;
    // The word turned left by two bits; a whole byte is sixteen places of a plane.
    let turned = [s6.rotate_right(16), s7.rotate_right(16), s0, s1, s2, s3, s4, s5];
    for ((a, s), t) in a.iter_mut().zip(s).zip(turned) {
        *a ^= s ^ s.rotate_right(48) ^ t ^ t.rotate_right(16) ^ t.rotate_right(32);
    }
}

/// The four bytes of a number, most significant first, at every sixteenth place.
fn spread(word: u32) -> u64 {
    let word = u64::from(word.swap_bytes());
    let word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    (word | word << 8) & 0x00ff_00ff_00ff_00ff
}

fn gather(word: u64) -> u32 {
    let word = word & 0x00ff_00ff_00ff_00ff;
    let word = (word | word >> 8) & 0x0000_ffff_0000_ffff;
    ((word | word >> 16) & 0xffff_ffff) as u32
}

/// Blocks → planes of their four words: byte i of blocks m and m + 8 is at the places 16·i + m and 16·i + 8 + m.
fn split(blocks: &[[u8; 16]; BATCH]) -> [Planes; 4] {
    let mut state = [[0; 8]; 4];
    let (front, back) = blocks.split_at(8);
    for (m, (front, back)) in front.iter().zip(back).enumerate() {
        for (planes, (f, b)) in state.iter_mut().zip(front.as_chunks::<4>().0.iter().zip(back.as_chunks::<4>().0)) {
            if let Some(plane) = planes.get_mut(m) {
                *plane = spread(u32::from_be_bytes(*f)) | spread(u32::from_be_bytes(*b)) << 8;
            }
        }
    }
    state.iter_mut().for_each(transpose);
    state
}

fn join(state: &[Planes; 4], blocks: &mut [[u8; 16]; BATCH]) {
    let mut state = *state;
    state.iter_mut().for_each(transpose);
    let (front, back) = blocks.split_at_mut(8);
    for (m, (front, back)) in front.iter_mut().zip(back).enumerate() {
        for (planes, (f, b)) in state.iter().zip(front.as_chunks_mut::<4>().0.iter_mut().zip(back.as_chunks_mut::<4>().0)) {
            let plane = planes.get(m).copied().unwrap_or_default();
            *f = gather(plane).to_le_bytes();
            *b = gather(plane >> 8).to_le_bytes();
        }
    }
}

/// Bit j of every byte of word m ↔ bit m of every byte of word j.
fn transpose(words: &mut Planes) {
    let [w0, w1, w2, w3, w4, w5, w6, w7] = words;
    for (a, b) in [(&mut *w0, &mut *w1), (w2, w3), (w4, w5), (w6, w7)] {
        exchange(a, b, 1, 0x5555_5555_5555_5555);
    }
    let [w0, w1, w2, w3, w4, w5, w6, w7] = words;
    for (a, b) in [(&mut *w0, &mut *w2), (w1, w3), (w4, w6), (w5, w7)] {
        exchange(a, b, 2, 0x3333_3333_3333_3333);
    }
    let [w0, w1, w2, w3, w4, w5, w6, w7] = words;
    for (a, b) in [(&mut *w0, &mut *w4), (w1, w5), (w2, w6), (w3, w7)] {
        exchange(a, b, 4, 0x0f0f_0f0f_0f0f_0f0f);
    }
}

fn exchange(a: &mut u64, b: &mut u64, by: u32, mask: u64) {
    let differ = (*a >> by ^ *b) & mask;
    *b ^= differ;
    *a ^= differ << by;
}
