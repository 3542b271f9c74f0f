//! A laptop with a PIN, by keyboard alone: it is chosen, asked for at start, and the end of the lease says what to do.

use std::path::Path;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use skranke_app::api::session::{PinRequest, SignInRequest};
use skranke_app::{App, Clock, Config, Costs, KeyPlace, ServerAddress};
use skranke_protocol::wire::Scope;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, EnrolmentCode};
use skranke_tests::window::{Opening, Scratch, Window};

use crate::elsewhere::{SECRET, TENANT, central_in, done};
use crate::flow::{look, sign_in};

const PIN: &str = "714205";
const CODE: &str = "a-code-for-a-laptop";
const PASSWORD: &str = "solbjerg-demo-2026";

#[tokio::test]
async fn pin_is_chosen_by_keyboard_and_asked_for_at_the_next_start_and_behind_the_lock()
-> Result<()> {
    let scratch = Scratch::new()?;
    let mut window = Window::open("pin-vaelg", &scratch, Opening::default()).await?;
    sign_in(&mut window, "anders").await?;
    window.wait_for("the rail", "#nav-settings").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window.wait_for("the PIN", "#pin-choose").await?;
    window.tab_to("pin-choose").await?;
    window.press("Enter").await?;
    window.wait_for_focus("pin_first").await?;
    window
        .type_text("one that is tried first", "123456")
        .await?;
    window.press("Tab").await?;
    window.type_text("the same again", "123456").await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for_text("må ikke være let at gætte").await?;
    look(&mut window, "for-let").await?;
    window.press("Escape").await?;
    window.tab_to("pin-choose").await?;
    window.press("Enter").await?;
    window.wait_for_focus("pin_first").await?;
    window.type_text("a good one", PIN).await?;
    window.press("Tab").await?;
    window.type_text("the same again", PIN).await?;
    window.press("Ctrl+Enter").await?;
    window.wait_for_text("PIN-koden gælder fra nu af").await?;
    look(&mut window, "valgt").await?;
    window.close().await?;

    let mut window = Window::open("pin", &scratch, Opening::default()).await?;
    window.wait_for_text("Skriv PIN-koden").await?;
    window.wait_for_focus("pin_code").await?;
    look(&mut window, "start").await?;
    window.type_text("a wrong one", "714206").await?;
    window.press("Enter").await?;
    window.wait_for_text("PIN-koden passer ikke.").await?;
    look(&mut window, "forkert").await?;
    window.tab_to("pin_code").await?;
    window.type_text("the right one", PIN).await?;
    window.press("Enter").await?;
    sign_in(&mut window, "karin").await?;
    window.wait_for("the rail", "#nav-settings").await?;
    window.tab_to("nav-settings").await?;
    window.press("Enter").await?;
    window
        .wait_for("where one is", "#settings-location")
        .await?;

    // Behind the locked screen it is closed: PIN and password, and one is where one was
    window.press("Ctrl+l").await?;
    window.wait_for_focus("pin_code").await?;
    look(&mut window, "laast").await?;
    window.type_text("the PIN", PIN).await?;
    window.press("Enter").await?;
    window.wait_for_focus("password").await?;
    window.wait_for_text("Karin Thygesen").await?;
    window.type_text("the password", PASSWORD).await?;
    window.press("Enter").await?;
    window
        .wait_for("where one was", "#settings-location")
        .await?;
    window.close().await
}

/// The laptop as it was in the field: enrolled for its own cases, with a PIN, and nine days away since.
fn nine_days_away(folder: &Path) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let central = central_in(elsewhere.path())?;
    let key_file = KeyFile::read_or_create(&elsewhere.path().join("key"), true)?;
    let store = SqliteStore::open(&elsewhere.path().join("central.db"), &key_file)?;
    let mut transaction = store.begin(TENANT)?;
    transaction.save_enrolment_code(&EnrolmentCode {
        digest: Sha256::digest(CODE).into(),
        scope: Scope::OwnCases,
        expires_at: Clock::System.now() + TimeDelta::hours(1),
        device_id: None,
    })?;
    transaction.commit()?;
    let laptop = |bootstrap: &str| {
        done(App::open(Config {
            folder: folder.to_owned(),
            key: KeyPlace::File(folder.join("key")),
            forms: None,
            demo: true,
            server: Some(ServerAddress {
                url: central.url().to_owned(),
                tenant: TENANT.to_owned(),
                bootstrap: Some(bootstrap.to_owned()),
                ca_file: None,
            }),
            clock: Clock::Ahead(TimeDelta::days(-9)),
            costs: Costs::default(),
        }))
    };
    done(laptop(CODE)?.sync_now(()))?;
    let app = laptop(SECRET)?;
    done(app.sync_now(()))?;
    let password = done(app.start_state(()))?.demo_accounts[0].password.clone();
    done(app.sign_in(SignInRequest {
        user_name: "omar".to_owned(),
        password,
    }))?;
    done(app.pin_choose(PinRequest {
        current: String::new(),
        pin: PIN.to_owned(),
    }))?;
    done(app.sync_now(()))?;
    let lease = done(app.settings(()))?.pin.lease_until;
    ensure!(!lease.is_empty(), "the lease has begun");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_the_lease_says_what_to_do_and_that_nothing_is_lost() -> Result<()> {
    let scratch = Scratch::new()?;
    tokio::task::block_in_place(|| nine_days_away(&scratch.store_folder()))?;

    let mut window = Window::open("lejemaal", &scratch, Opening::default()).await?;

    window
        .wait_for_text("Skranke skal have forbindelse")
        .await?;
    window.wait_for_text("intet er gået tabt").await?;
    look(&mut window, "slut").await?;
    window.tab_to("sign-in").await?;
    window.press("Enter").await?;
    // The demo's own central store is another one, and knows nothing of this laptop.
    window.wait_for("why not", "#sign-in-error").await?;
    look(&mut window, "ingen-adgang").await?;
    window.tab_to("use-recovery").await?;
    window.press("Enter").await?;
    window
        .wait_for("the recovery code", "#recovery_code")
        .await?;
    look(&mut window, "gendannelseskode").await?;
    window.close().await
}
