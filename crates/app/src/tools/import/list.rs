//! A list as spreadsheets save it: values with semicolons between them, each row on a line of its own.
//!
//! A value that holds a semicolon, a quotation mark or a line break stands in quotation marks, the mark itself doubled.
//! Nothing that is read is ever repeated in an error; a line number says where it is.

/// A row, and the line of the file it begins on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) values: Vec<String>,
}

/// The list cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListError {
    pub(super) line: usize,
    /// `quote_not_closed` or `after_quote`.
    pub(super) code: &'static str,
}

/// The rows of a list; lines without any value are left out.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, ListError> {
    let mut rows = Vec::new();
    let mut line = 1;
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        let begins = line;
        let mut values = Vec::new();
        loop {
            let (value, end) = value(&mut rest, &mut line)?;
            values.push(value);
            if end != End::Value {
                break;
            }
        }
        if values.iter().any(|value| !value.trim().is_empty()) {
            rows.push(Row {
                line: begins,
                values,
            });
        }
    }
    Ok(rows)
}

/// What comes after a value.
#[derive(PartialEq, Eq)]
enum End {
    Value,
    Row,
}

fn value(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    line: &mut usize,
) -> Result<(String, End), ListError> {
    let mut value = String::new();
    if rest.next_if_eq(&'"').is_some() {
        let begins = *line;
        loop {
            match rest.next() {
                None => {
                    return Err(ListError {
                        line: begins,
                        code: "quote_not_closed",
                    });
                }
                Some('"') if rest.next_if_eq(&'"').is_some() => value.push('"'),
                Some('"') => break,
                // Inside a value every kind of line break is one.
                Some('\r') if rest.peek() == Some(&'\n') => {}
                Some(sign) => {
                    *line += usize::from(sign == '\n');
                    value.push(sign);
                }
            }
        }
        return match after(rest, line) {
            Some(end) => Ok((value, end)),
            None => Err(ListError {
                line: *line,
                code: "after_quote",
            }),
        };
    }
    loop {
        if let Some(end) = after(rest, line) {
            return Ok((value, end));
        }
        value.extend(rest.next());
    }
}

/// The end of a value, if this is one.
fn after(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, line: &mut usize) -> Option<End> {
    match rest.peek() {
        None => Some(End::Row),
        Some(';') => {
            rest.next();
            Some(End::Value)
        }
        Some('\n' | '\r') => {
            if rest.next() == Some('\r') {
                rest.next_if_eq(&'\n');
            }
            *line += 1;
            Some(End::Row)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        let rows = rows(text).unwrap();
        rows.into_iter().map(|row| (row.line, row.values)).collect()
    }

    fn row(line: usize, values: &[&str]) -> (usize, Vec<String>) {
        (line, values.iter().map(|&value| value.to_owned()).collect())
    }

    #[test]
    fn values_stand_between_semicolons_and_rows_on_lines() {
        assert_eq!(
            read("a;b\nc;d\n"),
            [row(1, &["a", "b"]), row(2, &["c", "d"])]
        );
        assert_eq!(read("a;b\r\nc;"), [row(1, &["a", "b"]), row(2, &["c", ""])]);
        assert_eq!(read("a\rb"), [row(1, &["a"]), row(2, &["b"])]);
        assert_eq!(read("\n;;\na\n\n b "), [row(3, &["a"]), row(5, &[" b "])]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn a_quoted_value_holds_semicolons_marks_and_line_breaks_and_lines_are_still_counted() {
        let text = "\"a;b\";\"c\"\"d\"\n\"Åvej 3\r\n9990 Solbjerg\";x\ny;z";
        assert_eq!(
            read(text),
            [
                row(1, &["a;b", "c\"d"]),
                row(2, &["Åvej 3\n9990 Solbjerg", "x"]),
                row(4, &["y", "z"]),
            ]
        );
        assert_eq!(read("a\"b;c"), [row(1, &["a\"b", "c"])]);
    }

    #[test]
    fn a_mark_that_is_not_closed_or_followed_by_more_is_told_with_its_line() {
        let error = |line, code| Err(ListError { line, code });
        assert_eq!(rows("a\n\"b\nc"), error(2, "quote_not_closed"));
        assert_eq!(rows("a\n\"b\"c;d"), error(2, "after_quote"));
    }
}
