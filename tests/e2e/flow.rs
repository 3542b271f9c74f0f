//! The counter flow as staff walk it, key by key: shared by the window tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use skranke_tests::window::{Scratch, Window};

/// A citizen of the demo's own register: name and address come by themselves.
pub(crate) const AASE: Citizen = Citizen {
    cpr: "0201703984",
    name: "Aase Lindholm",
};
/// Another.
pub(crate) const BODIL: Citizen = Citizen {
    cpr: "2304483984",
    name: "Bodil Aagaard",
};
/// And another.
pub(crate) const EJNAR: Citizen = Citizen {
    cpr: "1412553985",
    name: "Ejnar Thorup",
};
/// And one more.
pub(crate) const YUSUF: Citizen = Citizen {
    cpr: "0309813985",
    name: "Yusuf Demir",
};

/// One whose address is protected.
pub(crate) const GRETHE: Citizen = Citizen {
    cpr: "1604483984",
    name: "Grethe Poulsen",
};

/// A fictional citizen.
#[derive(Clone, Copy)]
pub(crate) struct Citizen {
    pub(crate) cpr: &'static str,
    pub(crate) name: &'static str,
}

/// Signs in as the demo's member of staff with this user name.
pub(crate) async fn sign_in(window: &mut Window, user: &str) -> Result<()> {
    window.wait_for("the sign-in", "#sign-in").await?;
    window.choose("demo_account", user).await?;
    window.tab_to("password").await?;
    window.press("Enter").await
}

/// Opens the case on top of a list.
pub(crate) async fn open_first_case(window: &mut Window) -> Result<()> {
    window
        .wait_for("the cases in the list", "[data-row]")
        .await?;
    window
        .eval("document.querySelector('[data-row]').focus();", vec![])
        .await?;
    window.press("Enter").await
}

/// From the start to step 1.
pub(crate) async fn begin(window: &mut Window, citizen: Citizen) -> Result<()> {
    window.wait_for_focus("new-cpr").await?;
    window.type_text("CPR", citizen.cpr).await?;
    window.press("Enter").await?;
    window.wait_for("step 1", "#id_kind").await?;
    window
        .until("the first question to have focus", || async {
            Ok(window.focus_of().await?.starts_with("channel-"))
        })
        .await
}

/// Step 1 for a citizen with a passport who came alone.
pub(crate) async fn came_alone(window: &mut Window) -> Result<()> {
    window.choose("id_kind", "passport").await?;
    window.tick("id_checked").await
}

/// On to step 2, where the demo's register fills in the name.
pub(crate) async fn to_citizen(window: &mut Window, citizen: Citizen) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window.wait_for("step 2", "#citizen_name").await?;
    window
        .until("the name is filled in from what we know", || async {
            Ok(window.value_of("citizen_name").await? == citizen.name)
        })
        .await?;
    // The focus comes last: from then on the next key is for this step.
    window.wait_for_focus("citizen_name").await
}

/// On to step 3.
pub(crate) async fn to_guidance(window: &mut Window) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window
        .until("the first offer to have focus", || async {
            Ok(window.focus_of().await?.starts_with("offer_"))
        })
        .await
}

/// On to step 4.
pub(crate) async fn to_declaration(window: &mut Window) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window.wait_for_focus("declared").await
}

/// axe and pictures, in double size too.
pub(crate) async fn look(window: &mut Window, name: &str) -> Result<()> {
    window.is_accessible(name).await?;
    window.picture(name).await?;
    window.picture_at_double_size(name).await?;
    Ok(())
}

/// The citizen has declared and signed on paper, and wants unopened post where the register says.
pub(crate) async fn declare(window: &mut Window) -> Result<()> {
    window.tick("declared").await?;
    window.tick("request_signed").await?;
    window.choose("unopened_post", "registered_address").await
}

/// On to step 5.
pub(crate) async fn to_decision(window: &mut Window) -> Result<()> {
    window.press("Ctrl+Enter").await?;
    window.wait_for_focus("conflict_checked").await
}

/// Confirms that there is no conflict of interest and grants.
pub(crate) async fn grant(window: &mut Window) -> Result<()> {
    window.tick("conflict_checked").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for("step 6", "#tick-registered").await?;
    window.wait_for_focus("tick-registered").await
}

/// Steps 1 to 3 for a citizen who came alone: ends on step 4.
pub(crate) async fn declaration_of(window: &mut Window, citizen: Citizen) -> Result<()> {
    begin(window, citizen).await?;
    came_alone(window).await?;
    to_citizen(window, citizen).await?;
    to_guidance(window).await?;
    to_declaration(window).await
}

/// Steps 1 to 4 for a citizen who came alone: ends on step 5.
pub(crate) async fn ready_for(window: &mut Window, citizen: Citizen) -> Result<()> {
    declaration_of(window, citizen).await?;
    declare(window).await?;
    to_decision(window).await
}

