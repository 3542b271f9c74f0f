//! First run, the demo's own first run, opening the store, and recovery when its key is lost.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use skranke_domain::danish_time;
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_domain::role::Role;
use skranke_forms::Profile;
use skranke_protocol::receipt_code::DeviceCertificate;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::typed_code;
use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{Envelope, KeyError, KeyringEntry, Opener};
use skranke_store::key::lease::Lease;
use skranke_store::key::recovery::RecoveryCode;
use skranke_store::key::tries::Tries;
use skranke_store::{
    AccountRow, Action, Actor, Entry, Options, OwnDevice, PasswordDigest, SHORTEST_PASSWORD, Store,
    StoreError, WriteHandle, wiped,
};
use uuid::Uuid;

use crate::api::error::ErrorCode;
use crate::api::session::{
    FirstRunDone, FirstRunRequest, SecretRequest, SignInRequest, StartState,
};
use crate::error::AppError;
use crate::state::{App, KeyPlace};
use crate::usecases::recovery::is_without_accounts;
use crate::usecases::settings;

/// Size of the file that is let go when the disk is full, so that the case at hand can be finished.
const BALLAST_BYTES: u64 = 64 * 1024 * 1024;
/// Days for which a device's papers are vouched for.
const CERTIFICATE_DAYS: u64 = 730;

/// What a set-up makes.
pub(crate) struct SetUp<'a> {
    profile: &'a Profile,
    location: &'a str,
    /// The demo's, the same on every computer; otherwise one is made.
    device_code: Option<&'a str>,
    accounts: Vec<(AccountRow, PasswordDigest)>,
    vouches_alone: bool,
}

impl<'a> SetUp<'a> {
    /// A computer whose people, code and papers are the central store's to say; each chooses where they sit.
    pub(crate) fn without_people(profile: &'a Profile) -> Self {
        Self {
            profile,
            location: "",
            device_code: None,
            accounts: Vec::new(),
            vouches_alone: false,
        }
    }
}

impl App {
    /// Opens the store where there is one. Why it does not open is kept for the window to show.
    pub(crate) fn open_store(&self) {
        let opened = self.try_open();
        let mut desk = self.lock();
        match opened {
            Ok(Some(store)) => desk.open(store, self.now()),
            Ok(None) => (desk.store, desk.closed) = (None, None),
            Err(error) => desk.closed = Some(error),
        }
    }

