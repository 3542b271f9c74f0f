//! Running the server: until told to stop, letting open requests finish.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde_json::json;
use tokio::sync::oneshot;

use crate::attachments::AttachmentFolder;
use crate::central::Central;
use crate::config::{Config, Database};
use crate::store::key_file::KeyFile;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{CentralStore, StoreError, Stored};
use crate::unread::Watching;
use crate::{log, metrics, routes, tls};

/// How often the audit is sealed, and the clock looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Opens the configured store and the key of its secrets; an SQLite file is made where there is none.
///
/// # Errors
/// Something cannot be opened; the text says what.
pub fn open_store(config: &Config) -> Stored<(Arc<dyn CentralStore>, KeyFile)> {
    match &config.database {
        Database::Sqlite(path) => {
            let key = KeyFile::read_or_create(&config.key_file, path.exists())?;
            Ok((Arc::new(SqliteStore::open(path, &key)?), key))
        }
        Database::Postgres(address) => {
            let key = KeyFile::read(&config.key_file)?;
            Ok((Arc::new(PostgresStore::open(address, &key)?), key))
        }
    }
}

/// Opens the configured store, which must be there: for the operator's commands that make none.
///
/// # Errors
/// It cannot be opened, or there is none; the text says what.
pub fn open_existing_store(config: &Config) -> Stored<Arc<dyn CentralStore>> {
    let key = KeyFile::read(&config.key_file)?;
    Ok(match &config.database {
        Database::Sqlite(path) => Arc::new(SqliteStore::open_existing(path, &key)?),
        Database::Postgres(address) => Arc::new(PostgresStore::open(address, &key)?),
    })
}

/// Opens store and attachments and puts the server's state together.
///
/// # Errors
/// Something cannot be opened; the text says what.
pub fn open(config: &Config) -> Stored<Arc<Central>> {
    let (store, key) = open_store(config)?;
    let attachments = AttachmentFolder::open(&config.attachments, key.as_bytes())
        .map_err(|_| StoreError::CannotOpen("the attachment folder cannot be made".to_owned()))?;
    Ok(Arc::new(Central::new(store, attachments, config)?))
}

/// Serves until `stop` is done, then lets open requests finish for a while.
///
/// # Errors
/// The listener failed, or the certificate cannot be used.
pub async fn serve(
    listener: TcpListener,
    central: Arc<Central>,
    tls: Option<RustlsConfig>,
    stop_within: Duration,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let handle = Handle::new();
    tokio::spawn({
        let (central, handle) = (Arc::clone(&central), handle.clone());
        async move {
            stop.await;
            central.stop();
            handle.graceful_shutdown(Some(stop_within));
            // Just before the rest is cut off.
            tokio::time::sleep(stop_within.saturating_sub(Duration::from_millis(50))).await;
            let open = handle.connection_count();
            if open > 0 {
                log::line("stopped_with_open_requests", json!({ "connections": open }));
            }
        }
    });
    let looking = tokio::spawn({
        let central = Arc::clone(&central);
        async move {
            loop {
                central.look_at_clock();
                tokio::time::sleep(LOOK_EVERY).await;
                central.seal_audits().await;
            }
        }
    });
    let head_within = central.head_within;
    let watching = Watching {
        within: central.unread_within,
    };
    let routes = routes::router(Arc::clone(&central)).into_make_service();
    let served = match tls {
        None => {
            let server = axum_server::from_tcp(listener)?.handle(handle);
            let mut server = server.acceptor(watching).http1_only();
            limit(server.http_builder(), head_within);
            server.serve(routes).await
        }
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle);
            // Below TLS, where what is written leaves.
            let server = server.map(|tls| tls.acceptor(watching));
            let mut server = server.http1_only();
            limit(server.http_builder(), head_within);
            server.serve(routes).await
        }
    };
    looking.abort();
    central.seal_audits().await;
    served
}

/// Who opens a connection and says nothing does not keep it. Of a server that took HTTP/2 too, the time would begin with
/// the first byte.
fn limit(builder: &mut Builder<TokioExecutor>, head_within: Duration) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within);
}

/// Gives the figures for monitoring for as long as the program runs.
///
/// # Errors
/// The listener failed.
pub async fn serve_metrics(listener: TcpListener, central: Arc<Central>) -> std::io::Result<()> {
    let head_within = central.head_within;
    let watching = Watching {
        within: central.unread_within,
    };
    let server = axum_server::from_tcp(listener)?.acceptor(watching);
    let mut server = server.http1_only();
    limit(server.http_builder(), head_within);
    server
        .serve(metrics::router(central).into_make_service())
        .await
}

/// Binds an address.
///
/// # Errors
/// It cannot be bound.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A server inside another program, on a thread of its own; dropping it stops it.
pub struct Embedded {
    url: String,
    central: Arc<Central>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a server and returns once it listens.
    ///
    /// # Errors
    /// The store cannot be opened or the address not be bound.
    pub fn start(config: &Config) -> Stored<Self> {
        let cannot = |what: &str| StoreError::CannotOpen(what.to_owned());
        let central = open(config)?;
        let serving = Arc::clone(&central);
        let listener = bind(config.listen).map_err(|_| cannot("the address cannot be bound"))?;
        let address = listener
            .local_addr()
            .map_err(|_| cannot("the address cannot be read"))?;
        let tls = match &config.tls {
            None => None,
            Some(files) => Some(tls::load(files).map_err(|error| cannot(&error.to_string()))?),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let stop_within = config.stop_within;
        let (stop, stop_seen) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
            else {
                return;
            };
            runtime.block_on(async move {
                let stop = async move {
                    let _ = stop_seen.await;
                };
                let tls = tls.map(RustlsConfig::from_config);
                let served = serve(listener, serving, tls, stop_within, stop).await;
                if let Err(error) = served {
                    log::failure("serving_failed", &error);
                }
            });
        });
        Ok(Self {
            url: format!("{scheme}://{address}"),
            central,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's state.
    pub fn central(&self) -> &Arc<Central> {
        &self.central
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
