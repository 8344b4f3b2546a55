//! Call stacks of AArch32 programs, which are followed by their tables for exceptions: in profiles and in the report of a fault.

use std::path::PathBuf;
use std::process::Command;

use super::profile::folded_stacks;
use super::{ARMLET, scratch, text};

/// A leaf, a function that saves its registers, one with a frame pointer whose stack pointer moves, and enough registers to be saved by VPUSH.
const SOURCE: &str = "
    #include <stdlib.h>
    #define KEEP __attribute__((noinline, noclone))
    KEEP unsigned spin(unsigned n) { unsigned x = n; while (n--) x = x * 1664525 + 1013904223; return x; }
    KEEP int leaf(int *p) { return *p; }
    KEEP int saved(unsigned n) { return n ? spin(n) + 1 : leaf((int *)0) + 1; }
    KEEP double floats(unsigned n, double a, double b) { double c = a * b; return saved(n) + c + a; }
    KEEP int moving(unsigned n) {
        volatile char *p = __builtin_alloca((n & 255) + 1);
        p[0] = n;
        return (int)floats(n, n, 2 * n) + p[0];
    }
    int main(int count, char **words) { return moving(atoi(words[1])) == 1; }
";

fn compiled(name: &str, compiler: &str, set: &str) -> PathBuf {
    let directory = scratch(name);
    let path = directory.join(name);
    let source = directory.join("source.c");
    std::fs::write(&source, SOURCE).expect("the source");
    let status = Command::new(compiler)
        .args(["-O2", "-static", "-funwind-tables", set, "-o"])
        .arg(&path)
        .arg(source)
        .status();
    assert!(status.expect(compiler).success());
    path
}

#[test]
#[ignore = "needs arm-linux-gnueabihf-gcc and arm-linux-gnueabi-gcc"]
fn stacks_of_aarch32_are_followed() {
    for (name, compiler, set) in [
        ("stack-arm", "arm-linux-gnueabihf-gcc", "-marm"),
        ("stack-thumb", "arm-linux-gnueabihf-gcc", "-mthumb"),
        ("stack-armel", "arm-linux-gnueabi-gcc", "-marm"),
    ] {
        let program = compiled(name, compiler, set);
        for (engine, rounds) in [("auto", "100000000"), ("jit", "100000000"), ("interp", "5000000")] {
            let folded = scratch("stacks").join("folded");
            let folded = folded.to_str().expect("UTF-8");
            let output = Command::new(ARMLET)
                .args(["profile", "--engine", engine, "--folded", folded])
                .args([program.as_os_str(), rounds.as_ref()])
                .output();
            let stacks = folded_stacks(folded);
            assert!(output.expect("armlet starts").status.success(), "{name} {engine}");
            // (A busy machine shows some of the start, too.)
            let inside = stacks
                .iter()
                .filter(|(stack, _)| stack.rsplit(';').next() == Some("spin"));
            let all: u64 = inside.map(|(_, count)| count).sum();
            let whole: u64 = stacks
                .iter()
                .filter(|(stack, _)| stack.starts_with("_start;") && stack.ends_with(";main;moving;floats;saved;spin"))
                .map(|(_, count)| count)
                .sum();
            assert!(all > 20 && whole * 10 > all * 9, "{name} {engine}: {stacks:?}");
        }
        for engine in ["auto", "jit", "interp"] {
            let output = Command::new(ARMLET)
                .args(["--engine", engine])
                .args([program.as_os_str(), "0".as_ref()])
                .output();
            let report = text(&output.expect("armlet starts").stderr);
            let backtrace: Vec<&str> = report
                .lines()
                .skip_while(|line| *line != "  backtrace:")
                .skip(1)
                .filter_map(|line| line.split_whitespace().nth(2)?.split('+').next())
                .take(6)
                .collect();
            assert_eq!(
                backtrace,
                ["leaf", "saved", "floats", "moving", "main", "__libc_start_call_main"],
                "{name} {engine}: {report}"
            );
        }
    }
}
