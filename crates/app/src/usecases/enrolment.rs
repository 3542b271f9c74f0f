//! Enrolling this computer at the municipality's central store, with a one-time code typed by a person: on a new
//! computer before anybody can sign in, or later on one that has worked alone.
//!
//! The computer's own key is on the disk before the code is sent: a code that was used up by an answer that never came
//! can be typed again here, and nowhere else. A computer that has worked alone keeps its cases, its device and its
//! people; what it has not sent is offered with the next round like any other work.
//! Basis: design, sections 5 and 6.

use serde::{Deserialize, Serialize};
use skranke_forms::Profile;
use skranke_protocol::enrolment_code::EnrolmentCode;
use skranke_protocol::problem::ProblemCode;
use skranke_store::{Action, Entry, OwnDevice, Store};
use skranke_sync::{Client, Connection, SyncError};

use crate::api::error::ErrorCode;
use crate::api::session::{Enrolled, EnrolmentRequest};
use crate::error::AppError;
use crate::state::{App, ServerAddress};
use crate::usecases::recovery::is_without_accounts;
use crate::usecases::settings::{self, needs_administrator};
use crate::usecases::setup::SetUp;
use crate::usecases::synchronise::told;

/// Certificates (PEM) that the municipality's own authority signed, where IT has laid them in the store's folder.
const CA_FILE: &str = "ca.pem";
/// The setting that names the central store.
const SETTING: &str = "central_store";

/// What is kept of the address; the file of certificates is looked for anew at each start.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    tenant: String,
}

impl App {
    /// Enrols this computer. On a new one it is set up at the same time, and people sign in with their accounts at the
    /// central store.
    ///
    /// # Errors
    /// `ServerAddressInvalid`, `EnrolmentCodeMistyped`, `MunicipalityUnknown` before anything is sent;
    /// `EnrolmentCodeWrong`, `EnrolmentCodeUsed`, `EnrolmentCodeExpired`, `TooManyAttempts` as the central store says;
    /// `ServerNotFound`, `NotASkrankeServer`, `ProgramTooOld`, `ServerTooOld`, `ServerNotTrusted` where there is no talking to it.
    /// `AlreadyEnrolled` where the central store knows this computer; `NotPermitted` for anyone but an administrator on a computer that is in use.
    pub fn enrol(&self, request: EnrolmentRequest) -> Result<Enrolled, AppError> {
        let url = address(&request.server)?;
        let code: EnrolmentCode = request
            .code
            .parse()
            .map_err(|_| AppError::of(ErrorCode::EnrolmentCodeMistyped))?;
        let profile = self.profile_of(code.tenant())?;
        if let Some(server) = self.server() {
            self.enrol_again(&server, &code)?;
            return Ok(Enrolled {
                recovery_code: String::new(),
                municipality: profile.name.clone(),
            });
        }
        let in_use = match &self.lock().store {
            Some(store) => !is_without_accounts(store)?,
            None => false,
        };
        let recovery_code = if in_use {
            self.at_work(|work| {
                needs_administrator(&work.session)?;
                // What was recorded here names its municipality, and could be handed in at no other.
                if self.tenant(work.store)? == code.tenant() {
                    Ok(())
                } else {
                    Err(AppError::of(ErrorCode::MunicipalityUnknown))
                }
            })?;
            String::new()
        } else {
            self.set_up(SetUp::without_people(profile))?
        };
        let server = ServerAddress {
            url,
            tenant: code.tenant().to_owned(),
            bootstrap: None,
            ca_file: self.ca_file(),
        };
        self.enrol_at(server, &code)?;
        self.line_nudge();
        Ok(Enrolled {
            recovery_code,
            municipality: profile.name.clone(),
        })
    }

    /// Enrols anew at a central store that was restored from before it knew this computer. Its key is known and stays.
    fn enrol_again(&self, server: &ServerAddress, code: &EnrolmentCode) -> Result<(), AppError> {
        self.at_work(|work| needs_administrator(&work.session))?;
        if server.tenant != code.tenant() {
            return Err(AppError::of(ErrorCode::MunicipalityUnknown));
        }
        let client = self.enrolled_client().map_err(|error| refused(&error))?;
        match client.status() {
            Err(SyncError::Refused {
                code: ProblemCode::NotAuthenticated,
                ..
            }) => {}
            Ok(_) => return Err(AppError::of(ErrorCode::AlreadyEnrolled)),
            Err(error) => return Err(refused(&error)),
        }
        let own = self.with_store(|store| Ok(store.read()?.own_device()?))?;
        let name = name_of(&own.ok_or_else(|| AppError::of(ErrorCode::FirstRunNeeded))?);
        client
            .enrol_again(&code.reveal(), &name)
            .map_err(|error| refused(&error))?;
        self.line_nudge();
        Ok(())
    }

