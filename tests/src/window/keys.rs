//! Keys as staff press them, written down as they are pressed.

use anyhow::{Result, bail};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;

use super::Window;

impl Window {
    /// Presses one key or chord, for example `Tab`, `Ctrl+Enter`, `j`; counts it.
    pub async fn press(&mut self, chord: &str) -> Result<()> {
        self.script.push(chord.to_owned());
        self.keys += 1;
        self.press_quietly(chord).await
    }

    /// Presses a key several times; each counts.
    pub async fn press_times(&mut self, chord: &str, times: usize) -> Result<()> {
        for _ in 0..times {
            self.press(chord).await?;
        }
        Ok(())
    }

    /// Types free text or a CPR number into whatever has focus; not counted as keys.
    pub async fn type_text(&mut self, what: &str, text: &str) -> Result<()> {
        self.script.push(format!("({what}) {text}"));
        let mut actions = KeyActions::new("keyboard".into());
        for value in text.chars() {
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Presses a key that is not part of the flow, such as zoom.
    pub async fn press_quietly(&self, chord: &str) -> Result<()> {
        let keys = parse(chord)?;
        let mut actions = KeyActions::new("keyboard".into());
        for value in &keys {
            actions = actions.then(KeyAction::Down { value: *value });
        }
        for value in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *value });
        }
        Ok(self.client.perform_actions(actions).await?)
    }
}

fn parse(chord: &str) -> Result<Vec<char>> {
    // "Ctrl++" is Ctrl and the plus key.
    let (modifiers, last) = match chord.strip_suffix("++") {
        Some(before) => (before, "+"),
        None => chord
            .rsplit_once('+')
            .filter(|(before, _)| !before.is_empty())
            .unwrap_or(("", chord)),
    };
    let mut keys = Vec::new();
    for name in modifiers.split('+').filter(|name| !name.is_empty()) {
        keys.push(char::from(match name {
            "Ctrl" => Key::Control,
            "Alt" => Key::Alt,
            "Shift" => Key::Shift,
            other => bail!("unknown modifier {other}"),
        }));
    }
    keys.push(match last {
        "Enter" => char::from(Key::Enter),
        "Tab" => char::from(Key::Tab),
        "Escape" => char::from(Key::Escape),
        "Space" => ' ',
        "Backspace" => char::from(Key::Backspace),
        "Delete" => char::from(Key::Delete),
        "ArrowDown" => char::from(Key::Down),
        "ArrowUp" => char::from(Key::Up),
        "ArrowLeft" => char::from(Key::Left),
        "ArrowRight" => char::from(Key::Right),
        "Home" => char::from(Key::Home),
        "End" => char::from(Key::End),
        "F6" => char::from(Key::F6),
        one if one.chars().count() == 1 => one.chars().next().unwrap_or(' '),
        other => bail!("unknown key {other}"),
    });
    Ok(keys)
}
