//! `armlet compare`: one program in three kinds of box: directly on this machine, in a container's namespaces, and emulated as an ARM program.
//! Every number is measured here and now.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use armlet_measure::{Ended, median};
use serde_json::json;

use super::bench::Scratch;
use crate::args::CompareArgs;
use crate::progress::Progress;

/// The program that is asked: its source, and its build for AArch64.
const SOURCE: &str = include_str!("../../../../test-binaries/src/probe.c");
const ARM: &[u8] = include_bytes!("../../../../test-binaries/prebuilt/aarch64/probe");
/// Rounds of work, and system calls, in one run.
const WORK: &str = "40000";
const CALLS: u32 = 200_000;
const LIMIT: Duration = Duration::from_secs(120);

/// One way to run the program.
struct Contestant {
    name: &'static str,
    what: &'static str,
    command: Vec<OsString>,
    start: Vec<f64>,
    memory: Vec<f64>,
    cpu: Vec<f64>,
    call: Vec<f64>,
    /// Processes in /proc, its own number, user, host name.
    seen: Vec<String>,
    failure: Option<String>,
    /// What armlet said: what could not be applied.
    notes: Vec<String>,
}

/// Measures, and prints the table.
pub fn run(arguments: &CompareArgs) -> anyhow::Result<ExitCode> {
    let scratch = Scratch::new()?;
    let armlet = std::env::current_exe().context("armlet's own file is not known")?;
    let arm = scratch.0.join("probe-arm");
    fs::write(&arm, ARM)?;
    fs::set_permissions(&arm, fs::Permissions::from_mode(0o755))?;
    let native = match &arguments.native {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("{}: cannot be found", path.display()))?,
        None => compile(&scratch)?,
    };
    let (armlet, native, arm): (&OsStr, &OsStr, &OsStr) = (armlet.as_ref(), native.as_ref(), arm.as_ref());
    let word = OsStr::new;
    let mut all = [
        contestant("native", "x86-64, directly", &[native]),
        contestant("container", "x86-64, in namespaces", &[armlet, word("contain"), native]),
        contestant(
            "interpreter",
            "ARM, interpreted",
            &[armlet, word("--engine"), word("interp"), arm],
        ),
        contestant("jit", "ARM, translated", &[armlet, arm]),
        contestant(
            "jit, isolated",
            "ARM, translated, in namespaces",
            &[armlet, word("--isolate"), arm],
        ),
    ];
    let progress = Progress::new(u64::from(arguments.rounds) * all.len() as u64);
    for round in 1..=arguments.rounds {
        for contestant in all.iter_mut().filter(|contestant| contestant.failure.is_none()) {
            progress.step(&format!("round {round} of {}: {}", arguments.rounds, contestant.name));
            if let Err(error) = contestant.round(&scratch) {
                contestant.failure = Some(format!("{error:#}"));
            }
        }
    }
    progress.end();
    if let Some(failure) = &all[0].failure {
        bail!("the native build does not do what it should: {failure}");
    }
    print!("{}", markdown(&all, arguments.rounds));
    if let Some(path) = &arguments.json {
        fs::write(path, json(&all)).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn contestant(name: &'static str, what: &'static str, command: &[&OsStr]) -> Contestant {
    Contestant {
        name,
        what,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        start: Vec::new(),
        memory: Vec::new(),
        cpu: Vec::new(),
        call: Vec::new(),
        seen: Vec::new(),
        failure: None,
        notes: Vec::new(),
    }
}

/// Builds the program for this machine.
fn compile(scratch: &Scratch) -> anyhow::Result<PathBuf> {
    let source = scratch.0.join("probe.c");
    let output = scratch.0.join("probe-native");
    fs::write(&source, SOURCE)?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let advice = "install a C compiler (gcc or clang), name one in the variable CC, or give a static build of \
                  test-binaries/src/probe.c by --native FILE";
    // Static, because a container has no libraries in its root.
    let built = Command::new(&compiler)
        .args(["-O2", "-static", "-w", "-o"])
        .args([&output, &source])
        .output()
        .with_context(|| format!("cannot run the C compiler {}: {advice}", compiler.display()))?;
    ensure!(
        built.status.success(),
        "the C compiler {} fails: {}\n{advice}",
        compiler.display(),
        String::from_utf8_lossy(&built.stderr).trim_end()
    );
    Ok(output)
}

impl Contestant {
    fn ask(&mut self, arguments: &[&str], scratch: &Scratch) -> anyhow::Result<Ended> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(arguments).stdin(Stdio::null());
        let ended = armlet_measure::run(&mut command, &scratch.0.join("run"), LIMIT)?;
        let stderr = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{}: {}", ended.status, stderr.trim_end());
        for line in stderr.lines() {
            if let Some((_, note)) = line.split_once("not applied: ")
                && !self.notes.iter().any(|known| known == note)
            {
                self.notes.push(note.to_owned());
            }
        }
        Ok(ended)
    }

    /// Every question once.
    fn round(&mut self, scratch: &Scratch) -> anyhow::Result<()> {
        let started = self.ask(&[], scratch)?;
        self.start.push(started.sample.wall);
        self.memory.push(started.sample.peak as f64);
        // Processor time, which other work on the machine does not change much; what start and end cost is taken off.
        let start = started.sample.cpu;
        let worked = self.ask(&["cpu", WORK], scratch)?;
        self.cpu.push((worked.sample.cpu - start).max(0.0));
        let called = self.ask(&["calls", &CALLS.to_string()], scratch)?;
        self.call
            .push((called.sample.cpu - start).max(0.0) * 1e9 / f64::from(CALLS));
        let seen = self.ask(&["seen"], scratch)?;
        self.seen = String::from_utf8_lossy(&seen.stdout)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        ensure!(self.seen.len() >= 3, "its answer is too short");
        Ok(())
    }

    fn seen(&self, index: usize) -> &str {
        self.seen.get(index).map_or("–", |text| text)
    }
}

