//! The views of a running program: statistics and traces. That they are right is judged by what is known otherwise: by counting with
//! another engine, and by the program's own words. `profile.rs`: where the time goes.

mod profile;
mod stacks;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use armlet_observe::Stats;

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt/aarch64")
        .join(name)
}

fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("watch").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a scratch directory");
    directory
}

fn armlet(words: &[&str], program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(ARMLET);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.args(words).arg(guest(program)).args(arguments);
    command.output().expect("armlet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The statistics of a run: one for each process.
fn statistics(name: &str, words: &[&str], program: &str, arguments: &[&str]) -> Vec<Stats> {
    let file = scratch(name).join("stats.json");
    let file = file.to_str().expect("UTF-8");
    let words: Vec<&str> = ["--no-aslr", "--quiet-faults", "--stats-json", file]
        .iter()
        .chain(words)
        .copied()
        .collect();
    armlet(&words, program, arguments);
    let lines = fs::read_to_string(file).expect("statistics");
    lines
        .lines()
        .map(|line| Stats::from_json(line).expect("JSON"))
        .collect()
}

/// Programs that do the same in every run, with floating point, system calls, faults, fallbacks and changed code among them.
const STEADY: [(&str, &[&str]); 13] = [
    ("hello", &[]),
    ("nqueens", &["5"]),
    ("fp_edge", &[]),
    ("self_modifying", &[]),
    ("division", &["1000"]),
    ("crypto", &[]),
    ("bits", &["50"]),
    ("setjmp", &["50"]),
    ("fault", &["read-null"]),
    ("../armhf/nqueens", &["5"]),
    ("../armhf/json", &[]),
    ("../armel/bits", &["50"]),
    ("../armel/setjmp", &["50"]),
];

#[test]
fn library_routines_are_done_quickly_unless_they_are_not_to_be() {
    for engine in ["interp", "auto", "jit"] {
        let done = |flags: &[&str]| {
            let words = [&["--engine", engine], flags].concat();
            let name = format!("accelerated-{engine}{}", flags.len());
            let program = "../armel/nbody";
            let stats = statistics(&name, &words, program, &["200"]);
            (
                stats[0].counts.accelerated,
                text(&armlet(&words, program, &["200"]).stdout),
            )
        };
        let (quick, plain) = (done(&[]), done(&["--no-accelerate"]));
        assert_eq!(quick.1, plain.1, "{engine}");
        assert!(
            quick.0 > 10_000 && plain.0 == 0,
            "{engine}: {} and {}",
            quick.0,
            plain.0
        );
    }
}

#[test]
fn every_engine_counts_the_same_instructions() {
    for (program, arguments) in STEADY {
        let count = |engine: &str| {
            let stats = statistics(
                &format!("count-{}-{engine}", program.replace('/', "-")),
                &["--engine", engine],
                program,
                arguments,
            );
            assert_eq!(stats.len(), 1, "{program}");
            let decoded = engine == "jit" || (stats[0].counts.blocks_decoded > 0 && stats[0].times.decode > 0);
            assert!(decoded, "{program} {engine}");
            stats[0].counts.instructions
        };
        let interpreted = count("interp");
        assert!(interpreted > 100, "{program}");
        assert_eq!(interpreted, count("auto"), "{program}");
        assert_eq!(interpreted, count("jit"), "{program}");
    }
}

#[test]
fn the_count_is_that_of_the_trace() {
    let stats = statistics("trace-count", &[], "hello_asm", &[]);
    let output = armlet(&["trace", "--no-aslr"], "hello_asm", &[]);
    let lines = text(&output.stderr)
        .lines()
        .filter(|line| !line.contains(" --- "))
        .count();
    assert_eq!(stats[0].counts.instructions, lines as u64);
}

#[test]
fn statistics_say_where_time_and_work_went() {
    let stats = &statistics("parts", &[], "nqueens", &["7"])[0];
    assert_eq!((stats.end.as_str(), stats.engine.as_str()), ("exited 0", "auto"));
    assert!(stats.program.ends_with("nqueens"));
    let (times, counts) = (&stats.times, &stats.counts);
    for (name, value) in [
        ("load", times.load),
        ("decode", times.decode),
        ("interpret", times.interpret),
        ("translate", times.translate),
        ("translated", times.translated),
        ("host", times.host),
    ] {
        assert!(value > 0, "{name}");
    }
    // One thread: its time is the time.
    assert!(
        times.total() <= stats.elapsed + stats.elapsed / 50,
        "{} {}",
        times.total(),
        stats.elapsed
    );
    assert!(counts.regions > 0 && counts.blocks >= counts.regions && counts.links > 0 && counts.entries > 0);
    assert!(counts.interpreted > 0 && counts.interpreted < counts.instructions);
    assert_eq!(stats.syscalls.get("exit_group"), Some(&1));
    assert_eq!(counts.syscalls, stats.syscalls.values().sum::<u64>());
    let hottest = stats.hot_blocks.first().expect("translated blocks");
    assert!(hottest.executed > 1000 && hottest.executed == hottest.executions * u64::from(hottest.instructions));
    let interpreter = &statistics("interp", &["--engine", "interp"], "nqueens", &["7"])[0];
    assert_eq!(interpreter.counts.interpreted, interpreter.counts.instructions);
    assert_eq!(interpreter.times.translated, 0);
}

#[test]
fn every_process_has_its_statistics() {
    let stats = statistics("processes", &[], "processes", &[]);
    assert!(stats.len() > 3, "{}", stats.len());
    let mut numbers: Vec<u32> = stats.iter().map(|stats| stats.pid).collect();
    numbers.dedup();
    assert!(numbers.len() > 3);
    let directory = scratch("numbered");
    let file = directory.join("%p.txt");
    armlet(&[&format!("--stats={}", file.display())], "processes", &[]);
    let files = fs::read_dir(&directory).expect("the directory").count();
    assert!(files > 3, "{files}");
    for file in fs::read_dir(&directory).expect("the directory") {
        let text = fs::read_to_string(file.expect("an entry").path()).expect("text");
        assert!(text.contains("guest instructions"), "{text}");
    }
}

#[test]
fn threads_count_together() {
    let stats = &statistics("threads", &["--engine", "jit"], "threads", &[])[0];
    assert!(stats.counts.threads > 1);
    assert!(stats.counts.instructions > 100_000);
}

#[test]
fn a_killed_program_has_statistics() {
    let stats = &statistics("killed", &[], "fault", &["term"])[0];
    assert_eq!(stats.end, "killed 15");
}

#[test]
fn the_text_goes_to_stderr() {
    let output = armlet(&["--stats"], "hello", &[]);
    assert_eq!(text(&output.stdout), "Hello, world!\n");
    assert!(text(&output.stderr).contains("guest instructions"));
    let output = armlet(&["stats", "--json"], "hello", &[]);
    assert!(Stats::from_json(text(&output.stderr).trim()).is_ok());
}

#[test]
fn a_trace_has_registers_addresses_and_values() {
    let output = armlet(&["trace", "--no-aslr"], "hello_asm", &[]);
    assert_eq!(text(&output.stdout), "Hello from AArch64\n");
    let stderr = text(&output.stderr);
    let svc = stderr
        .lines()
        .find(|line| line.contains(" svc "))
        .expect("a system call");
    assert!(svc.contains("x0=0x1 ") && svc.contains("x8=0x40"), "{svc}");
    let stderr = text(&armlet(&["trace", "--no-aslr"], "hello", &[]).stderr);
    assert!(stderr.contains("--- exited 0 ---"), "{stderr}");
    let output = armlet(&["trace", "--no-aslr", "-k", "load"], "hello", &[]);
    let stderr = text(&output.stderr);
    assert!(stderr.lines().count() > 20);
    assert!(
        stderr.lines().all(|line| line.contains(" ld") && line.contains("]=>")),
        "{stderr}"
    );
}

/// What is known of a thread's registers by its trace so far.
#[derive(Default)]
struct Known {
    registers: HashMap<String, String>,
    /// V0 to V31, or Q0 to Q15.
    vectors: HashMap<usize, u8>,
}

impl Known {
    /// The bytes of a vector register, of which a name may be a part.
    fn bytes(name: &str, a32: bool) -> Option<std::ops::Range<usize>> {
        let number: usize = name.get(1..)?.parse().ok()?;
        let size = match (&name[..1], a32) {
            ("v", false) | ("q", true) => 16,
            ("d", true) => 8,
            ("s", true) => 4,
            _ => return None,
        };
        Some(number * size..(number + 1) * size)
    }

    /// A value that was printed; `true` if something else is known of it.
    fn differs(&self, name: &str, value: &str, a32: bool) -> bool {
        match Known::bytes(name, a32) {
            None => self.registers.get(name).is_some_and(|known| known != value),
            Some(range) => {
                let value = u128::from_str_radix(&value[2..], 16).expect("a number");
                range.enumerate().any(|(index, at)| {
                    self.vectors
                        .get(&at)
                        .is_some_and(|&known| known != (value >> (8 * index)) as u8)
                })
            }
        }
    }

    fn set(&mut self, name: &str, value: &str, a32: bool) {
        match Known::bytes(name, a32) {
            None => _ = self.registers.insert(name.to_owned(), value.to_owned()),
            Some(range) => {
                let value = u128::from_str_radix(&value[2..], 16).expect("a number");
                for (index, at) in range.enumerate() {
                    self.vectors.insert(at, (value >> (8 * index)) as u8);
                }
            }
        }
    }
}

/// Every register that an instruction reads has the value that an instruction before has written, as far as the trace goes: so no
/// instruction writes what its line does not say.
#[test]
fn a_trace_leaves_no_change_out() {
    let programs: [(&str, &[&str]); 8] = [
        ("nqueens", &["5"]),
        ("strings", &[]),
        ("printf_double", &[]),
        ("fp_edge", &[]),
        ("json", &["1"]),
        ("bigint", &["1"]),
        ("simd_bytes", &["1"]),
        ("quicksort", &["50"]),
    ];
    for target in ["aarch64", "armhf", "armel"] {
        let mut compared = 0;
        for (program, arguments) in programs {
            let path = format!("../{target}/{program}");
            let output = armlet(&["trace", "-n", "60000"], &path, arguments);
            let mut known = Known::default();
            let a32 = target != "aarch64";
            for line in text(&output.stderr).lines() {
                if line.contains(" --- ") || line.contains(" svc ") {
                    // What the kernel does is not in the trace.
                    known = Known::default();
                    continue;
                }
                let words = line.split_whitespace().skip(2);
                for word in words.filter(|word| word.contains('=') && !word.starts_with('[')) {
                    if let Some((name, value)) = word.split_once("=>") {
                        known.set(name, value, a32);
                    } else if let Some((name, value)) = word.split_once('=') {
                        assert!(!known.differs(name, value, a32), "{target} {program}: {line}");
                        known.set(name, value, a32);
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 100_000, "{target}: {compared} values");
    }
}

#[test]
fn an_aarch32_program_is_traced() {
    let output = armlet(&["trace", "--no-aslr"], "../armhf/hello", &[]);
    let stderr = text(&output.stderr);
    let lines = |words: &str| stderr.lines().filter(|line| line.contains(words)).count();
    assert!(
        lines("--- exited 0 ---") == 1 && lines("--- system call: r0=>") > 0,
        "{stderr}"
    );
    assert!(lines(" (its condition does not hold)") > 0, "{stderr}");
    let push = stderr.lines().find(|line| line.contains(" push {")).expect("a push");
    assert!(
        push.contains(" sp=0x") && push.contains(" sp=>0x") && push.contains("]<=0x"),
        "{push}"
    );
    let stderr = text(&armlet(&["trace", "-k", "load"], "../armhf/hello", &[]).stderr);
    assert!(stderr.lines().count() > 20);
    let loads = |line: &str| line.contains("]=>") || line.contains("does not hold");
    assert!(stderr.lines().all(loads), "{stderr}");
}

#[test]
fn a_trace_can_be_cut() {
    let all = text(&armlet(&["trace", "--no-aslr"], "hello", &[]).stderr);
    // Without thread ids, which differ.
    let rest = |text: &str| text.lines().map(|line| line[8..].to_owned()).collect::<Vec<_>>();
    let all = rest(&all);
    let some = text(&armlet(&["trace", "--no-aslr", "--skip", "10", "-n", "5"], "hello", &[]).stderr);
    assert_eq!(rest(&some), all[10..15]);
    let last = text(&armlet(&["trace", "--no-aslr", "-k", "branch", "--last", "3"], "hello", &[]).stderr);
    assert_eq!(last.lines().count(), 4, "{last}");
    let start = all[3].split_whitespace().next().expect("an address").to_owned();
    let range = format!("{start}+8");
    let part = text(&armlet(&["trace", "--no-aslr", "-a", &range], "hello", &[]).stderr);
    assert_eq!(rest(&part), all[3..5]);
}

#[test]
fn the_last_instructions_before_a_crash() {
    let output = armlet(&["--trace-last", "4"], "fault", &["read-null"]);
    let stderr = text(&output.stderr);
    let ring: Vec<&str> = stderr
        .lines()
        .skip_while(|line| !line.contains("the last 4 instructions"))
        .skip(1)
        .collect();
    assert_eq!(ring.len(), 4, "{stderr}");
    assert!(
        ring[3].contains(" ldr ") && ring[3].contains("!! Read of 0x"),
        "{}",
        ring[3]
    );
    let output = armlet(&["--trace-last", "4"], "hello", &[]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn traces_follow_children() {
    let directory = scratch("children");
    let file = directory.join("%p.txt");
    let output = armlet(
        &["trace", "-k", "syscall", "-o", file.to_str().expect("UTF-8")],
        "processes",
        &[],
    );
    assert!(output.status.success());
    assert!(fs::read_dir(&directory).expect("the directory").count() > 3);
}

#[test]
fn system_calls_are_filtered_and_counted() {
    let output = armlet(&["strace", "-e", "trace=writev,write"], "hello", &[]);
    let stderr = text(&output.stderr);
    assert_eq!(
        stderr.lines().filter(|line| line.starts_with("writev(1, ")).count(),
        1,
        "{stderr}"
    );
    assert!(!stderr.contains("ioctl"), "{stderr}");
    let output = armlet(&["strace", "-c"], "hello", &[]);
    let table = text(&output.stderr);
    let row = |name: &str| table.lines().find(|line| line.ends_with(name)).map(str::to_owned);
    assert!(table.starts_with("% time     seconds  usecs/call"), "{table}");
    assert!(row(" writev").is_some() && row(" total").is_some(), "{table}");
    // calls and errors: a terminal is asked for, and is not there.
    let ioctl = row(" ioctl").expect("it has one");
    assert!(ioctl.split_whitespace().skip(3).eq(["1", "1", "ioctl"]), "{ioctl}");
    let refused = armlet(&["strace", "-e", "trace=opne"], "hello", &[]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn system_calls_as_json() {
    let output = armlet(&["strace", "--json", "-e", "trace=write,writev"], "hello", &[]);
    let stderr = text(&output.stderr);
    let lines: Vec<serde_json::Value> = stderr
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        (&lines[0]["call"], &lines[0]["number"], &lines[0]["result"]),
        (&"writev".into(), &66.into(), &14.into())
    );
    assert_eq!((&lines[1]["end"], &lines[1]["value"]), (&"exited".into(), &0.into()));
}

#[test]
fn the_translation_shows_numbers_flags_and_structures() {
    let directory = scratch("translation");
    let mut command = Command::new(ARMLET);
    command.env_clear().current_dir(&directory);
    command
        .args(["strace", "--translation", "-e", "trace=%file,fstat,write"])
        .arg(guest("files"));
    let stderr = text(&command.output().expect("armlet starts").stderr);
    // arm64's O_LARGEFILE has another bit, openat and write other numbers.
    assert!(stderr.contains("guest 56 -> x86-64 257 (openat)"), "{stderr}");
    assert!(stderr.contains("guest 64 -> x86-64 1 (write)"), "{stderr}");
    assert!(stderr.contains("O_LARGEFILE: 0x20000 -> 0x8000"), "{stderr}");
    assert!(
        stderr.contains("struct stat: x86-64, 144 bytes") && stderr.contains("struct stat: arm64, 128 bytes"),
        "{stderr}"
    );
}

#[test]
fn each_process_can_have_its_own_trace_of_calls() {
    let directory = scratch("calls");
    let file = directory.join("%p.txt");
    let file = file.to_str().expect("UTF-8");
    armlet(&["strace", "-o", file], "processes", &[]);
    assert!(fs::read_dir(&directory).expect("the directory").count() > 3);
    let one = scratch("one").join("trace.txt");
    armlet(
        &["strace", "--no-follow", "-ttt", "-o", one.to_str().expect("UTF-8")],
        "processes",
        &[],
    );
    let one = fs::read_to_string(one).expect("the trace");
    let numbers: std::collections::BTreeSet<&str> = one
        .lines()
        .filter(|line| line.starts_with("[pid"))
        .map(|line| &line[..12])
        .collect();
    assert_eq!(numbers.len(), 1, "{one}");
}

/// A program with names, from assembler text, made by that compiler.
fn assembled(name: &str, compiler: &str, source: &str) -> PathBuf {
    let directory = scratch(name);
    let path = directory.join(name);
    fs::write(directory.join("source.s"), source).expect("the source");
    let status = Command::new(compiler)
        .args(["-nostdlib", "-static", "-o"])
        .arg(&path)
        .arg(directory.join("source.s"))
        .status();
    assert!(status.expect(compiler).success());
    path
}

/// A process ends with its last thread, whether by `exit` or by `exit_group`.
#[test]
#[ignore = "needs aarch64-linux-gnu-gcc"]
fn the_end_of_the_last_thread_is_the_end() {
    let source = ".global _start\n_start: mov x0, #5\nmov x8, #93\nsvc #0\n";
    let program = assembled("exit", "aarch64-linux-gnu-gcc", source);
    for (words, expected) in [
        (&["trace"][..], "--- exited 5 ---"),
        (&["strace"], "+++ exited with 5 +++"),
        (&["stats"], "exited 5"),
    ] {
        let output = Command::new(ARMLET)
            .args(words)
            .arg(&program)
            .output()
            .expect("armlet starts");
        assert_eq!(output.status.code(), Some(5));
        assert_eq!(
            text(&output.stderr).matches(expected).count(),
            1,
            "{}",
            text(&output.stderr)
        );
    }
    // Of several threads, the last one tells.
    let stderr = text(&armlet(&["strace"], "threads", &[]).stderr);
    assert_eq!(stderr.matches("+++ exited with 0 +++").count(), 1, "{stderr}");
}
