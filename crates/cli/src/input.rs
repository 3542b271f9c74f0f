//! Reading a text file, or standard input where the file is called `-`.

use std::io::{ErrorKind, Read};

use skranke_app::tools::ToolError;

/// No text that is handed in is longer.
const LONGEST_BYTES: u64 = 16 * 1024 * 1024;

/// The text of a file.
pub(crate) fn text_of(file: &str) -> Result<String, ToolError> {
    if file == "-" {
        return text_from(std::io::stdin());
    }
    let opened = std::fs::File::open(file).map_err(|error| {
        let is_missing = error.kind() == ErrorKind::NotFound;
        ToolError::environment(if is_missing {
            "file_not_found"
        } else {
            "file_unreadable"
        })
    })?;
    text_from(opened)
}

/// The first line of a file: a secret that is not for the command line, where others see it.
pub(crate) fn first_line_of(file: &str) -> Result<String, ToolError> {
    let text = text_of(file)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn text_from(source: impl Read) -> Result<String, ToolError> {
    let mut bytes = Vec::new();
    let read = source.take(LONGEST_BYTES + 1).read_to_end(&mut bytes);
    let read = read.map_err(|_| ToolError::environment("file_unreadable"))?;
    if read as u64 > LONGEST_BYTES {
        return Err(ToolError::environment("file_too_long"));
    }
    let text = String::from_utf8(bytes).map_err(|_| ToolError::environment("file_not_text"))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
