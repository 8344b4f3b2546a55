//! `--check`: programs of all three targets run as they do without it, and nothing differs. (That differences are seen and shown is tested
//! where translations can be spoiled, in the translator's own tests.)

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

fn run(flags: &[&str], program: &Path, arguments: &[&str]) -> Output {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Command::new(ARMLET)
        .args(flags)
        .arg(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(directory)
        .output()
        .expect("armlet starts")
}

/// A program with and without `--check`.
fn same(program: &Path, arguments: &[&str]) {
    let (plain, checked) = (run(&[], program, arguments), run(&["--check"], program, arguments));
    let stderr = String::from_utf8_lossy(&checked.stderr);
    let shown = stderr.lines().take(60).collect::<Vec<_>>().join("\n");
    let name = program.display();
    assert_eq!(checked.status, plain.status, "{name} {arguments:?}:\n{shown}");
    assert_eq!(
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&plain.stdout),
        "{name} {arguments:?}"
    );
}

fn prebuilt(target: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt")
        .join(target)
        .join(name)
}

/// Signals, faults, threads, forks, rewritten code, floating point: each with arguments that make it short.
const PROGRAMS: [(&str, &[&str]); 9] = [
    ("hello", &[]),
    ("setjmp", &[]),
    ("signals", &[]),
    ("processes", &[]),
    ("self_modifying", &[]),
    ("atomics", &["20"]),
    ("threads", &[]),
    ("simd_bytes", &["1"]),
    ("crc32", &["1"]),
];

fn programs(target: &str) {
    for (name, arguments) in PROGRAMS {
        let program = prebuilt(target, name);
        if target == "aarch64" || program.exists() {
            same(&program, arguments);
        }
    }
}

#[test]
fn aarch64_programs_do_not_differ() {
    programs("aarch64");
}

#[test]
fn armhf_programs_do_not_differ() {
    programs("armhf");
}

#[test]
fn armel_programs_do_not_differ() {
    programs("armel");
}

/// Programs that others have made.
#[test]
#[ignore = "takes `cargo xtask guests`"]
fn real_programs_do_not_differ() {
    for target in ["aarch64", "armhf"] {
        let guest = |name: &str| armlet_tests::guests().join(target).join(name);
        same(
            &guest("busybox"),
            &["sh", "-c", "for i in 1 2 3; do echo $i | sed s/2/x/; done"],
        );
        same(
            &guest("lua"),
            &[
                "-e",
                "local t={} for i=1,50 do t[i]=i*1.5 end print(table.concat(t,','))",
            ],
        );
    }
}

#[test]
fn statistics_are_of_another_run() {
    let output = run(&["--check", "--stats"], &prebuilt("aarch64", "hello"), &[]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("--check") && stderr.contains("--stats"), "{stderr}");
}
