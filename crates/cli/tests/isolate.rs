//! `--isolate`: what an isolated program sees and reaches. Needs a kernel that permits namespaces; where it does not, the
//! tests say so and end, except for those that CI runs with `--include-ignored`.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt/aarch64")
        .join(name)
}

fn isolated(mode: &str, words: &[&str]) -> Output {
    let mut command = Command::new(ARMLET);
    command.env("SECRET", "1").env("LANG", "C").arg(mode).args(words);
    command.stdin(Stdio::null()).output().expect("armlet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether the kernel permits it at all.
fn permitted() -> bool {
    let probe = guest("probe");
    let output = isolated("--isolate", &[probe.to_str().expect("UTF-8")]);
    let refused = text(&output.stderr).contains("the kernel refuses");
    assert!(refused || output.status.success(), "{}", text(&output.stderr));
    !refused
}

fn seen(mode: &str) -> Option<Vec<String>> {
    let probe = guest("probe");
    let output = isolated(mode, &[probe.to_str().expect("UTF-8"), "seen"]);
    output
        .status
        .success()
        .then(|| text(&output.stdout).split_whitespace().map(str::to_owned).collect())
}

#[test]
fn it_sees_itself_alone() {
    if !permitted() {
        return;
    }
    let seen = seen("--isolate").expect("it runs");
    let processes: u32 = seen[0].parse().expect("a number");
    // Itself, and process 1 where the kernel cannot hide it.
    assert!((1..=2).contains(&processes), "{seen:?}");
    assert_eq!(seen[1..4], ["2", "0", "armlet"], "{seen:?}");
    let strict = isolated("--isolate=strict", &[guest("probe").to_str().expect("UTF-8"), "seen"]);
    if !strict.status.success() {
        assert_eq!(strict.status.code(), Some(125));
        let stderr = text(&strict.stderr);
        assert!(
            stderr.contains("--isolate=strict: ") && stderr.contains("(") && strict.stdout.is_empty(),
            "{stderr}"
        );
    }
}

#[test]
fn the_end_is_the_programs() {
    if !permitted() {
        return;
    }
    let fault = guest("fault");
    let fault = fault.to_str().expect("UTF-8");
    let output = isolated("--isolate", &[fault, "exit", "42"]);
    assert_eq!(output.status.code(), Some(42), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "about to exit\n");
    let output = isolated("--isolate", &[fault, "read-null"]);
    assert_eq!(output.status.signal(), Some(11), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("SIGSEGV"));
    let missing = isolated("--isolate", &["/no/such/program"]);
    assert_eq!(missing.status.code(), Some(127));
}

#[test]
fn threads_signals_files_and_children_work_inside() {
    if !permitted() {
        return;
    }
    for name in ["threads", "signals", "processes", "self_modifying", "clocks"] {
        let program = guest(name);
        let program = program.to_str().expect("UTF-8");
        let plain = Command::new(ARMLET)
            .arg(program)
            .stdin(Stdio::null())
            .output()
            .expect("armlet starts");
        let output = isolated("--isolate", &[program]);
        assert_eq!(
            output.status.code(),
            plain.status.code(),
            "{name}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), text(&plain.stdout), "{name}");
    }
}

/// The lesson's own demonstration.
#[test]
#[ignore = "needs real programs: cargo xtask guests"]
fn ps_in_an_isolated_busybox_shows_the_shell_and_itself() {
    assert!(permitted(), "this kernel permits no namespaces");
    let busybox = armlet_tests::guests().join("aarch64/busybox");
    let busybox = fs::canonicalize(&busybox).unwrap_or_else(|_| panic!("{} is missing", busybox.display()));
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("isolated-root");
    let _ = fs::remove_dir_all(&root);
    for directory in ["bin", "proc", "dev", "tmp"] {
        fs::create_dir_all(root.join(directory)).expect("a directory");
    }
    fs::copy(busybox, root.join("bin/busybox")).expect("a copy");
    for name in ["sh", "ps", "cat", "ls", "wget", "mount", "kill"] {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).expect("a link");
    }
    let root_flag = format!("--rootfs={}", root.display());
    let shell = |line: &str| isolated("--isolate", &[&root_flag, "sh", "-c", line]);
    let output = shell("ps -o pid,comm; true");
    let listed: Vec<String> = text(&output.stdout)
        .lines()
        .skip(1)
        .map(|line| line.trim().to_owned())
        .collect();
    assert_eq!(listed, ["2 sh", "3 ps"], "{}", text(&output.stderr));
    // Of the environment, what concerns the language.
    let output = shell("busybox env");
    let stdout = text(&output.stdout);
    assert!(
        !stdout.contains("SECRET") && stdout.contains("LANG=C") && !stdout.contains("ARMLET"),
        "{stdout}"
    );
    // Nothing of the host: no file, no network, no mounting; and no signal reaches outside.
    let host = fs::read_dir("/proc").expect("/proc").count();
    assert!(host > 4);
    let output = shell("ls /; mount -t tmpfs x /tmp; echo $?; cat /proc/net/dev | grep -c :; kill -0 1; echo $?");
    let stdout = text(&output.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[..4], ["bin", "dev", "proc", "tmp"], "{stdout}");
    assert_ne!(lines[4], "0", "{stdout}");
    assert_eq!(lines[5], "1", "only the loopback device: {stdout}");
}
