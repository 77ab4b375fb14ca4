//! A simulator of the Confluence plugin, and what breaks in practice: its twenty-seven cases.

mod edges;
mod kept_back;
mod records;
mod sign_in;
mod strict;
mod support;