    fn enrol_at(&self, server: ServerAddress, code: &EnrolmentCode) -> Result<(), AppError> {
        let own = self.with_store(|store| Ok(store.read()?.own_device()?))?;
        let own = own.ok_or_else(|| AppError::of(ErrorCode::FirstRunNeeded))?;
        let connection = Connection {
            base_url: server.url.clone(),
            tenant: server.tenant.clone(),
            device_id: own.device,
            key: own.signing_key(),
            server_key: None,
            ca_file: server.ca_file.clone(),
        };
        let mut client = Client::new(connection, self.environment());
        let answer = client
            .enrol(&code.reveal(), &name_of(&own))
            .map_err(|error| refused(&error))?;
        let kept = Kept {
            url: server.url.clone(),
            tenant: server.tenant.clone(),
        };
        let now = self.now();
        self.taking_in(|write| {
            write.also(&Entry::new(Action::SettingChanged, now).on(SETTING))?;
            settings::write(write, SETTING, &kept)?;
            Self::keep_enrolment(write, &answer)
        })?;
        self.use_server(server);
        // It is enrolled from here on; what cannot be fetched now comes with the next round.
        let outcome = self.know_central(&client);
        self.heard_of(&outcome);
        Ok(())
    }

    /// The profile of the municipality with this number.
    fn profile_of(&self, tenant: &str) -> Result<&Profile, AppError> {
        let number = |code: &str| code.trim_start_matches('0').to_owned();
        let mut profiles = self.forms.profiles().iter();
        profiles
            .find(|profile| number(&profile.municipality_code) == number(tenant))
            .ok_or_else(|| AppError::of(ErrorCode::MunicipalityUnknown))
    }

    /// Goes on with the central store that was enrolled at, unless the program was started with another.
    pub(crate) fn go_on_with_server(&self, store: &Store) -> Result<(), AppError> {
        let kept: Option<Kept> = settings::read(store, SETTING)?;
        if let (None, Some(Kept { url, tenant })) = (&self.config.server, kept) {
            self.use_server(ServerAddress {
                url,
                tenant,
                bootstrap: None,
                ca_file: self.ca_file(),
            });
        }
        Ok(())
    }

    pub(crate) fn ca_file(&self) -> Option<std::path::PathBuf> {
        let file = self.config.folder.join(CA_FILE);
        file.exists().then_some(file)
    }
}

/// What this computer is called in lists.
fn name_of(own: &OwnDevice) -> String {
    format!("Skranke {}", own.code)
}

/// The address a person typed: a computer's name, perhaps with `https://` before it and a port after it.
fn address(typed: &str) -> Result<String, AppError> {
    let wrong = || AppError::of(ErrorCode::ServerAddressInvalid);
    let typed = typed.trim();
    let typed = typed.strip_suffix('/').unwrap_or(typed);
    let url = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let is_plain = |sign: char| sign.is_alphanumeric() || "-.:[]".contains(sign);
    let is_host = host.starts_with(|sign: char| sign.is_alphanumeric() || sign == '[')
        && host.len() <= 255
        && host.chars().all(is_plain);
    if is_host { Ok(url) } else { Err(wrong()) }
}

/// What a failed enrolment means to the person who typed the code.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other failure has its words already"
)]
fn refused(error: &SyncError) -> AppError {
    AppError::of(match error {
        SyncError::Refused { code, .. } => match code {
            ProblemCode::SignInRefused => ErrorCode::EnrolmentCodeWrong,
            ProblemCode::EnrolmentCodeUsed => ErrorCode::EnrolmentCodeUsed,
            ProblemCode::EnrolmentCodeExpired => ErrorCode::EnrolmentCodeExpired,
            ProblemCode::TooManyRequests => ErrorCode::TooManyAttempts,
            _ => return told(error),
        },
        SyncError::Offline | SyncError::Cut => ErrorCode::ServerNotFound,
        SyncError::NotSkranke => ErrorCode::NotASkrankeServer,
        SyncError::NotEncrypted => ErrorCode::ServerAddressInvalid,
        _ => return told(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_write_it() {
        for (typed, meant) in [
            (
                "skranke.solbjerg.example",
                "https://skranke.solbjerg.example",
            ),
            (
                " https://skranke.solbjerg.example/ ",
                "https://skranke.solbjerg.example",
            ),
            (
                "skranke.solbjerg.example:8470",
                "https://skranke.solbjerg.example:8470",
            ),
            ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        ] {
            assert_eq!(address(typed).ok().as_deref(), Some(meant), "{typed}");
        }
        for typed in [
            "",
            "https://",
            "ftp://a",
            "a b",
            "a/b",
            "hans@a",
            "a?b",
            "https://https://a",
        ] {
            assert!(address(typed).is_err(), "{typed}");
        }
    }
}
