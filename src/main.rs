//! The command line: reads the settings and hands them on.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use oregional::config::{Cli, Command, Database, Serve};
use oregional::startup::{Application, commands, key, password_file, transfer};
use oregional::telemetry;
use secrecy::ExposeSecret as _;

// Allocation was 15 % of a read's time in the system's allocator, and is 9 % in this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::begin(database(&cli.command).log_format);
    match actix_web::rt::System::new().block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            // One sentence for people; the chain says where it comes from.
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn database(command: &Command) -> &Database {
    match command {
        Command::Serve(settings) => &settings.database,
        Command::Migrate(settings) => &settings.database,
        Command::Check(database) => database,
        Command::User { command } => command.database(),
        Command::Key { command } => command.database(),
        Command::Export(settings) => &settings.database,
        Command::Import(settings) => &settings.database,
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match command {
        Command::Serve(settings) => serve(*settings).await?,
        Command::Migrate(settings) => commands::migrate(&settings, &mut out).await?,
        Command::User { command } => commands::user(command, &mut out).await?,
        Command::Key { command } => key::key(command, &mut out).await?,
        Command::Export(settings) => transfer::export(&settings, &mut out).await?,
        Command::Import(settings) => transfer::import(&settings, &mut out).await?,
        Command::Check(database) => {
            let is_well = commands::check(&database, &mut out).await?;
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let name = settings.database.db_name.clone();
    let application = Application::build(settings).await?;
    announce(&application, &name).context("cannot tell where the server is")?;
    let handle = application.handle();
    actix_web::rt::spawn(async move {
        signalled().await;
        tracing::info!("told to stop: running calls are finished first; a second signal cuts them off");
        let stopping = handle.stop(true);
        tokio::select! {
            () = stopping => {}
            () = signalled() => handle.stop(false).await,
        }
    });
    application.run().await.context("the server broke down")
}

/// Waits for Ctrl-C or SIGTERM.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be heard: the server will not stop cleanly");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Tells whoever started it where it is, and on the first start how to get in.
fn announce(application: &Application, name: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "oregional is ready at http://{}", application.address())?;
    writeln!(out, "  database {name}: {}", application.storage().describe())?;
    if let Some(first) = application.first_start() {
        writeln!(out, "  login    admin")?;
        match &first.generated_password {
            None => writeln!(out, "  password as given")?,
            Some(password) if out.is_terminal() => writeln!(out, "  password {}", password.expose_secret())?,
            Some(password) => {
                writeln!(out, "  password in {}", password_file(application.storage(), password)?.display())?;
            }
        }
        writeln!(
            out,
            "  The key in {} seals the secrets: put it into the backup.",
            application.storage().data_dir.join("secret.key").display()
        )?;
    }
    out.flush()
}
