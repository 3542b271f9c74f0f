//! What is done with a pen or a finger: the one thing in the window that has no key.

use anyhow::Result;
use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};

use super::Window;

impl Window {
    /// Draws one line on an element with the pointer, through points in pixels from its middle.
    pub async fn draw(&self, css: &str, line: &[(i32, i32)]) -> Result<()> {
        const IN_SIGHT: &str =
            "document.querySelector(arguments[0]).scrollIntoView({ block: 'nearest' });";
        self.eval(IN_SIGHT, vec![css.into()]).await?;
        let element = self.client.find(Locator::Css(css)).await?;
        let to = |&(x, y): &(i32, i32)| PointerAction::MoveToElement {
            element: element.clone(),
            duration: None,
            x: f64::from(x),
            y: f64::from(y),
        };
        let mut points = line.iter().map(to);
        let mut hand = MouseActions::new("pointer".into());
        if let Some(first) = points.next() {
            hand = hand.then(first);
        }
        hand = hand.then(PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        });
        for point in points {
            hand = hand.then(point);
        }
        hand = hand.then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
        Ok(self.client.perform_actions(hand).await?)
    }
}
