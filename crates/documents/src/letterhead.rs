//! Who sends a paper: the municipality's mark, name and address.
//!
//! A mark is read from an SVG of plain shapes (`assets/letterhead/README.md`); anything else in
//! the file is refused, so a mark cannot bring scripts, links or fonts onto a paper.

use crate::error::DocumentError;

/// The head of the first page.
#[derive(Debug, Clone, PartialEq)]
pub struct Letterhead {
    /// The municipality, for example "Solbjerg Kommune".
    pub sender: String,
    /// The unit within it, for example "Borgerservice".
    pub unit: String,
    /// Address and telephone, one line each.
    pub contact: Vec<String>,
    /// The mark, if the profile has one.
    pub mark: Option<Mark>,
    /// The words for the mark, for those who cannot see it.
    pub mark_said: String,
}

/// A mark as filled outlines in its own coordinates, y downwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

/// Corners and Bézier handles (`true`) of one closed ring.
type Outline = Vec<((f32, f32), bool)>;

/// A filled outline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) fill: (f32, f32, f32),
    pub(crate) points: Outline,
}

impl Mark {
    /// The mark of the fictional Solbjerg Kommune.
    ///
    /// # Errors
    /// [`DocumentError::Mark`] when the bundled file is damaged.
    pub fn solbjerg() -> Result<Self, DocumentError> {
        Self::from_svg(include_str!("../../../assets/letterhead/solbjerg.svg"))
    }

    /// Reads a mark.
    ///
    /// # Errors
    /// [`DocumentError::Mark`] names the first thing that is not a plain shape.
    pub fn from_svg(svg: &str) -> Result<Self, DocumentError> {
        let mut size = None;
        let mut shapes = Vec::new();
        for element in elements(svg)? {
            match element.name {
                "svg" => {
                    let view = numbers(element.get("viewBox")?)?;
                    match view[..] {
                        [0.0, 0.0, width, height] if width > 0.0 && height > 0.0 => {
                            size = Some((width, height));
                        }
                        _ => return Err(DocumentError::Mark("viewBox must start at 0 0")),
                    }
                }
                "path" => {
                    shapes.push(Shape {
                        fill: element.fill()?,
                        points: outline(element.get("d")?)?,
                    });
                }
                "rect" => shapes.push(Shape {
                    fill: element.fill()?,
                    points: rectangle(&element)?,
                }),
                "circle" => shapes.push(Shape {
                    fill: element.fill()?,
                    points: circle(&element)?,
                }),
                _ => {
                    return Err(DocumentError::Mark(
                        "only svg, path, rect and circle are read",
                    ));
                }
            }
        }
        let (width, height) = size.ok_or(DocumentError::Mark("no viewBox"))?;
        Ok(Self {
            width,
            height,
            shapes,
        })
    }
}

struct Element<'s> {
    name: &'s str,
    attributes: Vec<(&'s str, &'s str)>,
}

impl<'s> Element<'s> {
    fn get(&self, name: &str) -> Result<&'s str, DocumentError> {
        self.attributes
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
            .ok_or(DocumentError::Mark("an attribute is missing"))
    }

    fn number(&self, name: &str) -> Result<f32, DocumentError> {
        number(self.get(name)?)
    }

    fn fill(&self) -> Result<(f32, f32, f32), DocumentError> {
        let bad = DocumentError::Mark("fill must be #RRGGBB");
        let digits = self.get("fill")?.strip_prefix('#').ok_or(bad.clone())?;
        if digits.len() != 6 || !digits.is_ascii() {
            return Err(bad);
        }
        let part = |range: std::ops::Range<usize>| {
            u8::from_str_radix(&digits[range], 16)
                .map(|value| f32::from(value) / 255.0)
                .map_err(|_| bad.clone())
        };
        Ok((part(0..2)?, part(2..4)?, part(4..6)?))
    }
}

