//! Conformance: the test programs of Linux's and qemu's source packages (`real/conformance.txt`; `cargo xtask guests` builds them), under
//! armlet and under qemu-user. A program of Linux passes if it ends with the status, and with as many tests passed, as natively on the
//! kernel that is running; one of qemu's, or one for arm64 only, if it ends with 0 (or as a test that is skipped does) and prints
//! what qemu's reference says. The list says which fail under armlet, and it must be right; and armlet must pass more than qemu-user.

use anyhow::{Context, Result, ensure};
use armlet_tests::conformance::{self, Program};
use armlet_tests::{Ended, Invocation};
use libtest_mimic::{Arguments, Failed, Trial};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");
const LIST: &str = include_str!("real/conformance.txt");
const LIMIT: Duration = Duration::from_secs(12);
/// The status of a kernel's test that is skipped.
const SKIPPED: i32 = 4;
/// Held by a program that uses the network.
static NETWORK: Mutex<()> = Mutex::new(());
/// Programs that run at the same time: most of them wait for most of the time.
const WORKERS: usize = 3;

fn main() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // One machine after the other: programs use ports and names that are the same in both.
    arguments.test_threads = Some(1);
    armlet_tests::no_core_files()?;
    let trial = |machine: &'static str, qemu: &'static str| {
        let test = move || judge(machine, qemu).map_err(|error| Failed::from(format!("{error:#}")));
        Trial::test(format!("conformance_{machine}"), test).with_ignored_flag(true)
    };
    let trials = vec![trial("aarch64", "qemu-aarch64"), trial("armhf", "qemu-arm")];
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// A run, as it is judged.
#[derive(Debug, PartialEq)]
struct Run {
    /// How it ended; `None` if it did not end in time.
    ended: Option<Ended>,
    /// How many tests it says were passed.
    passed: usize,
    /// Whether the output is that of qemu's reference, or there is none.
    as_reference: bool,
}

/// Runs all programs for a machine natively, under armlet and under qemu, and compares who passes with the list.
fn judge(machine: &str, qemu: &str) -> Result<()> {
    let programs: Vec<_> = conformance::programs(LIST)
        .into_iter()
        .filter(|program| program.is_for(machine))
        .collect();
    let queue = Mutex::new(programs.iter());
    let passed = Mutex::new([0; 2]);
    let wrong = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        loop {
            let Some(program) = queue.lock().expect("nobody panics").next() else {
                return Ok(());
            };
            let tries = if program.is_to_fail(machine) { 1 } else { 3 };
            let armlet = passes(program, machine, env!("CARGO_BIN_EXE_armlet"), tries)?;
            let peer = passes(program, machine, qemu, 1)?;
            let mut passed = passed.lock().expect("nobody panics");
            passed[0] += usize::from(armlet.is_ok());
            passed[1] += usize::from(peer.is_ok());
            match armlet {
                Err(difference) if !program.is_to_fail(machine) => {
                    wrong
                        .lock()
                        .expect("nobody panics")
                        .push(format!("{}: {difference}", program.source));
                }
                // (Where the host lets nobody do what is asked, both fail alike.)
                Ok(()) if program.is_to_fail(machine) && passes_natively(program)? => {
                    wrong
                        .lock()
                        .expect("nobody panics")
                        .push(format!("{}: passes, but is listed as failing", program.source));
                }
                _ => {}
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("nobody panics"))
    })?;
    let [armlet, peer] = passed.into_inner().expect("nobody panics");
    let wrong = wrong.into_inner().expect("nobody panics");
    println!(
        "{machine}: of {} programs armlet passes {armlet}, qemu-user {peer}",
        programs.len()
    );
    ensure!(wrong.is_empty(), "not as listed:\n{}", wrong.join("\n"));
    ensure!(armlet > peer, "qemu-user passes {peer} programs, armlet {armlet}");
    Ok(())
}

/// Whether the program passes on this host, if there is a native build of it.
fn passes_natively(program: &Program) -> Result<bool> {
    Ok(!program.is_compared() || run(program, "native", None)?.ended == Some(Ended::Exit(0)))
}

/// Whether the program passes under that emulator; if not, in what it differs. It has several tries, as some measure time.
fn passes(program: &Program, machine: &str, emulator: &str, tries: u32) -> Result<Result<(), String>> {
    let _alone = program
        .source
        .starts_with("selftests/net/")
        .then(|| NETWORK.lock().expect("nobody panics"));
    let mut last = String::new();
    for _ in 0..tries {
        let got = run(program, machine, Some(emulator))?;
        if program.is_compared() {
            let expected = run(program, "native", None)?;
            if got == expected {
                return Ok(Ok(()));
            }
            last = format!("{got:?} instead of {expected:?}");
        } else {
            let ended = |status| got.ended == Some(Ended::Exit(status));
            let skipped = program.source.starts_with("selftests/") && ended(SKIPPED);
            if ended(0) && got.as_reference || skipped {
                return Ok(Ok(()));
            }
            last = format!("{got:?}");
        }
    }
    Ok(Err(last))
}

/// Runs a program.
fn run(program: &Program, machine: &str, emulator: Option<&str>) -> Result<Run> {
    let path = armlet_tests::guests().join(program.path(machine));
    ensure!(path.is_file(), "{} is missing: run cargo xtask guests", path.display());
    let name = format!(
        "{}-{}",
        path.file_name().unwrap_or_default().display(),
        emulator.map_or("native", base)
    );
    let directory = Path::new(SCRATCH).join("conformance").join(machine).join(name);
    armlet_tests::fresh_directory(&directory)?;
    let invocation = Invocation {
        emulator: emulator.map(Path::new),
        program: &path,
        args: &[],
        directory: &directory,
        path: OsStr::new("/usr/bin:/bin"),
        limit: LIMIT,
    };
    let Ok(outcome) = invocation.run() else {
        return Ok(Run {
            ended: None,
            passed: 0,
            as_reference: false,
        });
    };
    let tcg = armlet_tests::guests().join("build/conformance-sources/tcg");
    let folder = if machine == "armhf" { "arm" } else { machine };
    let name = Path::new(&program.source).file_name().context("a source has a name")?;
    let reference = fs::read(tcg.join(folder).join(name).with_extension("ref")).ok();
    Ok(Run {
        ended: Some(outcome.ended),
        passed: count(&outcome.stdout) + count(&outcome.stderr),
        as_reference: reference.is_none_or(|reference| reference == outcome.stdout),
    })
}

/// The tests that are reported as passed, in the kernel's form: `ok NUMBER …`, but not those that are skipped.
fn count(output: &[u8]) -> usize {
    let text = String::from_utf8_lossy(output);
    let passed = |line: &&str| {
        let number = line.strip_prefix("ok ").and_then(|rest| rest.bytes().next());
        number.is_some_and(|byte| byte.is_ascii_digit()) && !line.contains("# SKIP")
    };
    text.lines().filter(passed).count()
}

/// The last component of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
