//! Keys as staff press them, written down as they are pressed.

use anyhow::{Result, bail};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

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

    /// Presses Tab until the control has focus, as a person would; each press counts.
    pub async fn tab_to(&mut self, id: &str) -> Result<()> {
        for _ in 0..60 {
            if self.focus_of().await? == id {
                return Ok(());
            }
            self.press("Tab").await?;
        }
        bail!(
            "{id} cannot be reached with Tab; script so far:\n{}",
            self.script()
        )
    }

    /// Walks once around the page with Tab: everything that can be used has its turn, in the order it is read, and
    /// shows that it has the focus. A group of radio buttons has one turn.
    pub async fn reaches_everything_with_tab(&self, place: &str) -> Result<()> {
        const BEGIN: &str = "
            const usable = 'a[href], button, input, select, textarea, [tabindex]';
            const turns = new Map();
            for (const e of document.querySelectorAll(usable)) {
              if (e.disabled || e.tabIndex < 0 || !e.checkVisibility()) continue;
              turns.set(e.type === 'radio' ? e.name : e, e);
            }
            window.turnsToCome = turns;
            window.ordered = [...turns.values()].every((e) => e.tabIndex === 0);
            document.activeElement?.blur();
            getSelection().setPosition(document.body, 0);
            return turns.size;";
        const TURN: &str = "
            const e = document.activeElement;
            const shown = [[e, null], [e.nextElementSibling, '::before'], [e.closest('label'), null]].some(([at, part]) => {
              if (!at) return false;
              const style = getComputedStyle(at, part);
              return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            });
            if (e !== document.body && !shown) return 'no focus is seen on ' + e.outerHTML.slice(0, 120);
            window.turnsToCome.delete(e.type === 'radio' ? e.name : e);
            return window.turnsToCome.size;";
        const LEFT: &str = "
            return [...window.turnsToCome.values()].map((e) => e.outerHTML.slice(0, 120)).join('\\n')
              + (window.ordered ? '' : '\\na tabindex above zero breaks the order');";
        let turns = self.eval(BEGIN, vec![]).await?.as_u64().unwrap_or(0);
        if turns == 0 {
            bail!("{place}: nothing can be used");
        }
        for _ in 0..turns + 10 {
            self.press_quietly("Tab").await?;
            let left = self.eval(TURN, vec![]).await?;
            if let Some(fault) = left.as_str() {
                bail!("{place}: {fault}");
            }
            if left == json!(0) {
                break;
            }
        }
        let left = self.eval(LEFT, vec![]).await?;
        match left.as_str() {
            Some("") => Ok(()),
            _ => bail!("{place}: not reached with Tab: {left}"),
        }
    }

    /// Waits until the control has focus, however it came there.
    pub async fn wait_for_focus(&self, id: &str) -> Result<()> {
        self.until(&format!("the focus on {id}"), || async {
            Ok(self.focus_of().await? == id)
        })
        .await
    }

    /// The id of what has focus; empty where nothing has.
    pub async fn focus_of(&self) -> Result<String> {
        let id = self
            .eval(
                "return document.activeElement ? document.activeElement.id : '';",
                vec![],
            )
            .await?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    /// What stands in a field.
    pub async fn value_of(&self, id: &str) -> Result<String> {
        const VALUE: &str =
            "const e = document.getElementById(arguments[0]); return e ? String(e.value) : '';";
        let value = self.eval(VALUE, vec![json!(id)]).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Whether a box or an answer is ticked.
    pub async fn is_ticked(&self, id: &str) -> Result<bool> {
        const TICKED: &str =
            "const e = document.getElementById(arguments[0]); return !!e && e.checked === true;";
        Ok(self.eval(TICKED, vec![json!(id)]).await? == json!(true))
    }

    /// Goes to a box or an answer and ticks it.
    pub async fn tick(&mut self, id: &str) -> Result<()> {
        self.tab_to(id).await?;
        self.press("Space").await?;
        self.until(&format!("{id} to be ticked"), || async {
            self.is_ticked(id).await
        })
        .await
    }

    /// Goes to a group of answers and down to one of them with the arrow keys.
    pub async fn choose(&mut self, group: &str, answer: &str) -> Result<()> {
        let wanted = format!("{group}-{answer}");
        for _ in 0..60 {
            if self.focus_of().await?.starts_with(&format!("{group}-")) {
                break;
            }
            self.press("Tab").await?;
        }
        for _ in 0..20 {
            if self.focus_of().await? == wanted {
                break;
            }
            self.press("ArrowDown").await?;
        }
        if !self.is_ticked(&wanted).await? {
            self.press("Space").await?;
        }
        self.until(&format!("{wanted} to be chosen"), || async {
            self.is_ticked(&wanted).await
        })
        .await
    }

    /// Goes to a field and replaces what stands there.
    pub async fn fill(&mut self, id: &str, text: &str) -> Result<()> {
        self.tab_to(id).await?;
        if !self.value_of(id).await?.is_empty() {
            self.press("Ctrl+a").await?;
        }
        self.type_text(id, text).await
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
        "F1" => char::from(Key::F1),
        "F2" => char::from(Key::F2),
        "F4" => char::from(Key::F4),
        "F6" => char::from(Key::F6),
        "F8" => char::from(Key::F8),
        "F9" => char::from(Key::F9),
        one if one.chars().count() == 1 => one.chars().next().unwrap_or(' '),
        other => bail!("unknown key {other}"),
    });
    Ok(keys)
}
