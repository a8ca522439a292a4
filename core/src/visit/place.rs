//! Where somebody stands. The datum is **GCJ-02** throughout: what WeChat and the Chinese map services give; a WGS-84
//! position lies some hundred metres beside it (domain/hospital.md §7.1).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Mean radius of the earth in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

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

    /// The distance over the ground in whole metres, rounded up (haversine).
    pub fn metres_to(self, other: Position) -> u32 {
        let radians = |e6: i32| (f64::from(e6) / 1_000_000.0).to_radians();
        let (lat, other_lat) = (radians(self.lat_e6), radians(other.lat_e6));
        let half_lat = ((other_lat - lat) / 2.0).sin();
        let half_lon = ((radians(other.lon_e6) - radians(self.lon_e6)) / 2.0).sin();
        let h = half_lat.mul_add(half_lat, lat.cos() * other_lat.cos() * half_lon * half_lon);
        let metres = 2.0 * EARTH_M * h.clamp(0.0, 1.0).sqrt().asin();
        // At most half the way round the earth: it fits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = metres.ceil() as u32;
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(lat_e6: i32, lon_e6: i32) -> Position {
        Position { lat_e6, lon_e6 }
    }

    #[test]
    fn known_distances() {
        // A degree of a meridian of this sphere is 111 195.08 m; a degree of longitude at 60° is half of one at the equator.
        assert_eq!(at(0, 0).metres_to(at(1_000_000, 0)), 111_196);
        assert_eq!(at(0, 0).metres_to(at(0, 1_000_000)), 111_196);
        assert!((55_590..=55_600).contains(&at(60_000_000, 0).metres_to(at(60_000_000, 1_000_000))));
        assert_eq!(at(0, -180_000_000).metres_to(at(0, 180_000_000)), 1, "both sides of the date line are one place, but for rounding");
        assert_eq!(at(0, 0).metres_to(at(0, 180_000_000)), 20_015_115, "half the way round");
        let gate = at(23_354_000, 116_682_000);
        assert_eq!(gate.metres_to(gate), 0);
        assert!((499..=501).contains(&gate.metres_to(at(23_358_496, 116_682_000))));
    }

    proptest! {
        #[test]
        fn it_is_a_distance(a in (-90_000_000i32..=90_000_000, -180_000_000i32..=180_000_000), b in (-90_000_000i32..=90_000_000, -180_000_000i32..=180_000_000)) {
            let (a, b) = (at(a.0, a.1), at(b.0, b.1));
            prop_assert!(a.metres_to(b).abs_diff(b.metres_to(a)) <= 1);
            prop_assert!(a.metres_to(b) <= 20_015_115);
            prop_assert_eq!(a.metres_to(a), 0);
        }
    }
}
