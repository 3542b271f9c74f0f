//! The structure tree as another reader sees it, and as the standard asks for it.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};
use skranke_documents::{CopyMark, Paper, RenderOptions, render};

use crate::{
    samples::{all, at, options, receipt},
    tools::OnDisk,
};

/// Every sample in both sizes and as a copy.
fn every_rendering() -> Vec<(String, Vec<u8>)> {
    let mut rendered = Vec::new();
    for (name, paper) in all() {
        for large_print in [false, true] {
            let copy_mark = large_print.then(|| CopyMark {
                device_code: "S3".to_owned(),
                count: 1,
                printed_at: at(16, 0),
            });
            let options = RenderOptions {
                large_print,
                copy_mark,
                ..options()
            };
            let pdf = render(&paper, &options).unwrap().pdf;
            rendered.push((format!("{name}, large print {large_print}"), pdf));
        }
    }
    rendered
}

fn dictionary<'d>(document: &'d Document, object: &'d Object) -> &'d Dictionary {
    match object.as_reference() {
        Ok(id) => document.get_dictionary(id).unwrap(),
        Err(_) => object.as_dict().unwrap(),
    }
}

fn name_of(dictionary: &Dictionary, key: &[u8]) -> String {
    String::from_utf8(dictionary.get(key).unwrap().as_name().unwrap().to_vec()).unwrap()
}

/// The elements in reading order with their depth.
fn elements(document: &Document) -> Vec<(ObjectId, &Dictionary)> {
    fn walk<'d>(document: &'d Document, id: ObjectId, found: &mut Vec<(ObjectId, &'d Dictionary)>) {
        let element = document.get_dictionary(id).unwrap();
        found.push((id, element));
        if let Ok(kids) = element.get(b"K").and_then(Object::as_array) {
            for kid in kids {
                if let Ok(kid) = kid.as_reference() {
                    walk(document, kid, found);
                }
            }
        }
    }
    let root = dictionary(
        document,
        document.catalog().unwrap().get(b"StructTreeRoot").unwrap(),
    );
    let mut found = Vec::new();
    walk(
        document,
        root.get(b"K").unwrap().as_reference().unwrap(),
        &mut found,
    );
    found
}

#[test]
fn other_readers_accept_every_paper() {
    for (name, pdf) in every_rendering() {
        let paper = OnDisk::new(&pdf);

        let checked = paper.run("qpdf", &["--check", "paper.pdf"]);
        assert!(
            checked.contains("No syntax or stream encoding errors"),
            "{name}: {checked}"
        );

        let fonts = paper.run("pdffonts", &["paper.pdf"]);
        for font in fonts.lines().skip(2) {
            let columns: Vec<&str> = font.split_whitespace().rev().collect();
            assert_eq!(
                columns[2..5],
                ["yes"; 3],
                "{name}: embedded, subset, Unicode: {font}"
            );
        }
        let facts = paper.run("pdfinfo", &["paper.pdf"]);
        assert!(facts.contains("Tagged:          yes"), "{name}: {facts}");
        assert!(facts.contains("PDF version:     1.7"), "{name}: {facts}");
    }
}

#[test]
fn the_receipt_reads_in_order_with_headings_table_and_list() {
    let rendered = render(&Paper::Letter(Box::new(receipt())), &options()).unwrap();

    let tree = OnDisk::new(&rendered.pdf).run("pdfinfo", &["-struct-text", "paper.pdf"]);

    let places: Vec<usize> = [
        "\"Solbjerg Kommune\"",
        "H1 (block)",
        "Aase Lindholm er fritaget",
        "Table (block)",
        "TH:",
        "/Scope /Row",
        "\"Registreret i Digital Post\"",
        "\"13. marts 2026 kl. 14.01\"",
        "H2 (block)",
        "L (block)",
        "Lbl (block)",
        "LBody (block)",
        "Lønsedler",
        "Figure",
        "Kvittering nr. S3-2026-00412",
    ]
    .iter()
    .scan(0, |from, words| {
        let place = tree[*from..].find(words).map(|at| at + *from);
        *from = place.unwrap_or_else(|| panic!("{words} does not follow in {tree}"));
        place
    })
    .collect();
    assert!(places.is_sorted());
}

