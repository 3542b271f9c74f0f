//! P13 and P16: the real window at work, driven key by key through the script of the window test.
//!
//! Times are taken inside the page: from the moment the key event carries to the frame after the one that shows what it
//! changed. For letters the display itself is watched too (`screen`): the page cannot know when its picture was there.
//! Beside them stand two longer ways: from the key that asks the core for something to the frame that shows its answer,
//! and from "saving" to "saved" in the status line. What is driven is the debug build, which is slower than what is
//! shipped.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use skranke_tests::window::{Cups, Opening, Scratch, Window};

use crate::figure::{Figures, ms, percentile};
use crate::flow::{AASE, BODIL, Citizen, EJNAR, ordinary_case, sign_in, to_citizen};
use crate::flow::{begin, came_alone};
use crate::screen;

/// Typed into a field as a person does, one letter after another.
const FREE_TEXT: &str = "Borgeren har ingen computer og bor alene. Datteren henter posten om fredagen, \
    når hun kommer forbi. Aftalt at ringe den 14. om formiddagen, og ikke før klokken ti.";
/// How often the tabulator goes through the controls of a step.
const TABS: usize = 40;
/// Keys besides digits and free text. Basis: spec sync-and-speed, P16.
const MOST_KEYS: usize = 22;
/// Seconds of the keystroke-level model: a key, and making up one's mind once. Basis: sync-and-speed, section 6.
const SECONDS_A_KEY: f64 = 0.2;
const SECONDS_A_DECISION: f64 = 1.35;

const PROBE: &str = "
    const probe = { painted: [], answered: [], saved: [], late: [], pointings: 0 };
    window.speedProbe = probe;
    const state = () => [
      document.activeElement?.id, document.querySelector('main h1')?.textContent,
      ...[...document.querySelectorAll('[data-done]')].map((mark) => mark.dataset.done)].join('|');
    document.addEventListener('keydown', (event) => {
      if (['Control', 'Shift', 'Alt'].includes(event.key)) return;
      const at = event.timeStamp;
      probe.late.push(performance.now() - at);
      requestAnimationFrame(() => requestAnimationFrame(() => probe.painted.push(performance.now() - at)));
      if (!event.ctrlKey && event.key !== 'Enter') return;
      if (event.key === 'p') return;
      const before = state();
      const look = () => {
        if (performance.now() - at > 3000) return;
        if (state() === before) return requestAnimationFrame(look);
        requestAnimationFrame(() => probe.answered.push(performance.now() - at));
      };
      requestAnimationFrame(look);
    }, true);
    document.addEventListener('pointerdown', () => (probe.pointings += 1), true);
    let begun = null;
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.target.id !== 'status-saved') continue;
        if (change.target.dataset.state === 'saving') begun = performance.now();
        else if (begun !== null && change.target.dataset.state === 'saved') {
          probe.saved.push(performance.now() - begun);
          begun = null;
        }
      }
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-state'] });";

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(at_the_counter(figures))
}

