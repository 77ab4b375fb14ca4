//! The log: one line an event, on standard error, for people or for programs.

use std::env::VarError;
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What is logged where `RUST_LOG` does not say.
const USUAL: &str = "info,actix_server=warn,tokio_postgres=warn,refinery_core=warn";

/// Begins to log. A second call changes nothing.
pub fn begin(format: LogFormat) {
    let is_terminal = std::io::stderr().is_terminal();
    let (filter, fault) = match std::env::var(EnvFilter::DEFAULT_ENV).map(EnvFilter::try_new) {
        Ok(Ok(filter)) => (filter, None),
        Ok(Err(fault)) => (EnvFilter::new(USUAL), Some(fault.to_string())),
        Err(VarError::NotPresent) => (EnvFilter::new(USUAL), None),
        Err(fault) => (EnvFilter::new(USUAL), Some(fault.to_string())),
    };
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    // The only failure is a subscriber that is there already, which is as good.
    _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if let Some(fault) = fault {
        tracing::warn!(fault, "RUST_LOG is not understood, and what is logged is what is usual");
    }
}
