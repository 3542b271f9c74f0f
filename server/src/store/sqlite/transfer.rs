//! Rows of the embedded database on their way out and in.

use std::sync::PoisonError;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, named_params, params_from_iter};
use skranke_protocol::confirmation::Signed;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::instant;
use uuid::Uuid;

use super::super::transfer::{CODES_PASSED_OVER, Kind, Parcel, TABLES, Table, Transfer, Value};
use super::super::{ServerKeys, StoreError, Stored};
use super::{SqliteStore, row};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Number(number) => ToSqlOutput::from(*number),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Flag(flag) => ToSqlOutput::from(*flag),
            Value::Uuid(uuid) => ToSqlOutput::Borrowed(ValueRef::Blob(uuid.as_bytes())),
            Value::Time(time) => ToSqlOutput::from(instant::to_text(*time)),
            Value::Date(date) => ToSqlOutput::from(date.to_string()),
        })
    }
}

fn value(row: &Row<'_>, column: usize, kind: Kind, table: &Table) -> Stored<Value> {
    let unreadable = || StoreError::Row(table.name);
    if matches!(row.get_ref(column)?, ValueRef::Null) {
        return Ok(Value::Null);
    }
    Ok(match kind {
        Kind::Text => Value::Text(row.get(column)?),
        Kind::Number => Value::Number(row.get(column)?),
        Kind::Bytes => Value::Bytes(row.get(column)?),
        Kind::Flag => Value::Flag(row.get(column)?),
        Kind::Uuid => Value::Uuid(Uuid::from_bytes(row.get(column)?)),
        Kind::Time => Value::Time(row::time(&row.get::<_, String>(column)?, table.name)?),
        Kind::Date => {
            let text: String = row.get(column)?;
            Value::Date(text.parse().map_err(|_| unreadable())?)
        }
    })
}

fn give_out(
    connection: &Connection,
    tenant: &str,
    each: &mut dyn FnMut(Parcel) -> Stored<()>,
) -> Stored<()> {
    for (index, table) in TABLES.iter().enumerate() {
        let sql = [
            "SELECT ",
            &table.column_list(),
            " FROM ",
            table.name,
            " WHERE tenant = :tenant ORDER BY ",
            table.key,
        ]
        .concat();
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(named_params! { ":tenant": tenant })?;
        while let Some(row) = rows.next()? {
            // Behind the municipality, in the order they were asked for.
            let values = (1..)
                .zip(table.columns)
                .map(|(column, (_, kind))| value(row, column, *kind, table))
                .collect::<Stored<_>>()?;
            each((index, values))?;
        }
    }
    Ok(())
}

fn take_in(
    connection: &Connection,
    tenant: &str,
    parcels: &mut dyn Iterator<Item = Stored<Parcel>>,
) -> Stored<()> {
    let code = Value::Text(tenant.to_owned());
    for parcel in parcels {
        let (index, values) = parcel?;
        let table = TABLES.get(index).ok_or(StoreError::Row("a parcel"))?;
        let places = vec!["?"; table.columns.len() + 1].join(", ");
        let sql = [
            "INSERT INTO ",
            table.name,
            " (",
            &table.column_list(),
            ") VALUES (",
            &places,
            ")",
        ]
        .concat();
        connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(std::iter::once(&code).chain(&values)))?;
    }
    Ok(())
}

impl Transfer for SqliteStore {
    fn tenants(&self) -> Stored<Vec<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT tenant FROM tenant ORDER BY tenant")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn give_out(&self, tenant: &str, each: &mut dyn FnMut(Parcel) -> Stored<()>) -> Stored<()> {
        self.read(|connection| give_out(connection, tenant, each))
    }

    fn take_in(
        &self,
        tenant: &str,
        parcels: &mut dyn Iterator<Item = Stored<Parcel>>,
    ) -> Stored<()> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        take_in(&transaction, tenant, parcels)?;
        Ok(transaction.commit()?)
    }

    fn replace_server_keys(&self, keys: &ServerKeys) -> Stored<()> {
        self.write(|connection| {
            connection.execute(
                "UPDATE server SET signing_seed = :signing_seed, index_key = :index_key WHERE id = 1",
                named_params! { ":signing_seed": keys.signing_seed, ":index_key": keys.index_key },
            )
        })?;
        Ok(())
    }

    fn open_epoch(&self, opening: &EpochOpening, signed: &Signed<EpochOpening>) -> Stored<()> {
        let text = serde_json::to_string(signed).map_err(|_| StoreError::Row("tenant"))?;
        let changed = self.write(|connection| {
            connection.execute(
                "UPDATE tenant
                    SET epoch = :epoch, epoch_opening = :opening, next_device = next_device + :codes
                  WHERE tenant = :tenant AND epoch < :epoch",
                named_params! {
                    ":tenant": opening.tenant,
                    ":epoch": row::number(opening.epoch),
                    ":opening": text,
                    ":codes": CODES_PASSED_OVER,
                },
            )
        })?;
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::NoSuchTenant)
        }
    }
}
