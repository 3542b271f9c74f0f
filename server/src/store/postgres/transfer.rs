//! Rows of a PostgreSQL database on their way out and in, as its owner.

use std::pin::pin;

use futures_util::TryStreamExt;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::epoch::EpochOpening;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::transfer::{CODES_PASSED_OVER, Kind, Parcel, TABLES, Table, Transfer, Value};
use super::super::{ServerKeys, StoreError, Stored};
use super::gathered::{TOGETHER, values_of};
use super::link::{Link, Owned};
use super::row::number;
use super::{PostgresStore, schema};

fn value(row: &Row, column: usize, kind: Kind) -> Stored<Value> {
    let found = match kind {
        Kind::Text => row.try_get::<_, Option<String>>(column)?.map(Value::Text),
        Kind::Number => row.try_get::<_, Option<i64>>(column)?.map(Value::Number),
        Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(column)?.map(Value::Bytes),
        Kind::Flag => row.try_get::<_, Option<bool>>(column)?.map(Value::Flag),
        Kind::Uuid => row.try_get::<_, Option<_>>(column)?.map(Value::Uuid),
        Kind::Time => row.try_get::<_, Option<_>>(column)?.map(Value::Time),
        Kind::Date => row.try_get::<_, Option<_>>(column)?.map(Value::Date),
    };
    Ok(found.unwrap_or(Value::Null))
}

/// A value as a parameter of its column's type; nothing has a type too.
fn owned(value: Value, kind: Kind) -> Owned {
    match value {
        Value::Null => nothing(kind),
        Value::Text(text) => Box::new(text),
        Value::Number(number) => Box::new(number),
        Value::Bytes(bytes) => Box::new(bytes),
        Value::Flag(flag) => Box::new(flag),
        Value::Uuid(uuid) => Box::new(uuid),
        Value::Time(time) => Box::new(time),
        Value::Date(date) => Box::new(date),
    }
}

fn nothing(kind: Kind) -> Owned {
    match kind {
        Kind::Text => Box::new(None::<String>),
        Kind::Number => Box::new(None::<i64>),
        Kind::Bytes => Box::new(None::<Vec<u8>>),
        Kind::Flag => Box::new(None::<bool>),
        Kind::Uuid => Box::new(None::<uuid::Uuid>),
        Kind::Time => Box::new(None::<chrono::DateTime<chrono::Utc>>),
        Kind::Date => Box::new(None::<chrono::NaiveDate>),
    }
}

async fn give_out(
    link: &mut Link,
    tenant: &str,
    (index, table): (usize, &Table),
    each: &mut dyn FnMut(Parcel) -> Stored<()>,
) -> Stored<()> {
    let sql = [
        "SELECT ",
        &table.column_list(),
        " FROM ",
        table.name,
        " WHERE tenant = $1 ORDER BY ",
        table.key,
    ]
    .concat();
    let mut rows = pin!(link.stream(&sql, &[&tenant]).await?);
    while let Some(row) = rows.try_next().await? {
        // Behind the municipality, in the order they were asked for.
        let values = (1..)
            .zip(table.columns)
            .map(|(column, (_, kind))| value(&row, column, *kind))
            .collect::<Stored<_>>()?;
        each((index, values))?;
    }
    Ok(())
}

/// Rows of one table on their way in.
#[derive(Default)]
struct Waiting {
    table: usize,
    rows: Vec<Vec<Owned>>,
}

impl Waiting {
    /// Adds a row, where it is one of another table or there are many, behind those before it.
    async fn add(&mut self, link: &mut Link, tenant: &str, (index, values): Parcel) -> Stored<()> {
        if index != self.table || self.rows.len() == TOGETHER[0] {
            self.send(link).await?;
        }
        self.table = index;
        let kinds = TABLES.get(index).ok_or(StoreError::Row("a parcel"))?;
        let mut row: Vec<Owned> = vec![Box::new(tenant.to_owned())];
        let columns = values.into_iter().zip(kinds.columns);
        row.extend(columns.map(|(value, (_, kind))| owned(value, *kind)));
        self.rows.push(row);
        Ok(())
    }

    async fn send(&mut self, link: &mut Link) -> Stored<()> {
        let table = TABLES.get(self.table).ok_or(StoreError::Row("a parcel"))?;
        let begin = ["INSERT INTO ", table.name, " (", &table.column_list(), ")"].concat();
        let mut rows = std::mem::take(&mut self.rows).into_iter();
        for together in TOGETHER {
            if rows.len() < together {
                continue;
            }
            let sql = [&begin, &*values_of(together, table.columns.len() + 1)].concat();
            while rows.len() >= together {
                let some = rows.by_ref().take(together).flatten().collect();
                link.send(&sql, some).await?;
            }
        }
        Ok(())
    }
}

impl Transfer for PostgresStore {
    fn tenants(&self) -> Stored<Vec<String>> {
        self.runtime()?.block_on(async {
            let mut link = self.link().await?;
            let rows = link
                .query("SELECT tenant FROM tenant ORDER BY tenant", &[])
                .await?;
            rows.iter().map(|row| Ok(row.try_get("tenant")?)).collect()
        })
    }

    fn give_out(&self, tenant: &str, each: &mut dyn FnMut(Parcel) -> Stored<()>) -> Stored<()> {
        self.read_once(tenant, async |link| {
            for table in TABLES.iter().enumerate() {
                give_out(link, tenant, table, each).await?;
            }
            Ok(())
        })
    }

    fn take_in(
        &self,
        tenant: &str,
        parcels: &mut dyn Iterator<Item = Stored<Parcel>>,
    ) -> Stored<()> {
        self.write_once(tenant, async |link| {
            let mut waiting = Waiting::default();
            for parcel in parcels {
                waiting.add(link, tenant, parcel?).await?;
            }
            waiting.send(link).await
        })
    }

    fn replace_server_keys(&self, keys: &ServerKeys) -> Stored<()> {
        self.runtime()?.block_on(async {
            let mut link = self.link().await?;
            schema::replace_server_keys(&mut link, keys, &self.key).await
        })
    }

    fn open_epoch(&self, opening: &EpochOpening, signed: &Signed<EpochOpening>) -> Stored<()> {
        let text = serde_json::to_string(signed).map_err(|_| StoreError::Row("tenant"))?;
        self.write(&opening.tenant, async |link| {
            let parameters: &[&(dyn ToSql + Sync)] = &[
                &opening.tenant,
                &number(opening.epoch),
                &text,
                &CODES_PASSED_OVER,
            ];
            let found = link
                .query_opt(
                    "UPDATE tenant
                        SET epoch = $2, epoch_opening = $3, next_device = next_device + $4
                      WHERE tenant = $1 AND epoch < $2
                     RETURNING epoch",
                    parameters,
                )
                .await?;
            found.map(|_| ()).ok_or(StoreError::NoSuchTenant)
        })
    }
}
