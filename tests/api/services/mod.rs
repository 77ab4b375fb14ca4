//! The services: scripts that send a password or an API key with every call, by JSON-RPC, XML-RPC and plain HTTP.

mod arguments;
mod common;
mod credentials;
mod faults;
mod json2;
mod keys;
mod spelling;
