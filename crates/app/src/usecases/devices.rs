//! The municipality's computers: seen by those who answer for them, shut out by an administrator; and whose data a lost
//! one held, for a lead or an auditor.
//!
//! Only the central store knows them, and a shut-out must take effect at once: without a line to it nothing is shown.
//! Basis: design, section 5; reliability, threat T1, fault F23 and goal G21.

mod list_file;

use skranke_domain::ids::{CaseId, DeviceId};
use skranke_domain::role::Act;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire;
use skranke_protocol::wire::{
    DeviceRevocation, DeviceState, HOLDINGS_PURPOSES, ListedDevice, RevokeDeviceRequest, Scope,
};
use skranke_store::ReadHandle;
use skranke_sync::{Client, SyncError};

use crate::api::devices::{
    DeviceRevokeRequest, DeviceRow, DevicesView, HoldingRow, HoldingsPage, HoldingsRequest,
};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::App;
use crate::usecases::reason;

impl App {
    /// The municipality's computers.
    ///
    /// # Errors
    /// `NotPermitted`; `OnlineOnly` without a line to the central store.
    pub fn device_list(&self, (): ()) -> Result<DevicesView, AppError> {
        self.at_work(|work| work.session.needs(Act::ListDevices))?;
        self.noted("devices", "")?;
        let answer = self.as_person(Client::devices)?;
        self.devices_view(&answer.devices, String::new())
    }

    /// Shuts a computer out, and orders it wiped where that is asked for.
    ///
    /// # Errors
    /// `NotPermitted`, `ReasonMissing`, `NotFound`; `OwnDevice` for the computer one sits at; `OnlineOnly`.
    pub fn device_revoke(&self, request: DeviceRevokeRequest) -> Result<DevicesView, AppError> {
        self.at_work(|work| work.session.needs(Act::Administer))?;
        let device_id = id_of(&request.id)?;
        let reason = reason::given(&request.reason)?;
        let wipe = request.wipe;
        let order = RevokeDeviceRequest {
            device_id,
            reason,
            wipe,
        };
        self.noted("devices.revoke", "")?;
        let answer =
            self.as_person(
                |client, session| match client.revoke_device(session, &order) {
                    Err(SyncError::Refused {
                        code: ProblemCode::StateMismatch,
                        ..
                    }) => Ok(Err(AppError::of(ErrorCode::OwnDevice))),
                    answer => answer.map(Ok),
                },
            )??;
        let said = if wipe {
            "devices.wipe_ordered"
        } else {
            "devices.revoked"
        };
        self.devices_view(&answer.devices, self.forms.texts().say(said, &[]))
    }

    /// Whose data a computer held, a page at a time. That it was asked, and why, is in the log here and centrally.
    ///
    /// # Errors
    /// `NotPermitted`, `InvalidFields`, `NotFound`; `OnlineOnly`.
    pub fn device_holdings(&self, request: HoldingsRequest) -> Result<HoldingsPage, AppError> {
        self.at_work(|work| work.session.needs(Act::ReadAudit))?;
        let device_id = asked_about(&request.id, &request.purpose)?;
        let after: Option<CaseId> = match &request.after {
            Some(after) => Some(
                after
                    .parse()
                    .map_err(|_| AppError::of(ErrorCode::NotFound))?,
            ),
            None => None,
        };
        self.noted(&format!("devices.holdings.{device_id}"), &request.purpose)?;
        let asked = wire::HoldingsRequest {
            device_id,
            purpose: request.purpose,
            after,
        };
        let page = self.as_person(|client, session| client.holdings(session, &asked))?;
        Ok(HoldingsPage {
            rows: page
                .cases
                .into_iter()
                .map(|case| HoldingRow {
                    id: case.case_id.to_string(),
                    number: case.number,
                    name: case.name,
                    cpr_masked: case.cpr_masked,
                })
                .collect(),
            total: page.total,
            more: page.more,
        })
    }

    fn devices_view(
        &self,
        devices: &[ListedDevice],
        outcome: String,
    ) -> Result<DevicesView, AppError> {
        self.at_work(|work| {
            let read = work.store.read()?;
            let own = read.own_device()?.map(|own| own.device);
            let rows: Result<_, AppError> = devices
                .iter()
                .map(|device| {
                    let before = code_of(devices, device.successor_of);
                    row(&read, device, own == Some(device.device_id), before)
                })
                .collect();
            Ok(DevicesView {
                rows: rows?,
                outcome,
            })
        })
    }
}

fn code_of(devices: &[ListedDevice], id: Option<DeviceId>) -> String {
    let found = devices.iter().find(|device| Some(device.device_id) == id);
    found.map(|device| device.code.clone()).unwrap_or_default()
}

fn row(
    read: &ReadHandle<'_>,
    device: &ListedDevice,
    is_this: bool,
    successor_of: String,
) -> Result<DeviceRow, AppError> {
    let name_of = |staff| -> Result<String, AppError> {
        let account = match staff {
            Some(staff) => read.account(staff)?,
            None => None,
        };
        Ok(account.map(|account| account.name).unwrap_or_default())
    };
    let revocation = device.revocation.as_ref();
    let (state, since) = state(&device.state, revocation);
    Ok(DeviceRow {
        id: device.device_id.to_string(),
        code: device.code.clone(),
        name: device.name.clone(),
        own_cases_only: device.scope == Scope::OwnCases,
        is_this,
        successor_of,
        state: state.to_owned(),
        state_since: since.map(rfc3339).unwrap_or_default(),
        last_by: name_of(device.last_staff)?,
        last_seen_at: device.last_seen_at.map(rfc3339).unwrap_or_default(),
        revoked_by: name_of(revocation.and_then(|revocation| revocation.by))?,
        reason: revocation.map(|r| r.reason.clone()).unwrap_or_default(),
    })
}

/// How far the shutting out has come, and since when.
fn state<'a>(
    state: &'a DeviceState,
    revocation: Option<&DeviceRevocation>,
) -> (&'a str, Option<chrono::DateTime<chrono::Utc>>) {
    let Some(revocation) = revocation else {
        return (state.code(), None);
    };
    match (revocation.handed_over_at, revocation.wipe_ordered_at) {
        (Some(at), _) => ("handed_over", Some(at)),
        (None, Some(at)) => ("wipe_ordered", Some(at)),
        (None, None) => ("revoked", Some(revocation.at)),
    }
}

/// The computer whose list is asked for, with a purpose that is one.
fn asked_about(id: &str, purpose: &str) -> Result<DeviceId, AppError> {
    if !HOLDINGS_PURPOSES.contains(&purpose) {
        return Err(AppError::of(ErrorCode::InvalidFields).with("field", "purpose"));
    }
    id_of(id)
}

fn id_of(text: &str) -> Result<DeviceId, AppError> {
    text.parse().map_err(|_| AppError::of(ErrorCode::NotFound))
}
