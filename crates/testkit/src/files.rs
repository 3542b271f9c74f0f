//! Files as they come from a scanner, a telephone or somebody who means harm.

use std::fmt::Write as _;

/// The smallest thing that reads as a PDF from first byte to last: one empty sheet.
pub fn scanned_pdf() -> Vec<u8> {
    pdf_of(&[""])
}

/// A PDF with a page for each of these contents, in the words of a content stream.
pub fn pdf_of(contents: &[&str]) -> Vec<u8> {
    pdf_with(contents, &[])
}

/// The same with streams that the pages and each other can name as `/X0`, `/X1` and so on: dictionary and bytes.
pub fn pdf_with(contents: &[&str], named: &[(&str, &[u8])]) -> Vec<u8> {
    let first = 4 + 2 * contents.len();
    let names: String = (0..named.len())
        .map(|at| format!("/X{at} {} 0 R ", first + at))
        .collect();
    let kids: String = (0..contents.len())
        .map(|at| format!("{} 0 R ", 4 + 2 * at))
        .collect();
    let mut objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", contents.len()).into_bytes(),
        format!("<</XObject<<{names}>>>>").into_bytes(),
    ];
    for (at, content) in contents.iter().enumerate() {
        let of = 5 + 2 * at;
        objects.push(
            format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources 3 0 R/Contents {of} 0 R>>")
                .into_bytes(),
        );
        objects.push(stream("", content.as_bytes()));
    }
    objects.extend(named.iter().map(|(is, bytes)| stream(is, bytes)));
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = String::new();
    for (at, object) in objects.iter().enumerate() {
        let _ = writeln!(places, "{:010} 00000 n ", file.len());
        file.extend(format!("{} 0 obj ", at + 1).into_bytes());
        file.extend(object);
        file.extend(b" endobj\n");
    }
    let (xref, size) = (file.len(), objects.len() + 1);
    file.extend(
        format!(
            "xref\n0 {size}\n0000000000 65535 f \n{places}trailer <</Root 1 0 R/Size {size}>>\nstartxref\n{xref}\n%%EOF\n"
        )
        .into_bytes(),
    );
    file
}

fn stream(is: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = format!("<<{is}/Length {}>>\nstream\n", bytes.len()).into_bytes();
    stream.extend(bytes);
    stream.extend(b"\nendstream");
    stream
}

/// A scan of paper with a grain, which nothing packs: three bytes for each of its points.
///
/// # Panics
/// It cannot be written.
pub fn grainy_picture(width: u32, height: u32) -> Vec<u8> {
    let mut grain = 0x9e37_79b9_u32;
    let point = |_, _| {
        grain ^= grain << 13;
        grain ^= grain >> 17;
        grain ^= grain << 5;
        let [red, green, blue, _] = grain.to_le_bytes();
        image::Rgb([red, green, blue])
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, point)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture can be written");
    bytes.into_inner()
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
