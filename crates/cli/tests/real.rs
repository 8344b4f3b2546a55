//! Real programs, as Debian ships them or built from real sources, beside the same program of this machine: same output,
//! same end, same files left behind. `cargo xtask guests` fetches them; without them these tests fail, they never skip.

use anyhow::{Context, Result, ensure};
use armlet_tests::{Emulator, Invocation, Outcome};
use libtest_mimic::{Arguments, Failed, Trial};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");
const LIMIT: Duration = Duration::from_secs(180);

fn main() -> Result<ExitCode> {
    let arguments = Arguments::from_args();
    armlet_tests::no_core_files()?;
    let emulator = Emulator::chosen(env!("CARGO_BIN_EXE_armlet"));
    let mut trials = Vec::new();
    let mut add = |name: String, guest: Guest| {
        let emulator = match guest.machine {
            "aarch64" => emulator.clone(),
            _ => Emulator::chosen_for_arm(env!("CARGO_BIN_EXE_armlet")),
        };
        let test = move || {
            guest
                .test(&emulator)
                .map_err(|error| Failed::from(format!("{error:#}")))
        };
        trials.push(Trial::test(name, test).with_ignored_flag(true));
    };
    for (number, line) in include_str!("real/busybox.txt").lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        for machine in MACHINES {
            // A 32-bit busybox divides numbers of 64 bits bit by bit: 3 * 10^11 instructions.
            if machine != "aarch64" && line.contains("18446744073709551557") {
                continue;
            }
            let name = format!("real_{}busybox_{:03}", prefix(machine), number + 1);
            let guest = Guest::new(machine, &name, "busybox", &["sh", "-c", line]);
            add(name, guest.with_setup());
        }
    }
    let ours = armlet_tests::test_binaries().join("src/real");
    let ours = |name: &str| ours.join(name).to_string_lossy().into_owned();
    let read = format!(".read {}", ours("script.sql"));
    for machine in MACHINES {
        let script = ours("script.lua");
        let programs: [(&'static str, &[&str]); 5] = [
            ("cxx", &[]),
            ("rust", &[]),
            ("go", &[]),
            ("lua", &[&script]),
            ("sqlite3", &["database", &read]),
        ];
        for (program, args) in programs {
            if program == "rust" && machine != "aarch64" {
                continue;
            }
            let name = format!("real_{}{}", prefix(machine), program.trim_end_matches('3'));
            add(name.clone(), Guest::new(machine, &name, program, args));
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// What the programs are built for.
const MACHINES: [&str; 3] = ["aarch64", "armhf", "armel"];

/// What stands in a test's name for the machine.
fn prefix(machine: &str) -> String {
    if machine == "aarch64" {
        String::new()
    } else {
        format!("{machine}_")
    }
}

/// One run of one program.
struct Guest {
    machine: &'static str,
    name: String,
    program: &'static str,
    args: Vec<String>,
    setup: bool,
}

impl Guest {
    fn new(machine: &'static str, name: &str, program: &'static str, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.into()).collect();
        Self {
            machine,
            name: name.into(),
            program,
            args,
            setup: false,
        }
    }

    /// The same, in the directory of files that `busybox-setup.sh` makes.
    fn with_setup(self) -> Self {
        Self { setup: true, ..self }
    }

    fn test(&self, emulator: &Emulator) -> Result<()> {
        let guests = armlet_tests::guests();
        let (native, arm) = (
            guests.join("native").join(self.program),
            guests.join(self.machine).join(self.program),
        );
        for path in [&native, &arm] {
            ensure!(path.is_file(), "{} is missing: run cargo xtask guests", path.display());
        }
        let (expected, left) = self.run(None, &native).context("native run")?;
        ensure!(
            !expected.stdout.is_empty() || self.setup,
            "the native run printed nothing: {expected:?}"
        );
        let (actual, left_by_guest) = self.run(Some(emulator.path()), &arm)?;
        armlet_tests::compare(&expected, &actual).with_context(|| format!("{} {:?}", self.program, self.args))?;
        for (want, got) in left.iter().zip(&left_by_guest) {
            ensure!(
                want == got,
                "files left behind differ\n  expected: {want:?}\n  got:      {got:?}"
            );
        }
        ensure!(
            left.len() == left_by_guest.len(),
            "{} files left, not {}",
            left_by_guest.len(),
            left.len()
        );
        Ok(())
    }

    /// Runs the program in a new directory, always at the same path, and lists what it left there.
    fn run(&self, emulator: Option<&Path>, program: &Path) -> Result<(Outcome, Vec<Left>)> {
        let directory = Path::new(SCRATCH).join("real").join(&self.name);
        armlet_tests::fresh_directory(&directory)?;
        let path = OsStr::new("/nonexistent"); // a shell finds its own applets, never the host's programs
        let invocation = Invocation {
            emulator,
            program,
            args: &self.args,
            directory: &directory,
            path,
            limit: LIMIT,
        };
        if self.setup {
            let busybox = armlet_tests::guests().join("native/busybox");
            let args = ["sh", "-c", include_str!("real/busybox-setup.sh")].map(String::from);
            let setup = Invocation {
                emulator: None,
                program: &busybox,
                args: &args,
                ..invocation
            }
            .run()?;
            ensure!(
                setup.stderr.is_empty(),
                "setup: {}",
                String::from_utf8_lossy(&setup.stderr)
            );
        }
        let outcome = invocation.run()?;
        let mut left = Vec::new();
        list(&directory, Path::new(""), &mut left)?;
        Ok((outcome, left))
    }
}

/// A file, directory or link that a run left behind.
#[derive(Debug, PartialEq)]
struct Left {
    path: PathBuf,
    mode: u32,
    links: u64,
    /// Seconds since 1970, if it was set on purpose: before 2020.
    modified: Option<i64>,
    /// Of a regular file, or the target of a link.
    content: String,
}

fn list(root: &Path, below: &Path, left: &mut Vec<Left>) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(root.join(below))?.collect::<std::io::Result<Vec<_>>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let path = below.join(entry.file_name());
        let full = root.join(&path);
        let data = entry.metadata()?;
        let content = if data.is_symlink() {
            fs::read_link(&full)?.to_string_lossy().into_owned()
        } else if data.is_file() {
            fs::read(&full)?.escape_ascii().to_string()
        } else {
            String::new()
        };
        let modified = (data.mtime() < 1_577_836_800).then(|| data.mtime());
        left.push(Left {
            path: path.clone(),
            mode: data.mode(),
            links: data.nlink(),
            modified,
            content,
        });
        if data.is_dir() {
            list(root, &path, left)?;
        }
    }
    Ok(())
}
