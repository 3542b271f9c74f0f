//! Running the server: until told to stop, letting open requests finish.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::attachments::AttachmentFolder;
use crate::central::Central;
use crate::config::{Config, Database};
use crate::store::key_file::KeyFile;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{CentralStore, StoreError, Stored};
use crate::{log, routes};

/// How long a stopping server waits for open requests.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Opens the configured store and the key of its secrets.
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
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    central: Arc<Central>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopped, mut stop_seen) = watch::channel(false);
    let stopping = Arc::clone(&central);
    let signal = async move {
        stop.await;
        stopping.stop();
        stopped.send_replace(true);
    };
    let server = axum::serve(listener, routes::router(central)).with_graceful_shutdown(signal);
    tokio::select! {
        result = async { server.await } => result?,
        () = async {
            let _ = stop_seen.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(STOP_WITHIN).await;
        } => log::line("stopped_with_open_requests", json!({})),
    }
    Ok(())
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
        let address = config.listen;
        let (stop, stop_seen) = oneshot::channel();
        let (bound, bound_at) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
            else {
                return;
            };
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::bind(address).await else {
                    return;
                };
                let Ok(address) = listener.local_addr() else {
                    return;
                };
                let _ = bound.send(address);
                let stop = async move {
                    let _ = stop_seen.await;
                };
                if let Err(error) = serve(listener, serving, stop).await {
                    log::failure("serving_failed", &error);
                }
            });
        });
        let address = bound_at
            .recv()
            .map_err(|_| cannot("the address cannot be bound"))?;
        Ok(Self {
            url: format!("http://{address}"),
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
