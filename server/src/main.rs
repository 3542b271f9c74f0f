//! `skranke-server`: command line of the central store.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow};
use axum_server::tls_rustls::RustlsConfig;
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand};
use rand::RngCore;
use serde_json::json;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_domain::rehearsal::{self, Bug};
use skranke_domain::role::Role;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::Scope;
use skranke_server::config::{Config, Database, Settings, TlsFiles};
use skranke_server::devices::{self, Acting};
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::transfer::TABLES;
use skranke_server::store::{CentralStore, CentralTransaction, EnrolmentCode, Staff};
use skranke_server::{audit, backup, log, operator, restore, serve, sign_in, tls};

/// Skranke's central store.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(flatten)]
    settings: SettingArguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct SettingArguments {
    /// Configuration file (TOML).
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, global = true)]
    listen: Option<String>,
    /// Where the records are: sqlite:PATH, or postgres: and a connection text as libpq reads it.
    #[arg(long, global = true)]
    store: Option<String>,
    /// File with the password of the PostgreSQL role.
    #[arg(long, global = true)]
    database_password_file: Option<PathBuf>,
    /// File with the key of the database; made when neither it nor the database exists.
    #[arg(long, global = true)]
    key_file: Option<PathBuf>,
    /// Folder of the attachments.
    #[arg(long, global = true)]
    attachments: Option<PathBuf>,
    /// Municipality to create at start.
    #[arg(long, global = true)]
    tenant: Option<String>,
    /// File with the secret by which the parent program enrols devices.
    #[arg(long, global = true)]
    bootstrap_secret_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve requests (the default).
    Serve {
        /// End when standard input is closed.
        #[arg(long)]
        exit_with_parent: bool,
    },
    /// Make or migrate the schema on PostgreSQL; --store names the owner. Makes the key file at the first time.
    PrepareDatabase,
    /// Put a backup into the configured store, which must be new, and open a new epoch; --store on PostgreSQL names
    /// the owner.
    Restore {
        /// The folder of the backup.
        #[arg(long)]
        from: PathBuf,
        /// Only look whether the backup is whole.
        #[arg(long)]
        verify: bool,
        /// File with the operator's key, where the configuration names one.
        #[arg(long)]
        operator_key: Option<PathBuf>,
    },
    /// Make the operator's key, which opens epochs, in a new file; print its public half for the configuration.
    OperatorKey {
        /// The new file; it belongs in the safe, not on the server.
        #[arg(long)]
        to: PathBuf,
    },
    /// Open a new epoch in every municipality, after the database was put back by its own tools; --store on
    /// PostgreSQL names the owner, and the server is stopped.
    OpenEpoch {
        /// File with the operator's key, where the configuration names one.
        #[arg(long)]
        operator_key: Option<PathBuf>,
    },
    /// Carry everything into another store while the server is stopped; on PostgreSQL both addresses name the owner.
    MigrateStore {
        /// The new and empty store: sqlite:PATH or postgres:ADDRESS.
        #[arg(long)]
        to: String,
        /// File with the password of the owner there.
        #[arg(long)]
        to_password_file: Option<PathBuf>,
    },
    /// Copy database and attachments while the server runs, verify the copy and move the backup mark; --store on
    /// PostgreSQL names the owner.
    Backup {
        /// Folder in which a new folder is made.
        #[arg(long)]
        to: PathBuf,
    },
    /// Say that another backup holds everything up to a position.
    BackupMark {
        /// The position.
        #[arg(long)]
        position: u64,
    },
    /// The audit of a municipality.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Check the settings as at a start, and open nothing.
    CheckConfig,
    /// Print the key with which `skranke verify-receipt` checks the municipality's papers.
    MunicipalityKey,
    /// Print a one-time code with which a device can be enrolled within a day.
    EnrolmentCode {
        /// Which cases the device may see: `tenant` or `own_cases`.
        #[arg(long, default_value = "tenant")]
        scope: String,
    },
    /// Shut a person out: sessions end and grants are revoked with the next request.
    CloseAccount {
        /// The login; `openid:` and the subject for a person of the identity provider.
        #[arg(long)]
        login: String,
        /// Let the person sign in again.
        #[arg(long)]
        reopen: bool,
    },
    /// List the devices of the municipality and how they stand.
    Devices,
    /// Shut a device out: from its next request on it gets nothing, and what it still sends waits for a person.
    RevokeDevice {
        /// Its short code, as in its case numbers.
        #[arg(long)]
        device: String,
        /// Why; it stands in the list of devices.
        #[arg(long)]
        reason: String,
        /// Also order it to hand over what it has not sent and then delete all it holds.
        #[arg(long)]
        wipe: bool,
    },
    /// Print the numbers of the cases a device held, for a lost one; that it was asked is audited.
    DeviceHoldings {
        /// Its short code, as in its case numbers.
        #[arg(long)]
        device: String,
    },
    /// Write the drafts a device handed over before it was wiped into a folder; that it was done is audited.
    HandedOver {
        /// Its short code, as in its case numbers.
        #[arg(long)]
        device: String,
        /// A new folder.
        #[arg(long)]
        to: PathBuf,
    },
    /// Add a local account; the password is read from standard input.
    AddStaff {
        /// Login name.
        #[arg(long)]
        login: String,
        /// Role codes, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Look through the whole audit and name the first row that is not as it was sealed; ends with code 1 then.
    Verify,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "skranke-server: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config(arguments.settings)?;
    match arguments.command.unwrap_or(Command::Serve {
        exit_with_parent: false,
    }) {
        Command::Serve { exit_with_parent } => listen(&config, exit_with_parent),
        Command::Audit {
            command: AuditCommand::Verify,
        } => {
            let (store, tenant) = (store(&config)?, tenant(&config)?);
            let key = SigningKey::from_seed(&store.server_keys()?.signing_seed).public();
            match audit::verify(store.as_ref(), tenant, &key)? {
                Ok(whole) => print(&json!({ "whole": whole })),
                Err(fault) => {
                    print(&json!({ "first_fault": fault }))?;
                    std::process::exit(1);
                }
            }
        }
        Command::CheckConfig => print(&json!({ "settings": "sound" })),
        Command::Backup { to } => {
            let made = backup::run(&config, &to)?;
            print(&json!({
                "folder": made.folder,
                "attachments": made.attachments,
                "positions": made.positions.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            }))
        }
        Command::BackupMark { position } => Ok(backup::mark(
            store(&config)?.as_ref(),
            tenant(&config)?,
            position,
        )?),
        Command::MunicipalityKey => {
            let tenant = tenant(&config)?;
            let key = store(&config)?.server_keys()?.municipality_key(tenant);
            print(&json!({ "tenant": tenant, "municipality_key": key.public().to_string() }))
        }
        Command::EnrolmentCode { scope } => {
            enrolment_code(store(&config)?.as_ref(), &config, &scope)
        }
        Command::AddStaff { login, roles } => {
            add_staff(store(&config)?.as_ref(), &config, login, roles)
        }
        Command::CloseAccount { login, reopen } => {
            close_account(store(&config)?.as_ref(), tenant(&config)?, &login, reopen)
        }
        Command::Devices => list_devices(store(&config)?.as_ref(), tenant(&config)?),
        Command::RevokeDevice {
            device,
            reason,
            wipe,
        } => revoke_device(
            store(&config)?.as_ref(),
            tenant(&config)?,
            &device,
            reason.trim(),
            wipe,
        ),
        Command::DeviceHoldings { device } => {
            device_holdings(store(&config)?.as_ref(), tenant(&config)?, &device)
        }
        Command::HandedOver { device, to } => {
            handed_over(store(&config)?.as_ref(), tenant(&config)?, &device, &to)
        }
        Command::OperatorKey { to } => {
            let key = operator::make_key(&to)?;
            print(&json!({ "operator_key": key.to_string() }))
        }
        Command::OpenEpoch { operator_key } => {
            let key = KeyFile::read(&config.key_file)?;
            let store = restore::open_whole(&config.database, &key)?;
            let opened = operator::open_epochs(store.as_ref(), &config, operator_key.as_deref())?;
            let opened = opened
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>();
            print(&json!({ "opened": opened }))
        }
        Command::Restore {
            from,
            verify,
            operator_key,
        } => {
            let key = KeyFile::read(&config.key_file)?;
            let restored = if verify {
                restore::verify(&from, &key)?
            } else {
                restore::run(&from, &config, &key, operator_key.as_deref())?
            };
            let restored = restored.into_iter().map(|municipality| {
                json!({
                    "tenant": municipality.tenant,
                    "position": municipality.position,
                    "epoch": municipality.epoch,
                })
            });
            print(&json!({ "restored": restored.collect::<Vec<_>>() }))
        }
        Command::MigrateStore {
            to,
            to_password_file,
        } => {
            let target = Settings {
                store: Some(to),
                database_password_file: to_password_file,
                attachments: Some(config.attachments.clone()),
                key_file: Some(config.key_file.clone()),
                ..Settings::default()
            };
            let key = KeyFile::read(&config.key_file)?;
            let carried = restore::migrate(&config.database, &target.check()?.database, &key)?;
            let carried = carried.iter().map(|held| {
                let rows: std::collections::BTreeMap<_, _> = TABLES
                    .iter()
                    .map(|table| (table.name, held.rows(table.name)))
                    .collect();
                json!({ "tenant": held.tenant, "rows": rows })
            });
            print(&json!({ "carried": carried.collect::<Vec<_>>() }))
        }
        Command::PrepareDatabase => {
            let Database::Postgres(owner) = &config.database else {
                return Err(anyhow!(
                    "only PostgreSQL is prepared; an SQLite file prepares itself"
                ));
            };
            let key = KeyFile::read_or_create(&config.key_file, false)?;
            PostgresStore::prepare(owner, &key)?;
            print(&json!({ "schema": skranke_server::store::postgres::SCHEMA_VERSION }))
        }
    }
}

