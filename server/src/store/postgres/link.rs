//! One connection to PostgreSQL: its driver, its prepared statements, and the rule when a commit counts.
//!
//! PostgreSQL answers a COMMIT whose wait for the standby was cut short with success and a warning. The warning arrives
//! before the success, on the same connection, and is read by the loop here; a commit that came with one is not
//! acknowledged and its connection is not used again. No statement is ever cancelled from this side.
//! Basis: reliability, findings 1 and 2.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{
    AsyncMessage, Client, Config, Connection, NoTls, Row, RowStream, Socket, Statement,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::{StoreError, Stored};
use super::FIRST_WORD;
use crate::tls;

/// A parameter that outlives the call it was made in.
pub(super) type Owned = Box<dyn ToSql + Sync + Send>;
/// Parameters of a statement whose answer is waited for.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

type Pending = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send>>;

/// Where the database can, large values are packed with lz4: a push is half as fast again as with the usual pglz, for an
/// eighth more room. Basis: sync-and-speed, finding 6.
const PACK_FAST: &str = "
    SELECT set_config(name, 'lz4', false)
      FROM pg_settings
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

/// The number of the history that the database writes: each promotion of a standby begins a new one, with a greater
/// number. It stands at the beginning of the names of its logs.
const HISTORY: &str = "
    SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS history";

/// What the log says where a primary that was lost answers again.
const OF_ANOTHER_HISTORY: &str =
    "a database answers that a standby took over from: keep it off the network";

/// PostgreSQL's codes for a function that is not there, is not for this role, or does not do this.
const DOES_NOT_TELL: [&str; 3] = ["42883", "42501", "0A000"];

/// What the driver says where the database has TLS switched off.
const NO_TLS_THERE: &str = "server does not support TLS";

/// Statements under way at most, so that answers do not pile up.
const MOST_PENDING: usize = 1_000;

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                StoreError::RunAgain
            }
            _ => StoreError::Database(Box::new(Failure(error))),
        }
    }
}

/// An error of PostgreSQL as the log may show it. The database's own text repeats the values it stumbled over, and they
/// may be a person's; its code, table and constraint are not.
#[derive(Debug)]
struct Failure(tokio_postgres::Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(told) = self.0.as_db_error() else {
            return fmt::Display::fmt(&self.0, f);
        };
        let code = told.code().code();
        let (table, rule) = (told.table(), told.constraint());
        write!(f, "PostgreSQL says {code}")?;
        if *told.code() == SqlState::DISK_FULL {
            write!(f, ": its disk is full")?;
        }
        table.map_or(Ok(()), |table| write!(f, " on table {table}"))?;
        rule.map_or(Ok(()), |rule| write!(f, ", constraint {rule}"))
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The source of a database error is its text.
        match self.0.as_db_error() {
            Some(_) => None,
            None => std::error::Error::source(&self.0),
        }
    }
}

/// What is wrong with the protection of the way to the database, where that is why it cannot be reached.
pub(super) fn tls_fault(error: &StoreError) -> Option<&'static str> {
    let StoreError::Database(error) = error else {
        return None;
    };
    let cause = std::error::Error::source(&error.downcast_ref::<Failure>()?.0)?;
    if cause.to_string() == NO_TLS_THERE {
        return Some("it speaks no TLS; set ssl = on there");
    }
    let handshake = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    handshake.downcast_ref().map(tls::refusal)
}

/// A connection from the pool.
pub(super) struct Link {
    client: Arc<Client>,
    statements: HashMap<String, Statement>,
    pending: Vec<Pending>,
    warned: Arc<AtomicBool>,
    is_spoilt: bool,
    /// Which history its database writes; none where the engine has no such thing or does not tell.
    history: Option<i64>,
    /// The newest that any connection of the store has seen.
    newest: Arc<AtomicI64>,
}