    fn try_open(&self) -> Result<Option<Store>, AppError> {
        if wiped::is_begun(&self.config.folder)? {
            self.finish_wiping()?;
            return Err(AppError::of(ErrorCode::DeviceWiped));
        }
        match self.key_here() {
            Ok(key) => self.open_with(&key).map(Some),
            Err(KeyError::EnvelopeMissing) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The key to the store: from where this computer keeps it, or as the PIN opened it since the start.
    pub(crate) fn key_here(&self) -> Result<StoreKey, KeyError> {
        let envelope = Envelope::load(&self.config.folder)?;
        if !envelope.asks_for_pin() {
            return self.with_key_place(|place| envelope.open(place));
        }
        if let Some(key) = &*self.pin_key() {
            return Ok(key.clone());
        }
        // Nobody is asked for a PIN that cannot open anything.
        self.share(&envelope)?;
        Err(KeyError::PinNeeded)
    }

    /// Runs something with the place of this computer's key.
    pub(crate) fn with_key_place<T>(
        &self,
        run: impl FnOnce(&Opener<'_>) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        self.config.key.lend(run)
    }

    pub(crate) fn open_with(&self, key: &StoreKey) -> Result<Store, AppError> {
        let folder = &self.config.folder;
        let open = || Store::open(folder, key, self.options(), self.now());
        let store = match open() {
            // What is saved can be looked at, finished and sent, even where the disk has no room at all.
            Err(StoreError::DiskFull) if Store::release_ballast_of(folder)? > 0 => open()?,
            other => other?,
        };
        self.go_on_with_server(&store)?;
        self.remember_clock(&store)?;
        // What a cut left behind is mended; a disk that does not take it now takes it at a later start.
        let _ = Envelope::mend_copy(folder);
        // The ballast is a convenience: a disk too full for it must not keep anyone from working.
        let _ = store.lay_ballast();
        Ok(store)
    }

    pub(crate) fn options(&self) -> Options {
        let ballast_bytes = if self.config.demo { 0 } else { BALLAST_BYTES };
        Options {
            ballast_bytes,
            ..Options::default()
        }
    }

    /// Sets Skranke up on this computer: municipality, first administrator, device, recovery code.
    ///
    /// # Errors
    /// `AlreadySetUp`, `InvalidFields` naming the field, `PasswordTooShort`.
    pub fn first_run(&self, request: FirstRunRequest) -> Result<FirstRunDone, AppError> {
        let profile = self.forms.profile(&request.profile)?;
        let wrong = |field: &str| AppError::of(ErrorCode::InvalidFields).with("field", field);
        if profile.location(&request.location).is_none() {
            return Err(wrong("location"));
        }
        if request.password.chars().count() < SHORTEST_PASSWORD {
            return Err(
                AppError::of(ErrorCode::PasswordTooShort).with("minimum", SHORTEST_PASSWORD)
            );
        }
        for (field, text) in [
            ("name", &request.name),
            ("initials", &request.initials),
            ("user_name", &request.user_name),
        ] {
            if text.trim().is_empty() || text.chars().count() > 120 {
                return Err(wrong(field));
            }
        }
        let mut roles = vec![Role::Administrator];
        if request.serves_at_counter {
            roles.push(Role::Counter);
        }
        let account = AccountRow {
            staff: StaffId::from_uuid(Uuid::now_v7()),
            login: request.user_name.trim().to_lowercase(),
            name: request.name.trim().to_owned(),
            initials: request.initials.trim().to_owned(),
            roles,
            is_active: true,
            failed_attempts: 0,
            locked_until_at: None,
        };
        let digest = PasswordDigest::of(&request.password, self.config.costs.password)?;
        let recovery_code = self.set_up(SetUp {
            profile,
            location: &request.location,
            device_code: None,
            accounts: vec![(account, digest)],
            vouches_alone: self.server().is_none(),
        })?;
        self.enrol_if_possible();
        let session = self.sign_in(SignInRequest {
            user_name: request.user_name,
            password: request.password,
        })?;
        Ok(FirstRunDone {
            recovery_code,
            session,
        })
    }

    /// Opens a store whose key is lost with the recovery code, and stores the key anew.
    ///
    /// # Errors
    /// `RecoveryCodeWrong`.
    pub fn recover(&self, request: SecretRequest) -> Result<StartState, AppError> {
        let wrong = || AppError::of(ErrorCode::RecoveryCodeWrong);
        let code: RecoveryCode = request.secret.parse().map_err(|_| wrong())?;
        let mut envelope = Envelope::load(&self.config.folder)?;
        let key = envelope.open(&Opener::Recovery(&code)).map_err(|error| {
            if matches!(error, KeyError::WrongSecret) {
                wrong()
            } else {
                error.into()
            }
        })?;
        self.keep_key(&mut envelope, &key)?;
        // Whoever has the code may have forgotten the PIN; another one is chosen under the settings.
        envelope.lift_pin();
        envelope.save(&self.config.folder)?;
        *self.pin_key() = None;
        Tries::of(&self.config.folder)?.forget()?;
        Lease::remove(&self.config.folder)?;
        let store = self.open_with(&key)?;
        {
            let mut desk = self.lock();
            desk.store = Some(store);
            desk.closed = None;
        }
        self.start_state(())
    }

    /// Sets up the fictional municipality, once.
    pub(crate) fn set_up_demo(&self) -> Result<(), AppError> {
        {
            let desk = self.lock();
            let is_set_up = match &desk.store {
                Some(store) => !is_without_accounts(store)?,
                None => desk.closed.is_some(),
            };
            if is_set_up {
                drop(desk);
                self.enrol_if_possible();
                return Ok(());
            }
        }
        let profile = self.forms.profile("demo")?;
        let demo = profile
            .demo
            .as_ref()
            .ok_or_else(|| AppError::of(ErrorCode::BadProfile))?;
        // One hash for all: they share the demo's password, and hashing it seven times would only slow the start.
        let digest = PasswordDigest::of(&demo.password, self.config.costs.password)?;
        let accounts = demo.staff.iter().map(|staff| {
            let roles = staff
                .roles
                .iter()
                .filter_map(|code| Role::from_code(code))
                .collect();
            let row = AccountRow {
                staff: demo_staff(&staff.user),
                login: staff.user.clone(),
                name: staff.name.clone(),
                initials: staff.initials.clone(),
                roles,
                is_active: true,
                failed_attempts: 0,
                locked_until_at: None,
            };
            (row, digest.clone())
        });
        self.set_up(SetUp {
            profile,
            // Each of the demo's people has their own.
            location: "",
            device_code: Some("S1"),
            accounts: accounts.collect(),
            vouches_alone: self.server().is_none(),
        })?;
        self.enrol_if_possible();
        Ok(())
    }

    pub(crate) fn set_up(&self, set_up: SetUp<'_>) -> Result<String, AppError> {
        let now = self.now();
        let mut desk = self.lock();
        let is_set_up = match &desk.store {
            Some(store) => !is_without_accounts(store)?,
            None => desk.closed.is_some(),
        };
        if is_set_up {
            return Err(AppError::of(ErrorCode::AlreadySetUp));
        }
        // A store that lost its accounts keeps its key, its device and its cases.
        let (mut store, recovery) = match desk.store.take() {
            Some(store) => {
                let key = self.key_here()?;
                let mut envelope = Envelope::load(&self.config.folder)?;
                let recovery = envelope.add_recovery(&key, self.config.costs.opening)?;
                envelope.save(&self.config.folder)?;
                (store, recovery)
            }
            None => {
                let key = StoreKey::generate();
                let mut envelope = Envelope::new(&key);
                std::fs::create_dir_all(&self.config.folder).map_err(StoreError::from)?;
                self.keep_key(&mut envelope, &key)?;
                let recovery = envelope.add_recovery(&key, self.config.costs.opening)?;
                envelope.save(&self.config.folder)?;
                (self.open_with(&key)?, recovery)
            }
        };
        let known = store.read()?.own_device()?;
        let device = known
            .as_ref()
            .map_or_else(|| DeviceId::from_uuid(Uuid::now_v7()), |own| own.device);
        let first = set_up.accounts.first().map(|(account, _)| account.staff);
        let actor = Actor {
            staff: first.unwrap_or(StaffId::from_uuid(Uuid::nil())),
            roles: vec![Role::Administrator],
            device,
        };
        let mut write = store.write(&actor, Entry::new(Action::FirstRun, now))?;
        let own = match known {
            Some(own) => own,
            None => {
                let code = set_up
                    .device_code
                    .map_or_else(|| code_of_its_own(device), str::to_owned);
                write.enrol_device(device, &code)?
            }
        };
        for (account, digest) in &set_up.accounts {
            write.put_account(account, digest)?;
        }
        // A computer that stands alone vouches for its own papers; otherwise the central store does, for all.
        if set_up.vouches_alone {
            vouch_alone(&mut write, set_up.profile, &own, now)?;
        }
        settings::write(&mut write, "profile", &set_up.profile.code)?;
        settings::write(&mut write, "location", &set_up.location)?;
        write.commit()?;
        desk.store = Some(store);
        Ok(recovery.reveal().to_string())
    }

    fn keep_key(&self, envelope: &mut Envelope, key: &StoreKey) -> Result<(), AppError> {
        match &self.config.key {
            KeyPlace::File(path) => {
                // A key file that opens nothing here may open something elsewhere: it is set aside, not written over.
                if path.exists() {
                    let beside = path.with_extension("set-aside");
                    std::fs::rename(path, beside).map_err(skranke_store::StoreError::from)?;
                }
                Ok(envelope.add_key_file(key, path)?)
            }
            KeyPlace::System(store) => Ok(envelope.add_key_store(key, &entry(store))?),
        }
    }
}

impl KeyPlace {
    /// Runs something with this place of a key.
    pub(crate) fn lend<T>(
        &self,
        run: impl FnOnce(&Opener<'_>) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        match self {
            Self::File(path) => run(&Opener::KeyFile(path)),
            Self::System(store) => run(&Opener::KeyStore(entry(store))),
        }
    }
}

/// Makes a municipality's key for a computer without a central store; only its public half is kept.
fn vouch_alone(
    write: &mut WriteHandle<'_>,
    profile: &Profile,
    own: &OwnDevice,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let mut seed = [0_u8; 32];
    OsRng.fill_bytes(&mut seed);
    let municipality = SigningKey::from_seed(&seed);
    let today = danish_time::date_at(now);
    let certificate = DeviceCertificate::issue(
        &municipality,
        &profile.municipality_code,
        &own.code,
        own.signing_key().public(),
        today..=today + chrono::Days::new(CERTIFICATE_DAYS),
    );
    let certificate = certificate.and_then(|certificate| certificate.to_bytes());
    let certificate = certificate.map_err(|_| AppError::of(ErrorCode::Internal))?;
    let key = municipality.public().to_string();
    settings::write(write, "municipality_key", &key)?;
    settings::write(write, "device_certificate", &STANDARD.encode(certificate))
}

/// What a computer's case numbers carry until a central store names it: `E`, which no central store gives, and five
/// signs by chance, so that two computers that worked alone have no number in common on the day they are joined.
fn code_of_its_own(device: DeviceId) -> String {
    let mut code = "E".to_owned();
    // The last four bytes of an id are chance; writing to a string cannot fail.
    let _ = typed_code::write(&mut code, &device.as_uuid().as_bytes()[12..], 5);
    code.retain(|sign| sign != '-');
    code
}

/// The demo's people are the same on every computer of the demo, as they are where a central sign-in names them.
pub(crate) fn demo_staff(user: &str) -> StaffId {
    let digest = Sha256::new()
        .chain_update("skranke/demo/staff/1\0")
        .chain_update(user)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    StaffId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn entry(store: &crate::state::KeyStore) -> KeyringEntry<'_> {
    KeyringEntry {
        read: &*store.read,
        write: &*store.write,
    }
}
