//! The debugger, judged by the real gdb-multiarch on a program that the cross compiler makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const ARMLET: &str = env!("CARGO_BIN_EXE_armlet");

const SOURCE: &str = r#"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

volatile int counter;
volatile double quotient;
static void handler(int signal) { counter += 100; }
__attribute__((noinline)) int bump(int by) { counter += by; return counter; }
__attribute__((noinline)) double half(double value) { return value / 2; }
/* Whether the main thread sleeps. */
static int sleeps(void) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    char *end = fgets(text, sizeof text, file) ? strrchr(text, ')') : 0;
    fclose(file);
    return end && end[2] == 'S';
}
static void *work(void *argument) {
    /* Until it waits for this thread. */
    for (int seen = 0; seen < 3; seen = sleeps() ? seen + 1 : 0) usleep(20000);
    for (int i = 0; i < 3; i++) bump(1000);
    return argument;
}

int main(int count, char **arguments) {
    signal(SIGUSR1, handler);
    for (int i = 1; i <= 5; i++) bump(i);
    quotient = half(3.0);
    raise(SIGUSR1);
    if (count > 1 && !strcmp(arguments[1], "threads")) {
        pthread_t thread;
        pthread_create(&thread, 0, work, 0);
        pthread_join(thread, 0);
    }
    if (count > 1 && !strcmp(arguments[1], "loop")) for (;;) bump(0);
    if (count > 1 && !strcmp(arguments[1], "crash")) *(volatile int *)16 = 1;
    write(1, "done\n", 5);
    return counter == 115 ? 7 : 8;
}
"#;

/// Compilers and their flags.
const A64: [&str; 1] = ["aarch64-linux-gnu-gcc"];
const A32: [&str; 2] = ["arm-linux-gnueabihf-gcc", "-marm"];
const T32: [&str; 2] = ["arm-linux-gnueabihf-gcc", "-mthumb"];

/// A directory with the program in it.
fn program(name: &str, compiler: &[&str]) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a scratch directory");
    fs::write(directory.join("program.c"), SOURCE).expect("the source");
    let compiled = Command::new(compiler[0])
        .args(&compiler[1..])
        .args([
            "-g",
            "-O1",
            "-fno-inline",
            "-static",
            "-pthread",
            "-o",
            "program",
            "program.c",
        ])
        .current_dir(&directory)
        .status()
        .expect("the cross compiler");
    assert!(compiled.success());
    directory
}

