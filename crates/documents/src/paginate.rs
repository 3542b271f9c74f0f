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

/// A last page with less than this part of its height filled takes over from the page before.
const LEAST_LAST: f32 = 0.22;
/// The page before keeps at least this part of its height.
const LEAST_KEPT: f32 = 0.4;
/// So much of a page is moved to the last one to keep a section whole.
const MOST_MOVED: f32 = 0.2;

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
    let slabs = composed.slabs.as_slice();
    let laid = lay(slabs, floor, None)?;
    let mut pages = fuller_last_page(slabs, floor, laid)?.pages;
    add_feet(typefaces, &mut pages, scale, reference, words);
    Ok(pages)
}

/// Slabs laid out on pages.
struct Laid {
    pages: Vec<Page>,
    /// The first slab of each page.
    starts: Vec<usize>,
    /// How far down each page is filled; a closing counts with its height.
    filled: Vec<f32>,
}

impl Laid {
    fn turn(&mut self, first: usize) {
        self.pages.push(Page::default());
        self.starts.push(first);
        self.filled.push(0.0);
    }

    fn fill(&mut self, height: f32) {
        if let Some(filled) = self.filled.last_mut() {
            *filled += height;
        }
    }
}

/// Ends the last page but one earlier where a few lines would stand alone on the last, or where
/// that keeps a section whole.
fn fuller_last_page(slabs: &[Slab], floor: f32, laid: Laid) -> Result<Laid, DocumentError> {
    let whole = floor - MARGIN_TOP;
    let [.., before, last] = laid.starts.as_slice() else {
        return Ok(laid);
    };
    let sparse = |laid: &Laid| {
        let last = laid.filled.last().copied().unwrap_or_default();
        last < LEAST_LAST * whole
    };
    let lonely = sparse(&laid);
    let begins = slabs.get(*last).is_some_and(|slab| slab.opens);
    if (!lonely && begins) || slabs.get(*last).is_some_and(|slab| slab.on_new_page) {
        return Ok(laid);
    }
    let candidates: Vec<usize> = (before + 1..*last)
        .rev()
        .filter(|at| slabs[*at].opens && !slabs[at - 1].keep_with_next)
        .collect();
    for at in candidates {
        let moved = lay(slabs, floor, Some(at))?;
        let kept = moved.filled.iter().rev().nth(1).copied().unwrap_or(whole);
        let taken = slabs[at..*last].iter();
        let height: f32 = taken.map(|slab| slab.before + slab.height).sum();
        if moved.pages.len() > laid.pages.len()
            || kept < LEAST_KEPT * whole
            || (!lonely && height > MOST_MOVED * whole)
        {
            break;
        }
        if !sparse(&moved) {
            return Ok(moved);
        }
    }
    Ok(laid)
}

/// Fills page after page; a page ends before the slab `turn_before` whatever room is left.
fn lay(slabs: &[Slab], floor: f32, turn_before: Option<usize>) -> Result<Laid, DocumentError> {
    let mut laid = Laid {
        pages: Vec::new(),
        starts: Vec::new(),
        filled: Vec::new(),
    };
    laid.turn(0);
    let mut y = MARGIN_TOP;
    let mut at = 0;
    while let Some(first) = slabs.get(at) {
        let together = chain_length(&slabs[at..]);
        let chain = &slabs[at..at + together];
        let at_top = y <= MARGIN_TOP;
        if first.at_foot {
            let top = PAGE_HEIGHT - MARGIN_BOTTOM - first.height;
            if y + first.before > top {
                laid.turn(at);
            }
            place(&mut laid.pages, top, first);
            laid.fill(first.height);
            if let Some(page) = laid.pages.last_mut() {
                page.has_foot = true;
            }
            y = PAGE_HEIGHT;
            at += together;
            continue;
        }
        if chain.iter().any(|slab| slab.height > floor - MARGIN_TOP) {
            return Err(DocumentError::TooTall);
        }
        let needed = height(chain, at_top);
        let must_turn = first.on_new_page || turn_before == Some(at);
        if !at_top && (must_turn || y + needed > floor) {
            laid.turn(at);
            y = MARGIN_TOP;
        }
        for (offset, slab) in chain.iter().enumerate() {
            let mut top = if y <= MARGIN_TOP { y } else { y + slab.before };
            top = slab.from_edge.map_or(top, |edge| top.max(edge));
            if top + slab.height > floor && y > MARGIN_TOP {
                // A chain longer than a page is broken where it must be.
                laid.turn(at + offset);
                top = MARGIN_TOP;
                y = MARGIN_TOP;
            }
            place(&mut laid.pages, top, slab);
            laid.fill(top + slab.height - y);
            y = top + slab.height;
        }
        at += together;
    }
    Ok(laid)
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

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: f32 = MARGIN_TOP + 600.0;

    /// Lines of 30 points; `true` opens a section.
    fn lines(opens: &[bool]) -> Vec<Slab> {
        let line = |opens: &bool| Slab {
            height: 30.0,
            opens: *opens,
            ..Slab::default()
        };
        opens.iter().map(line).collect()
    }

    fn starts(slabs: &[Slab]) -> Vec<usize> {
        let laid = lay(slabs, FLOOR, None).expect("every line fits a page");
        fuller_last_page(slabs, FLOOR, laid)
            .expect("every line fits a page")
            .starts
    }

    #[test]
    fn a_last_page_of_a_few_lines_takes_the_section_before_over() {
        let mut opens = [false; 22];
        for at in [0, 10, 15, 20] {
            opens[at] = true;
        }

        assert_eq!(starts(&lines(&opens)), [0, 15]);
    }

    #[test]
    fn a_section_is_kept_whole_where_little_moves() {
        let mut opens = [false; 32];
        opens[18] = true;
        assert_eq!(starts(&lines(&opens)), [0, 18]);

        let mut opens = [false; 32];
        opens[12] = true;
        assert_eq!(starts(&lines(&opens)), [0, 20], "too much would move");
    }

    #[test]
    fn a_last_page_that_is_full_enough_or_asked_for_stays() {
        let mut slabs = lines(&[true; 30]);
        assert_eq!(starts(&slabs), [0, 20]);

        slabs.truncate(21);
        slabs[20].on_new_page = true;
        assert_eq!(starts(&slabs), [0, 20]);
    }
}