/// The opening tags of the file, in order.
fn elements(svg: &str) -> Result<Vec<Element<'_>>, DocumentError> {
    let mut elements = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (inside, _) = tag
            .split_once('>')
            .ok_or(DocumentError::Mark("a tag is not closed"))?;
        if inside.starts_with('/') {
            continue;
        }
        let inside = inside.trim_end_matches('/');
        let (name, mut rest) = inside
            .split_once(char::is_whitespace)
            .unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, after) = after
                .split_once('"')
                .ok_or(DocumentError::Mark("an attribute is not closed"))?;
            attributes.push((key.trim(), value));
            rest = after;
        }
        elements.push(Element { name, attributes });
    }
    Ok(elements)
}

fn number(text: &str) -> Result<f32, DocumentError> {
    text.trim()
        .parse::<f32>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or(DocumentError::Mark("a number is expected"))
}

fn numbers(text: &str) -> Result<Vec<f32>, DocumentError> {
    text.split([' ', ',', '\n', '\t'])
        .filter(|part| !part.is_empty())
        .map(number)
        .collect()
}

/// Reads a closed path of absolute `M L H V C Z`.
fn outline(path: &str) -> Result<Outline, DocumentError> {
    let mut points = Outline::new();
    let mut rest = path.trim();
    while let Some(command) = rest.chars().next() {
        let after = &rest[command.len_utf8()..];
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let values = numbers(&after[..end])?;
        let last = points.last().map_or((0.0, 0.0), |(point, _)| *point);
        match (command, values.as_slice()) {
            ('M', [x, y]) if points.is_empty() => points.push(((*x, *y), false)),
            ('L', [x, y]) => points.push(((*x, *y), false)),
            ('H', [x]) => points.push(((*x, last.1), false)),
            ('V', [y]) => points.push(((last.0, *y), false)),
            ('C', [ax, ay, bx, by, x, y]) => {
                points.extend([((*ax, *ay), true), ((*bx, *by), true), ((*x, *y), false)])
            }
            ('Z', []) => {}
            _ => return Err(DocumentError::Mark("only absolute M L H V C Z are read")),
        }
        rest = after[end..].trim_start();
    }
    Ok(points)
}

fn rectangle(element: &Element<'_>) -> Result<Outline, DocumentError> {
    let (x, y) = (element.number("x")?, element.number("y")?);
    let (width, height) = (element.number("width")?, element.number("height")?);
    Ok([
        (x, y),
        (x + width, y),
        (x + width, y + height),
        (x, y + height),
    ]
    .map(|point| (point, false))
    .to_vec())
}

fn circle(element: &Element<'_>) -> Result<Outline, DocumentError> {
    // The handle length that makes four Bézier curves a circle.
    const HANDLE: f32 = 0.552_284_8;
    let (x, y, r) = (
        element.number("cx")?,
        element.number("cy")?,
        element.number("r")?,
    );
    let k = r * HANDLE;
    Ok(vec![
        ((x + r, y), false),
        ((x + r, y + k), true),
        ((x + k, y + r), true),
        ((x, y + r), false),
        ((x - k, y + r), true),
        ((x - r, y + k), true),
        ((x - r, y), false),
        ((x - r, y - k), true),
        ((x - k, y - r), true),
        ((x, y - r), false),
        ((x + k, y - r), true),
        ((x + r, y - k), true),
        ((x + r, y), false),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_mark_is_read() {
        let mark = Mark::solbjerg().unwrap();

        assert_eq!((mark.width, mark.height), (52.0, 60.0));
        assert_eq!(mark.shapes.len(), 3);
    }

    #[test]
    fn a_mark_with_anything_but_plain_shapes_is_refused() {
        for svg in [
            r#"<svg viewBox="0 0 1 1"><script>x</script></svg>"#,
            r#"<svg viewBox="0 0 1 1"><image href="x"/></svg>"#,
            r##"<svg viewBox="0 0 1 1"><path fill="#000000" d="m 1 1"/></svg>"##,
            r#"<svg viewBox="0 0 1 1"><rect fill="red" x="0" y="0" width="1" height="1"/></svg>"#,
            "<svg",
            "",
        ] {
            assert!(
                matches!(Mark::from_svg(svg), Err(DocumentError::Mark(_))),
                "{svg}"
            );
        }
    }
}