/// The program under armlet, waiting for gdb at a socket beside it.
fn start(directory: &Path, words: &[&str], arguments: &[&str]) -> Child {
    let socket = directory.join("socket");
    let child = Command::new(ARMLET)
        .args(["--quiet-faults", "-g"])
        .arg(&socket)
        .args(words)
        .arg(directory.join("program"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("armlet starts");
    let start = Instant::now();
    while !socket.exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "no socket");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// What gdb prints for these commands, and how the program ended.
fn gdb(name: &str, words: &[&str], arguments: &[&str], commands: &[&str]) -> (String, Output) {
    gdb_of(&A64, name, words, arguments, commands)
}

/// The same, for a program of that compiler.
fn gdb_of(compiler: &[&str], name: &str, words: &[&str], arguments: &[&str], commands: &[&str]) -> (String, Output) {
    let directory = program(name, compiler);
    let child = start(&directory, words, arguments);
    let script = [
        "set pagination off",
        "set confirm off",
        "set width 0",
        "target remote socket",
    ];
    let script: Vec<&str> = script.iter().chain(commands).copied().collect();
    fs::write(directory.join("script"), script.join("\n")).expect("the script");
    let output = Command::new("timeout")
        .args(["60", "gdb-multiarch", "-nx", "-batch", "-x", "script", "program"])
        .current_dir(&directory)
        .output()
        .expect("gdb-multiarch");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let ended = child.wait_with_output().expect("armlet ends");
    (said, ended)
}

#[track_caller]
fn in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => panic!("{word:?} is not in its place in:\n{text}"),
        }
    }
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn breakpoints_steps_and_registers() {
    for engine in ["interp", "auto", "jit"] {
        let commands = [
            "handle SIGUSR1 nostop noprint pass",
            "info registers pc",
            "break bump",
            "continue",
            "print by",
            "backtrace",
            "finish",
            "continue",
            "print by",
            "stepi",
            "print counter",
            "delete",
            "break half",
            "continue",
            "print $d0",
            "print $v0.d.f[0]",
            "set var $d0 = 5.0",
            "delete",
            "break write",
            "continue",
            "print quotient",
            "print $fpsr",
            "print/x $tpidr != 0",
            "delete",
            "continue",
        ];
        let (said, ended) = gdb(&format!("break-{engine}"), &["--engine", engine], &[], &commands);
        in_order(
            &said,
            &[
                "pc ",
                "Breakpoint 1, bump (by=",
                "$1 = 1",
                "#0 ",
                "bump",
                "main",
                "Value returned is",
                "= 1",
                "Breakpoint 1, bump (by=",
                "= 2",
                "half (value=",
                "f = 3",
                "= 3",
                "write",
                "= 2.5",
                "exited with code 07",
            ],
        );
        assert_eq!(ended.status.code(), Some(7), "{said}");
        assert_eq!(ended.stdout, b"done\n");
    }
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn watchpoints_signals_and_system_calls() {
    let commands = [
        "watch counter",
        "continue",
        "continue",
        "delete",
        "continue",
        "catch syscall write",
        "continue",
        "continue",
        "delete",
        "continue",
    ];
    let (said, ended) = gdb("watch", &[], &[], &commands);
    in_order(
        &said,
        &[
            "Hardware watchpoint 1: counter",
            "Old value = 0",
            "New value = 1",
            "Old value = 1",
            "New value = 3",
            "received signal SIGUSR1",
            "call to syscall write",
            "returned from syscall write",
            "exited with code 07",
        ],
    );
    assert_eq!(ended.status.code(), Some(7));
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn threads_stop_together() {
    let commands = [
        "handle SIGUSR1 nostop noprint pass",
        "break bump if by == 1000",
        "continue",
        "info threads",
        "thread apply all print $sp != 0",
        "python print(gdb.execute('monitor threads', to_string=True))",
        "delete",
        "continue",
    ];
    let (said, ended) = gdb("threads", &[], &["threads"], &commands);
    in_order(
        &said,
        &[
            "bump (by=",
            "Thread ",
            "Thread ",
            "= 1",
            "= 1",
            // The main thread, which waits for the other.
            ", in a system call\n",
            ", stopped\n",
            "exited with code 010",
        ],
    );
    assert_eq!(ended.status.code(), Some(8));
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn history_goes_backwards() {
    let commands = [
        "break bump",
        "continue",
        "continue",
        "continue",
        "print counter",
        "print by",
        "reverse-continue",
        "print counter",
        "print by",
        "reverse-stepi",
        "print $_exitcode",
        "delete",
        "reverse-continue",
        "handle SIGUSR1 nostop noprint pass",
        "continue",
    ];
    let (said, ended) = gdb("history", &["--gdb-history", "100000"], &[], &commands);
    in_order(
        &said,
        &[
            "bump (by=",
            "= 3",
            "= 3",
            "bump (by=",
            "= 1",
            "= 2",
            "No more reverse-execution history",
            "exited with code 07",
        ],
    );
    assert_eq!(ended.status.code(), Some(7));
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn a_crash_stops_where_it_happens() {
    let commands = ["handle SIGUSR1 nostop noprint pass", "continue", "x/i $pc", "continue"];
    let (said, ended) = gdb("crash", &[], &["crash"], &commands);
    in_order(
        &said,
        &[
            "received signal SIGSEGV",
            "main",
            "str",
            "terminated with signal SIGSEGV",
        ],
    );
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(ended.status.signal(), Some(11));
}

#[test]
#[ignore = "needs gdb-multiarch and aarch64-linux-gnu-gcc"]
fn gdb_detaches_and_kills() {
    let commands = [
        "break bump",
        "continue",
        "info auxv",
        "python print(gdb.execute('monitor maps', to_string=True))",
        "info proc",
        "detach",
    ];
    let (said, ended) = gdb("detach", &[], &[], &commands);
    in_order(&said, &["bump (by=", "AT_ENTRY", "r-x", "detached"]);
    assert_eq!(
        (ended.status.code(), ended.stdout.as_slice()),
        (Some(7), &b"done\n"[..])
    );
    let (_, ended) = gdb("kill", &[], &["loop"], &["break bump", "continue", "kill"]);
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(ended.status.signal(), Some(9));
}

#[test]
#[ignore = "needs gdb-multiarch and arm-linux-gnueabihf-gcc"]
fn aarch32_breakpoints_steps_and_registers() {
    for (name, compiler) in [("a32", A32), ("t32", T32)] {
        for engine in ["interp", "auto", "jit"] {
            let commands = [
                "handle SIGUSR1 nostop noprint pass",
                "show architecture",
                "break bump",
                "continue",
                "print by",
                "print ($cpsr & 0x20) != 0",
                "backtrace",
                "finish",
                "continue",
                "print by",
                "stepi",
                "print counter",
                "next",
                "delete",
                "break half",
                "continue",
                "print $d0",
                "print $q0.f64[0]",
                "set var $q1.u64[1] = 77",
                "print $d3",
                "set var $d0 = 5.0",
                "delete",
                "break write",
                "continue",
                "print quotient",
                "print $fpscr",
                "print/x $tpidruro != 0",
                "delete",
                "continue",
            ];
            let (said, ended) = gdb_of(
                &compiler,
                &format!("break-{name}-{engine}"),
                &["--engine", engine],
                &[],
                &commands,
            );
            in_order(
                &said,
                &[
                    "\"arm",
                    "Breakpoint 1, bump (by=",
                    "$1 = 1",
                    if name == "t32" { "= 1" } else { "= 0" },
                    "#0 ",
                    "bump",
                    "main",
                    "Value returned is",
                    "= 1",
                    "Breakpoint 1, bump (by=",
                    "= 2",
                    "half (value=",
                    "= 3",
                    "= 3",
                    "e-322",
                    "write",
                    "= 2.5",
                    "exited with code 07",
                ],
            );
            assert_eq!(ended.status.code(), Some(7), "{said}");
            assert_eq!(ended.stdout, b"done\n");
        }
    }
}

#[test]
#[ignore = "needs gdb-multiarch and arm-linux-gnueabihf-gcc"]
fn aarch32_watchpoints_calls_threads_and_history() {
    for (name, compiler) in [("a32", A32), ("t32", T32)] {
        let commands = [
            "watch counter",
            "continue",
            "continue",
            "delete",
            "continue",
            "catch syscall write",
            "continue",
            "continue",
            "delete",
            "continue",
        ];
        let (said, ended) = gdb_of(&compiler, &format!("watch-{name}"), &[], &[], &commands);
        in_order(
            &said,
            &[
                "Hardware watchpoint 1: counter",
                "Old value = 0",
                "New value = 1",
                "Old value = 1",
                "New value = 3",
                "received signal SIGUSR1",
                "call to syscall write",
                "returned from syscall write",
                "exited with code 07",
            ],
        );
        assert_eq!(ended.status.code(), Some(7));
        let commands = [
            "handle SIGUSR1 nostop noprint pass",
            "break bump if by == 1000",
            "continue",
            "info threads",
            "python print(gdb.execute('monitor threads', to_string=True))",
            "delete",
            "continue",
        ];
        let (said, ended) = gdb_of(&compiler, &format!("threads-{name}"), &[], &["threads"], &commands);
        let threads = [
            "bump (by=",
            "Thread ",
            "Thread ",
            ", in a system call\n",
            ", stopped\n",
            "exited with code 010",
        ];
        in_order(&said, &threads);
        assert_eq!(ended.status.code(), Some(8));
        let commands = [
            "break bump",
            "continue",
            "continue",
            "continue",
            "print counter",
            "reverse-continue",
            "print counter",
            "print by",
            "reverse-stepi",
            "delete",
            "reverse-continue",
            "handle SIGUSR1 nostop noprint pass",
            "continue",
        ];
        let (said, ended) = gdb_of(
            &compiler,
            &format!("history-{name}"),
            &["--gdb-history", "100000"],
            &[],
            &commands,
        );
        let history = [
            "bump (by=",
            "= 3",
            "bump (by=",
            "= 1",
            "= 2",
            "No more reverse-execution history",
            "exited with code 07",
        ];
        in_order(&said, &history);
        assert_eq!(ended.status.code(), Some(7));
    }
}
