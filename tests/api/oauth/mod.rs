//! OAuth 2.0 as clients, browsers and attackers see it.

mod addresses;
mod authorize;
mod bearer;
mod bound;
mod by_hand;
mod concurrency;
mod consents;
mod descriptions;
mod ended;
mod endurance;
mod exchange;
mod fair;
mod kept_back;
mod leaks;
mod library;
mod looks;
mod moved;
mod odd;
mod parameters;
mod purge;
mod refresh;
mod refused;
pub(crate) mod support;
pub(crate) mod tokens;
mod under_way;
mod way_back;