fn markdown(all: &[Contestant], rounds: u16) -> String {
    let mut text = format!(
        "The same program in each box; medians of {rounds} rounds, in turn.\n\n\
         | | | start-up ms | CPU ms | × | system call ns | memory MiB | processes seen | own pid | uid |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    let of = |values: &[f64]| median(values.iter().copied());
    let base = of(&all[0].cpu);
    for one in all.iter().filter(|one| one.failure.is_none()) {
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.1} | {:.2} | {:.0} | {:.1} | {} | {} | {} |",
            one.name,
            one.what,
            of(&one.start) * 1e3,
            of(&one.cpu) * 1e3,
            of(&one.cpu) / base,
            of(&one.call),
            of(&one.memory) / 1024.0,
            one.seen(0),
            one.seen(1),
            one.seen(2)
        );
    }
    text.push('\n');
    for one in all {
        if let Some(failure) = &one.failure {
            let _ = writeln!(text, "Not measured: {}: {failure}", one.name);
        }
        for note in &one.notes {
            let _ = writeln!(text, "Not applied in {}: {note}", one.name);
        }
    }
    text.push_str(
        "CPU time, and that of a system call, are without start-up. Memory is the largest resident set; it is never less than that of `armlet compare` itself.\n\
         A container changes what a process sees, not how its instructions run; an emulator changes how they run, and by itself not \
         what it sees.\n",
    );
    text
}

fn json(all: &[Contestant]) -> String {
    let of = |values: &[f64]| median(values.iter().copied());
    let rows = all.iter().map(|one| {
        json!({
            "name": one.name, "what": one.what, "failure": one.failure, "not_applied": one.notes,
            "start_seconds": of(&one.start), "cpu_seconds": of(&one.cpu), "call_nanoseconds": of(&one.call),
            "peak_kib": of(&one.memory), "processes": one.seen(0), "pid": one.seen(1), "uid": one.seen(2),
        })
    });
    // Strings and numbers cannot fail.
    serde_json::to_string_pretty(&rows.collect::<Vec<_>>()).unwrap_or_default() + "\n"
}

/// `armlet contain PROGRAM`: runs a program of this machine inside what `--isolate` makes: the container of the comparison.
pub fn contain(words: &[OsString]) -> anyhow::Result<ExitCode> {
    let (program, rest) = words.split_first().context("no program")?;
    let plan = armlet_isolation::Plan {
        mode: armlet_isolation::Mode::Usual,
        program: program.into(),
        rootfs: None,
        sysroot: None,
    };
    crate::isolate::enter(&plan, || {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        command.args(rest);
        for name in armlet_isolation::VARIABLES {
            command.env_remove(name);
        }
        let error = command.exec();
        eprintln!("armlet: {}: {error}", Path::new(program).display());
        ExitCode::from(126)
    })
}
