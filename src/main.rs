//! The command line: reads the settings and hands them on.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use oregional::config::{Cli, Command, Database, Serve};
use oregional::startup::{Application, Orders, commands, key, transfer};
use oregional::telemetry;
use secrecy::ExposeSecret as _;

// It gives out first what was given back last: what a call needs is still in the processor's caches, which it has
// to share with PostgreSQL. A page of records took a tenth less of the server's time than in mimalloc, which goes
// through all of its memory in turn.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::begin(database(&cli.command).log_format);
    match actix_web::rt::System::new().block_on(run(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// One sentence for people; the chain says where it comes from, where the sentence has not said so itself.
fn told(error: &anyhow::Error) -> String {
    let mut sentence = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !sentence.contains(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    sentence
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
    // Before anything is started that would stay behind.
    let orders = Orders::of_signals();
    let application = match Application::build(settings, orders).await {
        Err(error) if error.is_told() => {
            tracing::info!("told to stop before the server was ready");
            return Ok(());
        }
        built => built?,
    };
    announce(&application, &name);
    application.run().await.context("the server broke down")
}

/// Tells whoever started it where it is, and on the first start how to get in. Nobody has to listen.
fn announce(application: &Application, name: &str) {
    let mut out = std::io::stdout();
    let shows_password = out.is_terminal();
    let text = announcement(application, name, shows_password);
    let is_told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let file = application.storage().password_file();
    let is_generated = application.first_start().is_some_and(|first| first.generated_password.is_some());
    match is_told {
        // It is on the screen of whoever started the server, who has no need of the file.
        Ok(()) if shows_password && is_generated => {
            if let Err(error) = application.storage().forget_password() {
                tracing::warn!(%error, file = %file.display(), "the file with the password of admin stays");
            }
        }
        Ok(()) => {}
        Err(error) if is_generated => tracing::warn!(
            %error, address = %application.address(), password = %file.display(),
            "standard output cannot be written to; the password of admin is in a file"
        ),
        Err(error) => tracing::warn!(
            %error, address = %application.address(), "standard output cannot be written to"
        ),
    }
}

fn announcement(application: &Application, name: &str, shows_password: bool) -> String {
    let storage = application.storage();
    let mut text = format!("oregional is ready at http://{}\n", application.address());
    // Writing to a string cannot fail.
    _ = writeln!(text, "  database {name}: {}", storage.describe());
    if let Some(first) = application.first_start() {
        text.push_str("  login    admin\n");
        _ = match &first.generated_password {
            None => writeln!(text, "  password as given"),
            Some(password) if shows_password => writeln!(text, "  password {}", password.expose_secret()),
            Some(_) => writeln!(text, "  password in {}", storage.password_file().display()),
        };
        _ = match storage.key_file() {
            Some(file) => {
                let file = file.display();
                writeln!(text, "  The key in {file} seals the secrets: put it into the backup.")
            }
            None => writeln!(text, "  The given key seals the secrets: keep it with the backup."),
        };
    }
    text
}
