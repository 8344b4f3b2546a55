//! `armlet bench`: one program natively, by the interpreter, by the translator and by qemu-user, in turn; and after how many runs of a
//! block its translation has paid.

mod report;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use armlet_measure::{Clock, Sample};
use armlet_observe::Stats;

use crate::args::BenchArgs;
use crate::progress::Progress;
use report::{BreakEven, Report, Row};

/// One way to run the program.
struct Contestant {
    name: &'static str,
    command: Vec<OsString>,
    /// Runs behind its median.
    samples: Vec<Sample>,
    /// Why it is out.
    failure: Option<String>,
}

impl Contestant {
    fn new(name: &'static str, command: &[&std::ffi::OsStr]) -> Contestant {
        Contestant {
            name,
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            samples: Vec::new(),
            failure: None,
        }
    }

    fn command(&self, arguments: &[OsString]) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(arguments).stdin(Stdio::null());
        command
    }
}

/// Measures, and prints the table.
pub fn run(arguments: &BenchArgs) -> anyhow::Result<ExitCode> {
    let (program, rest) = arguments.command.split_first().context("no program")?;
    let path = Path::new(program);
    super::open(path)?;
    let armlet = std::env::current_exe().context("armlet's own file is not known")?;
    let mut contestants = Vec::new();
    if let Some(native) = &arguments.native {
        super::open(native)?;
        contestants.push(Contestant::new("native", &[native.as_os_str()]));
    }
    let engine = |name, engine: &str| {
        Contestant::new(
            name,
            &[
                armlet.as_os_str(),
                "--engine".as_ref(),
                engine.as_ref(),
                program.as_os_str(),
            ],
        )
    };
    contestants.push(engine("interpreter", "interp"));
    contestants.push(engine("jit", "auto"));
    let qemu = qemu(path);
    let mut notes = Vec::new();
    match &qemu {
        Some(qemu) => contestants.push(Contestant::new("qemu-user", &[qemu.as_ref(), program.as_os_str()])),
        None => notes.push("qemu-user is not installed, or not for this program".to_owned()),
    }
    let scratch = Scratch::new()?;
    rounds(&mut contestants, rest, arguments, &scratch)?;
    let counted = counted(&armlet, program, rest, arguments, &scratch);
    let start = start_up(&armlet, path, arguments, &scratch);
    for contestant in &contestants {
        if let Some(failure) = &contestant.failure {
            notes.push(format!("{} is out: {failure}", contestant.name));
        }
    }
    let cpu = |name: &str| {
        let found = contestants.iter().find(|contestant| contestant.name == name);
        let measured = found.filter(|contestant| !contestant.samples.is_empty());
        measured.map(|contestant| Sample::median(&contestant.samples).cpu)
    };
    let (instructions, break_even) = match counted {
        Ok((stats, share)) => {
            let times = cpu("interpreter").zip(cpu("jit")).zip(start.ok());
            let even = times.and_then(|((interpreter, jit), start)| {
                BreakEven::of([interpreter - start, jit - start], &stats, share)
            });
            if even.is_none() {
                notes.push("there was too little work to tell after how many runs a translation has paid".to_owned());
            }
            (Some(stats.counts.instructions), even)
        }
        Err(error) => {
            notes.push(format!("instructions are not counted: {error:#}"));
            (None, None)
        }
    };
    let report = Report {
        program: path.display().to_string(),
        arguments: rest.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        rounds: arguments.rounds.into(),
        clock: if arguments.cpu_time { Clock::Cpu } else { Clock::Wall },
        instructions,
        rows: contestants
            .iter()
            .filter(|contestant| !contestant.samples.is_empty())
            .map(|contestant| Row {
                name: contestant.name,
                emulated: contestant.name != "native",
                median: Sample::median(&contestant.samples),
            })
            .collect(),
        break_even,
        notes,
    };
    print!("{}", report.markdown());
    let write = |path: &PathBuf, text: String| {
        std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
    };
    if let Some(path) = &arguments.json {
        write(path, report.json())?;
    }
    if let Some(path) = &arguments.svg {
        write(path, report.svg())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// All runs, turn by turn, so that whatever else the machine does meets all alike. Who fails, or prints what the first did not, is out.
fn rounds(
    contestants: &mut [Contestant],
    rest: &[OsString],
    arguments: &BenchArgs,
    scratch: &Scratch,
) -> anyhow::Result<()> {
    let limit = Duration::from_secs(arguments.limit);
    let mut expected = None;
    let progress = Progress::new(u64::from(arguments.rounds) * contestants.len() as u64);
    for round in 1..=arguments.rounds {
        for contestant in contestants.iter_mut().filter(|contestant| contestant.failure.is_none()) {
            progress.step(&format!("round {round} of {}: {}", arguments.rounds, contestant.name));
            match armlet_measure::run(&mut contestant.command(rest), &scratch.0.join("run"), limit) {
                Ok(ended) => {
                    let seen = (ended.status, ended.stdout);
                    let first = expected.get_or_insert_with(|| (contestant.name, seen.clone()));
                    if first.1 == seen {
                        contestant.samples.push(ended.sample);
                    } else {
                        let what = if first.1.0 == seen.0 { "output" } else { "exit status" };
                        contestant.samples.clear();
                        contestant.failure = Some(format!(
                            "its {what} is not that of {}; give a program that does the same in every run",
                            first.0
                        ));
                    }
                }
                Err(error) => {
                    contestant.samples.clear();
                    contestant.failure = Some(format!("{error:#}"));
                }
            }
        }
    }
    progress.end();
    if contestants.iter().all(|contestant| contestant.samples.is_empty()) {
        let reasons = contestants
            .iter()
            .filter_map(|contestant| contestant.failure.as_deref());
        bail!("no run succeeded: {}", reasons.collect::<Vec<_>>().join("; "));
    }
    Ok(())
}

/// More runs with statistics, which are in no median: the one that translated fastest, and which share of its time its threads had a processor.
fn counted(
    armlet: &Path,
    program: &OsString,
    rest: &[OsString],
    arguments: &BenchArgs,
    scratch: &Scratch,
) -> anyhow::Result<(Stats, f64)> {
    let one = |_| {
        let file = scratch.0.join("stats");
        let mut command = Command::new(armlet);
        command.arg("--stats-json").arg(&file);
        command.arg(program).args(rest).stdin(Stdio::null());
        let limit = Duration::from_secs(arguments.limit);
        let ended = armlet_measure::run(&mut command, &scratch.0.join("run"), limit)?;
        let text = std::fs::read_to_string(&file).context("no statistics were written")?;
        // The program itself is the first to start, and the last line is its own only if it started no other.
        let own = std::fs::canonicalize(program).unwrap_or_else(|_| program.into());
        let mut all = text.lines().filter_map(|line| Stats::from_json(line).ok());
        let stats = all.find(|stats| Path::new(&stats.program) == own);
        let stats = stats.context("the statistics are not those of the program")?;
        ensure!(stats.counts.instructions > 0, "they are empty");
        let running = (stats.times.total() - stats.times.host) as f64 / 1e9;
        Ok((stats, (ended.sample.cpu / running).min(1.0)))
    };
    let runs = (0..arguments.rounds)
        .map(one)
        .collect::<anyhow::Result<Vec<(Stats, f64)>>>()?;
    let fastest = runs.into_iter().min_by_key(|(stats, _)| stats.times.translate);
    fastest.context("no round was asked for")
}

/// Processor time of armlet for a program that does nothing, in seconds.
fn start_up(armlet: &Path, program: &Path, arguments: &BenchArgs, scratch: &Scratch) -> anyhow::Result<f64> {
    const A64: &[u8] = include_bytes!("../../../../test-binaries/prebuilt/aarch64/hello_asm");
    const A32: &[u8] = include_bytes!("../../../../test-binaries/prebuilt/armhf/hello");
    let is_32 = machine(program) == Some(EM_ARM);
    let hello = scratch.0.join("hello");
    std::fs::write(&hello, if is_32 { A32 } else { A64 })?;
    std::fs::set_permissions(&hello, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let one = |_| {
        let mut command = Command::new(armlet);
        command.args(["--engine", "interp"]).arg(&hello).stdin(Stdio::null());
        let limit = Duration::from_secs(arguments.limit);
        Ok(armlet_measure::run(&mut command, &scratch.0.join("run"), limit)?.sample)
    };
    let samples = (0..arguments.rounds)
        .map(one)
        .collect::<anyhow::Result<Vec<Sample>>>()?;
    Ok(Sample::median(&samples).cpu)
}

const EM_ARM: u16 = 40;
const EM_AARCH64: u16 = 183;

/// `e_machine` of an ELF file.
fn machine(program: &Path) -> Option<u16> {
    use std::io::Read;
    let mut header = [0; 20];
    std::fs::File::open(program).ok()?.read_exact(&mut header).ok()?;
    Some(u16::from_le_bytes([header[18], header[19]]))
}

/// qemu's user-mode emulator for the program's machine, if it is there.
fn qemu(program: &Path) -> Option<&'static str> {
    let name = match machine(program)? {
        EM_AARCH64 => "qemu-aarch64",
        EM_ARM => "qemu-arm",
        _ => return None,
    };
    let mut command = Command::new(name);
    let status = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success()).then_some(name)
}

/// A directory of this process, which goes with it.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// In the directory for temporary files.
    pub fn new() -> anyhow::Result<Scratch> {
        let path = std::env::temp_dir().join(format!("armlet-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
