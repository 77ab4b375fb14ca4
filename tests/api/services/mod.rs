//! The services: scripts that send a password or an API key with every call, by JSON-RPC and XML-RPC.

mod arguments;
mod common;
mod credentials;
mod faults;
mod keys;
