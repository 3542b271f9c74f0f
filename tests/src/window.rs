//! One running Skranke window and what a test may do with it: look, type, take pictures.
//!
//! A test drives the window by keyboard as staff do; every key goes into a script that the test
//! can print. Pointing is for the native dialogs of `dialogs` and for what is drawn by hand (`pointer`).

mod axe;
mod cups;
mod cut;
mod dialogs;
mod display;
mod driver;
mod foreign;
mod keys;
mod pointer;
mod process;

use std::fmt::Write as _;
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::Client;
use serde_json::{Value, json};
use skranke_testkit::one_day::within_one_day;
use tempfile::TempDir;

pub use cups::{Cups, PRINTER};
pub use dialogs::NativeDialog;
pub use display::Display;
pub use driver::wait_until_gone;
pub use foreign::ForeignServer;
pub use process::{Guarded, descendants};

use driver::Driver;

/// How long a test waits for what must come. Only one that fails waits so long: a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);

/// The scratch folder of one test: the profile's data, and the folder that stands in for file
/// dialogs. It outlives the window, so that a test can kill the window and open it again.
pub struct Scratch {
    folder: TempDir,
    store: PathBuf,
}

impl Scratch {
    /// Makes the folders. The program goes by the system's clock, so a test that the day would end in begins after it.
    pub fn new() -> Result<Self> {
        within_one_day(Duration::from_secs(90));
        let folder = tempfile::Builder::new().prefix("skranke-e2e-").tempdir()?;
        for part in ["data", "files", "home", "runtime", "programs"] {
            fs::create_dir(folder.path().join(part))?;
        }
        let store = folder.path().join("data");
        let scratch = Self { folder, store };
        scratch.stand_in_for_browser()?;
        Ok(scratch)
    }

    /// The same, with the store on a disk of the test's choice.
    pub fn with_store_in(folder: &Path) -> Result<Self> {
        let mut scratch = Self::new()?;
        scratch.store = folder.join("data");
        fs::create_dir(&scratch.store)?;
        Ok(scratch)
    }

    /// Where programs lie that stand in for a person's own.
    pub(crate) fn stand_ins(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    /// What the browser was asked to open, line by line; empty while it was asked nothing.
    pub fn opened_in_browser(&self) -> String {
        fs::read_to_string(self.stand_ins().join("opened")).unwrap_or_default()
    }

    /// A program that notes what it should open. A browser in a test would outlive it.
    fn stand_in_for_browser(&self) -> Result<()> {
        let program = self.stand_ins().join("xdg-open");
        let note = self.stand_ins().join("opened");
        let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n", note.display());
        fs::write(&program, text)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
        Ok(())
    }

    /// Where the program under test keeps its store.
    pub fn store_folder(&self) -> PathBuf {
        self.store.clone()
    }

    /// Where attached files come from and saved files go when no native dialog is driven.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Changes one passage of a definition under `forms/`, for the windows that are opened from now on.
    pub fn edit_form(&self, name: &str, from: &str, to: &str) -> Result<()> {
        let edited = self.forms().join(name);
        let shipped = workspace().join("forms").join(name);
        let text = fs::read_to_string(if edited.exists() { &edited } else { &shipped })?;
        ensure!(text.contains(from), "{name} does not say \"{from}\"");
        fs::create_dir_all(edited.parent().context("a definition has a folder")?)?;
        fs::write(&edited, text.replace(from, to))?;
        Ok(())
    }

    /// Where edited definitions lie; no such folder while nothing was edited.
    pub(crate) fn forms(&self) -> PathBuf {
        self.folder.path().join("forms")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn runtime(&self) -> PathBuf {
        self.folder.path().join("runtime")
    }
}

/// How a window is opened; the default is what almost every test wants.
#[derive(Clone, Copy, Default)]
pub struct Opening<'a> {
    /// Native file dialogs are opened and driven, instead of answered from [`Scratch::files`].
    pub native_dialogs: bool,
    /// No central store is started, as on a laptop in a citizen's kitchen.
    pub offline: bool,
    /// No profile is named and nothing is set up, as on a new computer.
    pub new_computer: bool,
    /// The engine draws as it does for staff, who have no driver. Pictures cannot be taken then: the driver waits for a
    /// frame, and a page that stands still makes none.
    pub drawn_as_shipped: bool,
    /// The printing system; without one the machine has no printer.
    pub printing: Option<&'a Cups>,
    /// Something else answers where the central store should.
    pub foreign_server: Option<&'a ForeignServer>,
    /// The day on which window and central store live, as `2016-11-01`, from the morning on. The computer's own where none.
    pub day: Option<&'a str>,
}

/// A running window. Dropping it ends every process it started.
pub struct Window {
    name: String,
    client: Client,
    driver: Driver,
    display: Display,
    script: Vec<String>,
    keys: usize,
}

impl Window {
    /// Opens the demo profile on the scratch folder and waits until the window can be used.
    pub async fn open(name: &str, scratch: &Scratch, opening: Opening<'_>) -> Result<Self> {
        let mut display = Display::start()?;
        if opening.native_dialogs {
            display.start_window_manager()?;
        }
        let driver = Driver::start(&display, scratch, opening)?;
        let client = driver.session(scratch, opening).await?;
        let window = Self {
            name: name.to_owned(),
            client,
            driver,
            display,
            script: Vec::new(),
            keys: 0,
        };
        window.wait_for("the window to be drawn", "main h1").await?;
        Ok(window)
    }

