//! The code on a printed receipt is read by a decoder and believed by the verifier.

use skranke_documents::{Paper, render};
use skranke_protocol::receipt_code;

use crate::{
    samples::{municipality_key, options, receipt},
    tools::OnDisk,
};

/// Prints the receipt at a resolution and reads every code in the lower left quarter of the page,
/// which is what a reader is held over.
fn codes_at(dots_per_inch: &str) -> Vec<String> {
    let rendered = render(&Paper::Letter(Box::new(receipt())), &options()).unwrap();
    let paper = OnDisk::new(&rendered.pdf);
    paper.run(
        "pdftoppm",
        &[
            "-r",
            dots_per_inch,
            "-gray",
            "-png",
            "-singlefile",
            "paper.pdf",
            "page",
        ],
    );
    let page = image::open(paper.folder().join("page.png")).unwrap();
    let (width, height) = (page.width(), page.height());
    let part = page
        .crop_imm(0, height / 2, width / 2, height / 2)
        .to_luma8();
    let (width, height) = (part.width() as usize, part.height() as usize);
    let grey = part.into_raw();
    rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x])
        .detect_grids()
        .into_iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn the_printed_code_is_read_and_verified_offline() {
    for dots_per_inch in ["150", "200", "300"] {
        let codes = codes_at(dots_per_inch);

        assert_eq!(
            codes,
            [receipt().code.unwrap()],
            "at {dots_per_inch} dots per inch"
        );
        let verified = receipt_code::verify(&codes[0], &municipality_key().public()).unwrap();
        assert_eq!(verified.statement.paper_number, "S3-2026-00412");
        assert_eq!(verified.device_code, "S3");
    }
}

#[test]
fn the_code_holds_no_part_of_the_cpr_number_or_name() {
    let code = receipt().code.unwrap();

    let said = format!("{:?}", receipt_code::claimed(&code).unwrap());

    for private in ["251216", "9996", "Aase", "Lindholm"] {
        assert!(
            !code.contains(private) && !said.contains(private),
            "{private}"
        );
    }
}
