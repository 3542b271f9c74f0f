//! What stands on the display itself: the truth about when a key's letter can be seen.
//!
//! The page cannot say when its picture reached the screen. Here the display's own memory is looked at, from the moment
//! the key is sent until the letter's pixels are there; the driver's way to the window is in the figure.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use skranke_tests::window::{Display, Window};

/// A blinking text cursor changes so few columns; a letter moves it and changes more.
const CURSOR_COLUMNS: usize = 1;
/// Longer than any letter takes.
const LIMIT: Duration = Duration::from_secs(5);
const BYTES_A_PIXEL: usize = 4;

/// A rectangle of the screen.
struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// Types the text into the field that has the focus, letter by letter; how long each took to be seen.
pub(crate) async fn letters(window: &Window, text: &str) -> Result<Vec<Duration>> {
    let area = focused(window).await?;
    let mut times = Vec::new();
    for letter in text.chars().filter(|letter| letter.is_alphanumeric()) {
        let before = area.cut(&window.display().frame()?)?;
        let stopped = AtomicBool::new(false);
        let begin = Instant::now();
        let seen = std::thread::scope(|scope| {
            let watching = scope.spawn(|| watch(window.display(), &area, &before, &stopped, begin));
            let typed = tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current()
                    .block_on(window.press_quietly(&letter.to_string()))
            });
            if typed.is_err() {
                stopped.store(true, Ordering::Relaxed);
            }
            let seen = watching
                .join()
                .map_err(|_| anyhow::anyhow!("watching the screen ended early"))?;
            typed?;
            seen
        })?;
        times.push(seen);
    }
    Ok(times)
}

fn watch(
    display: &Display,
    area: &Area,
    before: &[u8],
    stopped: &AtomicBool,
    begin: Instant,
) -> Result<Duration> {
    loop {
        let now = area.cut(&display.frame()?)?;
        let seen = begin.elapsed();
        if area.changed_columns(before, &now) > CURSOR_COLUMNS {
            return Ok(seen);
        }
        ensure!(!stopped.load(Ordering::Relaxed), "the key was not sent");
        ensure!(
            seen < LIMIT,
            "a letter was typed and never seen: {} columns changed",
            area.changed_columns(before, &now)
        );
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Where on the screen the field lies that has the focus. The window stands in the corner: nothing manages windows here.
async fn focused(window: &Window) -> Result<Area> {
    let found = window
        .eval(
            "const box = document.activeElement.getBoundingClientRect();
             return [screenX + box.left, screenY + box.top, box.width, box.height];",
            vec![],
        )
        .await?;
    let number = |at: usize| -> Result<usize> {
        let value = found.get(at).and_then(serde_json::Value::as_f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place on the screen"
        )]
        let whole = value.context("a field has a place")?.max(0.0) as usize;
        Ok(whole)
    };
    Ok(Area {
        left: number(0)?,
        top: number(1)?,
        width: number(2)?,
        height: number(3)?,
    })
}

impl Area {
    /// The pixels of the area in a picture of the display (XWD: a header of 32-bit numbers, colours, rows).
    fn cut(&self, picture: &[u8]) -> Result<Vec<u8>> {
        let number = |at: usize| -> Result<usize> {
            let bytes = picture.get(at * 4..at * 4 + 4).context("a header")?;
            Ok(u32::from_be_bytes(bytes.try_into()?) as usize)
        };
        let (header, row_bytes, colours) = (number(0)?, number(12)?, number(19)?);
        let pixels = header + colours * 12;
        let mut cut = Vec::with_capacity(self.width * self.height * BYTES_A_PIXEL);
        for row in self.top..self.top + self.height {
            let from = pixels + row * row_bytes + self.left * BYTES_A_PIXEL;
            let part = picture.get(from..from + self.width * BYTES_A_PIXEL);
            cut.extend_from_slice(part.context("the field lies on the screen")?);
        }
        Ok(cut)
    }

    /// How many columns of pixels differ.
    fn changed_columns(&self, before: &[u8], now: &[u8]) -> usize {
        let row = self.width * BYTES_A_PIXEL;
        (0..self.width)
            .filter(|column| {
                (0..self.height).any(|line| {
                    let at = line * row + column * BYTES_A_PIXEL;
                    before[at..at + BYTES_A_PIXEL] != now[at..at + BYTES_A_PIXEL]
                })
            })
            .count()
    }
}
