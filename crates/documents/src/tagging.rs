//! The finishing pass: what makes the drawn document readable without eyes.
//!
//! Adds the structure tree with its parent tree, language, title, metadata, output intent and a
//! file identifier made from the content. printpdf writes none of these.

mod metadata;
mod profile;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lopdf::{
    Dictionary, Document, Object, ObjectId, SaveOptions, Stream, StringFormat, dictionary,
};
use sha2::{Digest, Sha256};

use crate::{
    error::DocumentError,
    shaping::is_right_to_left,
    structure::{Kid, Node, Role, Structure},
};

/// The language of every paper.
const LANGUAGE: &str = "da-DK";

/// Finishes the document and writes it.
pub(crate) fn finish(
    mut document: Document,
    structure: &Structure,
    glyph_maps: &BTreeMap<&str, Vec<u16>>,
    title: &str,
    created_at: DateTime<Utc>,
) -> Result<Vec<u8>, DocumentError> {
    map_codes(&mut document, glyph_maps)?;
    let pages: Vec<ObjectId> = document.page_iter().collect();
    let root = add_structure(&mut document, structure, &pages);
    for (at, page) in pages.iter().enumerate() {
        let page = document
            .get_dictionary_mut(*page)
            .map_err(|_| DocumentError::Finish("a page is missing"))?;
        page.set("StructParents", number(at));
        page.set("Tabs", name("S"));
        page.remove(b"Annots");
    }
    let metadata = document.add_object(
        Stream::new(
            dictionary! { "Type" => name("Metadata"), "Subtype" => name("XML") },
            metadata::packet(title, created_at).into_bytes(),
        )
        .with_compression(false),
    );
    let intent = output_intent(&mut document);
    let catalog = document
        .catalog_mut()
        .map_err(|_| DocumentError::Finish("the catalog is missing"))?;
    catalog.set("Version", name("1.7"));
    catalog.set("StructTreeRoot", root);
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("Lang", text(LANGUAGE));
    catalog.set(
        "ViewerPreferences",
        dictionary! { "DisplayDocTitle" => true },
    );
    catalog.set("Metadata", metadata);
    catalog.set("OutputIntents", vec![Object::Dictionary(intent)]);
    catalog.remove(b"PageLayout");
    let written = Object::string_literal(metadata::pdf_time(created_at));
    let program = text(metadata::PROGRAM);
    let information = document.add_object(dictionary! {
        "Title" => text(title),
        "Creator" => text("Skranke"),
        "Producer" => program,
        "CreationDate" => written.clone(),
        "ModDate" => written,
    });
    document.trailer.set("Info", information);
    document.version = "1.7".to_owned();
    document.prune_objects();
    identify(&mut document);
    write(document)
}

/// Replaces the identity between codes and glyphs by the map of each font.
fn map_codes(
    document: &mut Document,
    glyph_maps: &BTreeMap<&str, Vec<u16>>,
) -> Result<(), DocumentError> {
    let fonts: Vec<(ObjectId, String)> = document
        .objects
        .iter()
        .filter_map(|(id, object)| {
            let font = object.as_dict().ok()?;
            font.get(b"DescendantFonts").ok()?;
            let name = font.get(b"BaseFont").ok()?.as_name().ok()?;
            Some((*id, String::from_utf8_lossy(name).into_owned()))
        })
        .collect();
    for (id, name) in fonts {
        let gone = DocumentError::Finish("a font is missing");
        let map = glyph_maps.get(name.as_str()).ok_or(gone.clone())?;
        // Code 0 shows nothing and stands for glyph 0.
        let bytes = [0]
            .iter()
            .chain(map)
            .flat_map(|gid| gid.to_be_bytes())
            .collect();
        let stream = document.add_object(Stream::new(Dictionary::new(), bytes));
        document
            .get_dictionary_mut(id)
            .and_then(|font| font.get_mut(b"DescendantFonts"))
            .and_then(Object::as_array_mut)
            .ok()
            .and_then(|fonts| fonts.first_mut())
            .and_then(|font| font.as_dict_mut().ok())
            .ok_or(gone)?
            .set("CIDToGIDMap", stream);
    }
    Ok(())
}

/// Writes the file with compressed object streams.
fn write(mut document: Document) -> Result<Vec<u8>, DocumentError> {
    document.compress();
    let mut file = Vec::new();
    let options = SaveOptions::builder()
        .use_object_streams(true)
        .use_xref_streams(true)
        .build();
    document
        .save_with_options(&mut file, options)
        .map_err(|_| DocumentError::Finish("the file cannot be written"))?;
    Ok(file)
}

