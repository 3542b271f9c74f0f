//! Files as they come from a scanner, a telephone or somebody who means harm.

/// The smallest thing that reads as a PDF from first byte to last.
pub fn scanned_pdf() -> Vec<u8> {
    b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
      2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
      3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>> endobj\n\
      trailer <</Root 1 0 R>>\n%%EOF\n"
        .to_vec()
}

/// A sheet of paper as a PNG, a word of its author in it, as scanners leave one.
///
/// # Panics
/// Never: a picture in memory can be written.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([250, 250, 245]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture can be written");
    let mut file = bytes.into_inner();
    let word = b"tEXtAuthor\0Kaj";
    let mut chunk = 10_u32.to_be_bytes().to_vec();
    chunk.extend(word);
    chunk.extend(crc32(word).to_be_bytes());
    let end = file.len() - 12;
    file.splice(end..end, chunk);
    file
}

/// A PNG whose header claims `width` times `height` pixels, with next to nothing behind it.
pub fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let begun: &[u8] = b"IDAT\x78\x9c\x63\x00\x00\x00\x01\x00\x01";
    for chunk in [header.as_slice(), begun, b"IEND"] {
        let length = u32::try_from(chunk.len() - 4).unwrap_or_default();
        file.extend(length.to_be_bytes());
        file.extend(chunk);
        file.extend(crc32(chunk).to_be_bytes());
    }
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_png() {
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
    }
}
