//! The views of a running program: statistics and traces. That they are right is judged by what is known otherwise: by counting with
//! another engine, and by the program's own words.

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

/// Two functions of which one has three times the work of the other, in one thread.
const TWO_FUNCTIONS: &str = "
    .type spin, %function
    spin: sub x0, x0, #1
        cbnz x0, spin
        ret
        .size spin, .-spin
    .type long_one, %function
    long_one: stp x29, x30, [sp, #-16]!
        mov x29, sp
        movz x0, #0x8f0d, lsl #16
        bl spin
        ldp x29, x30, [sp], #16
        ret
        .size long_one, .-long_one
    .type short_one, %function
    short_one: stp x29, x30, [sp, #-16]!
        mov x29, sp
        movz x0, #0x2faf, lsl #16
        bl spin
        ldp x29, x30, [sp], #16
        ret
        .size short_one, .-short_one
    .global _start
    .type _start, %function
    _start: mov x29, #0
        bl long_one
        bl short_one
        mov x0, #0
        mov x8, #93
        svc #0
        .size _start, .-_start
";

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

/// The counts of folded stacks.
fn folded_stacks(path: &str) -> Vec<(String, u64)> {
    let text = fs::read_to_string(path).expect("folded stacks");
    let line = |line: &str| {
        let (stack, count) = line.rsplit_once(' ').expect("a stack and a count");
        (stack.to_owned(), count.parse().expect("a number"))
    };
    text.lines().map(line).collect()
}

#[test]
#[ignore = "needs aarch64-linux-gnu-gcc and valgrind's callgrind_annotate"]
fn a_profile_finds_where_the_time_goes() {
    for (engine, divide) in [("auto", 1_u32), ("jit", 1), ("interp", 32)] {
        // The interpreter has a fraction of the work.
        let source = TWO_FUNCTIONS
            .replace("0x8f0d", &(0x8f0d / divide).to_string())
            .replace("0x2faf", &(0x2faf / divide).to_string());
        let program = assembled("two_functions", "aarch64-linux-gnu-gcc", &source);
        let directory = scratch("profile");
        let path = |name: &str| directory.join(name).to_str().expect("UTF-8").to_owned();
        let (text_file, folded, callgrind) = (path("text"), path("folded"), path("callgrind"));
        let output = Command::new(ARMLET)
            .args(["profile", "--engine", engine, "-o", &text_file, "--folded", &folded])
            .args(["--callgrind", &callgrind])
            .arg(&program)
            .output();
        let output = output.expect("armlet starts");
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
        let report = fs::read_to_string(&text_file).expect("the profile");
        let samples = report
            .split(": ")
            .nth(2)
            .and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        let samples = samples.expect(&report);
        assert!(samples > 100, "{report}");
        assert!(
            report.contains(if engine == "interp" {
                " 0.0 % in translated"
            } else {
                "% in translated"
            }),
            "{report}"
        );
        let first = report.lines().nth(3).expect("the hottest function");
        assert!(first.contains(" spin ("), "{report}");
        assert!(report.contains("spin+0x0"), "{report}");
        let stacks = folded_stacks(&folded);
        assert_eq!(stacks.iter().map(|(_, count)| count).sum::<u64>(), samples);
        let of = |wanted: &str| {
            stacks
                .iter()
                .filter(|(stack, _)| stack == wanted)
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let (long, short) = (of("_start;long_one;spin"), of("_start;short_one;spin"));
        assert!((long + short) * 10 > samples * 9, "{stacks:?}");
        let share = long as f64 / (long + short) as f64;
        assert!((0.70..0.80).contains(&share), "{share}: {stacks:?}");
        let annotated = Command::new("callgrind_annotate")
            .args(["--inclusive=yes", "--tree=caller"])
            .arg(&callgrind)
            .output();
        let annotated = text(&annotated.expect("callgrind_annotate").stdout);
        let total = annotated
            .lines()
            .find(|line| line.ends_with("PROGRAM TOTALS"))
            .expect(&annotated);
        assert_eq!(
            total.replace(',', "").split_whitespace().next(),
            Some(samples.to_string().as_str())
        );
        let started = annotated
            .lines()
            .find(|line| line.contains("* ") && line.contains(":long_one ["))
            .expect(&annotated);
        let inclusive: u64 = started
            .replace(',', "")
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .expect(started);
        let with_callees: u64 = stacks
            .iter()
            .filter(|(stack, _)| stack.contains("long_one"))
            .map(|(_, count)| count)
            .sum();
        assert_eq!(inclusive, with_callees, "{annotated}");
    }
}

/// The same in T32 and A32: two functions that call nothing.
const TWO_FUNCTIONS_A32: &str = "
    .syntax unified
    .thumb
    .type long_one, %function
    long_one: movs r0, #0
        movt r0, #LONG
    1: subs r0, #1
        bne 1b
        bx lr
        .size long_one, .-long_one
    .arm
    .type short_one, %function
    short_one: mov r0, #0
        movt r0, #SHORT
    2: subs r0, r0, #1
        bne 2b
        bx lr
        .size short_one, .-short_one
    .global _start
    .type _start, %function
    _start: blx long_one
        bl short_one
        mov r0, #0
        mov r7, #1
        svc #0
        .size _start, .-_start
";

#[test]
#[ignore = "needs arm-linux-gnueabihf-gcc"]
fn an_aarch32_program_is_profiled() {
    for (engine, divide) in [("auto", 1_u32), ("jit", 1), ("interp", 32)] {
        let source = TWO_FUNCTIONS_A32
            .replace("LONG", &(0x5f5e / divide).to_string())
            .replace("SHORT", &(0x1fca / divide).to_string());
        let program = assembled("two_functions_a32", "arm-linux-gnueabihf-gcc", &source);
        let folded = scratch("profile_a32").join("folded");
        let folded = folded.to_str().expect("UTF-8");
        let output = Command::new(ARMLET)
            .args(["profile", "--engine", engine, "--folded", folded])
            .arg(&program)
            .output();
        let output = output.expect("armlet starts");
        let report = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{report}");
        assert!(
            report.contains("long_one+0x6") && report.contains("short_one+0x8"),
            "{report}"
        );
        let stacks = folded_stacks(folded);
        let of = |wanted: &str| {
            stacks
                .iter()
                .filter(|(stack, _)| stack == wanted)
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let (long, short) = (of("_start;long_one"), of("_start;short_one"));
        assert!(long + short > 50, "{report}{stacks:?}");
        let share = long as f64 / (long + short) as f64;
        assert!((0.70..0.80).contains(&share), "{share}: {stacks:?}");
    }
}

#[test]
fn threads_and_processes_are_profiled() {
    let directory = scratch("profile_threads");
    let path = |name: &str| directory.join(name).to_str().expect("UTF-8").to_owned();
    let (report, folded, callgrind) = (path("text"), path("folded"), path("callgrind"));
    for engine in ["auto", "interp"] {
        let words = [
            "profile",
            "--engine",
            engine,
            "-F",
            "2000",
            "-o",
            &report,
            "--folded",
            &folded,
            "--callgrind",
            &callgrind,
        ];
        for (program, arguments) in [("threads", &[][..]), ("processes", &[]), ("signals", &[])] {
            let plain = armlet(&["--engine", engine], program, arguments);
            let output = armlet(&words, program, arguments);
            assert_eq!(output.status, plain.status, "{program}");
            assert_eq!(text(&output.stderr), text(&plain.stderr), "{program}");
            if program != "signals" {
                assert_eq!(text(&output.stdout), text(&plain.stdout), "{program}");
            }
            let report = fs::read_to_string(&report).expect("the profile");
            let headings = report
                .lines()
                .filter(|line| line.starts_with("armlet: ") && line.contains(" samples ("));
            assert!(
                headings.count() >= if program == "processes" { 2 } else { 1 },
                "{report}"
            );
            let callgrind = fs::read_to_string(&callgrind).expect("a callgrind file");
            assert!(callgrind.starts_with("# callgrind format\n"));
        }
    }
}

#[test]
fn perf_finds_names_of_translated_code() {
    let directory = scratch("jitdump");
    let words = [
        "--perf-map",
        "--jitdump",
        directory.to_str().expect("UTF-8"),
        "--stats-json",
        "-",
    ];
    let output = armlet(&words, "nqueens", &["6"]);
    let stats = Stats::from_json(text(&output.stderr).trim()).expect("JSON");
    let path = format!("/tmp/perf-{}.map", stats.pid);
    let map = fs::read_to_string(&path).expect("the map");
    fs::remove_file(&path).expect("it is ours");
    assert_eq!(map.lines().count() as u64, stats.counts.regions);
    let mut ends = 0;
    let mut bytes = 0;
    for line in map.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [start, size, name] = words[..] else {
            panic!("{line}")
        };
        let number = |text| u64::from_str_radix(text, 16).expect(line);
        assert!(number(start) >= ends && name.starts_with("guest_0x"), "{map}");
        ends = number(start) + number(size);
        bytes += number(size);
    }
    assert_eq!(bytes, stats.counts.host_bytes);
    // The dump: a header of 40 bytes, then pairs of records, each with its size.
    let dump = fs::read(directory.join(format!("jit-{}.dump", stats.pid))).expect("the dump");
    let word = |at: usize| u32::from_le_bytes(dump[at..at + 4].try_into().expect("4 bytes"));
    assert_eq!([word(0), word(4), word(8), word(12)], [0x4a69_5444, 1, 40, 62]);
    let (mut at, mut loads) = (40, 0);
    while at < dump.len() {
        loads += u64::from(word(at) == 0);
        at += word(at + 4) as usize;
    }
    assert_eq!((at, loads), (dump.len(), stats.counts.regions));
    let listing = fs::read_to_string(directory.join(format!("jit-{}.s", stats.pid))).expect("the listing");
    assert!(listing.lines().any(|line| line.contains(":  cmp ")), "{listing}");
}

#[test]
#[ignore = "needs Linux perf, and a kernel that lets it count"]
fn perf_reports_functions_of_the_guest() {
    let program = assembled("for_perf", "aarch64-linux-gnu-gcc", TWO_FUNCTIONS);
    let directory = scratch("perf");
    let counts = Command::new("perf")
        .args(["stat", "-e", "cpu-clock:u", "true"])
        .output()
        .expect("perf is installed");
    if !counts.status.success() || text(&counts.stderr).contains("<not supported>") {
        eprintln!(
            "not tested: the kernel does not let perf count: {}",
            text(&counts.stderr)
        );
        return;
    }
    let run = |words: &[&str]| {
        let output = Command::new("perf")
            .current_dir(&directory)
            .args(words)
            .output()
            .expect("perf");
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let program = program.to_str().expect("UTF-8");
    let record = [
        "record",
        "-q",
        "-e",
        "cpu-clock:u",
        "-k",
        "mono",
        "-o",
        "perf.data",
        ARMLET,
    ];
    run(&[&record[..], &["--perf-map", "--jitdump", ".", program]].concat());
    let report = |file: &str| run(&["report", "-q", "--stdio", "-i", file, "--sort", "sym"]);
    let share = |report: &str| -> f64 {
        let line = report
            .lines()
            .find(|line| line.contains(" spin"))
            .unwrap_or_else(|| panic!("{report}"));
        line.split('%')
            .next()
            .and_then(|share| share.trim().parse().ok())
            .expect(line)
    };
    let by_map = report("perf.data");
    assert!(share(&by_map) > 80.0, "{by_map}");
    run(&["inject", "--jit", "-i", "perf.data", "-o", "perf.jit.data"]);
    let by_dump = report("perf.jit.data");
    assert!(share(&by_dump) > 80.0, "{by_dump}");
    for entry in fs::read_dir("/tmp").expect("/tmp").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("perf-") && fs::read_to_string(entry.path()).is_ok_and(|map| map.contains(" short_one")) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