    /// The WebDriver session, for what this type does not offer.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The display the window is on, for native dialogs.
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// Ends the window as a user would and waits for its processes to be gone.
    pub async fn close(self) -> Result<()> {
        self.client.clone().close().await?;
        Ok(())
    }

    /// Ends the program at once, as a power cut or a crash would.
    pub fn kill_the_program(self) -> Result<()> {
        let killed = self.driver.kill_program()?;
        if killed == 0 {
            bail!("no running program was found to kill");
        }
        Ok(())
    }

    /// Evaluates a script body in the page.
    pub async fn eval(&self, body: &str, args: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(body, args).await?)
    }

    /// Calls a command of the program as the page would; the inner result is the program's answer.
    pub async fn invoke(
        &self,
        name: &str,
        request: Value,
    ) -> Result<std::result::Result<Value, Value>> {
        const INVOKE: &str = "
            const done = arguments[arguments.length - 1];
            window.__TAURI_INTERNALS__.invoke(arguments[0], { request: arguments[1] }).then(
              (value) => done({ value: value === undefined ? null : value }),
              (error) => done({ error }));";
        let said = self
            .client
            .execute_async(INVOKE, vec![json!(name), request])
            .await?;
        Ok(match said.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(said.get("value").cloned().unwrap_or(Value::Null)),
        })
    }

    /// Begins a command that waits for a person, such as one that opens a dialog.
    pub async fn begin(&self, name: &str, request: Value) -> Result<()> {
        const BEGIN: &str = "
            window.waitingAnswer = null;
            window.__TAURI_INTERNALS__.invoke(arguments[0], { request: arguments[1] }).then(
              (value) => { window.waitingAnswer = { value: value === undefined ? null : value }; },
              (error) => { window.waitingAnswer = { error }; });";
        self.eval(BEGIN, vec![json!(name), request]).await?;
        Ok(())
    }

    /// Waits for the answer of the command that was begun.
    pub async fn answer(&self) -> Result<std::result::Result<Value, Value>> {
        self.until("the answer of the command", || async {
            Ok(self
                .eval("return window.waitingAnswer !== null;", vec![])
                .await?
                == json!(true))
        })
        .await?;
        let said = self.eval("return window.waitingAnswer;", vec![]).await?;
        Ok(match said.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(said.get("value").cloned().unwrap_or(Value::Null)),
        })
    }

    /// Numbers of the running programs of this name that the window started.
    pub fn programs(&self, name: &str) -> Vec<u32> {
        self.driver.programs(name)
    }

    /// Waits until an element that matches is visible.
    pub async fn wait_for(&self, what: &str, css: &str) -> Result<()> {
        const VISIBLE: &str = "
            const found = [...document.querySelectorAll(arguments[0])];
            return found.some((e) => e.checkVisibility ? e.checkVisibility() : e.offsetParent !== null);";
        self.until(what, || async {
            Ok(self.eval(VISIBLE, vec![json!(css)]).await? == json!(true))
        })
        .await
    }

    /// Waits until no element matches any more.
    pub async fn wait_until_gone(&self, css: &str) -> Result<()> {
        self.until(&format!("{css} to go away"), || async {
            let found = self
                .eval(
                    "return document.querySelector(arguments[0]) === null;",
                    vec![json!(css)],
                )
                .await?;
            Ok(found == json!(true))
        })
        .await
    }

    /// Waits until the text stands somewhere on the page.
    pub async fn wait_for_text(&self, text: &str) -> Result<()> {
        self.until(&format!("the text \"{text}\""), || async {
            self.shows(text).await
        })
        .await
    }

    /// Whether the text stands on the page now. White space counts as one blank.
    pub async fn shows(&self, text: &str) -> Result<bool> {
        const SHOWS: &str = "
            const flat = (s) => s.replace(/\\s+/g, ' ');
            return flat(document.body.innerText).includes(flat(arguments[0]));";
        Ok(self.eval(SHOWS, vec![json!(text)]).await? == json!(true))
    }

    /// All visible text, for messages and for what must not be shown.
    pub async fn text(&self) -> Result<String> {
        let text = self.eval("return document.body.innerText;", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for a condition; fails with what was waited for, what the page says, and a picture.
    pub async fn until<F, Fut>(&self, what: &str, mut holds: F) -> Result<()>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<bool>>,
    {
        let begin = Instant::now();
        loop {
            let last = holds().await;
            if matches!(last, Ok(true)) {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                let picture = self.failure_picture().await;
                let text = self.text().await.unwrap_or_default();
                last.with_context(|| format!("while waiting for {what}"))?;
                bail!(
                    "{what} did not come; picture: {picture}; script so far:\n{}\nthe page says:\n{text}",
                    self.script()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until what was asked for last is on the screen: pictures read, two frames painted.
    async fn painted(&self) -> Result<()> {
        const PAINTED: &str = "
            const done = arguments[arguments.length - 1];
            const pictures = [...document.images].map((picture) => picture.decode().catch(() => {}));
            Promise.all(pictures).then(() =>
              requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))));";
        self.client.execute_async(PAINTED, vec![]).await?;
        Ok(())
    }

    /// Saves a picture for the reader under `target/demo/`.
    pub async fn picture(&self, name: &str) -> Result<PathBuf> {
        self.painted().await?;
        let path = demo_folder()?.join(format!("{}-{name}.png", self.name));
        fs::write(&path, self.client.screenshot().await?)?;
        Ok(path)
    }

    /// Saves a picture at twice the size of text, as a person with weak sight sets it; axe finds
    /// nothing there either, nothing needs scrolling sideways and no text is cut.
    pub async fn picture_at_double_size(&mut self, name: &str) -> Result<PathBuf> {
        self.zoom(5, "Ctrl++").await?;
        let path = self.picture(&format!("{name}-200")).await?;
        let place = format!("{name} at twice the size");
        self.is_accessible(&place).await?;
        self.nothing_is_cut(&place).await?;
        self.zoom(5, "Ctrl+-").await?;
        Ok(path)
    }

    /// Presses a zoom key so often, and waits until the page was laid out for it.
    async fn zoom(&mut self, times: usize, key: &str) -> Result<()> {
        for _ in 0..times {
            let before = self.eval("return window.innerWidth;", vec![]).await?;
            self.press_quietly(key).await?;
            self.until("the page to change its size", || async {
                Ok(self.eval("return window.innerWidth;", vec![]).await? != before)
            })
            .await?;
        }
        Ok(())
    }

    async fn failure_picture(&self) -> String {
        let path = target_folder()
            .join("e2e")
            .join(format!("{}-failed.png", self.name));
        let saved = async {
            fs::create_dir_all(path.parent().context("the picture has a folder")?)?;
            fs::write(&path, self.client.screenshot().await?)?;
            anyhow::Ok(())
        };
        match saved.await {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("none ({error})"),
        }
    }

    /// What was typed so far, key by key.
    pub fn script(&self) -> String {
        let mut text = String::new();
        for (number, line) in self.script.iter().enumerate() {
            let _ = writeln!(text, "{:>3}  {line}", number + 1);
        }
        text
    }

    /// Begins the script and the count anew, for instance after signing in.
    pub fn begin_script(&mut self) {
        self.script.clear();
        self.keys = 0;
    }

    /// How many keys were pressed besides CPR digits and free text.
    pub fn key_count(&self) -> usize {
        self.keys
    }
}

/// Where the build left its programs: the folder above the one this test binary lies in.
pub fn build_folder() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test
        .parent()
        .and_then(Path::parent)
        .context("test binaries lie in target/<profile>/deps")?;
    Ok(folder.to_owned())
}

/// Where the program lies that tests may drive. A release build has no door for automation, so beside one it is the
/// debug build.
pub(crate) fn drivable_folder() -> Result<PathBuf> {
    let folder = build_folder()?;
    Ok(if cfg!(debug_assertions) {
        folder
    } else {
        folder.with_file_name("debug")
    })
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// Where builds and what tests leave behind lie.
pub fn target_folder() -> PathBuf {
    workspace().join("target")
}

/// Where pictures, papers and transcripts for the reader are left.
pub fn demo_folder() -> Result<PathBuf> {
    let folder = target_folder().join("demo");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
