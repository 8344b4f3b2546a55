//! The command itself: exit statuses, flags and variables, what is printed where. The guest programs are judged elsewhere.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

/// A prebuilt AArch64 program.
fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt/aarch64")
        .join(name)
}

/// A new directory for one test.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a scratch directory");
    directory
}

/// armlet with a known environment.
fn armlet() -> Command {
    emulator(Path::new(ARMLET))
}

fn emulator(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("armlet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs and expects that status, nothing on stdout, and a sentence on stderr that has all the words.
fn refused(command: &mut Command, status: i32, words: &[&str]) {
    let output = run(command);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(text(&output.stdout), "");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr:?}");
    }
    assert!(
        stderr.starts_with("armlet: ") || stderr.starts_with("error: "),
        "{stderr}"
    );
}

#[test]
fn the_status_is_the_programs() {
    for (argument, code) in [("0", 0), ("42", 42), ("255", 255)] {
        let output = run(armlet().arg(guest("fault")).args(["exit", argument]));
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(text(&output.stdout), "about to exit\n");
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn the_signal_is_the_programs() {
    for (argument, signal) in [
        ("read-null", libc_signal::SEGV),
        ("bus", libc_signal::BUS),
        ("undefined", libc_signal::ILL),
        ("trap", libc_signal::TRAP),
        ("abort", libc_signal::ABRT),
        ("term", libc_signal::TERM),
        ("fpe", libc_signal::FPE),
        ("overflow", libc_signal::SEGV),
    ] {
        let output = run(armlet().arg("--quiet-faults").arg(guest("fault")).arg(argument));
        assert_eq!(output.status.signal(), Some(signal), "{argument}");
        assert_eq!(text(&output.stderr), "", "{argument}");
    }
}

mod libc_signal {
    pub const ILL: i32 = 4;
    pub const TRAP: i32 = 5;
    pub const ABRT: i32 = 6;
    pub const BUS: i32 = 7;
    pub const FPE: i32 = 8;
    pub const SEGV: i32 = 11;
    pub const TERM: i32 = 15;
}

#[test]
fn programs_that_cannot_be_run() {
    let directory = scratch("refused");
    let file = |name: &str, contents: &[u8], mode: u32| {
        let path = directory.join(name);
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        path
    };
    refused(armlet().arg(directory.join("missing")), 127, &["missing", "not found"]);
    refused(armlet().arg(guest("hello").join("below")), 127, &["not found"]);
    refused(armlet().arg("true"), 127, &["not found", "did you mean", "/true?"]);
    refused(armlet().arg(&directory), 126, &["not a regular file"]);
    refused(
        armlet().arg(file("text", b"just text", 0o755)),
        126,
        &["not an ELF program"],
    );
    refused(armlet().arg(file("empty", b"", 0o755)), 126, &["empty"]);
    refused(
        armlet().arg(file("script", b"#!/bin/sh\n", 0o755)),
        126,
        &["script", "/bin/sh", "not an ARM program", "-L DIR"],
    );
    refused(
        armlet().arg(file("nobody", b"#! /nonexistent/sh -e\n", 0o755)),
        126,
        &["script", "/nonexistent/sh", "not there"],
    );
    refused(armlet().arg(file("blank", b"#! \n", 0o755)), 126, &["script", "empty"]);
    refused(armlet().arg("/bin/true"), 126, &["x86-64", "run it directly"]);
    let hello = fs::read(guest("hello")).expect("hello");
    refused(
        armlet().arg(file("plain", &hello, 0o644)),
        126,
        &["permission denied", "chmod +x"],
    );
    refused(armlet().arg(file("short", &hello[..100], 0o755)), 126, &["truncated"]);
}

/// A file of that name that can be executed.
fn executable(path: &Path, contents: &[u8]) {
    fs::write(path, contents).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn scripts_with_an_arm_interpreter() {
    let directory = scratch("scripts");
    let script = directory.join("script");
    executable(
        &script,
        format!("#!{} one  two\n", guest("args_env").display()).as_bytes(),
    );
    let expected = run(armlet()
        .arg(guest("args_env"))
        .arg("one  two")
        .arg(&script)
        .args(["a", "b"]));
    let output = run(armlet().arg(&script).args(["a", "b"]));
    assert_eq!(text(&output.stdout), text(&expected.stdout), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("one  two"));

    let sysroot = directory.join("sysroot");
    fs::create_dir_all(sysroot.join("arm")).expect("a directory");
    symlink(guest("hello"), sysroot.join("arm/interpreter")).expect("a link");
    executable(&script, b"#!/arm/interpreter\n");
    let output = run(armlet().arg("-L").arg(&sysroot).arg(&script));
    assert_eq!(text(&output.stdout), "Hello, world!\n", "{}", text(&output.stderr));
}

/// Needs root or user namespaces, as the flag does.
#[test]
#[ignore = "needs namespaces"]
fn another_root_directory() {
    let root = scratch("rootfs");
    for directory in ["bin", "proc", "tmp"] {
        fs::create_dir(root.join(directory)).expect("a directory");
    }
    for name in ["hello", "files", "processes"] {
        fs::copy(guest(name), root.join("bin").join(name)).expect("a copy");
    }
    executable(&root.join("bin/script"), b"#!/bin/link\n");
    symlink("/bin/hello", root.join("bin/link")).expect("a link");
    let inside = || {
        let mut command = armlet();
        command.arg("--rootfs").arg(&root);
        command
    };
    for program in ["/bin/hello", "hello", "/bin/link", "/../bin/script"] {
        let output = run(inside().arg(program));
        assert_eq!(text(&output.stdout), "Hello, world!\n", "{}", text(&output.stderr));
    }
    // Its children find armlet again, although it is not in there.
    let expected = run(armlet().arg(guest("processes")).current_dir(root.join("tmp")));
    let output = run(inside().arg("/bin/processes").current_dir(root.join("tmp")));
    assert_eq!(text(&output.stdout), text(&expected.stdout), "{}", text(&output.stderr));
    refused(inside().arg(guest("hello")), 127, &["not found"]);
    refused(
        armlet().arg("--rootfs").arg(root.join("bin/hello")).arg("/hello"),
        125,
        &["--rootfs", "directory"],
    );
    refused(
        armlet().args(["-L", "/", "--rootfs", "/", "/hello"]),
        2,
        &["--rootfs", "cannot be used with"],
    );
}

#[test]
fn wrong_command_lines() {
    refused(&mut armlet(), 2, &["no program given", "--help"]);
    refused(armlet().arg("--nonsense").arg(guest("hello")), 2, &["--nonsense"]);
    refused(
        armlet().args(["-singlestep"]).arg(guest("hello")),
        2,
        &["-singlestep", "leave it out"],
    );
    refused(
        armlet().args(["-cpu", "z80"]).arg(guest("hello")),
        2,
        &["z80", "arm926, cortex-a9, max"],
    );
    refused(armlet().args(["-E", "NOEQUALS"]).arg(guest("hello")), 2, &["VAR=VALUE"]);
    refused(armlet().args(["-s", "much"]).arg(guest("hello")), 2, &["8M"]);
    refused(armlet().args(["--engine", "steam"]).arg(guest("hello")), 2, &["interp"]);
}

#[test]
fn arguments_and_environment() {
    let mut command = armlet();
    command
        .env("GUEST_KEPT", "1")
        .env("GUEST_GONE", "2")
        .env("ARMLET_NO_ASLR", "1");
    command.args(["-E", "GUEST_NEW=a b", "-U", "GUEST_GONE", "-E", "GUEST_KEPT=3", "run"]);
    // Behind other flags, `run` is a program's name.
    refused(&mut command, 127, &["run", "not found"]);

    let mut command = armlet();
    command
        .env("GUEST_KEPT", "1")
        .env("GUEST_GONE", "2")
        .env("GUEST_CHANGED", "3")
        .env("ARMLET_NO_ASLR", "1");
    command.args([
        "run",
        "-E",
        "GUEST_NEW=a b",
        "-U",
        "GUEST_GONE",
        "-E",
        "GUEST_CHANGED=4",
        "--",
    ]);
    let output = run(command.arg(guest("args_env")).args(["-E", "--strace", ""]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    for line in [
        "argv[1] = \"-E\"",
        "argv[2] = \"--strace\"",
        "argv[3] = \"\"",
        "GUEST_KEPT=1",
        "GUEST_NEW=a b",
        "GUEST_CHANGED=4",
    ] {
        assert!(stdout.lines().any(|other| other == line), "{line} is not in {stdout}");
    }
    assert!(!stdout.contains("GUEST_GONE"));
}

#[test]
fn a_report_names_fault_place_and_registers() {
    let output = run(armlet().arg(guest("fault")).arg("write-null"));
    let stderr = text(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc_signal::SEGV));
    assert_eq!(text(&output.stdout), "about to write-null\n");
    for words in [
        "fault: SIGSEGV: write to 0x0: nothing is mapped there (a null pointer)",
        "mapping above:",
        "  at 0x",
        "  str ",
        "  mov w0, #0x63\n     0x",
        "  x0  ",
        "  x30 ",
        "  sp  ",
        "nzcv ",
        "backtrace:",
        "    #0  0x",
        "--quiet-faults",
    ] {
        assert!(stderr.contains(words), "{words:?} is not in {stderr}");
    }
    for (argument, words) in [
        ("write-code", "write to 0x"),
        ("write-code", "the mapping does not permit it"),
        ("run-data", "execution of 0x"),
        ("jump-wild", "execution of 0x5554440: nothing is mapped there"),
        ("bus", "the mapped file ends before it"),
        ("trap", "SIGTRAP: breakpoint (brk #0x0)"),
        ("undefined", "SIGILL: "),
    ] {
        let stderr = text(&run(armlet().arg(guest("fault")).arg(argument)).stderr);
        assert!(stderr.contains(words), "{argument}: {words:?} is not in {stderr}");
    }
    let quiet = run(armlet()
        .env("ARMLET_QUIET_FAULTS", "1")
        .arg(guest("fault"))
        .arg("write-null"));
    assert_eq!(text(&quiet.stderr), "");
}

#[test]
fn the_trace_goes_to_stderr_or_to_a_file() {
    let traced = |stderr: &str| {
        assert!(
            stderr.contains("write(1, \"Hello") || stderr.contains("writev(1, [{iov_base=\"Hello"),
            "{stderr}"
        );
        assert!(stderr.ends_with("+++ exited with 0 +++\n"), "{stderr}");
    };
    for flag in ["--strace", "-strace"] {
        let output = run(armlet().arg(flag).arg(guest("hello")));
        assert_eq!(text(&output.stdout), "Hello, world!\n");
        traced(&text(&output.stderr));
    }
    traced(&text(
        &run(armlet().env("ARMLET_STRACE", "1").arg(guest("hello"))).stderr,
    ));
    let trace = scratch("trace").join("trace");
    let output = run(armlet().arg("--strace-file").arg(&trace).arg(guest("hello")));
    assert_eq!(text(&output.stderr), "");
    traced(&fs::read_to_string(&trace).expect("the trace"));
    refused(
        armlet()
            .args(["--strace-file", "/nonexistent/trace"])
            .arg(guest("hello")),
        125,
        &["/nonexistent/trace"],
    );
}

#[test]
fn under_qemus_name() {
    let directory = scratch("qemu");
    for name in ["qemu-aarch64", "qemu-aarch64-static"] {
        let path = directory.join(name);
        symlink(ARMLET, &path).expect("a link");
        let output = run(emulator(&path)
            .args(["-strace", "-0", "zero", "-E", "GUEST_A=1,GUEST_B=2"])
            .arg(guest("args_env")));
        let stdout = text(&output.stdout);
        assert!(stdout.contains("GUEST_A=1\nGUEST_B=2\n"), "{stdout}");
        assert!(text(&output.stderr).contains("exit_group(0)"));
        let output = run(emulator(&path).env("QEMU_STRACE", "1").arg(guest("hello")));
        assert!(text(&output.stderr).contains("exit_group(0)"));
        assert_eq!(run(emulator(&path).arg("-version")).status.code(), Some(0));
        // No subcommands under this name.
        refused(emulator(&path).arg("info"), 127, &["info", "not found"]);
    }
}

/// A test program of AArch32.
fn guest_a32(target: &str, name: &str) -> PathBuf {
    armlet_tests::test_binaries().join("prebuilt").join(target).join(name)
}

#[test]
fn under_the_name_of_qemu_arm() {
    let directory = scratch("qemu-arm");
    let path = directory.join("qemu-arm-static");
    symlink(ARMLET, &path).expect("a link");
    let output = run(emulator(&path)
        .args(["-strace", "-cpu", "cortex-a9"])
        .arg(guest_a32("armhf", "hello")));
    assert_eq!(text(&output.stdout), "Hello, world!\n");
    assert!(text(&output.stderr).contains("set_tls(0x"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("exit_group(0)"));
    // It runs what it is given: the ELF file says for which machine it is.
    let output = run(emulator(&path).arg(guest("hello")));
    assert_eq!(text(&output.stdout), "Hello, world!\n");
}

#[test]
fn processors_of_aarch32_programs() {
    // ARMv5 programs run on every model; a program for ARMv7 needs one that has its instructions.
    for model in ["arm926", "cortex-a9", "max"] {
        let output = run(armlet().args(["--cpu", model]).arg(guest_a32("armel", "atomics")));
        assert_eq!(output.status.code(), Some(0), "{model}: {}", text(&output.stderr));
    }
    let output = run(armlet().args(["--cpu", "arm926"]).arg(guest_a32("armhf", "hello")));
    assert_eq!(output.status.signal(), Some(4));
    let report = text(&output.stderr);
    assert!(report.contains("SIGILL: an instruction of the extension"), "{report}");
    assert!(report.contains("the processor arm926 does not have"), "{report}");
    assert!(
        report.contains("  r0  ") && report.contains("cpsr") && report.contains("backtrace:"),
        "{report}"
    );
}

#[test]
fn aarch32_programs_are_described() {
    let info = run(armlet().arg("info").arg(guest_a32("armhf", "hello")));
    let info = text(&info.stdout);
    for line in ["ELF32, little-endian", "ARM (AArch32)", "(armhf)", "functions"] {
        assert!(info.contains(line), "{line}: {info}");
    }
    let listing = run(armlet().arg("disasm").arg(guest_a32("armel", "hello")));
    let listing = text(&listing.stdout);
    assert!(
        listing.contains("Disassembly of section .text:") && listing.contains("bx\tlr") || listing.contains("bx lr"),
        "no listing"
    );
    let coverage = run(armlet().arg("coverage").arg(guest_a32("armel", "hello")));
    assert!(
        text(&coverage.stdout).contains("every instruction is implemented"),
        "{}",
        text(&coverage.stdout)
    );
}

#[test]
fn addresses_are_random_or_not() {
    let directory = scratch("addresses");
    let trace = |flags: &[&str]| {
        let mut command = armlet();
        command
            .current_dir(&directory)
            .args(flags)
            .arg("--strace")
            .arg(guest("memory_map"));
        text(&run(&mut command).stderr)
    };
    let addresses = |trace: &str| -> Vec<String> {
        trace
            .lines()
            .filter(|line| line.starts_with("mmap("))
            .map(str::to_owned)
            .collect()
    };
    let fixed = addresses(&trace(&["--no-aslr"]));
    assert!(!fixed.is_empty());
    assert_eq!(fixed, addresses(&trace(&["--no-aslr"])));
    assert_ne!(addresses(&trace(&[])), addresses(&trace(&[])));
}

#[test]
fn disassembly() {
    let output = run(armlet().args(["disasm", "0x91000420", "0x00000000", "0xffffffff"]));
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for words in ["0x91000420  add x0, x1, #1", "udf #0", "unallocated"] {
        assert!(stdout.contains(words), "{words} is not in {stdout}");
    }
    let output = run(armlet().arg("disasm").arg(guest("hello_asm")));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("Disassembly of section .text:"), "{stdout}");
    assert!(stdout.contains("svc #0"), "{stdout}");
    let missing = run(armlet().args(["disasm", "/nonexistent"]));
    assert_eq!(missing.status.code(), Some(125));
    assert!(text(&missing.stderr).contains("/nonexistent"));
}

#[test]
fn extensions_that_are_not_implemented_have_names() {
    for (word, extension) in [
        ("0x04200000", "Sve"),
        ("0x80800000", "Sme"),
        ("0xd71f0801", "PAuth"),
        ("0x91800020", "Mte"),
        ("0x19010440", "Mops"),
        ("0xdac02020", "Cssc"),
        ("0xf83fd020", "Ls64"),
        ("0x19208041", "Lse128"),
        ("0xd9411820", "Lrcpc3"),
        ("0xd50330ff", "Sb"),
        ("0xd503323f", "Xs"),
        ("0xd5031000", "Wfxt"),
        ("0xd5233060", "Tme"),
        ("0x54000010", "Hbc"),
        ("0x19200820", "The"),
        ("0xd5782000", "Sysreg128"),
        ("0xd50b7d20", "Dpb2"),
        ("0xd50b7380", "Specres"),
        ("0xd69f03e0", "Privileged"),
    ] {
        let output = run(armlet().args(["disasm", word]));
        assert_eq!(
            text(&output.stdout),
            format!("{word}  an instruction of {extension}, an extension that armlet does not implement\n")
        );
    }
}

#[test]
fn information() {
    let stdout = text(&run(armlet().arg("info").arg(guest("hello"))).stdout);
    for words in ["aarch64", "statically linked", "entry"] {
        assert!(stdout.to_lowercase().contains(words), "{words} is not in {stdout}");
    }
    let output = run(armlet().arg("coverage").arg(guest("hello_asm")));
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("every instruction is implemented"));
}

#[test]
fn help_and_what_comes_with_it() {
    let help = run(armlet().arg("--help"));
    assert_eq!((help.status.code(), text(&help.stderr).as_str()), (Some(0), ""));
    for words in ["--sysroot", "ARMLET_SYSROOT", "What the program sees:", "disasm"] {
        assert!(text(&help.stdout).contains(words), "{words}");
    }
    assert!(text(&run(armlet().arg("--version")).stdout).starts_with("armlet "));
    assert!(text(&run(armlet().args(["completions", "bash"])).stdout).contains("--strace-file"));
    assert!(text(&run(armlet().arg("man")).stdout).contains(".TH armlet"));
}

#[test]
fn a_program_sees_its_own_name_and_not_armlets_variables() {
    let output = run(armlet()
        .env("ARMLET_QUIET_FAULTS", "0")
        .arg("--strace")
        .arg(guest("processes")));
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    // Its child is this program again, started by execve.
    assert!(stderr.contains("execve("), "{stderr}");
    assert!(!text(&output.stdout).contains("ARMLET_"));
    assert!(OsStr::new(&stderr).len() > 1000);
}
