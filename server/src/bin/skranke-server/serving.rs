//! Serving until told to stop: addresses, certificate, signals.

use std::future::Future;
use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use axum_server::tls_rustls::RustlsConfig;
use chrono::TimeDelta;
use serde_json::json;
use skranke_domain::rehearsal::{self, Bug};
use skranke_server::config::{Config, TlsFiles};
use skranke_server::{log, serve, tls};

use crate::print;

/// Does as a test asks: ends this program hard at a named point, or plants a bug. Never in a program that is shipped.
#[expect(
    clippy::disallowed_methods,
    reason = "only a test sets it, and only for a program that can rehearse"
)]
fn rehearse() {
    static LEFT: AtomicU32 = AtomicU32::new(0);
    static POINT: OnceLock<String> = OnceLock::new();
    fn at(name: &'static str) {
        if POINT.get().is_some_and(|point| point == name)
            && LEFT.fetch_sub(1, Ordering::SeqCst) == 1
        {
            let own = std::process::id().to_string();
            let _ = std::process::Command::new("kill")
                .args(["-9", &own])
                .status();
            std::process::abort();
        }
    }
    if let Ok(bug) = std::env::var("SKRANKE_REHEARSE_BUG")
        && let Some(bug) = Bug::named(&bug)
    {
        rehearsal::plant(bug);
    }
    if let Ok(asked) = std::env::var("SKRANKE_REHEARSE_POINT")
        && let Some((point, times)) = asked.split_once(':')
    {
        LEFT.store(times.parse().unwrap_or(1), Ordering::SeqCst);
        let _ = POINT.set(point.to_owned());
        rehearsal::watch(at);
    }
}

/// Sets its clock as a test asks; the rest of the program lives on another day.
#[expect(
    clippy::disallowed_methods,
    reason = "only a test sets it, and only for a program that can rehearse"
)]
fn rehearse_a_clock_that_is_set() {
    if let Ok(seconds) = std::env::var("SKRANKE_REHEARSE_SECONDS_AHEAD")
        && let Some(by) = seconds.parse().ok().and_then(TimeDelta::try_seconds)
    {
        log::rehearse_ahead(by);
    }
}

pub(crate) fn listen(config: &Config, exit_with_parent: bool) -> anyhow::Result<()> {
    if rehearsal::IS_ON {
        rehearse();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // First of all: a hang-up that nobody hears ends a program, also one that opens and migrates its store for long.
    let hang_ups = {
        let _inside = runtime.enter();
        hang_ups()?
    };
    let central = serve::open(config)?;
    if rehearsal::IS_ON {
        rehearse_a_clock_that_is_set();
    }
    runtime.block_on(async {
        let listener = serve::bind(config.listen).context("the address cannot be bound")?;
        let tls = match &config.tls {
            None => None,
            Some(files) => Some(RustlsConfig::from_config(tls::load(files)?)),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let metrics = config.metrics_listen.map(serve::bind).transpose();
        let metrics = metrics.context("the address for monitoring cannot be bound")?;
        let metrics_at = metrics
            .as_ref()
            .map(|listener| listener.local_addr())
            .transpose()?;
        // Whoever reads the address may at once ask for the end, so the signal is heard first.
        let stop = stop_signal(exit_with_parent)?;
        print(&json!({
            "listening": format!("{scheme}://{}", listener.local_addr()?),
            "metrics": metrics_at.map(|address| format!("http://{address}/metrics")),
            "tenant": config.tenant,
            "server_key": central.public_key().to_string(),
        }))?;
        log::line("started", json!({ "version": env!("CARGO_PKG_VERSION") }));
        if let Some(listener) = metrics {
            let central = Arc::clone(&central);
            tokio::spawn(async move {
                if let Err(error) = serve::serve_metrics(listener, central).await {
                    log::failure("metrics_failed", &error);
                }
            });
        }
        reload_when_asked(hang_ups, tls.clone().zip(config.tls.clone()));
        serve::serve(listener, central, tls, config.stop_within, stop)
            .await
            .context("serving failed")?;
        log::line("stopped", json!({}));
        Ok(())
    })
}

/// Begins to listen for the signal to end and, where asked, for the parent closing standard input;
/// what it returns is done when either came.
fn stop_signal(exit_with_parent: bool) -> anyhow::Result<impl Future<Output = ()>> {
    let terminated = terminated()?;
    let parent_gone = async move {
        if !exit_with_parent {
            return std::future::pending().await;
        }
        let (gone, seen) = tokio::sync::oneshot::channel();
        // Reading standard input cannot be cancelled, so it gets a thread that ends with the process.
        std::thread::spawn(move || {
            let mut sink = [0; 256];
            while std::io::stdin()
                .read(&mut sink)
                .is_ok_and(|count| count > 0)
            {}
            let _ = gone.send(());
        });
        let _ = seen.await;
    };
    Ok(async move {
        tokio::select! {
            () = terminated => {}
            () = parent_gone => {}
        }
    })
}

/// The hang-up signals that come from now on.
#[cfg(unix)]
type HangUps = tokio::signal::unix::Signal;
/// There is no such signal there.
#[cfg(not(unix))]
struct HangUps;

#[cfg(unix)]
fn hang_ups() -> std::io::Result<HangUps> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::hangup())
}

#[cfg(not(unix))]
fn hang_ups() -> std::io::Result<HangUps> {
    Ok(HangUps)
}

/// Reads the certificate again at every hang-up signal; one that cannot be used is told and changes nothing. A server
/// without one has nothing to read again, says so and goes on.
#[cfg(unix)]
fn reload_when_asked(mut hang_ups: HangUps, certificate: Option<(RustlsConfig, TlsFiles)>) {
    tokio::spawn(async move {
        while hang_ups.recv().await.is_some() {
            let Some((tls, files)) = &certificate else {
                log::line("nothing_to_reload", json!({}));
                continue;
            };
            match tls::load(files) {
                Ok(config) => {
                    tls.reload_from_config(config);
                    log::line("certificate_reloaded", json!({}));
                }
                Err(error) => log::failure("certificate_not_reloaded", &error),
            }
        }
    });
}

#[cfg(not(unix))]
fn reload_when_asked(_: HangUps, _: Option<(RustlsConfig, TlsFiles)>) {}

#[cfg(unix)]
fn terminated() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn terminated() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
