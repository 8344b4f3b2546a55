//! Every program of `test-binaries`, prebuilt for ARM, beside the same source built here: same output, same end.
//!
//! One test per program and target.

use anyhow::{Context, Result, ensure};
use armlet_tests::{Case, Emulator, Ended, Invocation, Manifest, Outcome, Program, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");

fn main() -> Result<ExitCode> {
    let arguments = Arguments::from_args();
    armlet_tests::no_core_files()?;
    let emulator = Emulator::chosen(env!("CARGO_BIN_EXE_armlet"));
    let mut trials = Vec::new();
    for program in Manifest::read()?.programs {
        for &target in program.targets() {
            let emulator = match target {
                Target::Aarch64 => emulator.clone(),
                Target::Armhf | Target::Armel => Emulator::chosen_for_arm(env!("CARGO_BIN_EXE_armlet")),
            };
            let program = program.clone();
            trials.push(Trial::test(format!("{target}::{}", program.name), move || {
                test(&program, target, &emulator).map_err(|error| Failed::from(format!("{error:#}")))
            }));
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

fn test(program: &Program, target: Target, emulator: &Emulator) -> Result<()> {
    for case in program.tests() {
        if case.qemu_differs.is_none() || !emulator.is_qemu() {
            run_case(program, target, &case, emulator).with_context(|| format!("arguments {:?}", case.args))?;
        }
    }
    Ok(())
}

fn run_case(program: &Program, target: Target, case: &Case, emulator: &Emulator) -> Result<()> {
    let prebuilt = program.prebuilt(target);
    ensure!(
        prebuilt.is_file(),
        "{} is missing: cargo xtask binaries builds it",
        prebuilt.display()
    );
    let directory = Path::new(SCRATCH).join(format!("programs/{target}-{}", program.name));
    let in_directory = |emulator: Option<&Path>, program: &Path| {
        armlet_tests::fresh_directory(&directory)?;
        let path = OsStr::new("/usr/bin:/bin");
        let limit = Duration::from_secs(120);
        Invocation {
            emulator,
            program,
            args: &case.args,
            directory: &directory,
            path,
            limit,
        }
        .run()
    };
    let ended = match case.signal_number()? {
        Some(signal) => Ended::Signal(signal),
        None => Ended::Exit(case.status),
    };
    let expected = match &case.expected {
        Some(file) => {
            let stdout = std::fs::read(program.source().with_file_name(file))?;
            Outcome {
                stdout,
                stderr: Vec::new(),
                ended,
            }
        }
        None => {
            let native = armlet_tests::build_native(program, target, &Path::new(SCRATCH).join("native"))?;
            let outcome = in_directory(None, &native).context("native run")?;
            ensure!(
                outcome.ended == ended,
                "the native run ended with {:?} instead of {ended:?}: {}{}",
                outcome.ended,
                String::from_utf8_lossy(&outcome.stdout),
                String::from_utf8_lossy(&outcome.stderr)
            );
            outcome
        }
    };
    let actual = in_directory(Some(emulator.path()), &prebuilt)?;
    armlet_tests::compare(&expected, &actual)
}
