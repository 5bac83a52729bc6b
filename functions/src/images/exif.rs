//! What a camera noted of how it was held.

/// How the image is to be turned, 1 to 8, 1 being as it is.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    let noted = noted(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    noted.filter(|noted| (1..=8).contains(noted)).unwrap_or(1)
}

fn noted(tiff: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 0x0112;
    let little_endian = match tiff.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(if little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..at + 4)?.try_into().ok()?;
        Some(if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let mut entries = (0..usize::from(short(directory)?)).map(|entry| directory + 2 + 12 * entry);
    let entry = entries.find(|at| short(*at) == Some(ORIENTATION))?;
    u8::try_from(short(entry + 8)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_found_in_either_byte_order_and_nothing_breaks() {
        let little =
            b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x05\0\0\0\0\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0";
        assert_eq!([orientation(little), orientation(big)], [6, 8]);
        let far = b"II*\0\xff\xff\xff\xff";
        let endless = b"II*\0\x08\0\0\0\xff\xff";
        let absurd = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0";
        for broken in [&b""[..], b"II", b"XX*\0\x08\0\0\0", far, endless, absurd] {
            assert_eq!(orientation(broken), 1, "{}", broken.escape_ascii());
        }
        for length in 0..little.len() {
            assert!((1..=6).contains(&orientation(&little[..length])));
        }
    }
}