#[test]
fn all_that_is_drawn_is_content_of_an_element_or_an_artifact() {
    const PAINTS: [&str; 12] = [
        "Tj", "TJ", "'", "\"", "S", "s", "f", "f*", "B", "b", "Do", "sh",
    ];
    for (name, pdf) in every_rendering() {
        let document = Document::load_mem(&pdf).unwrap();
        for page in document.page_iter() {
            let mut open: Vec<bool> = Vec::new();
            let mut seen = BTreeSet::new();
            for operation in document
                .get_and_decode_page_content(page)
                .unwrap()
                .operations
            {
                match operation.operator.as_str() {
                    "BMC" => open.push(operation.operands[0].as_name().unwrap() == b"Artifact"),
                    "BDC" => {
                        let properties = operation.operands[1].as_dict().unwrap();
                        let mcid = properties.get(b"MCID").and_then(Object::as_i64).ok();
                        if let Some(mcid) = mcid {
                            assert!(open.is_empty(), "{name}: tagged content is not nested");
                            assert!(seen.insert(mcid), "{name}: {mcid} is used twice");
                        }
                        open.push(mcid.is_some());
                    }
                    "EMC" => {
                        open.pop().unwrap();
                    }
                    paint if PAINTS.contains(&paint) => {
                        assert!(
                            open.contains(&true),
                            "{name}: {paint} is outside marked content"
                        );
                    }
                    _ => {}
                }
            }
            assert!(open.is_empty(), "{name}: marked content is closed");
            assert!(!seen.is_empty(), "{name}: the page has tagged content");
        }
    }
}

#[test]
fn the_parent_tree_leads_from_every_content_to_the_element_that_holds_it() {
    for (name, pdf) in every_rendering() {
        let document = Document::load_mem(&pdf).unwrap();
        let root = dictionary(
            &document,
            document.catalog().unwrap().get(b"StructTreeRoot").unwrap(),
        );
        let tree = dictionary(&document, root.get(b"ParentTree").unwrap());
        let numbers = tree.get(b"Nums").unwrap().as_array().unwrap();
        let mut led_to = 0;
        for (at, page) in document.page_iter().enumerate() {
            let key = document
                .get_dictionary(page)
                .unwrap()
                .get(b"StructParents")
                .unwrap();
            assert_eq!(key.as_i64().unwrap(), i64::try_from(at).unwrap());
            let slots = document
                .get_object(numbers[at * 2 + 1].as_reference().unwrap())
                .unwrap()
                .as_array()
                .unwrap();
            for (mcid, slot) in slots.iter().enumerate() {
                let element = document
                    .get_dictionary(slot.as_reference().unwrap())
                    .unwrap();
                let holds = element
                    .get(b"K")
                    .unwrap()
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|kid| {
                        let number = i64::try_from(mcid).unwrap();
                        let (held, on) = match kid.as_dict() {
                            Ok(reference) => (reference.get(b"MCID").ok(), reference.get(b"Pg")),
                            Err(_) => (Some(kid), element.get(b"Pg")),
                        };
                        held.and_then(|held| held.as_i64().ok()) == Some(number)
                            && on.unwrap().as_reference().unwrap() == page
                    });
                assert!(holds, "{name}: page {at}, content {mcid}");
                led_to += 1;
            }
        }
        assert!(led_to > 10, "{name}: {led_to} contents");
    }
}

