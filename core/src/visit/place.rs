//! Where somebody stands. The datum is **GCJ-02** throughout: what WeChat and the Chinese map services give; a WGS-84
//! position lies some hundred metres beside it (domain/hospital.md §7.1).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A millionth of a degree of a meridian in nanometres: 6 371 008.8 m (mean radius, IUGG) × π / 180.
const NM_PER_UNIT: i128 = 111_195_080;
/// π / 180 000 000 × 10^18: a millionth of a degree in radians.
const RADIANS_E18: i128 = 17_453_292_520;
/// Cosines are in millionths of a millionth.
const ONE: i128 = 1_000_000_000_000;
/// Half the way round in millionths of a degree.
const HALF: i64 = 180_000_000;

/// A position in GCJ-02, in millionths of a degree, so that no decimal text has to be agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Latitude × 1 000 000, north positive.
    pub lat_e6: i32,
    /// Longitude × 1 000 000, east positive.
    pub lon_e6: i32,
}

impl Position {
    /// Refuses what lies on no globe; the error names the field.
    pub fn check(self) -> Result<()> {
        if !(-90_000_000..=90_000_000).contains(&self.lat_e6) {
            return Err(Error::field("lat_e6", "must lie between -90000000 and 90000000"));
        }
        if !(-180_000_000..=180_000_000).contains(&self.lon_e6) {
            return Err(Error::field("lon_e6", "must lie between -180000000 and 180000000"));
        }
        Ok(())
    }

    /// The distance in whole metres, rounded up, as if the earth were flat between the two: within 50 km and below 60° of
    /// latitude that is right to five in a thousand, and farther away it only has to be far. In integers, so that every
    /// machine finds the same.
    pub fn metres_to(self, other: Position) -> u32 {
        let (lat, other_lat) = (i128::from(self.lat_e6), i128::from(other.lat_e6));
        let east = i64::from(other.lon_e6) - i64::from(self.lon_e6);
        // The shorter way round.
        let east = (east + HALF).rem_euclid(2 * HALF) - HALF;
        let north_nm = (other_lat - lat) * NM_PER_UNIT;
        let east_nm = i128::from(east) * NM_PER_UNIT * cosine((lat + other_lat) / 2) / ONE;
        let nm = (north_nm * north_nm + east_nm * east_nm).unsigned_abs().isqrt();
        u32::try_from(nm.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
    }
}

/// The cosine of a latitude in millionths of a degree, times [`ONE`]: Taylor's series to the fourteenth power.
fn cosine(lat_e6: i128) -> i128 {
    let x = lat_e6 * RADIANS_E18 / 1_000_000;
    let square = x * x / ONE;
    let (mut term, mut sum) = (ONE, ONE);
    for n in 1..=7 {
        term = -term * square / ONE / ((2 * n - 1) * (2 * n));
        sum += term;
    }
    sum.max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(lat_e6: i32, lon_e6: i32) -> Position {
        Position { lat_e6, lon_e6 }
    }

    #[test]
    fn cosines_are_right_to_a_millionth() {
        for (degrees, cos_e6) in [(0, 1_000_000), (23, 920_505), (-23, 920_505), (45, 707_107), (60, 500_000), (89, 17_452), (90, 0)] {
            let found = cosine(degrees * 1_000_000) / 1_000_000;
            assert!((found - cos_e6).abs() <= 1, "{degrees}: {found}");
        }
    }

    #[test]
    fn known_distances() {
        // A degree of a meridian of this sphere is 111 195.08 m; a degree of longitude at 60° is half of one at the equator.
        assert_eq!(at(0, 0).metres_to(at(1_000_000, 0)), 111_196);
        assert_eq!(at(0, 0).metres_to(at(0, 1_000_000)), 111_196);
        assert_eq!(at(60_000_000, 0).metres_to(at(60_000_000, 1_000_000)), 55_598);
        assert_eq!(at(0, -180_000_000).metres_to(at(0, 180_000_000)), 0, "both sides of the date line are one place");
        let gate = at(23_354_000, 116_682_000);
        assert_eq!(gate.metres_to(gate), 0);
        assert_eq!(gate.metres_to(at(23_358_496, 116_682_000)), 500);
    }

    proptest! {
        #[test]
        fn it_is_a_distance(a in (-90_000_000i32..=90_000_000, -180_000_000i32..=180_000_000), b in (-90_000_000i32..=90_000_000, -180_000_000i32..=180_000_000)) {
            let (a, b) = (at(a.0, a.1), at(b.0, b.1));
            prop_assert_eq!(a.metres_to(b), b.metres_to(a));
            prop_assert_eq!(a.metres_to(a), 0);
            let apart = i64::from(a.lat_e6).abs_diff(i64::from(b.lat_e6));
            prop_assert!(u64::from(a.metres_to(b)) >= apart / 9, "never shorter than the way north");
        }

        /// Any two numbers are answered.
        #[test]
        fn nonsense_does_no_harm(a in any::<(i32, i32)>(), b in any::<(i32, i32)>()) {
            let _ = at(a.0, a.1).metres_to(at(b.0, b.1));
        }
    }
}
