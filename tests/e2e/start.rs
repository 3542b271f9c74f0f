//! The window opens, says what it is, and can be used by everyone.

use anyhow::{Result, ensure};

use skranke_tests::window::{Opening, Scratch, Window};

#[tokio::test]
async fn window_opens_with_title_and_start_screen_that_axe_accepts() -> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("start", &scratch, Opening::default()).await?;

    ensure!(
        window.client().title().await? == "Skranke",
        "the title names the program"
    );
    window.is_accessible("the start screen").await?;
    window.picture("skaerm").await?;
    window.picture_at_double_size("skaerm").await?;
    window.close().await
}

#[tokio::test]
async fn axe_sees_a_seeded_defect() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("seeded-defect", &scratch, Opening::default()).await?;

    window
        .eval(
            "document.body.appendChild(document.createElement('img')).src = 'x.png';",
            vec![],
        )
        .await?;

    let findings = window.accessibility_findings().await?;
    ensure!(
        findings
            .iter()
            .any(|finding| finding.starts_with("image-alt")),
        "a picture without a text must be found, else silence proves nothing: {findings:?}"
    );
    window.close().await
}

#[tokio::test]
async fn text_that_is_cut_is_seen() -> Result<()> {
    let scratch = Scratch::new()?;
    let window = Window::open("seeded-cut", &scratch, Opening::default()).await?;
    window.nothing_is_cut("the start screen").await?;

    for style in [
        "overflow: hidden; width: 40px",
        "overflow: auto; width: 40px",
        "overflow: hidden; height: 8px",
    ] {
        const SEED: &str = "
            const seeded = document.createElement('p');
            seeded.style = arguments[0] + '; white-space: nowrap';
            seeded.textContent = 'Fritagelse fra Digital Post';
            document.querySelector('main').append(seeded);";
        window.eval(SEED, vec![style.into()]).await?;
        ensure!(
            window.nothing_is_cut("a seeded cut").await.is_err(),
            "{style} must be found, else silence proves nothing"
        );
        window
            .eval("document.querySelector('main').lastChild.remove();", vec![])
            .await?;
    }
    window.close().await
}
