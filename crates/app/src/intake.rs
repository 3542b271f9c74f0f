//! Files from outside: read with a limit, known by content, and shown only as pictures made anew.
//!
//! The original is kept sealed as evidence and never opened again. Basis: reliability 2.1, T4, T5 and T11.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{
    DynamicImage, ImageError, ImageFormat, ImageReader, Limits, RgbImage, Rgba, RgbaImage, imageops,
};

use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::pages::{self, MOST_PAGES, PageFault};

/// Largest file that is taken, in bytes.
pub const LARGEST_FILE_BYTES: u64 = 20 * 1024 * 1024;
/// Widest or tallest picture that is decoded, in pixels.
const LARGEST_SIDE: u32 = 12_000;
/// Memory a picture may take while it is decoded.
const LARGEST_PICTURE_BYTES: u64 = 256 * 1024 * 1024;
/// Longest side of the copy that is shown.
const COPY_SIDE: u32 = 2_000;
/// Size at which a drawn signature becomes strokes, and how dark a point of it is.
const STROKES_WIDE: u32 = 300;
const STROKES_HIGH: u32 = 120;
const INK: u8 = 140;
/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Longest file name that is kept, in characters.
const LONGEST_NAME: usize = 120;

/// A file that was found acceptable.
pub struct Intake {
    /// The bytes as they came.
    pub original: Vec<u8>,
    /// Media type by content.
    pub media_type: &'static str,
    /// The copy to look at, made anew: PNG after PNG, one for each page.
    pub copy: Vec<u8>,
    /// The cleaned name.
    pub file_name: String,
}

/// Takes the file at `path`.
///
/// # Errors
/// `FileUnreadable`, `FileEmpty`, `FileTooLarge`, `FileTypeUnsupported`, `ImageTooLarge`, `TooManyPages` or
/// `FileDamaged`.
pub fn take(path: &Path) -> Result<Intake, AppError> {
    let unreadable = |_| AppError::of(ErrorCode::FileUnreadable);
    let file = File::open(path).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(AppError::of(ErrorCode::FileUnreadable));
    }
    if facts.len() > LARGEST_FILE_BYTES {
        return Err(too_large());
    }
    let mut original = Vec::new();
    // A file can grow while it is read: never take more than the limit and one byte.
    file.take(LARGEST_FILE_BYTES + 1)
        .read_to_end(&mut original)
        .map_err(unreadable)?;
    if original.len() as u64 > LARGEST_FILE_BYTES {
        return Err(too_large());
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    accept(original, &name)
}

/// Takes bytes that are in memory already.
///
/// # Errors
/// As [`take`].
pub fn accept(original: Vec<u8>, name: &str) -> Result<Intake, AppError> {
    if original.is_empty() {
        return Err(AppError::of(ErrorCode::FileEmpty));
    }
    let (media_type, extension) =
        media_type(&original).ok_or_else(|| AppError::of(ErrorCode::FileTypeUnsupported))?;
    let copy = match media_type {
        "image/png" => copied(&original, ImageFormat::Png)?,
        "image/jpeg" => copied(&original, ImageFormat::Jpeg)?,
        _ => drawn(&original)?,
    };
    Ok(Intake {
        original,
        media_type,
        copy,
        file_name: clean_name(name, extension),
    })
}

