//! Signatures and ciphertexts: DER ↔ the bare bytes that scripts speak.

/// 04 ‖ x ‖ y without the 04, out of a SPKI.
pub(crate) fn point(spki: &[u8]) -> Vec<u8> {
    spki[spki.len() - 64..].to_vec()
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 256);
    let len = content.len() as u8;
    let head = if len < 128 { vec![tag, len] } else { vec![tag, 0x81, len] };
    [head, content.to_vec()].concat()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let short = &bytes[zeros..];
    if short[0] >= 128 { element(2, &[&[0], short].concat()) } else { element(2, short) }
}

/// Contents of a SEQUENCE's elements.
fn elements(der: &[u8]) -> Vec<Vec<u8>> {
    let content = |bytes: &[u8]| -> (Vec<u8>, usize) {
        let (from, len) = if bytes[1] == 0x81 { (3, usize::from(bytes[2])) } else { (2, usize::from(bytes[1])) };
        (bytes[from..from + len].to_vec(), from + len)
    };
    let (inner, _) = content(der);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < inner.len() {
        let (element, used) = content(&inner[at..]);
        found.push(element);
        at += used;
    }
    found
}

fn padded(integer: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = integer.iter().copied().skip_while(|byte| *byte == 0).collect();
    [vec![0; 32 - digits.len()], digits].concat()
}

/// r ‖ s → DER.
pub(crate) fn signature(raw: &[u8]) -> Vec<u8> {
    assert_eq!(raw.len(), 64);
    element(0x30, &[integer(&raw[..32]), integer(&raw[32..])].concat())
}

/// DER → r ‖ s.
pub(crate) fn raw_signature(der: &[u8]) -> Vec<u8> {
    elements(der).iter().flat_map(|integer| padded(integer)).collect()
}

/// x ‖ y ‖ C3 ‖ C2 → DER of GM/T 0009.
pub(crate) fn ciphertext(raw: &[u8]) -> Vec<u8> {
    element(0x30, &[integer(&raw[..32]), integer(&raw[32..64]), element(4, &raw[64..96]), element(4, &raw[96..])].concat())
}

/// DER of GM/T 0009 → x ‖ y ‖ C3 ‖ C2.
pub(crate) fn raw_ciphertext(der: &[u8]) -> Vec<u8> {
    let [x, y, c3, c2] = elements(der).try_into().unwrap();
    [padded(&x), padded(&y), c3, c2].concat()
}
