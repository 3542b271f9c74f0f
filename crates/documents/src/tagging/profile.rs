//! A small ICC profile for sRGB, made here: primaries, white point and one shared tone curve.

/// The profile, version 2.
pub(super) fn srgb() -> Vec<u8> {
    let description = described("sRGB IEC61966-2.1");
    let copyright = plain("No copyright, use freely");
    let curve = curve();
    // D50-adapted primaries of sRGB as ICC publishes them, in 1/65536.
    let parts: [(&[u8; 4], Vec<u8>); 9] = [
        (b"desc", description),
        (b"cprt", copyright),
        (b"wtpt", xyz([0xf351, 0x1_0000, 0x1_16cc])),
        (b"rXYZ", xyz([0x6fa2, 0x38f5, 0x0390])),
        (b"gXYZ", xyz([0x6299, 0xb785, 0x18da])),
        (b"bXYZ", xyz([0x24a0, 0x0f84, 0xb6cf])),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];

    let mut table = Vec::new();
    let mut body: Vec<u8> = Vec::new();
    let start = 128 + 4 + 12 * parts.len();
    let mut curve_at = None;
    for (tag, data) in &parts {
        let is_curve = tag.ends_with(b"TRC");
        let offset = match curve_at.filter(|_| is_curve) {
            Some(offset) => offset,
            None => {
                let offset = start + body.len();
                body.extend_from_slice(data);
                body.resize(body.len().next_multiple_of(4), 0);
                offset
            }
        };
        if is_curve {
            curve_at = Some(offset);
        }
        table.extend_from_slice(*tag);
        table.extend(big_endian(offset));
        table.extend(big_endian(data.len()));
    }

    let mut profile = vec![0; 128];
    profile[0..4].copy_from_slice(&big_endian(start + body.len()));
    profile[8..12].copy_from_slice(&[2, 0x10, 0, 0]);
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[24..36].copy_from_slice(&[7, 0xe6, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    profile[36..40].copy_from_slice(b"acsp");
    // The illuminant of the profile connection space, D50.
    profile[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    profile.extend(big_endian(parts.len()));
    profile.extend(table);
    profile.extend(body);
    profile
}

/// The sRGB tone curve in 256 steps.
fn curve() -> Vec<u8> {
    let mut data = b"curv\0\0\0\0".to_vec();
    data.extend(big_endian(256));
    for step in 0_u8..=255 {
        let value = f64::from(step) / 255.0;
        let linear = if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        };
        data.extend(sixteen_bits(linear).to_be_bytes());
    }
    data
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value lies between 0 and 1"
)]
fn sixteen_bits(value: f64) -> u16 {
    (value.clamp(0.0, 1.0) * 65535.0).round() as u16
}

fn xyz(parts: [u32; 3]) -> Vec<u8> {
    let mut data = b"XYZ \0\0\0\0".to_vec();
    data.extend(parts.into_iter().flat_map(u32::to_be_bytes));
    data
}

fn plain(text: &str) -> Vec<u8> {
    let mut data = b"text\0\0\0\0".to_vec();
    data.extend_from_slice(text.as_bytes());
    data.push(0);
    data
}

fn described(text: &str) -> Vec<u8> {
    let mut data = b"desc\0\0\0\0".to_vec();
    data.extend(big_endian(text.len() + 1));
    data.extend_from_slice(text.as_bytes());
    data.push(0);
    // No Unicode and no script-code description.
    data.extend([0; 4 + 4 + 2 + 1 + 67]);
    data
}

fn big_endian(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_says_its_own_size_and_ends_with_white() {
        let profile = srgb();

        assert_eq!(big_endian(profile.len()), profile[0..4]);
        assert_eq!(&profile[36..40], b"acsp");
        assert_eq!(curve().last_chunk::<2>(), Some(&[0xff, 0xff]));
    }
}
