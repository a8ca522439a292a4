//! QR codes as SVG: drawn here, so that no page needs a script or a picture service for them.

use std::fmt::Write;

use menjie::error::{Error, Result as Checked};
use qrcode::bits::Bits;
use qrcode::types::{EcLevel, QrError};
use qrcode::{Color, QrCode, Version};

/// Modules of white around it, as the standard asks.
const QUIET: usize = 4;

/// A code with its quiet zone, black on white whatever the page's colours: one path of horizontal strokes. On a screen nothing
/// covers a part of it, so the lowest correction does and keeps its modules large.
pub fn svg(text: &str, label: &str) -> Checked<String> {
    let code = if text.is_ascii() { QrCode::with_error_correction_level(text, EcLevel::L) } else { bytes(text) };
    let code = code.map_err(|_| Error::field("qr", "is too long for a code"))?;
    let width = code.width();
    let edge = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        // Each row begins anew; within it, dark runs are drawn and light ones skipped.
        let (mut x, mut pen) = (0, 0);
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let _infallible = if pen == 0 { write!(path, "M{} {}.5", x + QUIET, y + QUIET) } else { write!(path, "m{} 0", x - pen) };
                let _infallible = write!(path, "h{}", run.len());
                pen = x + run.len();
            }
            x += run.len();
        }
    }
    let label = label.replace(['"', '<', '&'], "");
    Ok(format!(
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {edge} {edge}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{edge}v{edge}H0z\"/><path stroke=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Chinese as the bytes it is. Left to choose, the encoder takes pairs of UTF-8 bytes for the Japanese characters they would be
/// in another character set, and that is what a phone then shows.
fn bytes(text: &str) -> Result<QrCode, QrError> {
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        if bits.push_byte_data(text.as_bytes()).and_then(|()| bits.push_terminator(EcLevel::L)).is_ok() {
            return QrCode::with_bits(bits, EcLevel::L);
        }
    }
    Err(QrError::DataTooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the strokes back into modules.
    fn modules(svg: &str) -> Vec<(usize, usize)> {
        let path = svg.split("<path stroke=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut dark = Vec::new();
        for row in path.split('M').skip(1) {
            let (start, rest) = row.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (mut x, y): (usize, usize) = (x.parse().unwrap(), y.trim_end_matches(".5").parse().unwrap());
            for (at, part) in rest.split('h').enumerate() {
                let (run, skip) = part.split_once('m').map_or((part, "0"), |(run, skip)| (run, skip.trim_end_matches(" 0")));
                let run: usize = run.parse().unwrap();
                assert!(run > 0, "run {at}");
                dark.extend((x..x + run).map(|x| (x, y)));
                x += run + skip.parse::<usize>().unwrap();
            }
        }
        dark
    }

    #[test]
    fn every_dark_module_is_drawn_and_no_other() {
        let text = "weixin://wxpay/bizpayurl?pr=AbC123";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let width = code.width();
        let wanted: Vec<_> = (0..width * width).filter(|at| code.to_colors()[*at] == Color::Dark).map(|at| (at % width + QUIET, at / width + QUIET)).collect();
        assert_eq!(modules(&svg(text, "").unwrap()), wanted);
    }

    /// What phones read of Chinese is tested with a decoder in `tests/e2e/print.test.mjs`.
    #[test]
    fn chinese_is_bytes_in_the_smallest_code_that_holds_them() {
        assert_eq!((bytes("药").unwrap().width(), bytes(&"药".repeat(20)).unwrap().width()), (21, 33));
        assert!(bytes(&"药".repeat(990)).is_err());
    }

    #[test]
    fn a_code_is_svg_without_anything_that_runs_and_its_label_stays_text() {
        let drawn = svg("weixin://wxpay/bizpayurl?pr=AbC123", "a\"><script>").unwrap();
        assert!(drawn.starts_with("<svg role=\"img\" aria-label=\"a>script>\""), "{drawn}");
        assert!(!drawn.contains("<script") && !drawn.contains("style=") && !drawn.contains("href") && drawn.len() < 4_000);
        assert!(svg(&"x".repeat(4_000), "").is_err());
    }
}