/// Steps 1 to 5 for a citizen who came alone: ends on step 6, granted and not registered.
pub(crate) async fn grant_to(window: &mut Window, citizen: Citizen) -> Result<()> {
    ready_for(window, citizen).await?;
    grant(window).await
}

/// The ordinary case by keyboard alone, from the number to the third tick and on to the next citizen. `look` is told
/// each screen on the way, and `printed` once the paper was sent to the printer.
pub(crate) async fn ordinary_case(
    window: &mut Window,
    citizen: Citizen,
    mut look: impl AsyncFnMut(&mut Window, &str) -> Result<()>,
) -> Result<()> {
    begin(window, citizen).await?;
    came_alone(window).await?;
    look(window, "trin-1").await?;
    to_citizen(window, citizen).await?;
    look(window, "trin-2").await?;
    to_guidance(window).await?;
    look(window, "trin-3").await?;
    to_declaration(window).await?;
    declare(window).await?;
    look(window, "trin-4").await?;
    to_decision(window).await?;
    look(window, "trin-5").await?;
    grant(window).await?;
    make_tick(window, "registered").await?;
    paper_is(window, "Fritagelseskvittering").await?;
    look(window, "trin-6").await?;
    window.press("Ctrl+p").await?;
    look(window, "printed").await?;
    came_out(window).await?;
    make_tick(window, "receipt").await?;
    make_tick(window, "journalised").await?;
    window.press("Ctrl+n").await?;
    window.wait_for_focus("new-cpr").await
}

/// Answers that the paper came out of the printer.
pub(crate) async fn came_out(window: &mut Window) -> Result<()> {
    window.wait_for_focus("came-out").await?;
    window.press("Enter").await?;
    window.wait_until_gone("#print-check").await
}

/// Makes one of the three ticks with its key.
pub(crate) async fn make_tick(window: &mut Window, tick: &str) -> Result<()> {
    let key = match tick {
        "registered" => "Ctrl+r",
        "receipt" => "Ctrl+k",
        _ => "Ctrl+j",
    };
    window.press(key).await?;
    window
        .wait_for(
            &format!("the tick {tick}"),
            &format!("#tick-{tick}[data-done=true]"),
        )
        .await
}

/// Waits until the paper at the side is drawn.
pub(crate) async fn paper_is_drawn(window: &Window) -> Result<()> {
    const DRAWN: &str = "
        const canvas = document.querySelector('[data-testid=paper-state] canvas');
        if (!canvas || canvas.width === 0) return false;
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 0; i < pixels.length; i += 40) if (pixels[i] < 128 && pixels[i + 3] > 0) return true;
        return false;";
    window
        .until("the paper to be drawn", || async {
            Ok(window.eval(DRAWN, vec![]).await? == Value::Bool(true))
        })
        .await
}

/// Waits until this paper is the one at the side, and drawn.
pub(crate) async fn paper_is(window: &Window, title: &str) -> Result<()> {
    const TITLE: &str = "
        const many = document.getElementById('paper-kind');
        const one = document.getElementById('paper-title');
        return (many ? many.selectedOptions[0]?.textContent : one?.textContent) ?? '';";
    window
        .until(&format!("the paper {title}"), || async {
            Ok(window
                .eval(TITLE, vec![])
                .await?
                .as_str()
                .is_some_and(|shown| shown.trim() == title))
        })
        .await?;
    paper_is_drawn(window).await
}

/// Saves the paper on screen with its key and gives the file.
pub(crate) async fn save_paper(window: &mut Window, scratch: &Scratch) -> Result<PathBuf> {
    let before = pdf_files(scratch)?;
    window.press("Ctrl+s").await?;
    window
        .until("the saved paper", || async {
            Ok(pdf_files(scratch)?.len() > before.len())
        })
        .await?;
    pdf_files(scratch)?
        .into_iter()
        .find(|file| !before.contains(file))
        .context("a paper was saved")
}

fn pdf_files(scratch: &Scratch) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(scratch.files())? {
        let path = entry?.path();
        let is_paper = path.extension().is_some_and(|ending| ending == "pdf");
        if is_paper && path.file_stem().is_some_and(|stem| stem != "attach") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The words of a PDF, as a reader that is not ours finds them.
pub(crate) fn words_of(pdf: &Path) -> Result<String> {
    let output = Command::new("pdftotext")
        .arg(pdf)
        .arg("-")
        .output()
        .context("running pdftotext")?;
    ensure!(output.status.success(), "pdftotext reads {}", pdf.display());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Waits until the central store has confirmed every case.
pub(crate) async fn confirmed(window: &Window, cases: usize) -> Result<()> {
    let css = format!("#status-sync[data-waiting='0'][data-confirmed='{cases}']");
    window
        .wait_for("the confirmation of the central store", &css)
        .await
}
