//! Settings of this computer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use skranke_domain::ids::StaffId;
use skranke_domain::role::Act;
use skranke_forms::Texts;
use skranke_store::{Action, Entry, ReadHandle, Store, WriteHandle};

use crate::api::error::ErrorCode;
use crate::api::session::LocationChoice;
use crate::api::settings::{Choice, FilingView, SettingsSaveRequest, SettingsView};
use crate::error::AppError;
use crate::state::{App, Session};
use crate::usecases::{own_code, setup};

/// Themes the window knows.
const THEMES: [&str; 4] = ["system", "light", "dark", "contrast"];

/// Reads a setting.
pub(crate) fn read<T: DeserializeOwned>(store: &Store, name: &str) -> Result<Option<T>, AppError> {
    read_in(&store.read()?, name)
}

/// Reads a setting in the moment of a handle. A value of another shape counts as absent.
pub(crate) fn read_in<T: DeserializeOwned>(
    handle: &ReadHandle<'_>,
    name: &str,
) -> Result<Option<T>, AppError> {
    Ok(handle
        .setting(name)?
        .and_then(|json| serde_json::from_str(&json).ok()))
}

/// Writes a setting.
pub(crate) fn write<T: Serialize>(
    handle: &mut WriteHandle<'_>,
    name: &str,
    value: &T,
) -> Result<(), AppError> {
    let json = serde_json::to_string(value).map_err(|_| AppError::of(ErrorCode::Internal))?;
    Ok(handle.set_setting(name, &json)?)
}

impl App {
    /// What the settings page shows, and the lists the flow chooses from.
    ///
    /// # Errors
    /// Not signed in, or what the store reports.
    pub fn settings(&self, (): ()) -> Result<SettingsView, AppError> {
        self.at_work(|work| self.settings_view(work.store, &work.session))
    }

    /// Changes location and theme. Anyone may: they are about where one sits and what one sees.
    ///
    /// # Errors
    /// `InvalidFields` for a location or theme there is not.
    pub fn settings_save(&self, request: SettingsSaveRequest) -> Result<SettingsView, AppError> {
        self.at_work(|work| {
            let profile = &self.profile(work.store)?;
            let wrong = |field: &str| AppError::of(ErrorCode::InvalidFields).with("field", field);
            if profile.location(&request.location).is_none() {
                return Err(wrong("location"));
            }
            if !THEMES.contains(&request.theme.as_str()) {
                return Err(wrong("theme"));
            }
            let entry = Entry::new(Action::SettingChanged, work.now).on("location");
            let mut handle = work.store.write(&work.actor, entry)?;
            write(&mut handle, "location", &request.location)?;
            write(&mut handle, "theme", &request.theme)?;
            handle.commit()?;
            self.settings_view(work.store, &work.session)
        })
    }

    pub(crate) fn settings_view(
        &self,
        store: &Store,
        session: &Session,
    ) -> Result<SettingsView, AppError> {
        let profile = &self.profile(store)?;
        let today = self.today();
        let form = self.forms.exemption_form(today, profile)?;
        let own = store.read()?.own_device()?;
        let relations = form.field("representative_relation");
        let plain = |code: &str, label: &str| Choice {
            code: code.to_owned(),
            label: label.to_owned(),
            detail: String::new(),
        };
        Ok(SettingsView {
            profile: profile.code.clone(),
            profile_version: profile.version_text(),
            municipality: profile.name.clone(),
            closing_days: closing_days(profile),
            location: location_of(store, profile, session.staff)?,
            locations: locations(profile),
            device_code: own.map(|own| own.code).unwrap_or_default(),
            server: self.server().map(|server| server.url).unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            theme: read(store, "theme")?.unwrap_or_else(|| THEMES[0].to_owned()),
            screen_signature: profile.practice.screen_signature,
            id_kinds: profile
                .practice
                .id_kinds
                .iter()
                .map(|k| plain(&k.code, &k.label))
                .collect(),
            help_offers: self
                .forms
                .help_offers()
                .iter()
                .map(|offer| Choice {
                    detail: offer.help.clone(),
                    ..plain(&offer.code, &offer.label)
                })
                .collect(),
            power_of_attorney_warn_days: profile.practice.power_of_attorney_warn_days,
            relations: relations
                .map(|field| {
                    field
                        .choices
                        .iter()
                        .map(|c| plain(&c.value, &c.label))
                        .collect()
                })
                .unwrap_or_default(),
            national_tool: profile.national_tool.clone(),
            filing: FilingView {
                subject: format!("{} {}", profile.case.kle, profile.case.kle_facet),
                kept_for: kept_for(&profile.case.retention, self.forms.texts()),
                number_example: profile.case_number_example.clone(),
            },
            pin: self.pin_view(store, session)?,
            own_code: own_code::own_code_view(store, session)?,
        })
    }
}

