//! Where a database is, as `--database-url` says it: with the options for TLS that libpq knows and the driver does not.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{self, Identity, Roots, TlsError, Trust};

/// Why an address is none.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// What the driver says.
    #[error(transparent)]
    Url(#[from] tokio_postgres::Error),
    /// A mode that libpq does not know either.
    #[error("sslmode={0} is unknown; it is disable, prefer, require, verify-ca or verify-full")]
    Mode(String),
    /// An authority that nobody is asked about.
    #[error(
        "sslrootcert={0} is looked at with sslmode=verify-full, verify-ca or require only; add one of them"
    )]
    Unasked(String),
    /// Authorities of everybody, without a look at the name.
    #[error(
        "sslmode={0} does not look at names, and anybody has a certificate of a public authority: name the file of your own authority with sslrootcert, or write sslmode=verify-full"
    )]
    Anybodys(String),
    /// Half of an identity.
    #[error("sslcert and sslkey go together; one of them is missing")]
    HalfIdentity,
    /// The certificates and keys.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Where a database is, and how the way to it is secured.
#[derive(Clone)]
pub struct Target {
    config: Config,
    tls: MakeRustlsConnect,
}

/// The options of a URL that are read here.
#[derive(Default)]
struct Options {
    mode: Option<String>,
    root: Option<String>,
    cert: Option<String>,
    key: Option<String>,
}

impl Target {
    /// Through a socket of this machine, which needs no TLS.
    ///
    /// # Errors
    ///
    /// [`TlsError`] when the library cannot be set up.
    pub fn local(mut config: Config) -> Result<Self, TargetError> {
        config.ssl_mode(SslMode::Disable);
        Ok(Self { config, tls: tls::connector(Trust::Anybody, None)? })
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// The same, under a name that operators see in `pg_stat_activity`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.config.application_name(name);
        self
    }

    /// The same, where a connection has to be made within a time.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Self {
        self.config.connect_timeout(patience);
        self
    }

    /// The same, with settings for its sessions, such as `statement_timeout=5s`.
    #[must_use]
    pub fn with_setting(mut self, setting: &str) -> Self {
        let options = format!("{} -c {setting}", self.config.get_options().unwrap_or_default());
        self.config.options(options.trim());
        self
    }

    /// The same, once it is known whether TLS that is preferred can be had at all. libpq goes on without it where
    /// it fails; the driver does not.
    pub async fn settled(mut self) -> Self {
        if self.config.get_ssl_mode() != SslMode::Prefer {
            return self;
        }
        // A database that does not answer is waited for no longer here than by whoever needs it.
        let mut tried = self.clone().within(super::PATIENCE).config;
        if let Err(error) = tried.connect(self.tls.clone()).await
            && tried.ssl_mode(SslMode::Disable).connect(NoTls).await.is_ok()
        {
            tracing::warn!(%error, "the database is reached without TLS, which it offers and which failed; sslmode=require insists on it");
            self.config.ssl_mode(SslMode::Disable);
        }
        self
    }

    /// What the driver needs to connect.
    pub(super) fn parts(&self) -> (&Config, MakeRustlsConnect) {
        (&self.config, self.tls.clone())
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (url, options) = split(text);
        let mut config = Config::from_str(&url)?;
        if config.get_hosts().is_empty() {
            // The certificate is looked at for the name of the host: where there is none, for its address.
            let addresses = config.get_hostaddrs().to_vec();
            for address in addresses {
                config.host(address.to_string());
            }
        }
        let mode = match options.mode.as_deref() {
            // As written in the form without a scheme, or the driver's default: what the server offers.
            None => config.get_ssl_mode(),
            Some("disable") => SslMode::Disable,
            Some("prefer" | "allow") => SslMode::Prefer,
            Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some(other) => return Err(TargetError::Mode(other.to_owned())),
        };
        // As libpq has it: what goes through a socket of this machine is not secured any further.
        let hosts = config.get_hosts();
        let is_local = config.get_hostaddrs().is_empty()
            && !hosts.is_empty()
            && hosts.iter().all(|host| matches!(host, Host::Unix(_)));
        let mode = if is_local { SslMode::Disable } else { mode };
        config.ssl_mode(mode);
        let trust = trust(options.mode.as_deref(), options.root)?;
        let identity = match (options.cert, options.key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(Identity { cert: cert.into(), key: key.into() }),
            _ => return Err(TargetError::HalfIdentity),
        };
        Ok(Self { config, tls: tls::connector(trust, identity)? })
    }
}

