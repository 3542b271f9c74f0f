//! Values by schema, and values that only look like them. Numbers come from a seed, so that a failure repeats.

use serde_json::{Map, Value, json};

/// A small generator of our own.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    pub(super) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Texts that have broken programs.
pub(super) const TEXTS: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "CON",
    "'; DROP TABLE event; --",
    "\u{202e}fdp.exe",
    "\u{feff}",
    "\u{1f469}\u{200d}\u{1f469}",
    "A\u{30a}se \u{d8}sterg\u{e5}rd",
    "=cmd|'/c calc'!A0",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "%s%n",
    "9999999999999999999999",
    "-1",
    "2512169996",
    "null",
    "urn:skranke:problem:x",
];

/// A value of the schema; `wild` values keep its shape and are impossible somewhere.
pub(super) fn value(
    schema: &Value,
    schemas: &Value,
    dice: &mut Dice,
    wild: bool,
    depth: u32,
) -> Value {
    if wild && dice.below(8) == 0 {
        return wrong(dice);
    }
    if depth > 8 {
        return Value::Null;
    }
    let below = |schema: &Value, dice: &mut Dice| value(schema, schemas, dice, wild, depth + 1);
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return below(&schemas[name], dice);
    }
    if let Some(one) = schema["oneOf"].as_array() {
        let chosen = dice.one_of(one).clone();
        return below(&chosen, dice);
    }
    if let Some(all) = schema["allOf"].as_array() {
        let mut merged = Map::new();
        for part in all {
            if let Value::Object(part) = below(part, dice) {
                merged.extend(part);
            }
        }
        return Value::Object(merged);
    }
    if let Some(codes) = schema["enum"].as_array() {
        return dice.one_of(codes).clone();
    }
    let kinds = schema["type"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![schema["type"].clone()]);
    match dice.one_of(&kinds).as_str() {
        Some("object") => {
            let mut object = Map::new();
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                if !(wild && dice.below(10) == 0) {
                    object.insert(name.clone(), below(schema, dice));
                }
            }
            if wild && dice.below(3) == 0 {
                object.insert(dice.one_of(TEXTS).to_string(), wrong(dice));
            }
            Value::Object(object)
        }
        Some("array") => {
            let count = dice.below(4);
            (0..count).map(|_| below(&schema["items"], dice)).collect()
        }
        Some("integer") => json!(dice.below(1_000)),
        Some("boolean") => json!(dice.below(2) == 0),
        Some("null") => Value::Null,
        _ => text(schema, dice, wild),
    }
}

fn text(schema: &Value, dice: &mut Dice, wild: bool) -> Value {
    if wild && dice.below(2) == 0 {
        return json!(dice.one_of(TEXTS));
    }
    match schema["format"].as_str() {
        Some("uuid") => json!(uuid::Uuid::now_v7().to_string()),
        Some("date-time") => json!("2026-11-21T12:00:00.000Z"),
        Some("date") => json!("2026-11-21"),
        _ => match schema["examples"].as_array() {
            Some(examples) => dice.one_of(examples).clone(),
            None => json!(dice.one_of(&["counter", "2512169996", "0999", "x", "counter_entry"])),
        },
    }
}

/// Something that fits nowhere.
fn wrong(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1e308),
        3 => json!(u64::MAX),
        4 => json!([[[[]]]]),
        5 => json!({ "a": { "b": [] } }),
        6 => json!("x".repeat(5_000)),
        _ => json!(dice.one_of(TEXTS)),
    }
}
