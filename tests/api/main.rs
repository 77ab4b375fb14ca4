//! The server through its front door: each test has a real server on a port of its own, over a
//! database of its own in the one PostgreSQL of this program.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise, also in its helpers"
)]

mod actions;
mod addresses;
mod attached;
mod attempts;
mod audit;
mod behind;
mod binary;
mod command_line;
mod commands;
mod companies;
mod concurrency;
mod connector;
mod content;
mod copying;
mod crowded;
mod cut_off;
mod defects;
mod empty_sets;
mod forms;
mod hung_up;
mod importing;
mod in_doubt;
mod kept;
mod languages;
mod login;
mod made;
mod membership;
mod names_of_old;
mod naming;
mod oauth;
mod older;
mod operator;
mod optimizing;
mod origin;
mod outage;
mod pages;
mod pictures;
mod platform;
mod protocol;
mod replay;
mod revocation;
mod rotation;
mod rules;
mod searching;
mod secrets;
mod services;
mod session;
mod shared_reads;
mod starting;
mod support;
mod together;
mod transfer;
mod views;
mod walk;
mod web;
mod world;