#[test]
fn headings_tables_lists_and_figures_are_as_the_standard_asks() {
    for (name, pdf) in every_rendering() {
        let document = Document::load_mem(&pdf).unwrap();
        let mut headings = Vec::new();
        for (_, element) in elements(&document) {
            let role = name_of(element, b"S");
            let parent = dictionary(&document, element.get(b"P").unwrap());
            let parent_role = parent.get(b"S").map(|_| name_of(parent, b"S"));
            let attribute = |key: &[u8]| {
                let attributes = element.get(b"A").unwrap().as_dict().unwrap();
                attributes.get(key).cloned()
            };
            match role.as_str() {
                "H1" | "H2" => headings.push(role),
                "Figure" => {
                    assert!(
                        !element.get(b"Alt").unwrap().as_str().unwrap().is_empty(),
                        "{name}"
                    );
                    assert!(
                        attribute(b"BBox").is_ok(),
                        "{name}: the figure says where it lies"
                    );
                }
                "TH" => {
                    let scope = attribute(b"Scope").unwrap();
                    assert_eq!(scope.as_name().unwrap(), b"Row", "{name}");
                    assert_eq!(parent_role.unwrap(), "TR", "{name}");
                }
                "TD" => assert_eq!(parent_role.unwrap(), "TR", "{name}"),
                "TR" => assert_eq!(parent_role.unwrap(), "Table", "{name}"),
                "L" => assert!(attribute(b"ListNumbering").is_ok(), "{name}"),
                "LI" => assert_eq!(parent_role.unwrap(), "L", "{name}"),
                "Lbl" | "LBody" => assert_eq!(parent_role.unwrap(), "LI", "{name}"),
                "Document" | "P" | "Table" => {}
                other => panic!("{name}: {other} is not expected"),
            }
        }
        assert_eq!(headings.first().map(String::as_str), Some("H1"), "{name}");
        assert_eq!(
            headings.iter().filter(|role| *role == "H1").count(),
            1,
            "{name}"
        );
    }
}

#[test]
fn language_title_and_standards_are_named() {
    for (name, pdf) in every_rendering() {
        let document = Document::load_mem(&pdf).unwrap();
        let catalog = document.catalog().unwrap();

        assert_eq!(
            catalog.get(b"Lang").unwrap().as_str().unwrap(),
            b"da-DK",
            "{name}"
        );
        let marked = catalog.get(b"MarkInfo").unwrap().as_dict().unwrap();
        assert!(marked.get(b"Marked").unwrap().as_bool().unwrap(), "{name}");
        let viewer = catalog
            .get(b"ViewerPreferences")
            .unwrap()
            .as_dict()
            .unwrap();
        assert!(
            viewer.get(b"DisplayDocTitle").unwrap().as_bool().unwrap(),
            "{name}"
        );
        let intents = catalog.get(b"OutputIntents").unwrap().as_array().unwrap();
        let intent = intents[0].as_dict().unwrap();
        assert_eq!(
            intent.get(b"S").unwrap().as_name().unwrap(),
            b"GTS_PDFA1",
            "{name}"
        );

        let information = document.get_dictionary(
            document
                .trailer
                .get(b"Info")
                .unwrap()
                .as_reference()
                .unwrap(),
        );
        let information = information.unwrap();
        assert!(
            !information
                .get(b"Title")
                .unwrap()
                .as_str()
                .unwrap()
                .is_empty(),
            "{name}"
        );
        assert!(
            information.get(b"GTS_PDFXVersion").is_err(),
            "{name}: no trace of PDF/X"
        );
        let created = information.get(b"CreationDate").unwrap().as_str().unwrap();
        assert_eq!(
            created, b"D:20260313130100+00'00'",
            "{name}: the date given, not a clock's"
        );

        let id = document.trailer.get(b"ID").unwrap().as_array().unwrap();
        assert_eq!(id[0].as_str().unwrap().len(), 16, "{name}");
        for page in document.page_iter() {
            let page = document.get_dictionary(page).unwrap();
            assert_eq!(
                page.get(b"Tabs").unwrap().as_name().unwrap(),
                b"S",
                "{name}"
            );
        }
    }
}

#[test]
fn the_metadata_packet_is_well_formed_and_names_both_standards() {
    let rendered = render(&Paper::Letter(Box::new(receipt())), &options()).unwrap();
    let document = Document::load_mem(&rendered.pdf).unwrap();
    let id = document
        .catalog()
        .unwrap()
        .get(b"Metadata")
        .unwrap()
        .as_reference()
        .unwrap();
    let packet = document.get_object(id).unwrap().as_stream().unwrap();
    assert!(
        packet.dict.get(b"Filter").is_err(),
        "search programs read it uncompressed"
    );

    let disk = OnDisk::new(&packet.content);
    disk.run("xmllint", &["--noout", "paper.pdf"]);
    let said = String::from_utf8(packet.content.clone()).unwrap();

    for part in [
        "<pdfuaid:part>1<",
        "<pdfaid:part>2<",
        "<pdfaid:conformance>A<",
        "da-DK",
    ] {
        assert!(said.contains(part), "{part}");
    }
}
