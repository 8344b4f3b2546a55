//! Manual pages and completions, for armlet and each of its commands.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn armlet(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    command.env_clear().args(words).output().expect("armlet starts")
}

fn text(words: &[&str]) -> String {
    let output = armlet(words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = text(&["--help"]);
    let list = help.split_once("Commands:\n").expect("a list").1;
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn every_command_has_a_manual_page_and_help() {
    let commands = commands();
    for expected in ["run", "explain", "bench", "compare", "disasm", "man"] {
        assert!(
            commands.iter().any(|name| name == expected),
            "{expected} is not in {commands:?}"
        );
    }
    assert!(!commands.iter().any(|name| name == "contain"));
    assert!(text(&["man"]).contains(".TH armlet"));
    for name in &commands {
        let page = text(&["man", name]);
        assert!(page.contains(&format!(".TH armlet-{name}")), "{page}");
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{page}");
        assert!(text(&[name, "--help"]).contains("Usage: armlet"), "{name}");
    }
    let output = armlet(&["man", "nothing"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are run, "));
}

#[test]
fn completions_name_every_command_and_bash_takes_them() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&["completions", shell]);
        for name in commands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .expect("bash");
    let script = text(&["completions", "bash"]);
    bash.stdin
        .take()
        .expect("a pipe")
        .write_all(script.as_bytes())
        .expect("it reads");
    assert!(bash.wait().expect("it ends").success());
}
