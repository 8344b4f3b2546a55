//! The views of a running program: statistics and traces. That they are right is judged by what is known otherwise: by counting with
//! another engine, and by the program's own words.

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
const STEADY: [(&str, &[&str]); 9] = [
    ("hello", &[]),
    ("nqueens", &["5"]),
    ("fp_edge", &[]),
    ("self_modifying", &[]),
    ("division", &["1000"]),
    ("crypto", &[]),
    ("bits", &["50"]),
    ("setjmp", &["50"]),
    ("fault", &["read-null"]),
];

#[test]
fn every_engine_counts_the_same_instructions() {
    for (program, arguments) in STEADY {
        let count = |engine: &str| {
            let stats = statistics(
                &format!("count-{program}-{engine}"),
                &["--engine", engine],
                program,
                arguments,
            );
            assert_eq!(stats.len(), 1, "{program}");
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