fn store(config: &Config) -> anyhow::Result<std::sync::Arc<dyn CentralStore>> {
    Ok(serve::open_store(config)?.0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn config(arguments: SettingArguments) -> anyhow::Result<Config> {
    let file = match &arguments.config {
        None => Settings::default(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).context("the configuration file cannot be read")?;
            Settings::from_toml(&text)?
        }
    };
    let environment = Settings::from_environment(|name| std::env::var(name).ok())?;
    let command_line = Settings {
        listen: arguments.listen,
        store: arguments.store,
        database_password_file: arguments.database_password_file,
        key_file: arguments.key_file,
        attachments: arguments.attachments,
        tenant: arguments.tenant,
        bootstrap_secret_file: arguments.bootstrap_secret_file,
        ..Settings::default()
    };
    Ok(command_line.or(environment).or(file).check()?)
}

fn tenant(config: &Config) -> anyhow::Result<&str> {
    config
        .tenant
        .as_deref()
        .ok_or_else(|| anyhow!("name the municipality with --tenant"))
}

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

fn listen(config: &Config, exit_with_parent: bool) -> anyhow::Result<()> {
    if rehearsal::IS_ON {
        rehearse();
    }
    let central = serve::open(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
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
        if let (Some(tls), Some(files)) = (&tls, &config.tls) {
            reload_when_asked(tls.clone(), files.clone())?;
        }
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

/// Reads the certificate again at every hang-up signal; one that cannot be used is told and changes nothing.
#[cfg(unix)]
fn reload_when_asked(tls: RustlsConfig, files: TlsFiles) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut asked = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            match tls::load(&files) {
                Ok(config) => {
                    tls.reload_from_config(config);
                    log::line("certificate_reloaded", json!({}));
                }
                Err(error) => log::failure("certificate_not_reloaded", &error),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn reload_when_asked(_: RustlsConfig, _: TlsFiles) -> anyhow::Result<()> {
    Ok(())
}

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

fn enrolment_code(store: &dyn CentralStore, config: &Config, scope: &str) -> anyhow::Result<()> {
    let scope = Scope::from_code(scope);
    if matches!(scope, Scope::Other(_)) {
        return Err(anyhow!("--scope is tenant or own_cases"));
    }
    let mut secret = [0; 16];
    rand::rngs::OsRng.fill_bytes(&mut secret);
    let code = to_hex(&secret);
    let tenant = tenant(config)?;
    store.create_tenant(tenant, log::now())?;
    store.save_enrolment_code(
        tenant,
        &EnrolmentCode {
            digest: Sha256::digest(&code).into(),
            scope,
            expires_at: log::now() + TimeDelta::days(1),
            device_id: None,
        },
    )?;
    print(&json!({ "enrolment_code": code }))
}

fn add_staff(
    store: &dyn CentralStore,
    config: &Config,
    login: String,
    roles: Vec<String>,
) -> anyhow::Result<()> {
    if roles.iter().any(|code| Role::from_code(code).is_none()) {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
        return Err(anyhow!("roles are {}", known.join(", ")));
    }
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("the password cannot be read")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < 12 {
        return Err(anyhow!("the password must have at least 12 characters"));
    }
    let tenant = tenant(config)?;
    store.create_tenant(tenant, log::now())?;
    let id = store.staff_by_login(tenant, &login)?.map_or_else(
        || StaffId::from_uuid(uuid::Uuid::now_v7()),
        |known| known.id,
    );
    let staff = Staff {
        id,
        login,
        password_hash: sign_in::hash_password(password)?,
        roles,
        active: true,
    };
    store.save_staff(tenant, &staff)?;
    print(&json!({ "staff_id": id.to_string() }))
}

fn close_account(
    store: &dyn CentralStore,
    tenant: &str,
    login: &str,
    reopen: bool,
) -> anyhow::Result<()> {
    let known = store.staff_by_login(tenant, login)?;
    let mut staff = known.ok_or_else(|| anyhow!("there is no such login"))?;
    staff.active = reopen;
    let id = staff.id;
    store.save_staff(tenant, &staff)?;
    if !reopen {
        let mut transaction = store.begin(tenant)?;
        transaction.revoke_grants_of(id, log::now())?;
        transaction.commit()?;
    }
    print(&json!({ "staff_id": id.to_string(), "active": reopen }))
}

fn list_devices(store: &dyn CentralStore, tenant: &str) -> anyhow::Result<()> {
    let records = store.begin(tenant)?.device_records()?;
    let listed: Vec<_> = records.into_iter().map(devices::listed).collect();
    print(&json!({ "devices": listed }))
}

fn revoke_device(
    store: &dyn CentralStore,
    tenant: &str,
    code: &str,
    reason: &str,
    wipe: bool,
) -> anyhow::Result<()> {
    if reason.is_empty() {
        return Err(anyhow!("--reason must say why"));
    }
    let mut transaction = store.begin(tenant)?;
    let (id, by) = device_by_code(transaction.as_mut(), code)?;
    let revoked = devices::revoke(transaction.as_mut(), id, by, reason, wipe, log::now())?;
    transaction.commit()?;
    print(&json!({ "device": revoked.map(devices::listed) }))
}

fn device_holdings(store: &dyn CentralStore, tenant: &str, code: &str) -> anyhow::Result<()> {
    const AT_ONCE: u32 = 1_000;
    let mut numbers: Vec<String> = Vec::new();
    let mut after = None;
    loop {
        let mut transaction = store.begin(tenant)?;
        let (id, by) = device_by_code(transaction.as_mut(), code)?;
        let page = (after, AT_ONCE);
        let held = devices::holdings(
            transaction.as_mut(),
            id,
            by,
            "lost_device",
            page,
            log::now(),
        );
        transaction.commit()?;
        let held = held?.ok_or_else(|| anyhow!("there is no such device"))?;
        after = held.cases.last().map(|case| case.case_id);
        numbers.extend(held.cases.into_iter().map(|case| case.number));
        if !held.more {
            return print(&json!({ "total": held.total, "cases": numbers }));
        }
    }
}

fn handed_over(
    store: &dyn CentralStore,
    tenant: &str,
    code: &str,
    to: &std::path::Path,
) -> anyhow::Result<()> {
    let mut transaction = store.begin(tenant)?;
    let (id, by) = device_by_code(transaction.as_mut(), code)?;
    let drafts = transaction.handed_over(id)?;
    let detail = format!("{id} {}", drafts.len());
    let now = log::now();
    devices::note(
        transaction.as_mut(),
        by,
        "handed_over_read",
        "lost_device",
        detail,
        now,
    )?;
    transaction.commit()?;
    std::fs::create_dir(to).context("the folder must be new")?;
    for (number, draft) in (1..).zip(&drafts) {
        std::fs::write(to.join(format!("{number}.json")), draft)?;
    }
    print(&json!({ "drafts": drafts.len() }))
}

fn device_by_code(
    transaction: &mut dyn CentralTransaction,
    code: &str,
) -> anyhow::Result<(DeviceId, Acting)> {
    let records = transaction.device_records()?;
    let found = records
        .into_iter()
        .find(|record| record.device.code.eq_ignore_ascii_case(code));
    let id = found
        .map(|record| record.device.id)
        .ok_or_else(|| anyhow!("there is no device with this code"))?;
    let by = Acting {
        device_id: id,
        staff_id: None,
    };
    Ok((id, by))
}

/// One line of JSON on standard output, for the program that asked.
fn print(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}
