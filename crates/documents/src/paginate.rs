//! Slabs to pages: what fits where, and the foot of each page.

use crate::{
    compose::{Composed, Ink, Owner, Slab},
    error::DocumentError,
    papers::Words,
    scale::{COLUMN, HAIRLINE, MARGIN_BOTTOM, MARGIN_TOP, PAGE_HEIGHT, Scale},
    shaping::wrap,
    typeface::Typefaces,
};

/// One page: ink with its owner, moved to page coordinates (y downwards from the column's top
/// left corner on the page).
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) ink: Vec<(f32, Owner, Ink)>,
    pub(crate) has_foot: bool,
}

/// Distributes the slabs over pages and adds the page feet.
pub(crate) fn paginate(
    typefaces: &Typefaces,
    composed: &Composed,
    scale: &Scale,
    reference: &str,
    words: &Words,
) -> Result<Vec<Page>, DocumentError> {
    let band = scale.small.leading + 9.0;
    let floor = PAGE_HEIGHT - MARGIN_BOTTOM - band - 6.0;
    let mut pages = vec![Page::default()];
    let mut y = MARGIN_TOP;
    let mut slabs = composed.slabs.as_slice();
    while let Some(first) = slabs.first() {
        let together = chain_length(slabs);
        let chain = &slabs[..together];
        slabs = &slabs[together..];
        let at_top = y <= MARGIN_TOP;
        if first.at_foot {
            let top = PAGE_HEIGHT - MARGIN_BOTTOM - first.height;
            if y + first.before > top {
                pages.push(Page::default());
            }
            place(&mut pages, top, first);
            if let Some(page) = pages.last_mut() {
                page.has_foot = true;
            }
            y = PAGE_HEIGHT;
            continue;
        }
        if chain.iter().any(|slab| slab.height > floor - MARGIN_TOP) {
            return Err(DocumentError::TooTall);
        }
        let needed = height(chain, at_top);
        if !at_top && (first.on_new_page || y + needed > floor) {
            pages.push(Page::default());
            y = MARGIN_TOP;
        }
        for slab in chain {
            let top = if y <= MARGIN_TOP { y } else { y + slab.before };
            if top + slab.height > floor && y > MARGIN_TOP {
                // A chain longer than a page is broken where it must be.
                pages.push(Page::default());
                y = MARGIN_TOP;
                place(&mut pages, y, slab);
                y += slab.height;
            } else {
                place(&mut pages, top, slab);
                y = top + slab.height;
            }
        }
    }
    add_feet(typefaces, &mut pages, scale, reference, words);
    Ok(pages)
}

/// How many slabs from the first on must stay on one page.
fn chain_length(slabs: &[Slab]) -> usize {
    let kept = slabs
        .iter()
        .take_while(|slab| slab.keep_with_next && !slab.at_foot)
        .count();
    let next_joins = slabs
        .get(kept)
        .is_some_and(|next| !next.at_foot && !next.on_new_page);
    if next_joins { kept + 1 } else { kept.max(1) }
}

fn height(chain: &[Slab], at_top: bool) -> f32 {
    let spaces: f32 = chain.iter().map(|slab| slab.before).sum();
    let dropped = if at_top {
        chain.first().map_or(0.0, |slab| slab.before)
    } else {
        0.0
    };
    chain.iter().map(|slab| slab.height).sum::<f32>() + spaces - dropped
}

fn place(pages: &mut [Page], top: f32, slab: &Slab) {
    if let Some(page) = pages.last_mut() {
        page.ink.extend(
            slab.ink
                .iter()
                .map(|(owner, ink)| (top, *owner, ink.clone())),
        );
    }
}

/// Page number at the right; reference and a hairline where no closing stands.
fn add_feet(
    typefaces: &Typefaces,
    pages: &mut [Page],
    scale: &Scale,
    reference: &str,
    words: &Words,
) {
    let count = pages.len();
    let style = scale.small;
    let top = PAGE_HEIGHT - MARGIN_BOTTOM - style.leading;
    for (at, page) in pages.iter_mut().enumerate() {
        let mut foot = Slab::default();
        let number = wrap(typefaces, &words.page_number(at + 1, count), style, COLUMN);
        foot.text_flush_right(Owner::Artifact, COLUMN, 0.0, number);
        if !page.has_foot {
            foot.ink.push((
                Owner::Artifact,
                Ink::Rule {
                    from: 0.0,
                    to: COLUMN,
                    y: -6.0,
                    thickness: 0.75,
                    tone: HAIRLINE,
                },
            ));
            let reference = wrap(typefaces, reference, style, COLUMN - 110.0);
            foot.text_at(
                Owner::Artifact,
                0.0,
                0.0,
                reference.into_iter().take(1).collect(),
            );
        }
        page.ink
            .extend(foot.ink.into_iter().map(|(owner, ink)| (top, owner, ink)));
    }
}
