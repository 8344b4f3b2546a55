//! `armlet profile`: programs whose split of the time is known, and what other tools read of it (callgrind_annotate, Linux perf).

use std::fs;
use std::process::Command;

use armlet_observe::Stats;

use super::{ARMLET, armlet, assembled, scratch, text};

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

/// The counts of folded stacks.
pub fn folded_stacks(path: &str) -> Vec<(String, u64)> {
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
