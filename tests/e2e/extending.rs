//! A time-limited exemption of the first rule set: it is extended on its last day, the one beside it runs out the day
//! after, and what still ran when the rules changed becomes permanent. Window and central store live on those days.
//! Basis: practice 3 and 6; domain reference 1.5.

use anyhow::{Result, ensure};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::flow::{
    AASE, Citizen, EJNAR, confirmed, grant, make_tick, open_first_case, paper_is, ready_for,
    save_paper, sign_in, words_of,
};

/// The window on a day, with somebody signed in.
async fn on(day: &str, name: &str, scratch: &Scratch) -> Result<Window> {
    let opening = Opening {
        day: Some(day),
        ..Opening::default()
    };
    let mut window = Window::open(name, scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for_focus("new-cpr").await?;
    Ok(window)
}

/// Steps 1 to 6 with an exemption that runs out; the receipt is saved and its words given.
async fn time_limited(window: &mut Window, scratch: &Scratch, citizen: Citizen) -> Result<String> {
    ready_for(window, citizen).await?;
    window.choose("duration_kind", "until").await?;
    grant(window).await?;
    make_tick(window, "registered").await?;
    paper_is(window, "Fritagelseskvittering").await?;
    let words = words_of(&save_paper(window, scratch).await?)?;
    make_tick(window, "receipt").await?;
    make_tick(window, "journalised").await?;
    window.press("Ctrl+n").await?;
    window.wait_for_focus("new-cpr").await?;
    Ok(words)
}

/// The page of the citizen's only case, found as staff find it.
async fn to_case(window: &mut Window, citizen: Citizen) -> Result<()> {
    window.press("Ctrl+f").await?;
    window.wait_for("the cases", "#case-search").await?;
    window.fill("case-search", citizen.cpr).await?;
    window.press("Enter").await?;
    window
        .wait_for(
            "the case or the question why",
            "#purpose-dialog, [data-row]",
        )
        .await?;
    let asked = "return document.getElementById('purpose-dialog') !== null;";
    if window.eval(asked, vec![]).await? == true {
        window.press("Enter").await?;
        window.wait_until_gone("dialog[open]").await?;
    }
    window.wait_for_text(citizen.name).await?;
    open_first_case(window).await?;
    window.wait_for("the case page", "#overview").await
}

/// Prints the receipt anew from the case page: its words.
async fn receipt(window: &mut Window, scratch: &Scratch) -> Result<String> {
    window.press("Ctrl+p").await?;
    window.wait_for("the look", "#look-dialog").await?;
    window.choose("look", "exempt").await?;
    window.press("Ctrl+Enter").await?;
    window
        .wait_for("the receipt", "#paper-dialog canvas")
        .await?;
    let words = words_of(&save_paper(window, scratch).await?)?;
    window.press("Escape").await?;
    window.wait_until_gone("dialog[open]").await?;
    Ok(words)
}

#[tokio::test]
async fn practice_3_exemption_is_extended_runs_out_the_day_after_and_becomes_permanent_by_law()
-> Result<()> {
    let scratch = Scratch::new()?;

    // Given two exemptions of 15 April 2014, both until 1 November 2016
    let mut window = on("2014-04-15", "forlaengelse-2014", &scratch).await?;
    for citizen in [AASE, EJNAR] {
        let words = time_limited(&mut window, &scratch, citizen).await?;
        ensure!(words.contains("01.11.2016"), "until when: {words}");
    }
    confirmed(&window, 2).await?;
    window.close().await?;

    // When Aase comes on the last day, hers is extended after a look and with a reason
    let mut window = on("2016-11-01", "forlaengelse-2016", &scratch).await?;
    to_case(&mut window, AASE).await?;
    window.tab_to("extend").await?;
    window.press("Enter").await?;
    window.wait_for("the dialog", "#extend-dialog").await?;
    window.tab_to("extend-confirm").await?;
    window.press("Enter").await?;
    window
        .wait_for("what is missing", "#extend-reason[aria-invalid=true]")
        .await?;
    window.choose("extend-seen", "exempt").await?;
    ensure!(
        window.value_of("extend-until").await? == "01.11.2018",
        "the same day as for one made today is proposed"
    );
    window
        .fill("extend-reason", "Betingelsen er stadig opfyldt")
        .await?;
    window.is_accessible("the extension").await?;
    window.picture("dialog").await?;
    window.picture_at_double_size("dialog").await?;
    window.tab_to("extend-confirm").await?;
    window.press("Enter").await?;
    window.wait_until_gone("dialog[open]").await?;
    window.wait_for_text("01.11.2018").await?;
    window.is_accessible("the extended case").await?;
    window.picture("sag").await?;
    let words = receipt(&mut window, &scratch).await?;
    ensure!(
        words.contains("01.11.2018") && !words.contains("KOPI"),
        "a new receipt with the new day: {words}"
    );
    confirmed(&window, 2).await?;
    window.close().await?;

    // Then the day after, Ejnar's is no exemption any more, and Aase's runs on
    let mut window = on("2016-11-02", "forlaengelse-dagen-efter", &scratch).await?;
    to_case(&mut window, EJNAR).await?;
    window.wait_for_text("Udløbet").await?;
    ensure!(
        window
            .eval("return document.getElementById('extend') === null;", vec![])
            .await?
            == true,
        "what ran out cannot be extended"
    );
    window.is_accessible("an exemption that ran out").await?;
    window.picture("udloebet").await?;
    to_case(&mut window, AASE).await?;
    window
        .wait_for("it can be extended still", "#extend")
        .await?;
    ensure!(!window.shows("Udløbet").await?, "hers runs on");
    window.close().await?;

    // And under the rules of 1 October 2017 hers has no end, which the case then says
    let mut window = on("2018-12-03", "forlaengelse-uden-udloeb", &scratch).await?;
    to_case(&mut window, AASE).await?;
    window.tab_to("make-permanent").await?;
    window.press("Enter").await?;
    window.wait_for("the dialog", "#permanent-dialog").await?;
    window.is_accessible("making permanent").await?;
    window.picture("dialog").await?;
    window.tab_to("permanent-confirm").await?;
    window.press("Enter").await?;
    window.wait_until_gone("dialog[open]").await?;
    window.wait_until_gone("#make-permanent").await?;
    let words = receipt(&mut window, &scratch).await?;
    ensure!(
        words.contains("Uden udløb") && !words.contains("01.11.2018"),
        "no last day: {words}"
    );
    window.picture("sag").await?;
    confirmed(&window, 2).await?;
    window.close().await
}
