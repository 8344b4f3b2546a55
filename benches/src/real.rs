//! The group `real`, and Busybox's `true` for the group `startup`: programs of Debian, as `cargo xtask guests` leaves them, on inputs that are made here. Busybox, Lua and
//! SQLite are static, for all three guests; the others are Debian's own arm64 builds with their shared libraries, beside
//! the same programs of this machine. gcc's `cc1` for AArch64 has the cross compiler's for AArch64 as its native twin.

use crate::job::Job;
use anyhow::{Context, Result, ensure};
use armlet_tests::Target;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The group's name.
pub const GROUP: &str = "real";
/// The group of [`STARTUP`].
pub const STARTUP_GROUP: &str = "startup";

/// The program that ends at once: what it costs is to be started, so it counts in the group `startup`.
const STARTUP: &str = "busybox_true";

/// A program: its name in reports, the program, arguments in which `@name` is a file of [`Inputs`].
type Line = (&'static str, &'static str, &'static [&'static str]);

/// Static programs, below `guests/native` and `guests/aarch64`, `guests/armhf`, `guests/armel`.
const STATIC: [Line; 7] = [
    ("busybox_awk", "busybox", &["awk", COUNT_WORDS, "@text"]),
    ("busybox_gzip", "busybox", &["gzip", "-c", "@text"]),
    ("busybox_sh", "busybox", &["sh", "@script.sh"]),
    ("busybox_sort", "busybox", &["sort", "@text"]),
    (STARTUP, "busybox", &["true"]),
    ("lua", "lua", &["@script.lua"]),
    ("sqlite", "sqlite3", &[":memory:", ".read @script.sql"]),
];

/// Dynamic programs below `guests/root`, and at the same place on this machine.
const DYNAMIC: [Line; 9] = [
    ("bash", "/usr/bin/bash", &["@script.sh"]),
    ("cc1", "", &["-quiet", "-O2", "-fno-ident", "@source.i", "-o", "-"]),
    (
        "grep",
        "/usr/bin/grep",
        &["-cE", "(ab|cd)+[e-k]*(er|or) [a-m]", "@text"],
    ),
    (
        "openssl_aes",
        "/usr/bin/openssl",
        &[
            "enc",
            "-aes-256-cbc",
            "-pbkdf2",
            "-iter",
            "20000",
            "-S",
            "0123456789abcdef",
            "-k",
            "word",
            "-in",
            "@large",
            "-a",
        ],
    ),
    ("openssl_sha3", "/usr/bin/openssl", &["dgst", "-sha3-256", "@large"]),
    ("perl", "/usr/bin/perl", &["@script.pl", "@text"]),
    ("python", "/usr/bin/python3.11", &["@script.py", "@text"]),
    (
        "tar",
        "/usr/bin/tar",
        &[
            "-cPf",
            "-",
            "--mtime=1970-01-01",
            "--owner=0",
            "--group=0",
            "--mode=644",
            "@large",
        ],
    ),
    ("xz", "/usr/bin/xz", &["-T1", "-3", "-c", "@text"]),
];

const COUNT_WORDS: &str = "{ for (i = 1; i <= NF; i++) { n[$i]++; l += length($i) } } \
     END { for (w in n) if (n[w] > 2500) s += n[w]; print s, l, NR; printf \"%.3f\\n\", l / NR }";

const CC1: [&str; 2] = [
    "usr/lib/gcc/aarch64-linux-gnu/12/cc1",
    "/usr/lib/gcc-cross/aarch64-linux-gnu/12/cc1",
];

/// Have the programs been fetched?
pub fn there(target: Target) -> bool {
    let dynamic = target != Target::Aarch64 || armlet_tests::guests().join("root").is_dir();
    dynamic
        && armlet_tests::guests()
            .join(target.to_string())
            .join("busybox")
            .is_file()
}

