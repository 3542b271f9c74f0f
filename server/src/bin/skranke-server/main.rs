//! `skranke-server`: command line of the central store.

mod console;
mod serving;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use skranke_protocol::signature::SigningKey;
use skranke_server::config::{Config, Database, Settings};
use skranke_server::restore::Restoring;
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::transfer::TABLES;
use skranke_server::{audit, backup, operator, restore, serve};

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
    /// Where the records are: sqlite:PATH, or postgres: and a connection text in libpq's words.
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
        /// Leave out scans of the backup that are missing or damaged; desktops that still hold them send them again.
        #[arg(long, conflicts_with = "verify")]
        leave_damaged: bool,
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
    /// Print the alarms of the municipality, the oldest first: code, device and time; nothing of a person.
    Alarms,
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
        /// A new folder, which only this user can read.
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
        Command::Serve { exit_with_parent } => serving::listen(&config, exit_with_parent),
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
        Command::BackupMark { position } => {
            let moved = backup::mark(store(&config)?.as_ref(), tenant(&config)?, position)?;
            print(&json!({ "before": moved.before, "now": moved.now }))
        }
        Command::MunicipalityKey => {
            let tenant = tenant(&config)?;
            let key = store(&config)?.server_keys()?.municipality_key(tenant);
            print(&json!({ "tenant": tenant, "municipality_key": key.public().to_string() }))
        }
        Command::EnrolmentCode { scope } => {
            console::enrolment_code(store_or_new(&config)?.as_ref(), &config, &scope)
        }
        Command::AddStaff { login, roles } => {
            console::add_staff(store_or_new(&config)?.as_ref(), &config, login, roles)
        }
        Command::CloseAccount { login, reopen } => {
            console::close_account(store(&config)?.as_ref(), tenant(&config)?, &login, reopen)
        }
        Command::Devices => console::list_devices(store(&config)?.as_ref(), tenant(&config)?),
        Command::Alarms => console::list_alarms(store(&config)?.as_ref(), tenant(&config)?),
        Command::RevokeDevice {
            device,
            reason,
            wipe,
        } => console::revoke_device(
            store(&config)?.as_ref(),
            tenant(&config)?,
            &device,
            reason.trim(),
            wipe,
        ),
        Command::DeviceHoldings { device } => {
            console::device_holdings(store(&config)?.as_ref(), tenant(&config)?, &device)
        }
        Command::HandedOver { device, to } => {
            console::handed_over(store(&config)?.as_ref(), tenant(&config)?, &device, &to)
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
            leave_damaged,
        } => {
            let key = KeyFile::read(&config.key_file)?;
            let restored = if verify {
                restore::verify(&from, &key)?
            } else {
                let asked = Restoring {
                    operator_key: operator_key.as_deref(),
                    leave_damaged,
                };
                restore::run(&from, &config, &key, asked)?
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
            let target = target.check().context("the store to move to")?;
            let key = KeyFile::read(&config.key_file)?;
            let carried = restore::migrate(&config.database, &target.database, &key)?;
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
    Ok(serve::open_existing_store(config)?)
}

/// For the commands with which a new server is set up, before it was started for the first time.
fn store_or_new(config: &Config) -> anyhow::Result<std::sync::Arc<dyn CentralStore>> {
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
    let environment = Settings::from_environment(|name| std::env::var(name).ok());
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

/// One line of JSON on standard output, for the program that asked.
fn print(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}
