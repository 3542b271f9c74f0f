//! This device: its code, its key, its place in its own chain, its running numbers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rand::RngCore;
use rand::rngs::OsRng;
use rusqlite::{Connection, OptionalExtension, named_params};
use skranke_domain::ids::{CaseNumber, DeviceId, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::encoding::{from_hex, to_hex};
use skranke_protocol::signature::SigningKey;
use zeroize::Zeroizing;

use super::{event, feed, identity, outbox, sealed, setting};
use crate::error::{Damage, StoreError};
use crate::handle::{ReadHandle, WriteHandle};
use crate::outbox_log::{DeviceRecord, Record};
use crate::value::{id, millis, number, unsigned, uuid};

/// The series of case numbers.
pub(crate) const CASE_SERIES: &str = "case";

const OWN: &str = "
    SELECT device_id, code, signing_seed, seq, head_hash FROM own_device WHERE id = 1";

const PUT_OWN: &str = "
    INSERT INTO own_device (id, device_id, code, signing_seed, seq, head_hash)
    VALUES (1, :device_id, :code, :signing_seed, :seq, :head_hash)";

const SET_HEAD: &str = "UPDATE own_device SET seq = :seq, head_hash = :head_hash WHERE id = 1";

const REPLACE_OWN: &str = "
    UPDATE own_device
       SET device_id = :device_id, code = :code, signing_seed = :signing_seed, seq = 0, head_hash = NULL
     WHERE id = 1";

const FORGET_CONFIRMATION: &str = "DELETE FROM remembered_head WHERE scope = 'device'";

/// Name of the setting that keeps what this device was before, the last first.
const FORMER: &str = "former_identities";

const NEXT_SERIAL: &str = "
    INSERT INTO serial (series, year, last) VALUES (:series, :year, 1)
    ON CONFLICT (series, year) DO UPDATE SET last = last + 1
    RETURNING last";

const RAISE_SERIAL: &str = "
    INSERT INTO serial (series, year, last) VALUES (:series, :year, :last)
    ON CONFLICT (series, year) DO UPDATE SET last = max(last, excluded.last)";

const SET_CODE: &str = "UPDATE own_device SET code = :code";

const LAST_SERIAL: &str = "SELECT last FROM serial WHERE series = :series AND year = :year";

const SERIALS: &str = "SELECT series, year, last FROM serial";

const PUT_GRANT: &str = "
    INSERT INTO staff_grant (id, staff_id, token, valid_until)
    VALUES (:id, :staff_id, :token, :valid_until)
    ON CONFLICT (id) DO UPDATE SET token = excluded.token, valid_until = excluded.valid_until";

const GRANT: &str = "
    SELECT token FROM staff_grant WHERE staff_id = :staff_id ORDER BY valid_until DESC, id DESC";

const GRANTS: &str = "SELECT token FROM staff_grant ORDER BY id";

/// What a device goes by: its id, and the seed of the key it signs with.
#[derive(Clone)]
pub struct Identity {
    /// The device.
    pub device: DeviceId,
    seed: Zeroizing<[u8; 32]>,
}

impl Identity {
    /// A new one, with a fresh key.
    pub fn fresh(device: DeviceId) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(seed.as_mut_slice());
        Self { device, seed }
    }

    /// Reads what [`Identity::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let (device, seed) = text.split_once(' ')?;
        Some(Self {
            device: device.parse().ok()?,
            seed: Zeroizing::new(from_hex(seed).ok()?),
        })
    }

    /// The text that is kept of it: a secret, for the encrypted store alone.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{} {}", self.device, to_hex(self.seed.as_slice())))
    }

    /// The key it signs with.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.seed)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// This device as it stands.
#[derive(Clone)]
pub struct OwnDevice {
    /// Its id.
    pub device: DeviceId,
    /// Its code, the middle part of case numbers.
    pub code: String,
    /// The last event of its chain.
    pub head: Head,
    signing_seed: Zeroizing<[u8; 32]>,
}

impl OwnDevice {
    /// The key that signs its events and papers.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.signing_seed)
    }
}

impl std::fmt::Debug for OwnDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnDevice")
            .field("device", &self.device)
            .field("code", &self.code)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

pub(crate) fn own(connection: &Connection) -> Result<Option<OwnDevice>, StoreError> {
    type Columns = ([u8; 16], String, [u8; 32], i64, Option<[u8; 32]>);
    let columns: Option<Columns> = connection
        .prepare_cached(OWN)?
        .query_row([], |row| {
            Ok((
                row.get("device_id")?,
                row.get("code")?,
                row.get("signing_seed")?,
                row.get("seq")?,
                row.get("head_hash")?,
            ))
        })
        .optional()?;
    columns
        .map(|(device, code, seed, seq, hash)| {
            Ok(OwnDevice {
                device: DeviceId::from_uuid(uuid(device)),
                code,
                head: Head {
                    seq: unsigned(seq)?,
                    hash,
                },
                signing_seed: Zeroizing::new(seed),
            })
        })
        .transpose()
}