/// An ISO 8601 period of one unit in words: `P2190D` is 2190 days. What is no such period stays as it is written.
fn kept_for(period: &str, texts: &Texts) -> String {
    let inside = period.strip_prefix('P').unwrap_or(period);
    let unit = match inside.chars().last() {
        Some('D') => "period.days",
        Some('M') => "period.months",
        Some('Y') => "period.years",
        _ => return period.to_owned(),
    };
    texts.say(unit, &[("count", &inside[..inside.len() - 1])])
}

impl App {
    /// Address of the tool in which staff register, for the shell to open. It comes from the profile and holds nothing
    /// of the case.
    ///
    /// # Errors
    /// `NationalToolNotOpened` where the profile names none; `NotSignedIn`, `SessionLocked`.
    pub fn national_tool(&self) -> Result<String, AppError> {
        self.at_work(|work| {
            let address = self.profile(work.store)?.national_tool.clone();
            if address.is_empty() {
                return Err(AppError::of(ErrorCode::NationalToolNotOpened));
            }
            Ok(address)
        })
    }
}

/// Where whoever is signed in works: the location of the computer. In the demo one computer stands for several, and
/// until somebody chooses a location each of its people works at their own.
pub(crate) fn location_of(
    store: &Store,
    profile: &skranke_forms::Profile,
    staff: StaffId,
) -> Result<String, AppError> {
    let chosen: String = read(store, "location")?.unwrap_or_default();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let demo = profile.demo.iter().flat_map(|demo| &demo.staff);
    let own = demo
        .filter(|person| setup::demo_staff(&person.user) == staff)
        .map(|person| person.location.clone())
        .next();
    let first = || profile.locations.first().map(|first| first.code.clone());
    Ok(own.or_else(first).unwrap_or_default())
}

/// The locations of a profile, for choosing.
pub(crate) fn locations(profile: &skranke_forms::Profile) -> Vec<LocationChoice> {
    let choice = |location: &skranke_forms::profile::Location| LocationChoice {
        code: location.code.clone(),
        name: location.name.clone(),
        opens_on: location.opens_for_exemption_on.to_string(),
        closes_on: location
            .closes_for_exemption_on
            .map(|day| day.to_string())
            .unwrap_or_default(),
    };
    profile.locations.iter().map(choice).collect()
}

/// The local closing days of a profile: the day as code, what it is called as label.
fn closing_days(profile: &skranke_forms::Profile) -> Vec<Choice> {
    let mut days: Vec<_> = profile.closing_days.iter().collect();
    days.sort_by_key(|closed| closed.on);
    let shown = days.into_iter().map(|closed| Choice {
        code: closed.on.to_string(),
        label: closed.name.clone(),
        detail: String::new(),
    });
    shown.collect()
}

/// Whether the session may administer.
pub(crate) fn needs_administrator(session: &Session) -> Result<(), AppError> {
    session.needs(Act::Administer)
}
