//! A thousand runs of a dynamic program that forks, threads and takes signals, each with other addresses: what depends on where things
//! happen to lie fails now and then, and not here. And a program of ThreadSanitizer's, which insists on where they lie.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The runs, over both machines.
const RUNS: usize = 1000;
const WORKERS: usize = 2;
/// The compiler, and where its libraries are.
const MACHINES: [(&str, &str); 2] = [
    ("aarch64-linux-gnu-gcc", "/usr/aarch64-linux-gnu"),
    ("arm-linux-gnueabihf-gcc", "/usr/arm-linux-gnueabihf"),
];

#[test]
#[ignore = "needs the cross compilers, and runs a thousand programs"]
fn a_thousand_layouts() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/layout.c");
    for (compiler, _) in MACHINES {
        let mut compile = Command::new(compiler);
        compile
            .args(["-O2", "-pthread", "-o"])
            .arg(scratch.join(compiler))
            .arg(&source);
        assert!(compile.status().expect(compiler).success(), "{compiler}");
    }
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= RUNS {
                return;
            }
            let (compiler, libraries) = MACHINES[number % MACHINES.len()];
            let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
            let output = command.args(["-L", libraries]).arg(scratch.join(compiler)).output();
            let output = output.expect("armlet");
            assert!(
                output.status.success() && output.stdout == b"ok\n",
                "run {number}, {compiler}: {:?}\n{}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
}

#[test]
#[ignore = "needs a cross compiler"]
fn thread_sanitizer_finds_a_race() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (scratch.join("race.c"), scratch.join("race"));
    let text = "#include <pthread.h>\nint x; void *f(void *p) { x++; return p; }\n\
                int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); x++; return pthread_join(t, 0); }\n";
    std::fs::write(&source, text).expect("a file");
    let (compiler, libraries) = MACHINES[0];
    let mut compile = Command::new(compiler);
    compile
        .args(["-g", "-fsanitize=thread", "-o"])
        .arg(&program)
        .arg(&source);
    assert!(compile.status().expect(compiler).success(), "{compiler}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    let output = command.args(["-L", libraries]).arg(&program).output().expect("armlet");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("WARNING: ThreadSanitizer: data race"), "{stderr}");
    assert_eq!(output.status.code(), Some(66), "{stderr}");
}