pub(crate) fn set_head(connection: &Connection, head: Head) -> Result<(), StoreError> {
    connection
        .prepare_cached(SET_HEAD)?
        .execute(named_params! { ":seq": number(head.seq)?, ":head_hash": head.hash })?;
    Ok(())
}

pub(crate) fn raise_serial(
    connection: &Connection,
    series: &str,
    year: u16,
    last: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(RAISE_SERIAL)?
        .execute(named_params! { ":series": series, ":year": year, ":last": last })?;
    Ok(())
}

/// This device as the outbox log is to remember it.
pub(crate) fn record(connection: &Connection) -> Result<Option<DeviceRecord>, StoreError> {
    let Some(own) = own(connection)? else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached(SERIALS)?;
    let serials = statement
        .query_map([], |row| {
            Ok((
                (row.get::<_, String>("series")?, row.get::<_, u16>("year")?),
                row.get("last")?,
            ))
        })?
        .collect::<Result<BTreeMap<_, u32>, _>>()?;
    Ok(Some(DeviceRecord {
        device: own.device,
        code: own.code,
        signing_seed: own.signing_seed,
        seq: own.head.seq,
        head_hash: own.head.hash,
        serials,
    }))
}

/// What this device was before, the last first.
pub(crate) fn former(connection: &Connection) -> Result<Vec<Identity>, StoreError> {
    let kept = setting::get(connection, FORMER)?.unwrap_or_else(|| "[]".to_owned());
    let texts: Vec<String> =
        serde_json::from_str(&kept).map_err(|_| StoreError::Damaged(Damage::Value))?;
    Ok(texts
        .iter()
        .filter_map(|text| Identity::from_text(text))
        .collect())
}

/// This device goes on as another: what it made so far is the former one's work, and a new chain begins. The feed is
/// read anew, for what another copy of the former device made under numbers that were taken here.
fn replace(
    connection: &Connection,
    own: &OwnDevice,
    next: &DeviceRecord,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut before = vec![Identity {
        device: own.device,
        seed: own.signing_seed.clone(),
    }];
    before.extend(former(connection)?);
    let texts: Vec<_> = before.iter().map(|was| was.to_text().to_string()).collect();
    let text = serde_json::to_string(&texts).map_err(|_| StoreError::Damaged(Damage::Value))?;
    setting::set(connection, FORMER, &text, millis(now))?;
    event::make_former(connection)?;
    outbox::make_former(connection)?;
    sealed::make_former(connection)?;
    identity::note_device(connection, next.device)?;
    connection
        .prepare_cached(REPLACE_OWN)?
        .execute(named_params! {
            ":device_id": id!(next.device),
            ":code": next.code,
            ":signing_seed": next.signing_seed.as_slice(),
        })?;
    connection.execute(FORGET_CONFIRMATION, [])?;
    feed::read_anew(connection)
}

/// Puts this device back from the outbox log; a head or number that stands further on is left.
pub(crate) fn restore(
    connection: &Connection,
    record: &DeviceRecord,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let further = Head {
        seq: record.seq,
        hash: record.head_hash,
    };
    match own(connection)? {
        None => put_own(connection, record)?,
        Some(own) if own.device == record.device && own.head.seq < record.seq => {
            set_head(connection, further)?;
        }
        Some(own) if own.device == record.device => {}
        Some(own) => {
            let is_former = |was: Identity| was.device == record.device;
            if former(connection)?.into_iter().any(is_former) {
                return Ok(());
            }
            replace(connection, &own, record, now)?;
            set_head(connection, further)?;
        }
    }
    for ((series, year), last) in &record.serials {
        raise_serial(connection, series, *year, *last)?;
    }
    Ok(())
}

fn put_own(connection: &Connection, record: &DeviceRecord) -> Result<(), StoreError> {
    identity::note_device(connection, record.device)?;
    connection.prepare_cached(PUT_OWN)?.execute(named_params! {
        ":device_id": id!(record.device),
        ":code": record.code,
        ":signing_seed": record.signing_seed.as_slice(),
        ":seq": number(record.seq)?,
        ":head_hash": record.head_hash,
    })?;
    Ok(())
}

impl ReadHandle<'_> {
    /// This device; `None` before the first run.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn own_device(&self) -> Result<Option<OwnDevice>, StoreError> {
        own(self.connection)
    }

    /// What this device was before, the last first.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn former_identities(&self) -> Result<Vec<Identity>, StoreError> {
        former(self.connection)
    }

    /// The last number given of a series in a year; 0 where none was.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn last_serial(&self, series: &str, year: u16) -> Result<u32, StoreError> {
        Ok(self
            .connection
            .prepare_cached(LAST_SERIAL)?
            .query_row(named_params! { ":series": series, ":year": year }, |row| {
                row.get("last")
            })
            .optional()?
            .unwrap_or(0))
    }

    /// The member of staff's grants on any device, in their compact form, the one that is valid longest first.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn grant_tokens(&self, staff: StaffId) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(GRANT)?;
        let tokens = statement
            .query_map(named_params! { ":staff_id": id!(staff) }, |row| {
                row.get("token")
            })?
            .collect::<Result<_, _>>()?;
        Ok(tokens)
    }

    /// Every grant that is held here, own and of those whose work was pulled, in their compact form.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn all_grant_tokens(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare(GRANTS)?;
        let tokens = statement
            .query_map([], |row| row.get("token"))?
            .collect::<Result<_, _>>()?;
        Ok(tokens)
    }
}

