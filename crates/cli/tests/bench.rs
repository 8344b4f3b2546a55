//! `armlet bench` and `armlet compare`: they measure what they say, and say what they did not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn guest(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-binaries/prebuilt/aarch64");
    path.join(name).display().to_string()
}

fn armlet(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_armlet"))
        .args(words)
        .output()
        .expect("armlet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).expect("it was written")).expect("JSON")
}

#[test]
fn a_program_is_measured_under_every_engine() {
    let (file, plot) = (scratch("bench.json"), scratch("bench.svg"));
    let (probe, file_name, plot_name) = (guest("probe"), file.display().to_string(), plot.display().to_string());
    let words = [
        "bench", "--rounds", "1", "--json", &file_name, "--svg", &plot_name, &probe, "cpu", "2000",
    ];
    let output = armlet(&words);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(
        table.contains("| interpreter |") && table.contains("| jit |"),
        "{table}"
    );
    assert!(!table.contains("is out"), "{table}");
    let all = json(&file);
    for contestant in all["contestants"].as_array().expect("a list") {
        assert!(
            contestant["wall"].as_f64().is_some_and(|wall| wall > 0.0),
            "{contestant}"
        );
    }
    assert!(fs::read_to_string(&plot).expect("it was written").starts_with("<svg "));
}

#[test]
fn who_prints_something_else_is_out() {
    let native = scratch("not-the-same");
    fs::write(&native, "#!/bin/sh\necho something else\n").expect("a script");
    fs::set_permissions(&native, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its mode");
    let (native, probe) = (native.display().to_string(), guest("probe"));
    let output = armlet(&["bench", "--rounds", "1", "--native", &native, &probe, "cpu", "20"]);
    let table = text(&output.stdout);
    assert!(
        table.contains("jit is out: its output is not that of native"),
        "{table}{}",
        text(&output.stderr)
    );
    let missing = armlet(&["bench", "/no/such/program"]);
    assert_eq!(missing.status.code(), Some(125));
    assert!(text(&missing.stderr).contains("/no/such/program"));
}

#[test]
fn boxes_are_compared() {
    let file = scratch("compare.json");
    let output = armlet(&["compare", "--rounds", "1", "--json", &file.display().to_string()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("| native | x86-64, directly |"), "{table}");
    let all = json(&file);
    let all = all.as_array().expect("a list");
    let one = |name: &str| all.iter().find(|one| one["name"] == name).expect("a contestant");
    for name in ["native", "interpreter", "jit"] {
        assert!(one(name)["failure"].is_null(), "{}", one(name));
        assert!(
            one(name)["cpu_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
            "{}",
            one(name)
        );
    }
    // What the emulator hides: nothing. What a container hides: everything, where the kernel permits it.
    let seen = |name: &str| -> u32 {
        one(name)["processes"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    assert!(seen("native") > 2 && seen("jit") > 2, "{table}");
    for name in ["container", "jit, isolated"] {
        match one(name)["failure"].as_str() {
            None => assert!((1..=2).contains(&seen(name)), "{table}"),
            Some(failure) => assert!(failure.contains("the kernel refuses"), "{table}"),
        }
    }
}

#[test]
fn without_a_compiler_it_says_what_to_do() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    let output = command
        .arg("compare")
        .env("CC", "/no/such/compiler")
        .output()
        .expect("armlet starts");
    assert_eq!(output.status.code(), Some(125));
    assert!(
        text(&output.stderr).contains("install a C compiler"),
        "{}",
        text(&output.stderr)
    );
}