/// All programs of the group, with their inputs written into `directory`.
///
/// # Errors
/// A program that is not there, with how to get it; inputs that cannot be written.
pub fn jobs(target: Target, directory: &Path) -> Result<Vec<Job>> {
    ensure!(
        there(target),
        "the programs of group {GROUP} are missing: cargo xtask guests"
    );
    let guests = armlet_tests::guests().canonicalize()?;
    let inputs = Inputs::write(directory)?;
    let mut jobs = Vec::new();
    for (name, program, args) in STATIC {
        jobs.push(inputs.job(
            name,
            guests.join("native").join(program),
            guests.join(target.to_string()).join(program),
            None,
            args,
        )?);
    }
    if target == Target::Aarch64 {
        let root = guests.join("root");
        inputs.preprocess(&guests)?;
        for (name, program, args) in DYNAMIC {
            let (native, arm) = match name {
                "cc1" => (PathBuf::from(CC1[1]), root.join(CC1[0])),
                _ => (PathBuf::from(program), root.join(program.trim_start_matches('/'))),
            };
            jobs.push(inputs.job(name, native, arm, Some(root.clone()), args)?);
        }
    }
    Ok(jobs)
}

/// The folder of the inputs: `text` (4 MB of words in lines), `large` (`text`, eight times), the scripts of `benches/real`,
/// and `source.i` (Lua's virtual machine, preprocessed).
struct Inputs(PathBuf);

impl Inputs {
    fn write(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let text = text();
        std::fs::write(directory.join("text"), &text)?;
        std::fs::write(directory.join("large"), text.repeat(8))?;
        for script in std::fs::read_dir(armlet_tests::root().join("benches/real"))? {
            let script = script?;
            std::fs::copy(script.path(), directory.join(script.file_name()))?;
        }
        Ok(Self(directory))
    }

    fn preprocess(&self, guests: &Path) -> Result<()> {
        let source = std::fs::read_dir(guests.join("build/lua5.4-source"))?
            .filter_map(|entry| Some(entry.ok()?.path().join("src/lvm.c")))
            .find(|path| path.is_file())
            .context("Lua's sources are missing: remove target/guests/build/lua5.4-source, then cargo xtask guests")?;
        let mut command = Command::new("aarch64-linux-gnu-gcc");
        command
            .args(["-E", "-P", "-O2"])
            .arg(source)
            .arg("-o")
            .arg(self.0.join("source.i"));
        let status = command
            .status()
            .context("aarch64-linux-gnu-gcc: apt-get install gcc-aarch64-linux-gnu")?;
        ensure!(status.success(), "{command:?}: {status}");
        Ok(())
    }

    fn job(&self, name: &str, native: PathBuf, arm: PathBuf, sysroot: Option<PathBuf>, args: &[&str]) -> Result<Job> {
        for program in [&native, &arm] {
            ensure!(
                program.is_file(),
                "{} is missing: install its Debian package, or cargo xtask guests",
                program.display()
            );
        }
        let place = format!("{}/", self.0.display());
        Ok(Job {
            name: name.to_owned(),
            groups: vec![if name == STARTUP { STARTUP_GROUP } else { GROUP }.to_owned()],
            native,
            arm,
            sysroot,
            args: args.iter().map(|arg| arg.replace('@', &place)).collect(),
        })
    }
}

/// Lines of words, the same on every machine: few words often, many seldom.
fn text() -> String {
    const SYLLABLES: [&str; 16] = [
        "ab", "cd", "er", "or", "in", "te", "na", "ki", "lo", "mu", "sa", "th", "ed", "ra", "po", "u",
    ];
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut text = String::with_capacity(4 << 20);
    while text.len() < 4_000_000 {
        for place in 0..4 + random(8) {
            let most = random(4096);
            let most = random(1 + most);
            let rank = random(1 + most);
            let mut rest = rank.wrapping_mul(40_503) % 65_536;
            let separator = if place == 0 { "" } else { " " };
            let _ = write!(text, "{separator}");
            for _ in 0..1 + rank.checked_ilog2().unwrap_or(0) / 4 {
                text.push_str(SYLLABLES[(rest % 16) as usize]);
                rest /= 16;
            }
        }
        text.push('\n');
    }
    text
}
