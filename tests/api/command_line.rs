//! The command line: help that names all there is, and settings that make no sense.

use clap::CommandFactory as _;
use oregional::config::Cli;

use crate::binary::{run, text};
use crate::support::database::Scratch;

#[tokio::test]
async fn the_help_names_every_option() {
    let scratch = Scratch::for_test();
    let mut command = Cli::command();
    command.build();
    let mut ways = vec![(Vec::new(), command)];
    let mut seen = 0;
    while let Some((way, command)) = ways.pop() {
        let arguments: Vec<&str> = way.iter().map(String::as_str).chain(["--help"]).collect();
        let output = run(&scratch.path.join("data"), &arguments, "").await;
        let help = text(&output.stdout);
        assert!(output.status.success(), "{arguments:?}");
        for option in command.get_arguments().filter(|option| !option.is_hide_set()) {
            if let Some(long) = option.get_long() {
                assert!(help.contains(&format!("--{long}")), "{arguments:?} has no --{long}");
                seen += 1;
            }
            if let Some(name) = option.get_env().and_then(|name| name.to_str()) {
                assert!(help.contains(name), "{arguments:?} has no {name}");
            }
        }
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            assert!(help.contains(inner.get_name()), "{arguments:?} has no {}", inner.get_name());
            ways.push(([&way[..], &[inner.get_name().to_owned()]].concat(), inner.clone()));
        }
    }
    assert!(seen > 20, "there are more options than {seen}");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_before_anything_is_made() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");

    for arguments in [
        &["serve", "--listen", "nowhere"][..],
        &["serve", "--workers", "0"],
        &["serve", "--connections", "0"],
        &["serve", "--max-body", "0"],
        &["serve", "--public-url", "apps.example.com"],
        &["serve", "--secret-key", "short", "--database-url", "postgresql:///x?host=/nowhere"],
        &["serve", "--database-url", "no url"],
        &["serve", "--nope"],
        &["frobnicate"],
        &[],
    ] {
        let refused = run(&data_dir, arguments, "").await;
        assert!(!refused.status.success(), "{arguments:?}");
        assert!(!(refused.stderr.is_empty() && refused.stdout.is_empty()), "{arguments:?} says nothing");
        assert!(!data_dir.join("postgres").exists(), "{arguments:?}");
    }
}