/// Who may be at the other end, as libpq has it; what would look safe and is not is refused.
fn trust(mode: Option<&str>, root: Option<String>) -> Result<Trust, TargetError> {
    let file = root.as_deref().filter(|root| *root != "system").map(PathBuf::from);
    match (mode, file, root) {
        (Some("verify-full"), Some(file), _) => Ok(Trust::Named(Roots::File(file))),
        (Some("verify-full"), None, _) => Ok(Trust::Named(Roots::System)),
        (Some("verify-ca" | "require"), Some(file), _) => Ok(Trust::Signed(Roots::File(file))),
        (Some(mode @ "verify-ca"), None, _) | (Some(mode @ "require"), None, Some(_)) => {
            Err(TargetError::Anybodys(mode.to_owned()))
        }
        (None | Some("prefer" | "allow"), _, Some(root)) => Err(TargetError::Unasked(root)),
        _ => Ok(Trust::Anybody),
    }
}

/// The address without the options that are read here, and these.
fn split(text: &str) -> (String, Options) {
    let mut options = Options::default();
    let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let Some((base, query)) = text.split_once('?').filter(|_| is_url) else {
        return (text.to_owned(), options);
    };
    let mut others = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            "sslmode" => &mut options.mode,
            "sslrootcert" => &mut options.root,
            "sslcert" => &mut options.cert,
            "sslkey" => &mut options.key,
            _ => {
                others.push(pair);
                continue;
            }
        };
        *place = Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
    }
    let url = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    (url, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_tls_leave_the_others_alone() {
        let (url, options) = split(
            "postgresql://u:p%3F@h/d?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fca%20x.pem&host=/run",
        );

        assert_eq!(url, "postgresql://u:p%3F@h/d?connect_timeout=3&host=/run");
        assert_eq!(options.mode.as_deref(), Some("verify-full"));
        assert_eq!(options.root.as_deref(), Some("/ca x.pem"));
        assert_eq!(split("host=h sslmode=require").0, "host=h sslmode=require");
    }

    #[test]
    fn what_is_to_be_secured_is_secured_without_a_name_too() {
        for (url, mode) in [
            ("postgresql:///d?hostaddr=127.0.0.1&sslmode=require", SslMode::Require),
            ("postgresql:///d?hostaddr=127.0.0.1", SslMode::Prefer),
            ("postgresql:///d?host=/run/postgresql&sslmode=require", SslMode::Disable),
            ("host=h sslmode=require", SslMode::Require),
        ] {
            assert_eq!(Target::from_str(url).unwrap().config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn an_address_that_is_none_says_what_to_write() {
        for (wrong, words) in [
            ("postgresql://h/d?sslmode=secure", "disable, prefer, require, verify-ca or verify-full"),
            ("postgresql://h/d?sslcert=c.pem", "sslcert and sslkey go together"),
            ("postgresql://h/d?sslrootcert=/ca.pem", "sslmode=verify-full"),
            ("postgresql://h/d?sslrootcert=system", "sslmode=verify-full"),
            ("postgresql://h/d?sslmode=prefer&sslrootcert=/ca.pem", "sslmode=verify-full"),
            ("postgresql://h/d?sslmode=verify-ca", "sslrootcert"),
            ("postgresql://h/d?sslmode=require&sslrootcert=system", "verify-full"),
            ("postgresql://h/d?sslmode=verify-ca&sslrootcert=/none/ca.pem", "sslrootcert: /none/ca.pem"),
        ] {
            let told = Target::from_str(wrong).err().unwrap().to_string();
            assert!(told.contains(words), "{told}");
        }
    }
}
