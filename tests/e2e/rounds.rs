//! The status line while a round is long: how far it is, stopping it, and the cases that came home by name. And while
//! the line goes and comes back under an open window.

use std::net::TcpListener;

use anyhow::{Result, ensure};
use chrono::Days;
use serde_json::Value;
use skranke_app::Clock;
use skranke_testkit::network::{Line, Trouble};
use skranke_tests::window::{ForeignServer, Opening, Scratch, Window};

use crate::elsewhere::{central_in, counter, done, handed_in};
use crate::flow::{BODIL, grant_to, make_tick, sign_in};

/// Leaves a central store behind in which another counter handed cases in.
fn much_to_fetch(scratch: &Scratch) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let central = central_in(&scratch.store_folder().join("central"))?;
    let other = counter(elsewhere.path(), central.url())?;
    for _ in 0..8 {
        handed_in(&other)?;
    }
    done(other.sync_now(()))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_round_is_seen_and_stopped_and_each_case_is_confirmed_by_name() -> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| much_to_fetch(&scratch))?;
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let line = Line::to(free);
    line.suffers(Trouble::Crawling);
    let behind = ForeignServer::behind(&scratch, free.port(), line.address())?;
    let opening = Opening {
        foreign_server: Some(&behind),
        ..Opening::default()
    };

    // A slow line: how far the round is, and a way to stop it
    let mut window = Window::open("langsom-linje", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for("how far it is", "#status-progress").await?;
    window.is_accessible("a long round").await?;
    window.picture("undervejs").await?;
    window.tab_to("sync-stop").await?;
    window.press("Enter").await?;
    window.wait_until_gone("#status-progress").await?;
    window.wait_for_focus("help").await?;

    // A better line: it goes on by itself, and what is done here comes home
    line.suffers(Trouble::None);
    window.tab_to("new-cpr").await?;
    grant_to(&mut window, BODIL).await?;
    make_tick(&mut window, "registered").await?;
    window
        .wait_for("the confirmation", "#status-sync[data-confirmed='1']")
        .await?;
    window.tab_to("show-sent").await?;
    window.press("Enter").await?;
    window
        .wait_for("the cases", "#sent-dialog [data-sync=confirmed]")
        .await?;
    window.is_accessible("the cases of the last round").await?;
    window.picture("sager").await?;
    let named = "return document.querySelector('#sent-dialog').innerText.includes(arguments[0]);";
    let named = window.eval(named, vec![Value::from(BODIL.name)]).await?;
    ensure!(named == Value::Bool(true), "by name");
    window.press("Escape").await?;
    window.wait_until_gone("#sent-dialog").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn line_that_goes_and_comes_back_under_an_open_window_is_told_each_time() -> Result<()> {
    let scratch = Scratch::new()?;
    let server = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let line = Line::to(server);
    let behind = ForeignServer::behind(&scratch, server.port(), line.address())?;
    let opening = Opening {
        foreign_server: Some(&behind),
        ..Opening::default()
    };
    let mut window = Window::open("linje-igen", &scratch, opening).await?;
    sign_in(&mut window, "karin").await?;
    window
        .wait_for("the line", "#status-sync[data-online=true]")
        .await?;

    // The line goes: the work does not, and the status line says what waits
    line.leads_to(TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    grant_to(&mut window, BODIL).await?;
    make_tick(&mut window, "registered").await?;
    window
        .wait_for(
            "that there is no line and something waits",
            "#status-sync[data-online=false]:not([data-waiting='0'])",
        )
        .await?;
    window
        .wait_for_text("Ingen forbindelse til serveren. Du kan arbejde videre.")
        .await?;
    ensure!(
        window.shows("venter på at blive sendt").await?
            && !window.shows("1 af 1 bekræftet").await?,
        "what waits is not called confirmed"
    );
    window.is_accessible("a line that went").await?;
    window.picture("venter").await?;

    // It comes back: the same window sends by itself and says what was confirmed
    line.leads_to(server);
    window
        .wait_for(
            "the confirmation",
            "#status-sync[data-online=true][data-waiting='0'][data-confirmed='1']",
        )
        .await?;
    window.wait_for_text("1 af 1 bekræftet modtaget").await?;
    ensure!(
        !window.shows("Ingen forbindelse").await?
            && !window.shows("venter på at blive sendt").await?,
        "nothing is said to wait any more"
    );
    window.is_accessible("a line that came back").await?;
    window.picture("bekraeftet").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_differs_from_the_central_stores_is_told_in_the_status_line() -> Result<()> {
    let scratch = Scratch::new()?;
    let right = ForeignServer::with_the_right_clock(&scratch)?;
    let in_three_days = Clock::System.today() + Days::new(3);
    let in_three_days = in_three_days.to_string();
    let opening = Opening {
        foreign_server: Some(&right),
        day: Some(&in_three_days),
        ..Opening::default()
    };
    let mut window = Window::open("forkert-ur", &scratch, opening).await?;

    sign_in(&mut window, "karin").await?;
    grant_to(&mut window, BODIL).await?;

    window
        .wait_for_text("Computerens ur passer ikke med serverens")
        .await?;
    // What is wrong takes the place of the day in the line, which goes by the right clock all the same.
    let shown = "return document.querySelector('#status-day').dataset.day";
    let shown = window.eval(shown, Vec::new()).await?;
    ensure!(
        shown == Clock::System.today().to_string().as_str(),
        "the window's day is {shown}"
    );
    window
        .wait_for("the confirmation", "#status-sync[data-confirmed='1']")
        .await?;
    window.is_accessible("a wrong clock").await?;
    window.picture("linje").await?;
    window.close().await
}
