//! The OpenAPI document as a test reads it: which requests there are, and which answers it allows.

use serde_json::Value;
use skranke_protocol::problem::{MEDIA_TYPE, Problem};
use skranke_protocol::wire::{UPLOAD_LENGTH, UPLOAD_OFFSET};

use super::body::{Dice, TEXTS, value};
use crate::wire::Answer;

pub(super) struct Document {
    pub(super) endpoints: Vec<Endpoint>,
    schemas: Value,
}

pub(super) struct Endpoint {
    pub(super) method: String,
    pub(super) path: String,
    operation: Value,
}

impl Document {
    pub(super) fn read(text: &[u8]) -> Self {
        let mut whole: Value = serde_json::from_slice(text).unwrap();
        let mut endpoints = Vec::new();
        for (path, item) in whole["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                endpoints.push(Endpoint {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    operation: operation.clone(),
                });
            }
        }
        assert!(endpoints.len() >= 10, "{} endpoints", endpoints.len());
        Self {
            endpoints,
            schemas: whole["components"]["schemas"].take(),
        }
    }

    pub(super) fn endpoint(&self, id: &str) -> &Endpoint {
        let found = self
            .endpoints
            .iter()
            .find(|endpoint| endpoint.operation["operationId"] == id);
        found.unwrap()
    }
}

impl Endpoint {
    fn names(&self, scheme: &str) -> bool {
        self.operation["security"].to_string().contains(scheme)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.names("device")
    }

    pub(super) fn needs_person(&self) -> bool {
        self.names("person")
    }

    /// A target in which everything fits.
    pub(super) fn sample_target(&self) -> String {
        self.path.replace("{digest}", &"0".repeat(64))
    }

    pub(super) fn target(&self, dice: &mut Dice) -> String {
        let mut target = if dice.below(2) == 0 {
            self.sample_target()
        } else {
            self.path
                .replace("{digest}", &escaped(dice.one_of::<&str>(TEXTS)))
        };
        let parameters = self.operation["parameters"].as_array();
        let query = parameters
            .into_iter()
            .flatten()
            .filter(|p| p["in"] == "query");
        let mut pairs = Vec::new();
        for parameter in query {
            // A wait that fits would only make the test long.
            let fitting = match parameter["name"].as_str().unwrap() {
                "after" => "1.0",
                "wait" => "0",
                _ => "10",
            };
            let value = match dice.below(3) {
                0 => continue,
                1 => fitting.to_owned(),
                _ => escaped(dice.one_of::<&str>(TEXTS)),
            };
            pairs.push(format!("{}={value}", parameter["name"].as_str().unwrap()));
        }
        if !pairs.is_empty() {
            target = format!("{target}?{}", pairs.join("&"));
        }
        target
    }

    pub(super) fn headers(&self, dice: &mut Dice) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for name in [UPLOAD_OFFSET, UPLOAD_LENGTH] {
            let value = *dice.one_of(&["0", "3", "18446744073709551615", "-1", "x", "52428801"]);
            if dice.below(2) == 0 {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        if dice.below(10) == 0 {
            headers.push((
                "Skranke-Protocol".to_owned(),
                (*dice.one_of(&["9-12", "x", "1"])).to_owned(),
            ));
        }
        headers
    }

    pub(super) fn body(&self, document: &Document, dice: &mut Dice, fits: bool) -> Vec<u8> {
        let content = &self.operation["requestBody"]["content"]["application/json"];
        match content["schema"].is_object() {
            true => value(&content["schema"], &document.schemas, dice, !fits, 0)
                .to_string()
                .into_bytes(),
            false if self.operation["requestBody"].is_object() => b"%PDF-1.4 not really".to_vec(),
            false => vec![],
        }
    }

    /// Holds an answer against the document.
    pub(super) fn check(&self, document: &Document, answer: &Answer, said: &str) {
        let status = answer.status.to_string();
        let described = &self.operation["responses"][&status];
        assert!(
            described.is_object(),
            "{status} is not in the document: {said}"
        );
        if answer.status >= 500 {
            assert_eq!(answer.status, 503, "{said}");
        }
        if answer.status == 503 || answer.status == 429 {
            assert!(answer.header("retry-after").is_some(), "{said}");
        }
        assert!(answer.header("skranke-time").is_some(), "{said}");
        if answer.status < 400 {
            let schema = &described["content"]["application/json"]["schema"];
            if schema.is_object() && answer.header("content-encoding").is_none() {
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                fits(schema, &document.schemas, &body, said);
            }
        } else if self.method != "HEAD" {
            assert_eq!(answer.header("content-type"), Some(MEDIA_TYPE), "{said}");
            let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
            let code = problem.code().unwrap().code();
            let named = described["description"].as_str().unwrap();
            assert!(
                named.contains(&format!("`{code}`")),
                "{code} is not in the document: {said}"
            );
        }
    }
}

/// Whether a value has the shape of its schema; only what this document uses.
fn fits(schema: &Value, schemas: &Value, value: &Value, said: &str) {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return fits(&schemas[name], schemas, value, said);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        fits(part, schemas, value, said);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            !value[name.as_str().unwrap()].is_null(),
            "{name} is missing in {value}: {said}"
        );
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if !value[name].is_null() {
            fits(property, schemas, &value[name], said);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        fits(&schema["items"], schemas, item, said);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = &schema["type"];
    let is_allowed = allowed.is_null() || allowed.to_string().contains(kind);
    assert!(is_allowed, "{value} is not {allowed}: {said}");
}

/// A text as it may stand in a path or query.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