/// Two equal identifiers made from all the document says, so equal papers are equal files.
fn identify(document: &mut Document) {
    let mut hash = Sha256::new();
    for (id, object) in &document.objects {
        hash.update(id.0.to_be_bytes());
        if let Object::Stream(stream) = object {
            hash.update(&stream.content);
        } else {
            hash.update(format!("{object:?}").as_bytes());
        }
    }
    let id = Object::String(hash.finalize()[..16].to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
}

/// Adds the structure tree and the tree that leads from marked content back to its element.
fn add_structure(document: &mut Document, structure: &Structure, pages: &[ObjectId]) -> ObjectId {
    let root = document.new_object_id();
    let ids: Vec<ObjectId> = structure
        .nodes
        .iter()
        .map(|_| document.new_object_id())
        .collect();
    let mut parents: Vec<Vec<Object>> = pages.iter().map(|_| Vec::new()).collect();
    for (node, id) in structure.nodes.iter().zip(&ids) {
        for kid in &node.kids {
            if let Kid::Content { page, mcid } = kid
                && let Some(slots) = parents.get_mut(*page)
            {
                if slots.len() <= *mcid {
                    slots.resize(*mcid + 1, Object::Null);
                }
                slots[*mcid] = Object::Reference(*id);
            }
        }
        let parent = node.parent.map_or(root, |parent| ids[parent.0]);
        document.set_object(*id, element(node, parent, &ids, pages));
    }
    let mut numbers = Vec::new();
    for (page, slots) in parents.into_iter().enumerate() {
        numbers.push(number(page));
        numbers.push(Object::Reference(document.add_object(Object::Array(slots))));
    }
    let tree = document.add_object(dictionary! { "Nums" => numbers });
    document.set_object(
        root,
        dictionary! {
            "Type" => name("StructTreeRoot"),
            "K" => ids[Structure::ROOT.0],
            "ParentTree" => tree,
            "ParentTreeNextKey" => number(pages.len()),
        },
    );
    root
}

/// One structure element.
fn element(node: &Node, parent: ObjectId, ids: &[ObjectId], pages: &[ObjectId]) -> Dictionary {
    let mut element = dictionary! {
        "Type" => name("StructElem"),
        "S" => name(node.role.tag()),
        "P" => parent,
    };
    let own_page = node.kids.iter().find_map(|kid| match kid {
        Kid::Content { page, .. } => Some(*page),
        Kid::Node(_) => None,
    });
    if let Some(page) = own_page.and_then(|page| pages.get(page)) {
        element.set("Pg", *page);
    }
    let kids: Vec<Object> = node
        .kids
        .iter()
        .map(|kid| match kid {
            Kid::Node(id) => Object::Reference(ids[id.0]),
            Kid::Content { page, mcid } if Some(*page) == own_page => number(*mcid),
            Kid::Content { page, mcid } => Object::Dictionary(dictionary! {
                "Type" => name("MCR"),
                "Pg" => pages[*page],
                "MCID" => number(*mcid),
            }),
        })
        .collect();
    element.set("K", kids);
    if let Some(alt) = &node.alt {
        element.set("Alt", text(alt));
    }
    if node.text.chars().any(is_right_to_left) {
        element.set("ActualText", text(node.text.trim_end()));
    }
    match node.role {
        Role::TableHeading => {
            element.set(
                "A",
                dictionary! { "O" => name("Table"), "Scope" => name("Row") },
            );
        }
        Role::List => {
            element.set(
                "A",
                dictionary! { "O" => name("List"), "ListNumbering" => name("None") },
            );
        }
        Role::Figure => {
            let mut layout = dictionary! { "O" => name("Layout"), "Placement" => name("Block") };
            if let Some(bounds) = node.bounds {
                layout.set("BBox", bounds.map(Object::Real).to_vec());
            }
            element.set("A", layout);
        }
        Role::Document
        | Role::Heading1
        | Role::Heading2
        | Role::Paragraph
        | Role::ListItem
        | Role::ItemLabel
        | Role::ItemBody
        | Role::Table
        | Role::TableRow
        | Role::TableCell => {}
    }
    element
}

/// Colours are meant as sRGB.
fn output_intent(document: &mut Document) -> Dictionary {
    let profile = document.add_object(Stream::new(
        dictionary! { "N" => 3, "Alternate" => name("DeviceRGB") },
        profile::srgb(),
    ));
    dictionary! {
        "Type" => name("OutputIntent"),
        "S" => name("GTS_PDFA1"),
        "OutputConditionIdentifier" => Object::string_literal("sRGB"),
        "Info" => Object::string_literal("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    }
}

/// A text string: plain where it is ASCII, else UTF-16 with its mark.
fn text(value: &str) -> Object {
    if value.is_ascii() {
        return Object::string_literal(value);
    }
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(value.encode_utf16().flat_map(u16::to_be_bytes));
    Object::String(bytes, StringFormat::Hexadecimal)
}

fn name(value: &str) -> Object {
    Object::Name(value.as_bytes().to_vec())
}

fn number(value: usize) -> Object {
    Object::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