/// A drawn signature as strokes, from the copy that is shown: each run of ink in a row is one.
///
/// # Errors
/// `FileDamaged`.
pub(crate) fn strokes(copy: &[u8]) -> Result<Vec<Vec<(f32, f32)>>, AppError> {
    let mut reader = ImageReader::with_format(Cursor::new(copy), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_alloc = Some(LARGEST_PICTURE_BYTES);
    reader.limits(limits);
    let picture = reader
        .decode()
        .map_err(|_| AppError::of(ErrorCode::FileDamaged))?;
    let picture = picture.thumbnail(STROKES_WIDE, STROKES_HIGH).to_luma8();
    let (width, height) = (picture.width().max(1), picture.height().max(1));
    let place = |at: u32, of: u32| {
        f32::from(u16::try_from(at).unwrap_or(0)) / f32::from(u16::try_from(of).unwrap_or(1))
    };
    let mut strokes = Vec::new();
    for (y, row) in (0_u32..).zip(picture.rows()) {
        let mut began: Option<u32> = None;
        let ink = row.map(|pixel| pixel.0[0] < INK);
        for (x, is_ink) in (0_u32..).zip(ink.chain([false])) {
            match (began, is_ink) {
                (None, true) => began = Some(x),
                (Some(from), false) => {
                    let level = place(y, height);
                    strokes.push(vec![(place(from, width), level), (place(x, width), level)]);
                    began = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
    }
    Ok(strokes)
}

fn too_large() -> AppError {
    AppError::of(ErrorCode::FileTooLarge).with("maximum_mb", LARGEST_FILE_BYTES / 1024 / 1024)
}

/// The media type by the first bytes; the name says nothing.
pub(crate) fn media_type(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"%PDF-") {
        Some(("application/pdf", "pdf"))
    } else if bytes.starts_with(PNG) {
        Some(("image/png", "png"))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(("image/jpeg", "jpg"))
    } else {
        None
    }
}

/// The pages of a PDF, drawn.
fn drawn(pdf: &[u8]) -> Result<Vec<u8>, AppError> {
    if !ends_like_a_pdf(pdf) {
        return Err(AppError::of(ErrorCode::FileDamaged));
    }
    let pages = pages::drawn(pdf.to_vec()).map_err(|fault| match fault {
        PageFault::TooMany => AppError::of(ErrorCode::TooManyPages).with("maximum", MOST_PAGES),
        PageFault::Unreadable => AppError::of(ErrorCode::FileDamaged),
    })?;
    Ok(pages.concat())
}

/// The pictures a copy consists of, in order.
pub(crate) fn pictures(copy: &[u8]) -> Vec<&[u8]> {
    let mut pictures = Vec::new();
    let mut rest = copy;
    while let Some(length) = png_length(rest) {
        let (picture, after) = rest.split_at(length);
        pictures.push(picture);
        rest = after;
    }
    pictures
}

/// How long the PNG is that the bytes begin with: its signature, and chunks of length, name, content and checksum.
fn png_length(bytes: &[u8]) -> Option<usize> {
    let mut at = PNG.len();
    loop {
        let length: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        let name = bytes.get(at + 4..at + 8)?;
        let end = at
            .checked_add(12)?
            .checked_add(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
        if name == b"IEND" {
            return (end <= bytes.len()).then_some(end);
        }
        at = end;
    }
}

fn ends_like_a_pdf(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(2048)..];
    tail.windows(5).any(|window| window == b"%%EOF")
}

/// Decodes within limits and encodes anew, without metadata.
fn copied(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, AppError> {
    let reader = || {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        limits.max_alloc = Some(LARGEST_PICTURE_BYTES);
        reader.limits(limits);
        reader
    };
    // The decoder keeps to the limits too, and may be the first to see that they are broken.
    let damaged = |error| {
        let too_large = matches!(error, ImageError::Limits(_));
        AppError::of(if too_large {
            ErrorCode::ImageTooLarge
        } else {
            ErrorCode::FileDamaged
        })
    };
    // The header alone says how large it claims to be: look before anything is allocated.
    let (width, height) = reader().into_dimensions().map_err(damaged)?;
    let claimed = u64::from(width) * u64::from(height) * 4;
    if width > LARGEST_SIDE || height > LARGEST_SIDE || claimed > LARGEST_PICTURE_BYTES {
        return Err(AppError::of(ErrorCode::ImageTooLarge));
    }
    let picture = reader().decode().map_err(damaged)?;
    let picture = if width.max(height) > COPY_SIDE {
        picture.thumbnail(COPY_SIDE, COPY_SIDE)
    } else {
        picture
    };
    let mut copy = Cursor::new(Vec::new());
    on_paper(&picture)
        .write_to(&mut copy, ImageFormat::Png)
        .map_err(|_| AppError::of(ErrorCode::FileDamaged))?;
    Ok(copy.into_inner())
}

/// The picture on white paper: where it is see-through, as all of a drawn signature but its line is, paper shows.
fn on_paper(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let white = Rgba([u8::MAX; 4]);
    let mut paper = RgbaImage::from_pixel(picture.width(), picture.height(), white);
    imageops::overlay(&mut paper, &picture.to_rgba8(), 0, 0);
    DynamicImage::ImageRgba8(paper).to_rgb8()
}

/// The name as data only: last path part, no control or direction marks, no reserved signs, no trailing dots.
pub fn clean_name(name: &str, extension: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_mark = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let kept: String = last
        .chars()
        .filter(|c| {
            !c.is_control() && !is_mark(*c) && !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
        })
        .take(LONGEST_NAME)
        .collect();
    let kept = kept.trim().trim_matches('.').trim();
    let stem = kept.rsplit_once('.').map_or(kept, |(stem, _)| stem);
    if stem.is_empty() || skranke_forms::check::holds_cpr(stem) {
        format!("bilag.{extension}")
    } else {
        format!("{stem}.{extension}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image::RgbImage::from_pixel(width, height, image::Rgb([250, 250, 245]))
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("a picture can be written");
        bytes.into_inner()
    }

    fn refused(bytes: Vec<u8>) -> ErrorCode {
        accept(bytes, "scan.pdf")
            .err()
            .expect("must be refused")
            .code
    }

    #[test]
    fn a_picture_is_taken_by_content_and_copied_without_metadata() {
        let mut with_comment = a_png(40, 20);
        let end = with_comment.len() - 12;
        // A text chunk before the end of the file, as a scanner would leave it.
        let chunk = b"\x00\x00\x00\x0dtEXtAuthor\0Kaj Br\xc9\x9d\x6b\x8f";
        with_comment.splice(end..end, chunk.iter().copied());

        let taken = accept(with_comment, "fuldmagt.PDF").expect("a picture");

        assert_eq!(taken.media_type, "image/png");
        assert_eq!(
            taken.file_name, "fuldmagt.png",
            "the name follows the content"
        );
        assert!(
            !taken.copy.windows(6).any(|window| window == b"Author"),
            "metadata stays behind"
        );
        assert!(
            taken.original.windows(6).any(|window| window == b"Author"),
            "the original is kept"
        );
    }

    #[test]
    fn a_signature_drawn_on_nothing_is_a_line_on_paper_and_not_a_black_box() {
        let line = |_: u32, y: u32| Rgba([0, 0, 0, if y == 40 { 255 } else { 0 }]);
        let mut drawn = Cursor::new(Vec::new());
        RgbaImage::from_fn(300, 120, line)
            .write_to(&mut drawn, ImageFormat::Png)
            .expect("a picture can be written");

        let taken = accept(drawn.into_inner(), "underskrift.png").expect("a picture");

        let copy = image::load_from_memory(&taken.copy)
            .expect("a picture")
            .to_luma8();
        assert_eq!(
            (copy.get_pixel(5, 5).0, copy.get_pixel(5, 40).0),
            ([255], [0])
        );
        assert_eq!(strokes(&taken.copy).expect("strokes").len(), 1, "one line");
    }

    #[test]
    fn what_is_not_pdf_jpeg_or_png_is_refused_whatever_its_name() {
        assert_eq!(
            refused(b"MZ\x90\x00 this is a program".to_vec()),
            ErrorCode::FileTypeUnsupported
        );
        assert_eq!(
            refused(b"<html>%PDF-1.7</html>".to_vec()),
            ErrorCode::FileTypeUnsupported
        );
        assert_eq!(refused(Vec::new()), ErrorCode::FileEmpty);
    }

    #[test]
    fn a_truncated_file_is_told_to_be_damaged() {
        let mut cut = a_png(400, 400);
        cut.truncate(cut.len() / 2);
        assert_eq!(refused(cut), ErrorCode::FileDamaged);
        assert_eq!(
            refused(b"%PDF-1.7\n1 0 obj".to_vec()),
            ErrorCode::FileDamaged
        );
    }

    #[test]
    fn a_header_that_claims_60000_by_60000_pixels_is_refused_before_anything_is_allocated() {
        let mut bomb = a_png(1, 1);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());

        assert_eq!(refused(bomb), ErrorCode::ImageTooLarge);
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

    #[test]
    fn a_two_gigabyte_file_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stor.pdf");
        let file = File::create(&path).expect("can be made");
        file.set_len(2 * 1024 * 1024 * 1024).expect("sparse");

        let error = take(&path).err().expect("must be refused");

        assert_eq!(error.code, ErrorCode::FileTooLarge);
        assert_eq!(error.params["maximum_mb"], "20");
    }

    #[test]
    fn a_missing_file_and_a_folder_are_unreadable() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [
            folder.path().join("findes ikke.pdf"),
            folder.path().to_owned(),
        ] {
            assert_eq!(
                take(&path).err().expect("refused").code,
                ErrorCode::FileUnreadable
            );
        }
    }

    #[test]
    fn a_file_name_is_data_and_never_a_path() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Windows\\system32\\fuldmagt.exe", "fuldmagt.pdf"),
            ("scan\u{202e}fdp.exe", "scanfdp.pdf"),
            ("  .. ", "bilag.pdf"),
            ("a:b|c?.pdf", "abc.pdf"),
            ("251216-9996.pdf", "bilag.pdf"),
            ("Fuldmagt Åse.pdf", "Fuldmagt Åse.pdf"),
        ] {
            assert_eq!(clean_name(given, "pdf"), kept, "{given}");
        }
    }
}
