//! The S-box as gates: 36 AND, the rest XOR. The inversion goes down a tower of fields, GF(2⁸) over GF(2⁴) over GF(2²), each
//! step in a normal basis; of all such towers and renamings this one has the cheapest linear maps at its ends.

/// Bit i of many bytes is plane i.
pub(super) type Planes = [u64; 8];

type Four = [u64; 4];
type Two = [u64; 2];

/// Replaces every byte by its image.
#[inline]
pub(super) fn substitute(planes: &mut Planes) {
    let [high, low] = enter(planes);
    let norm = xor4(mul4(high, low), square_scaled(xor4(high, low)));
    let inverse = invert4(norm);
    *planes = leave(mul4(inverse, low), mul4(inverse, high));
}

/// The affine map of SM4 and the renaming into the tower; the two halves of the result, most significant bit first.
#[inline]
fn enter(&[x0, x1, x2, x3, x4, x5, x6, x7]: &Planes) -> [Four; 2] {
    let t8 = x0 ^ x6;
    let t9 = x4 ^ t8;
    let t10 = x2 ^ x4;
    let t15 = x1 ^ x5;
    let y0 = !(x6 ^ t10);
    let y1 = x2 ^ t15;
    let y2 = x6 ^ x7 ^ x3 ^ x5;
    let y3 = x1 ^ x7;
    let y4 = x1 ^ t8;
    let y5 = x5 ^ t9;
    let y6 = !x2;
    let y7 = !t9;
    [[y7, y6, y5, y4], [y3, y2, y1, y0]]
}

/// The renaming back and the affine map.
#[inline]
fn leave([x7, x6, x5, x4]: Four, [x3, x2, x1, x0]: Four) -> Planes {
    let t8 = x4 ^ x5;
    let t9 = x1 ^ t8;
    let t10 = x0 ^ x2;
    let t11 = t9 ^ t10;
    let t12 = x7 ^ t9;
    let t13 = x6 ^ t10;
    let t16 = x5 ^ x3 ^ x7;
    let t18 = x6 ^ x0 ^ t12;
    // 0xd3 = 1101_0011
    [!x7, !t16, t12, t8 ^ t13, !t18, x3 ^ t11, !x0, !t11]
}

#[inline]
fn xor4([a3, a2, a1, a0]: Four, [b3, b2, b1, b0]: Four) -> Four {
    [a3 ^ b3, a2 ^ b2, a1 ^ b1, a0 ^ b0]
}

#[inline]
fn mul2([a1, a0]: Two, [b1, b0]: Two) -> Two {
    let both = (a1 ^ a0) & (b1 ^ b0);
    [a1 & b1 ^ both, a0 & b0 ^ both]
}

#[inline]
fn mul4([a3, a2, a1, a0]: Four, [b3, b2, b1, b0]: Four) -> Four {
    let [f1, f0] = mul2([a3 ^ a1, a2 ^ a0], [b3 ^ b1, b2 ^ b0]);
    let both = [f1 ^ f0, f1];
    let [h1, h0] = mul2([a3, a2], [b3, b2]);
    let [l1, l0] = mul2([a1, a0], [b1, b0]);
    let [f1, f0] = both;
    [h1 ^ f1, h0 ^ f0, l1 ^ f1, l0 ^ f0]
}

/// The square, times the constant of the upper step.
#[inline]
fn square_scaled([a3, a2, a1, a0]: Four) -> Four {
    [a0 ^ a1 ^ a2, a0 ^ a3, a2, a3]
}

#[inline]
fn invert4([a3, a2, a1, a0]: Four) -> Four {
    let [s1, s0] = [a3 ^ a1, a2 ^ a0];
    let [m1, m0] = mul2([a3, a2], [a1, a0]);
    let [d1, d0] = [m1 ^ s0 ^ s1, m0 ^ s0];
    // The inverse in GF(2²) is the square, which swaps.
    let inverse = [d0, d1];
    let [h1, h0] = mul2(inverse, [a1, a0]);
    let [l1, l0] = mul2(inverse, [a3, a2]);
    [h1, h0, l1, l0]
}