async fn at_the_counter(figures: &mut Figures) -> Result<()> {
    let scratch = Scratch::new()?;
    let cups = Cups::start()?;
    let opening = Opening {
        printing: Some(&cups),
        drawn_as_shipped: true,
        ..Opening::default()
    };
    let mut window = Window::open("bench", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    window.eval(PROBE, vec![]).await?;
    window.begin_script();
    ordinary_case(&mut window, AASE, async |_, _| Ok(())).await?;
    let (keys, decisions) = (window.key_count(), decisions(&window.script()));
    let pointings = window.eval("return window.speedProbe.pointings;", vec![]);
    let pointings = pointings.await?.as_u64().context("pointings are counted")?;
    eprintln!("{}", window.script());
    ordinary_case(&mut window, BODIL, async |_, _| Ok(())).await?;
    let seen = type_at_length(&mut window, EJNAR).await?;

    let painted = times(&window, "painted").await?;
    let answered = times(&window, "answered").await?;
    let saved = times(&window, "saved").await?;
    let late = times(&window, "late").await?;
    window.close().await?;
    ensure!(painted.len() > 200, "{} keys were seen", painted.len());
    let (p95, p99) = (percentile(&painted, 0.95), percentile(&painted, 0.99));
    figures.add(
        "P13",
        &format!("key to painted frame, {} keys, p50", painted.len()),
        ms(percentile(&painted, 0.5)),
        "",
        None,
    );
    figures.add(
        "",
        "  of it until the page has the key, p50 / p95",
        format!(
            "{} / {}",
            ms(percentile(&late, 0.5)),
            ms(percentile(&late, 0.95))
        ),
        "",
        None,
    );
    figures.add(
        "P13",
        "key to painted frame, p95",
        ms(p95),
        "<= 50 ms",
        Some(p95 <= Duration::from_millis(50)),
    );
    figures.add(
        "P13",
        "key to painted frame, p99",
        ms(p99),
        "<= 100 ms",
        Some(p99 <= Duration::from_millis(100)),
    );
    let (p95, p99) = (percentile(&seen, 0.95), percentile(&seen, 0.99));
    figures.add(
        "P13",
        &format!(
            "letter on the display, {} letters, p50 / p95 / p99",
            seen.len()
        ),
        format!("{} / {} / {}", ms(percentile(&seen, 0.5)), ms(p95), ms(p99)),
        "p95 <= 50, p99 <= 100 ms",
        Some(p95 <= Duration::from_millis(50) && p99 <= Duration::from_millis(100)),
    );
    let shown = percentile(&answered, 0.95);
    figures.add(
        "P13",
        &format!(
            "key to the core's answer painted, {} keys, p50 / p95",
            answered.len()
        ),
        format!("{} / {}", ms(percentile(&answered, 0.5)), ms(shown)),
        "p95 <= 100 ms",
        Some(shown <= Duration::from_millis(100)),
    );
    figures.add(
        "P13",
        &format!(
            "\"saving\" to \"saved\" on screen, {} saves, p50 / p95",
            saved.len()
        ),
        format!(
            "{} / {}",
            ms(percentile(&saved, 0.5)),
            ms(percentile(&saved, 0.95))
        ),
        "(with the window's way to the core)",
        None,
    );
    figures.add(
        "P16",
        "keys of the ordinary case, besides digits and text",
        keys.to_string(),
        "<= 22",
        Some(keys <= MOST_KEYS),
    );
    figures.add(
        "P16",
        "pointings",
        pointings.to_string(),
        "0",
        Some(pointings == 0),
    );
    #[expect(clippy::cast_precision_loss, reason = "a few dozen keys")]
    let seconds = (keys + 10) as f64 * SECONDS_A_KEY + decisions as f64 * SECONDS_A_DECISION;
    figures.add(
        "P16",
        &format!("keystroke-level model: keys, 10 digits, {decisions} decisions"),
        format!("{seconds:.1} s"),
        "<= 18 s",
        Some(seconds <= 18.0),
    );
    Ok(())
}

/// A third case as far as step 2, with a long text typed into the address and many turns of the tabulator.
/// How long each letter took to be seen.
async fn type_at_length(window: &mut Window, citizen: Citizen) -> Result<Vec<Duration>> {
    begin(window, citizen).await?;
    came_alone(window).await?;
    to_citizen(window, citizen).await?;
    window.tab_to("citizen_address").await?;
    for letter in FREE_TEXT.chars() {
        let key = if letter == ' ' {
            "Space".to_owned()
        } else {
            letter.to_string()
        };
        window.press_quietly(&key).await?;
    }
    window.press_quietly("Ctrl+a").await?;
    let seen = screen::letters(window, FREE_TEXT).await?;
    for _ in 0..TABS {
        window.press_quietly("Tab").await?;
    }
    // What is still to be painted or saved.
    window
        .wait_for("everything saved", "#status-saved[data-state=saved]")
        .await?;
    Ok(seen)
}

async fn times(window: &Window, which: &str) -> Result<Vec<Duration>> {
    let found = window
        .eval(
            "return window.speedProbe[arguments[0]];",
            vec![which.into()],
        )
        .await?;
    let found = found.as_array().context("the probe is there")?;
    let milliseconds = found.iter().filter_map(Value::as_f64);
    Ok(milliseconds
        .map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1000.0))
        .collect())
}

/// How often one makes up one's mind: each text, answer, box and tick. Going on is no decision of its own: the
/// model leaves out what follows of itself.
fn decisions(script: &str) -> usize {
    let keys: Vec<&str> = script
        .lines()
        .map(|line| line.trim_start_matches(|sign: char| sign == ' ' || sign.is_ascii_digit()))
        .collect();
    let follows = ["Tab", "Enter", "Ctrl+Enter", "Ctrl+n"];
    let arrow = |key: &str| key.starts_with("Arrow");
    (0..keys.len())
        .filter(|n| !follows.contains(&keys[*n]))
        // Several arrows in a row lead to one answer.
        .filter(|n| !(arrow(keys[*n]) && keys.get(n + 1).is_some_and(|next| arrow(next))))
        .count()
}
