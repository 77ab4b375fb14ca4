//! Settings: flags and environment are the whole configuration, checked once.

mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use secrecy::SecretString;

use crate::db::cluster::ClusterOptions;

/// An Odoo-compatible backend for the registry of remote applications.
#[derive(Debug, Parser)]
#[command(name = "oregional", version, about, long_about = None)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until Ctrl-C, SIGTERM, SIGHUP or SIGQUIT; the first start makes the database.
    Serve(Box<Serve>),
    /// Bring the database schema up to date with this version, and exit.
    Migrate(Migrate),
    /// Make users, list them, and set their passwords.
    User {
        /// The subcommand to run.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Write records of a model as a table.
    Export(Box<Export>),
    /// Create or update records from a table.
    Import(Box<Import>),
    /// Replace the key that seals secrets.
    Key {
        /// The subcommand to run.
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Check settings, the version of the database, and every declared field against its column.
    Check(Database),
}

/// What to do with the key.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Seal all secrets anew under a new key, in one transaction; the key file is replaced. Servers have to
    /// be stopped. Clients, their secrets and their tokens go on; a refresh whose answer was lost just
    /// before has to sign in again, and the plugin's derived user ids change.
    Rotate {
        /// The new key: 32 bytes as base64 or hex. Generated when not given, into the key file, or into a
        /// file of mode 0600 where the old one came by the environment.
        #[arg(long, env = "OREGIONAL_NEW_SECRET_KEY", value_name = "KEY", hide_env_values = true, value_parser = values::secret)]
        new_secret_key: Option<SecretString>,
        /// Go on although servers are connected. They have to be started anew at once: until then they can
        /// read no secret, and what they seal is lost.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
}

impl KeyCommand {
    /// Where the secrets are.
    pub fn database(&self) -> &Database {
        let Self::Rotate { database, .. } = self;
        database
    }
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user; the password is generated and printed, or with --password-stdin read from standard input.
    Create {
        /// What is typed in to sign in.
        login: String,
        /// The name for people; the login when not given.
        #[arg(long)]
        name: Option<String>,
        /// External ids of groups, such as `base.group_system`; an internal user without it.
        #[arg(long = "group", value_name = "MODULE.NAME")]
        groups: Vec<String>,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
    /// Give a user a password; all of the user's sessions end.
    Passwd {
        /// The user's login.
        login: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
    /// Make API keys for scripts, list them, and revoke them.
    Apikey {
        /// The subcommand to run.
        #[command(subcommand)]
        command: ApiKeyCommand,
    },
    /// List the users.
    List {
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Make a key and print it: nobody can find it out later.
    Create {
        /// The user's login.
        login: String,
        /// What the key is for.
        #[arg(long)]
        name: String,
        /// After how many days it ends; never, when not given.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
    /// List the keys of a user, or of all.
    List {
        /// The user's login.
        login: Option<String>,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
    /// End a key at once, on all servers.
    Revoke {
        /// Which one, as `list` shows it.
        id: i64,
        #[command(flatten)]
        #[expect(missing_docs, reason = "its own help says it")]
        database: Database,
    },
}

impl UserCommand {
    /// Where the users are.
    pub fn database(&self) -> &Database {
        match self {
            Self::Create { database, .. }
            | Self::Passwd { database, .. }
            | Self::List { database }
            | Self::Apikey {
                command:
                    ApiKeyCommand::Create { database, .. }
                    | ApiKeyCommand::List { database, .. }
                    | ApiKeyCommand::Revoke { database, .. },
            } => database,
        }
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values, the paths of the fields in the first row.
    Csv,
    /// An object a line, with the paths of the fields as keys.
    Json,
}

/// The settings of `export`.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// The model, such as `res.partner`.
    pub model: String,
    /// Output file; standard output by default. An interrupted export resumes when run again.
    pub file: Option<PathBuf>,
    /// Format of the table; by default taken from the file's extension.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Paths of fields, such as `name,parent_id/id,child_ids/name`; all that it takes to make the
    /// records again, when not given.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// Domain of the records, as JSON: `[["active", "=", true]]`. By default archived records are included.
    #[arg(long, value_name = "DOMAIN", default_value = "[]")]
    pub domain: String,
    /// The language of translated texts.
    #[arg(long, value_name = "CODE", default_value = "en_US")]
    pub lang: String,
    /// Write secrets too, in plain text.
    #[arg(long)]
    pub with_secrets: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own help says it")]
    pub database: Database,
}

/// The settings of `import`.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The model, such as `res.partner`.
    pub model: String,
    /// The table. An interrupted import resumes when run again.
    pub file: PathBuf,
    /// Format of the table; by default taken from the file's extension.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The language of translated texts.
    #[arg(long, value_name = "CODE", default_value = "en_US")]
    pub lang: String,
    /// Take secrets too.
    #[arg(long)]
    pub with_secrets: bool,
    /// How many rows are kept together.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=50_000))]
    pub batch: u16,
    /// Begin with the first row, whatever is in already.
    #[arg(long)]
    pub restart: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own help says it")]
    pub database: Database,
}

/// Where the records are, and the key of their secrets.
#[derive(Debug, Clone, Args)]
pub struct Database {
    /// The database to use, as <postgresql://user:password@host/name>, with `?sslmode=verify-full` where it is
    /// reached over a network (sslrootcert, sslcert and sslkey name files as PEM). Without it the server keeps a
    /// PostgreSQL cluster of its own in the data directory.
    #[arg(long, env = "OREGIONAL_DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = values::secret)]
    pub database_url: Option<SecretString>,
    /// Where the server's own cluster and the key file are.
    #[arg(long, env = "OREGIONAL_DATA_DIR", value_name = "DIR", default_value = ClusterOptions::DEFAULT_DATA_DIR)]
    pub data_dir: PathBuf,
    /// The name of the database, as clients give it.
    #[arg(long, env = "OREGIONAL_DB_NAME", value_name = "NAME", default_value = "oregional", value_parser = values::name)]
    pub db_name: String,
    /// The key that seals secrets: 32 bytes as base64 or hex. Without it, the file secret.key in the
    /// data directory, made at the first start. It must be part of the backup.
    #[arg(long, env = "OREGIONAL_SECRET_KEY", value_name = "KEY", hide_env_values = true, value_parser = values::secret)]
    pub secret_key: Option<SecretString>,
    /// How log lines look.
    #[arg(long, env = "OREGIONAL_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

/// The settings of `migrate`.
#[derive(Debug, Clone, Args)]
pub struct Migrate {
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own help says it")]
    pub database: Database,
    /// The administrator's password of a new database; generated when not given.
    #[arg(long, env = "OREGIONAL_ADMIN_PASSWORD", value_name = "PASSWORD", hide_env_values = true, value_parser = values::secret)]
    pub admin_password: Option<SecretString>,
}

/// The settings of the server.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The address to listen on.
    #[arg(long, env = "OREGIONAL_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8069", value_parser = values::address)]
    pub listen: SocketAddr,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its own help says it")]
    pub database: Database,
    /// The administrator's password of a new database; generated when not given.
    #[arg(long, env = "OREGIONAL_ADMIN_PASSWORD", value_name = "PASSWORD", hide_env_values = true, value_parser = values::secret)]
    pub admin_password: Option<SecretString>,
    /// The address under which people reach the server, such as <https://apps.example.com>.
    #[arg(long, env = "OREGIONAL_PUBLIC_URL", value_name = "URL", value_parser = values::public_url)]
    pub public_url: Option<String>,
    /// Addresses or networks of proxies whose X-Forwarded-* headers count, separated by commas, such as
    /// 127.0.0.1,10.0.0.0/8.
    #[arg(long, env = "OREGIONAL_TRUSTED_PROXIES", value_name = "LIST", value_delimiter = ',', value_parser = values::network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Threads that serve calls; one a processor when not given, and 80 at the most.
    #[arg(long, env = "OREGIONAL_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Connections to the database that each of these threads may have. Six, unless given, and fewer where
    /// many threads would together have more than 80, but at least one.
    #[arg(long, env = "OREGIONAL_CONNECTIONS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub connections: Option<u16>,
    /// Seconds that a statement of a call may take in the database before it is given up; 0 is no limit.
    #[arg(long, env = "OREGIONAL_STATEMENT_TIMEOUT", value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub statement_timeout: u32,
    /// The largest body of a request, in MiB.
    #[arg(long, env = "OREGIONAL_MAX_BODY", value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub max_body: u16,
    /// How often somebody may fail to sign in, or an application to authenticate, within a minute from one
    /// address. After that, this address has to wait; others are not affected.
    #[arg(long, env = "OREGIONAL_MAX_FAILURES", value_name = "N", default_value_t = crate::auth::limit::MOST, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_failures: u16,
    /// Serve figures for Prometheus at /metrics, to whoever sends this as `Authorization: Bearer …`; there is
    /// no such address without it.
    #[arg(long, env = "OREGIONAL_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = values::secret)]
    pub metrics_token: Option<SecretString>,
    /// Rounds of the password hash; fewer than the default weaken every password that is set.
    #[arg(long, env = "OREGIONAL_HASH_ROUNDS", value_name = "N", default_value_t = crate::auth::password::DEFAULT_ROUNDS, hide = true)]
    pub hash_rounds: u32,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
