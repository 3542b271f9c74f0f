//! Staff accounts, kept by the administrator.

use skranke_domain::ids::StaffId;
use skranke_domain::role::Role;
use skranke_store::key::envelope::PassphraseCost;
use skranke_store::{AccountRow, Action, Entry, PasswordDigest, ReadHandle, SHORTEST_PASSWORD};
use uuid::Uuid;

use crate::api::error::ErrorCode;
use crate::api::session::{StaffSaveRequest, StaffView};
use crate::error::AppError;
use crate::state::App;
use crate::usecases::own_code;
use crate::usecases::settings::needs_administrator;

impl App {
    /// Every account, by name.
    ///
    /// # Errors
    /// `NotPermitted` for anyone but an administrator.
    pub fn staff_list(&self, (): ()) -> Result<Vec<StaffView>, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            list(&work.store.read()?)
        })
    }

    /// Adds or changes an account. There is always one administrator left.
    ///
    /// # Errors
    /// `InvalidFields`, `PasswordTooShort`, `UserNameTaken`, `LastAdministrator`; `NotPermitted` for a password of whoever
    /// chose a code of their own.
    pub fn staff_save(&self, request: StaffSaveRequest) -> Result<Vec<StaffView>, AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            let read = work.store.read()?;
            let id = match &request.id {
                Some(id) => Some(
                    id.parse::<StaffId>()
                        .map_err(|_| AppError::of(ErrorCode::NotFound))?,
                ),
                None => None,
            };
            let before = match id {
                Some(id) => Some(
                    read.account(id)?
                        .ok_or_else(|| AppError::of(ErrorCode::NotFound))?,
                ),
                None => None,
            };
            let account = checked(&request, before.as_ref())?;
            let digest = password(&request, before.is_some(), self.config.costs.password)?;
            // It would sign the administrator in as somebody else.
            if digest.is_some() && own_code::has_own_code(work.store, account.staff)? {
                return Err(AppError::of(ErrorCode::NotPermitted));
            }
            let taken = read.account_by_login(&account.login)?;
            if taken.is_some_and(|(other, _)| other.staff != account.staff) {
                return Err(AppError::of(ErrorCode::UserNameTaken));
            }
            let is_administrator = |account: &AccountRow| {
                account.is_active && account.roles.contains(&Role::Administrator)
            };
            let others = read
                .accounts()?
                .iter()
                .any(|a| a.staff != account.staff && is_administrator(a));
            if !others && !is_administrator(&account) {
                return Err(AppError::of(ErrorCode::LastAdministrator));
            }
            let kept = match &before {
                Some(before) => read
                    .account_by_login(&before.login)?
                    .map(|(_, digest)| digest),
                None => None,
            };
            let renewed = digest.is_some() && before.is_some();
            let digest = digest
                .or(kept)
                .ok_or_else(|| AppError::of(ErrorCode::Internal))?;
            drop(read);
            let entry = Entry::new(Action::AccountChanged, work.now).on(account.staff.to_string());
            let mut write = work.store.write(&work.actor, entry)?;
            write.put_account(&account, &digest)?;
            if renewed {
                write.set_password(account.staff, &digest)?;
            }
            write.commit()?;
            list(&work.store.read()?)
        })
    }
}

fn list(read: &ReadHandle<'_>) -> Result<Vec<StaffView>, AppError> {
    let mut views: Vec<StaffView> = read
        .accounts()?
        .into_iter()
        .map(|account| StaffView {
            id: account.staff.to_string(),
            user_name: account.login,
            name: account.name,
            initials: account.initials,
            roles: account
                .roles
                .iter()
                .map(|role| role.code().to_owned())
                .collect(),
            active: account.is_active,
        })
        .collect();
    views.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(views)
}

/// The new password, hashed; none where an account keeps its own.
fn password(
    request: &StaffSaveRequest,
    exists: bool,
    cost: PassphraseCost,
) -> Result<Option<PasswordDigest>, AppError> {
    match &request.password {
        Some(password) if password.chars().count() < SHORTEST_PASSWORD => {
            Err(AppError::of(ErrorCode::PasswordTooShort).with("minimum", SHORTEST_PASSWORD))
        }
        Some(password) => Ok(Some(PasswordDigest::of(password, cost)?)),
        None if exists => Ok(None),
        None => Err(AppError::of(ErrorCode::InvalidFields).with("field", "password")),
    }
}

fn checked(
    request: &StaffSaveRequest,
    before: Option<&AccountRow>,
) -> Result<AccountRow, AppError> {
    let wrong = |field: &str| AppError::of(ErrorCode::InvalidFields).with("field", field);
    let text = |text: &str, field: &str, longest: usize| {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > longest || text.chars().any(char::is_control) {
            return Err(wrong(field));
        }
        Ok(text.to_owned())
    };
    let roles = request
        .roles
        .iter()
        .map(|code| Role::from_code(code).ok_or_else(|| wrong("roles")));
    let roles: Vec<Role> = roles.collect::<Result<_, _>>()?;
    if roles.is_empty() {
        return Err(wrong("roles"));
    }
    Ok(AccountRow {
        staff: before.map_or_else(|| StaffId::from_uuid(Uuid::now_v7()), |before| before.staff),
        login: text(&request.user_name, "user_name", 60)?,
        name: text(&request.name, "name", 120)?,
        initials: text(&request.initials, "initials", 6)?,
        roles,
        is_active: request.active,
        failed_attempts: 0,
        locked_until_at: None,
    })
}
