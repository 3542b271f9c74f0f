//! Reading `forms/exemption/`, and building a version that extends an earlier one.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Field, FormVersion, Paper, Part, Step};
use crate::error::{FormsError, parse, unique};
use crate::read;
use crate::source::Source;

/// The folder of each form.
const FORMS: [&str; 1] = ["exemption"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormFile {
    code: String,
    version: u16,
    #[serde(default)]
    extends: Option<u16>,
    #[serde(deserialize_with = "read::date")]
    valid_from: NaiveDate,
    #[serde(default, deserialize_with = "read::some_date")]
    valid_to: Option<NaiveDate>,
    #[serde(default, rename = "paper")]
    papers: Vec<Paper>,
    #[serde(default, rename = "part")]
    parts: Vec<Part>,
    #[serde(default, rename = "step")]
    steps: Vec<Step>,
    #[serde(default, rename = "field")]
    fields: Vec<Field>,
    #[serde(default)]
    removed: Vec<String>,
}

/// Every version of every form, oldest first.
pub(crate) fn read_all(source: &Source) -> Result<Vec<FormVersion>, FormsError> {
    let mut versions: Vec<FormVersion> = Vec::new();
    for form in FORMS {
        let mut files = Vec::new();
        for (file, text) in source.folder(form) {
            files.push((file, parse::<FormFile>(file, text)?));
        }
        files.sort_by_key(|(_, written)| written.version);
        for (file, written) in files {
            if file != format!("{form}/v{}.toml", written.version) || written.code != form {
                return Err(FormsError::wrong(
                    file,
                    "version",
                    "differs from the file's name",
                ));
            }
            let version = build(file, written, &versions)?;
            versions.push(version);
        }
    }
    for pair in versions.windows(2) {
        let [earlier, later] = pair else { continue };
        let follows = earlier.valid_to.and_then(|last| last.succ_opt()) == Some(later.valid_from);
        if !follows {
            let message = "must be the day before the next version";
            return Err(FormsError::wrong(&earlier.file, "valid_to", message));
        }
    }
    Ok(versions)
}

fn build(
    file: &str,
    written: FormFile,
    earlier: &[FormVersion],
) -> Result<FormVersion, FormsError> {
    unique(
        file,
        "field.id",
        written.fields.iter().map(|field| field.id.as_str()),
    )?;
    let base = match written.extends {
        None => None,
        Some(number) => {
            let base = earlier
                .iter()
                .find(|v| v.code == written.code && v.version == number);
            Some(
                base.ok_or_else(|| FormsError::wrong(file, "extends", "names no earlier version"))?,
            )
        }
    };
    let mut fields = base.map(|base| base.fields.clone()).unwrap_or_default();
    for id in &written.removed {
        if !fields.iter().any(|field| field.id == *id) {
            return Err(FormsError::wrong(
                file,
                "removed",
                format!("there is no field \"{id}\""),
            ));
        }
        fields.retain(|field| field.id != *id);
    }
    for field in written.fields {
        match fields.iter_mut().find(|old| old.id == field.id) {
            Some(old) => *old = field,
            None => fields.push(field),
        }
    }
    Ok(FormVersion {
        code: written.code,
        version: written.version,
        valid_from: written.valid_from,
        valid_to: written.valid_to,
        papers: or_base(written.papers, base.map(|base| &base.papers)),
        parts: or_base(written.parts, base.map(|base| &base.parts)),
        steps: or_base(written.steps, base.map(|base| &base.steps)),
        fields,
        file: file.to_owned(),
    })
}

fn or_base<T: Clone>(own: Vec<T>, base: Option<&Vec<T>>) -> Vec<T> {
    if own.is_empty() {
        base.cloned().unwrap_or_default()
    } else {
        own
    }
}
