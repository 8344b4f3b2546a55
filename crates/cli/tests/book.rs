//! The book in `docs/`: every command in it is run, and must print what the book says. A line with only `…` stands for any number of lines,
//! `…` within a line for any text. With `ARMLET_BLESS=1`, outputs without `…` are rewritten.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a line as a reader would: in the root of the sources, with armlet in the path.
fn run(line: &str) -> String {
    let armlet = Path::new(env!("CARGO_BIN_EXE_armlet")).parent().expect("a directory");
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(root())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", armlet.display()))
        .output()
        .expect("a shell");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Whether a line is what `pattern` says, with `…` for any text.
fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let Some(mut line) = line.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('…').collect();
    let (last, middle) = parts.split_last().expect("at least one");
    for part in middle {
        match line.find(part) {
            Some(at) => line = &line[at + part.len()..],
            None => return false,
        }
    }
    line.len() >= last.len() && line.ends_with(last)
}

/// Whether lines are what the patterns say.
fn matches(patterns: &[&str], lines: &[&str]) -> bool {
    match (patterns, lines) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..])),
        ([pattern, rest @ ..], [line, lines @ ..]) => line_matches(pattern, line) && matches(rest, lines),
        _ => false,
    }
}

/// Checks one file, and gives its text as it should be; `problems` gets what does not hold.
fn check(path: &Path, problems: &mut Vec<String>) -> String {
    let text = fs::read_to_string(path).expect("a chapter");
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        out += &format!("{line}\n");
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim_start() != "```console" {
            continue;
        }
        let mut command = None;
        while let Some(line) = lines.next_if(|line| line.trim_start() != "```") {
            let line = line.strip_prefix(indent).unwrap_or(line.trim_start());
            let shown = line.strip_prefix("$ ").expect("a block begins with a command");
            assert!(command.is_none(), "one command in a block: {line}");
            command = Some(shown);
            out += &format!("{indent}{line}\n");
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| line.trim_start() != "```") {
                expected.push(line.strip_prefix(indent).unwrap_or(line.trim_start()));
            }
            let printed = run(shown);
            let got: Vec<&str> = printed.lines().collect();
            let holds = matches(&expected, &got);
            if !holds {
                problems.push(format!("{}: $ {shown}\n{printed}", path.display()));
            }
            let bless = !holds && !expected.iter().any(|line| line.contains('…'));
            for line in if bless { &got } else { &expected } {
                out += format!("{indent}{line}").trim_end();
                out.push('\n');
            }
        }
    }
    out
}

#[test]
fn what_the_book_shows_is_what_is_printed() {
    let mut problems = Vec::new();
    let mut chapters: Vec<PathBuf> = fs::read_dir(root().join("docs/src"))
        .expect("the book")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    chapters.sort();
    assert!(chapters.len() >= 8, "{chapters:?}");
    for path in chapters {
        let text = check(&path, &mut problems);
        if std::env::var_os("ARMLET_BLESS").is_some() {
            fs::write(&path, text).expect("it can be written");
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_chapter_is_in_the_summary_and_every_link_leads_somewhere() {
    let source = root().join("docs/src");
    let links = |text: &str| -> Vec<String> {
        text.split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')').map(|(link, _)| link.to_owned()))
            .filter(|link| !link.contains(':'))
            .collect()
    };
    let summary = links(&fs::read_to_string(source.join("SUMMARY.md")).expect("the summary"));
    for entry in fs::read_dir(&source).expect("the book") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(
            name == "SUMMARY.md" || summary.contains(&name),
            "{name} is not in the summary"
        );
        for link in links(&fs::read_to_string(&path).expect("a chapter")) {
            assert!(source.join(&link).exists(), "{name}: {link}");
        }
    }
}

#[test]
fn patterns() {
    assert!(line_matches("a…c", "abc") && line_matches("…", "") && !line_matches("a…c", "ab"));
    assert!(!line_matches("ab…b", "ab"));
    assert!(matches(&["a", "…", "z"], &["a", "b", "c", "z"]));
    assert!(!matches(&["a", "…", "z"], &["a", "b"]));
}