impl WriteHandle<'_> {
    /// Makes this device, with a fresh key; its id and key are in the outbox log before anyone hears of it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the store has a device already, or the code is no device code.
    pub fn enrol_device(&mut self, device: DeviceId, code: &str) -> Result<OwnDevice, StoreError> {
        if own(&self.transaction)?.is_some() {
            return Err(StoreError::Refused("the store has a device already"));
        }
        if CaseNumber::new(2000, code, 1).is_err() {
            return Err(StoreError::Refused(
                "a device code is one to six capital letters or digits",
            ));
        }
        let mut signing_seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(signing_seed.as_mut_slice());
        let record = DeviceRecord {
            device,
            code: code.to_owned(),
            signing_seed,
            seq: 0,
            head_hash: None,
            serials: BTreeMap::new(),
        };
        put_own(&self.transaction, &record)?;
        self.append_device(Record::Device(record));
        own(&self.transaction)?.ok_or(StoreError::NotFound)
    }

    /// Goes on as another device, with the code the central store gave that one. Nothing of what was made before is
    /// lost: it stays in its cases and in the outbox as the former device's, and is no longer sent.
    ///
    /// # Errors
    /// [`StoreError::Refused`] before the device is enrolled, or when the code is no device code.
    pub fn go_on_as(&mut self, next: &Identity, code: &str) -> Result<(), StoreError> {
        let own =
            own(&self.transaction)?.ok_or(StoreError::Refused("the device is not enrolled"))?;
        if CaseNumber::new(2000, code, 1).is_err() {
            return Err(StoreError::Refused("the code is no device code"));
        }
        let next = DeviceRecord {
            device: next.device,
            code: code.to_owned(),
            signing_seed: next.seed.clone(),
            seq: 0,
            head_hash: None,
            serials: BTreeMap::new(),
        };
        replace(&self.transaction, &own, &next, self.now)?;
        self.changes_basics = true;
        if let Some(record) = record(&self.transaction)? {
            self.append_device(Record::Device(record));
        }
        Ok(())
    }

    /// Takes the code the central store gave this device. Numbers already given keep the one they were given with.
    ///
    /// # Errors
    /// [`StoreError::Refused`] before the device is enrolled, or when the code is no device code.
    pub fn adopt_device_code(&mut self, code: &str) -> Result<(), StoreError> {
        let before =
            own(&self.transaction)?.ok_or(StoreError::Refused("the device is not enrolled"))?;
        if before.code == code {
            return Ok(());
        }
        if CaseNumber::new(2000, code, 1).is_err() {
            return Err(StoreError::Refused("the code is no device code"));
        }
        self.transaction
            .prepare_cached(SET_CODE)?
            .execute(named_params! { ":code": code })?;
        if let Some(record) = record(&self.transaction)? {
            self.append_device(Record::Device(record));
        }
        Ok(())
    }

    /// Gives the next case number of a year: unique offline, and never given again once this write is committed.
    ///
    /// # Errors
    /// [`StoreError::Refused`] before the device is enrolled.
    pub fn next_case_number(&mut self, year: u16) -> Result<CaseNumber, StoreError> {
        let own =
            own(&self.transaction)?.ok_or(StoreError::Refused("the device is not enrolled"))?;
        let serial = self.next_serial(CASE_SERIES, year)?;
        CaseNumber::new(year, &own.code, serial)
            .map_err(|_| StoreError::Refused("no case number has this year"))
    }

    /// Gives the next number of a series in a year.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn next_serial(&mut self, series: &str, year: u16) -> Result<u32, StoreError> {
        Ok(self
            .transaction
            .prepare_cached(NEXT_SERIAL)?
            .query_row(named_params! { ":series": series, ":year": year }, |row| {
                row.get("last")
            })?)
    }

    /// Keeps a grant in its compact form.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn put_grant(
        &mut self,
        grant: &skranke_protocol::grant::Grant,
        token: &str,
    ) -> Result<(), StoreError> {
        identity::note_staff(&self.transaction, grant.staff_id)?;
        self.transaction
            .prepare_cached(PUT_GRANT)?
            .execute(named_params! {
                ":id": id!(grant.id),
                ":staff_id": id!(grant.staff_id),
                ":token": token,
                ":valid_until": millis(grant.valid_until),
            })?;
        Ok(())
    }
}
