//! From where a browser says a phone is (WGS-84) to where Chinese maps and [`Position`] have it (GCJ-02): the two lie up to
//! some seven hundred metres apart, more than the radius of a check-in.

use menjie::error::{Error, Result};
use menjie::visit::Position;

/// Semi-major axis and squared eccentricity of the Krasovsky ellipsoid, as the published approximation has them; it agrees
/// with the maps within a few metres.
const AXIS_M: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// The position that a form tells in millionths of a degree, WGS-84.
pub fn told(lat_e6: &str, lon_e6: &str) -> Result<Position> {
    let number = |name: &'static str, text: &str| text.parse::<i32>().map_err(|_| Error::field(name, "is no whole number"));
    let position = Position { lat_e6: number("lat_e6", lat_e6)?, lon_e6: number("lon_e6", lon_e6)? };
    position.check()?;
    Ok(gcj02(position))
}

/// WGS-84 to GCJ-02; outside China both are one.
pub fn gcj02(wgs84: Position) -> Position {
    let (lat, lon) = (f64::from(wgs84.lat_e6) / 1e6, f64::from(wgs84.lon_e6) / 1e6);
    if !(0.8293..=55.8271).contains(&lat) || !(72.004..=137.8347).contains(&lon) {
        return wgs84;
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let phi = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY * phi.sin().powi(2);
    let north = north_m(x, y) / (AXIS_M * (1.0 - ECCENTRICITY) / magic.powf(1.5));
    let east = east_m(x, y) / (AXIS_M / magic.sqrt() * phi.cos());
    Position { lat_e6: wgs84.lat_e6.saturating_add(e6(north.to_degrees())), lon_e6: wgs84.lon_e6.saturating_add(e6(east.to_degrees())) }
}

/// Less than a degree: it fits.
#[allow(clippy::cast_possible_truncation)]
fn e6(degrees: f64) -> i32 {
    (degrees * 1e6).round() as i32
}

fn wave(x: f64) -> f64 {
    use std::f64::consts::PI;
    (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0
}

fn north_m(x: f64, y: f64) -> f64 {
    use std::f64::consts::PI;
    let plain = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let slow = (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0;
    plain + wave(x) + slow + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0
}

fn east_m(x: f64, y: f64) -> f64 {
    use std::f64::consts::PI;
    let plain = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let slow = (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0;
    plain + wave(x) + slow + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sample_of_the_conversion_holds() {
        // coordtransform (MIT), README: wgs84togcj02(116.404, 39.915).
        let shifted = gcj02(Position { lat_e6: 39_915_000, lon_e6: 116_404_000 });
        assert_eq!((shifted.lat_e6, shifted.lon_e6), (39_916_404, 116_410_244));
    }

    #[test]
    fn the_shift_matters_for_a_radius_and_stays_a_shift() {
        for (lat_e6, lon_e6) in [(23_354_000, 116_682_000), (31_230_000, 121_470_000), (29_650_000, 91_100_000)] {
            let here = Position { lat_e6, lon_e6 };
            let metres = here.metres_to(gcj02(here));
            assert!((100..800).contains(&metres), "{metres}");
        }
        let paris = Position { lat_e6: 48_856_000, lon_e6: 2_352_000 };
        assert_eq!(gcj02(paris), paris);
    }

    #[test]
    fn what_is_no_position_is_refused_by_name() {
        for (lat, lon, field) in [("", "1", "lat_e6"), ("1", "x", "lon_e6"), ("90000001", "0", "lat_e6"), ("0", "-180000001", "lon_e6")] {
            let error = told(lat, lon).unwrap_err();
            assert!(error.context().any(|(key, value)| key == "field" && value == field), "{error}");
        }
    }
}