impl Link {
    /// Connects and keeps the connection's own loop running for as long as the link lives.
    async fn connect<T>(config: &Config, tls: T, newest: Arc<AtomicI64>) -> Stored<Self>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let (client, connection) = config.connect(tls).await?;
        let warned = Arc::new(AtomicBool::new(false));
        tokio::spawn(drive(connection, Arc::clone(&warned)));
        client.batch_execute(PACK_FAST).await?;
        let tells_none = |error: &tokio_postgres::Error| {
            let code = error.code().map(SqlState::code);
            code.is_some_and(|code| DOES_NOT_TELL.contains(&code))
        };
        let history = match client.query_one(HISTORY, &[]).await {
            Ok(row) => Some(row.try_get("history")?),
            Err(error) if tells_none(&error) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            client: Arc::new(client),
            statements: HashMap::new(),
            pending: Vec::new(),
            warned,
            is_spoilt: false,
            history,
            newest,
        })
    }

    /// Whether no other database is known that took over from this one.
    fn is_newest(&self) -> bool {
        let seen = |history| self.newest.fetch_max(history, Ordering::SeqCst);
        self.history.is_none_or(|history| history >= seen(history))
    }

    /// Begins a transaction that reads one snapshot of one municipality.
    pub(super) async fn begin_reading(&mut self, tenant: &str) -> Stored<()> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", tenant)
            .await
    }

    /// Begins a transaction that writes one municipality's rows.
    pub(super) async fn begin_writing(&mut self, tenant: &str) -> Stored<()> {
        self.begin("BEGIN ISOLATION LEVEL READ COMMITTED", tenant)
            .await
    }

    pub(super) async fn begin(&mut self, begin: &'static str, tenant: &str) -> Stored<()> {
        // Until the transaction has ended well, nobody knows what state the connection is in.
        self.is_spoilt = true;
        self.warned.store(false, Ordering::SeqCst);
        let client = Arc::clone(&self.client);
        self.send_on(Box::pin(async move {
            client.batch_execute(begin).await.map(|()| 0)
        }))
        .await?;
        self.send(
            "SELECT set_config('skranke.tenant', $1, true)",
            vec![Box::new(tenant.to_owned())],
        )
        .await
    }

    /// Runs a query and returns its rows.
    pub(super) async fn query(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Stored<Vec<Row>> {
        let statement = self.prepared(sql).await?;
        let answered = self.client.query(&statement, parameters).await;
        self.or_what_came_first(answered).await
    }

    /// Runs a query that finds one row or none.
    pub(super) async fn query_opt(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Stored<Option<Row>> {
        let statement = self.prepared(sql).await?;
        let answered = self.client.query_opt(&statement, parameters).await;
        self.or_what_came_first(answered).await
    }

    /// Runs two queries that do not need each other's answer: the second is on its way before the first is answered.
    pub(super) async fn query_both(
        &mut self,
        first: (&str, Parameters<'_>),
        second: (&str, Parameters<'_>),
    ) -> Stored<(Vec<Row>, Vec<Row>)> {
        let statements = (
            self.prepared(first.0).await?,
            self.prepared(second.0).await?,
        );
        let (first, second) = tokio::join!(
            self.client.query(&statements.0, first.1),
            self.client.query(&statements.1, second.1),
        );
        // Where both failed, the second did because of the first.
        let answered = first.and_then(|first| Ok((first, second?)));
        self.or_what_came_first(answered).await
    }

    /// Runs a query and returns its rows as they come, however many they are.
    pub(super) async fn stream(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Stored<RowStream> {
        let statement = self.prepared(sql).await?;
        let parameters = parameters.iter().copied();
        let answered = self.client.query_raw(&statement, parameters).await;
        self.or_what_came_first(answered).await
    }

    /// Sends a write without waiting for its answer: later statements run after it, and [`Link::commit`] asks how it
    /// went.
    pub(super) async fn send(&mut self, sql: &str, parameters: Vec<Owned>) -> Stored<()> {
        if self.pending.len() >= MOST_PENDING {
            self.settle().await?;
        }
        let statement = self.prepared(sql).await?;
        let client = Arc::clone(&self.client);
        self.send_on(Box::pin(async move {
            let parameters: Vec<&(dyn ToSql + Sync)> = parameters
                .iter()
                .map(|owned| owned.as_ref() as &(dyn ToSql + Sync))
                .collect();
            client.execute(&statement, &parameters).await
        }))
        .await
    }

    /// The first poll hands a statement to the connection, in the order of these calls.
    async fn send_on(&mut self, mut answer: Pending) -> Stored<()> {
        match answer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            // So soon only where the transaction is over already, or the connection.
            Poll::Ready(answered) => {
                self.or_what_came_first(answered).await?;
            }
            Poll::Pending => self.pending.push(answer),
        }
        Ok(())
    }

    /// Waits for every write sent so far; the first that failed is the error.
    async fn settle(&mut self) -> Stored<()> {
        for answer in self.pending.drain(..) {
            answer.await?;
        }
        Ok(())
    }

    /// An answer, or why there is none: a statement behind a write that failed hears only that the transaction is over,
    /// and the reason stands in the answer to that write.
    async fn or_what_came_first<T>(
        &mut self,
        answered: Result<T, tokio_postgres::Error>,
    ) -> Stored<T> {
        let error = match answered {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) {
            self.settle().await?;
        }
        Err(error.into())
    }

    /// Commits; only `Ok` means that the transaction is durable wherever the database was told it must be.
    pub(super) async fn commit(&mut self) -> Stored<()> {
        self.settle().await?;
        if !self.is_newest() {
            return Err(StoreError::NotReplicated);
        }
        self.client.batch_execute("COMMIT").await?;
        if self.warned.load(Ordering::SeqCst) {
            return Err(StoreError::NotReplicated);
        }
        self.is_spoilt = false;
        Ok(())
    }

    /// Ends a transaction that only read, without waiting for the answer: what was read is read. Whether the connection
    /// may be used again is asked when somebody wants it.
    pub(super) async fn end_reading(&mut self) -> Stored<()> {
        self.settle().await?;
        if !self.is_newest() {
            return Err(StoreError::NotReplicated);
        }
        let client = Arc::clone(&self.client);
        self.send_on(Box::pin(async move {
            client.batch_execute("COMMIT").await.map(|()| 0)
        }))
        .await?;
        self.is_spoilt = false;
        Ok(())
    }

    /// Ends a transaction that failed, and says why. A statement that nobody asked about may have failed before, its
    /// beginning too: behind that one reading is not refused, there is only nothing to be seen. Where that comes out
    /// here, the connection is not used again.
    pub(super) async fn give_up(&mut self, error: StoreError) -> StoreError {
        if let Err(first) = self.settle().await {
            return first;
        }
        self.roll_back().await;
        error
    }

    /// Ends a transaction that is not wanted.
    pub(super) async fn roll_back(&mut self) {
        self.pending.clear();
        let is_back = self.client.batch_execute("ROLLBACK").await.is_ok();
        self.is_spoilt = !is_back || self.warned.load(Ordering::SeqCst);
    }

    /// Runs statements without parameters, for migrations and settings.
    pub(super) async fn batch(&mut self, sql: &str) -> Stored<()> {
        Ok(self.client.batch_execute(sql).await?)
    }

    async fn prepared(&mut self, sql: &str) -> Stored<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let prepared = self.client.prepare(sql).await;
        let statement = self.or_what_came_first(prepared).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Moves the connection's messages until it ends, noting warnings.
async fn drive<S, T>(mut connection: Connection<S, T>, warned: Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.code().code().starts_with("01")
        {
            warned.store(true, Ordering::SeqCst);
        }
    }
}

/// Makes connections for the pool and refuses to give out one that is closed or was left in a transaction.
pub(super) struct Connector {
    /// One for each host, in the order they are asked.
    hosts: Vec<Config>,
    /// Who must answer; none where nothing leaves this machine.
    tls: Option<MakeRustlsConnect>,
    /// The newest history that was seen. A primary that comes back after a standby took over goes on with the one before
    /// it, and what it acknowledged would be lost.
    newest: Arc<AtomicI64>,
}

impl Connector {
    pub(super) fn new(hosts: Vec<Config>, tls: Option<rustls::ClientConfig>) -> Self {
        let tls = tls.map(MakeRustlsConnect::new);
        let newest = Arc::default();
        Self { hosts, tls, newest }
    }

    /// A new connection, to the first host that answers in time, can be written and writes the newest history.
    pub(super) async fn connect(&self) -> Stored<Link> {
        let mut failed = StoreError::CannotOpen("no host of the database is named".to_owned());
        for host in &self.hosts {
            let asked = tokio::time::timeout(FIRST_WORD, self.connect_to(host));
            failed = match asked.await {
                Ok(Ok(link)) if link.is_newest() => return Ok(link),
                Ok(Ok(_)) => StoreError::CannotOpen(OF_ANOTHER_HISTORY.to_owned()),
                Ok(Err(error)) => error,
                Err(late) => StoreError::Database(Box::new(late)),
            };
        }
        Err(failed)
    }

    async fn connect_to(&self, host: &Config) -> Stored<Link> {
        let newest = Arc::clone(&self.newest);
        match &self.tls {
            Some(tls) => Link::connect(host, tls.clone(), newest).await,
            None => Link::connect(host, NoTls, newest).await,
        }
    }
}

impl Manager for Connector {
    type Type = Link;
    type Error = StoreError;

    async fn create(&self) -> Result<Link, StoreError> {
        self.connect().await
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<StoreError> {
        if link.is_spoilt || link.settle().await.is_err() || link.client.is_closed() {
            Err(RecycleError::message("left in a transaction, or closed"))
        } else if !link.is_newest() {
            Err(RecycleError::message(OF_ANOTHER_HISTORY))
        } else {
            Ok(())
        }
    }
}
