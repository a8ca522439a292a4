//! QR codes as SVG: drawn here, so that no page needs a script or a picture service for them.

use menjie::error::{Error, Result};
use qrcode::QrCode;
use qrcode::render::svg;
use qrcode::types::EcLevel;

/// The smallest edge in CSS pixels at which phones read it from an arm's length.
const EDGE: u32 = 360;

/// A code with its quiet zone, black on white whatever the page's colours.
pub fn svg(text: &str, label: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| Error::field("qr", "is too long for a code"))?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(EDGE, EDGE).quiet_zone(true).build();
    // What the renderer writes before `<svg` belongs to a file of its own.
    let body = drawn.find("<svg").and_then(|at| drawn.get(at + 4..)).ok_or_else(|| Error::internal("a QR code is an SVG"))?;
    Ok(format!("<svg role=\"img\" aria-label=\"{}\"{body}", label.replace(['"', '<', '&'], "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_svg_without_anything_that_runs_and_its_label_stays_text() {
        let drawn = svg("weixin://wxpay/bizpayurl?pr=AbC123", "a\"><script>").unwrap();
        assert!(drawn.starts_with("<svg role=\"img\" aria-label=\"a>script>\""), "{}", &drawn[..80]);
        assert!(!drawn.contains("<script") && !drawn.contains("style=") && !drawn.contains("href"));
        assert!(svg(&"x".repeat(4_000), "").is_err());
    }
}
