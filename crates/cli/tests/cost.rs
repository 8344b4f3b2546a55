//! What is not asked for costs nothing: counted by callgrind, a guest instruction takes as many host instructions in armlet, with all views
//! compiled in and off, as in an engine that knows of none.
//!
//! Counted is the difference between a long and a short run of a loop, so that start and end do not matter.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use armlet_cpu::a64::State;
use armlet_interpreter::a64::{BlockCache, run};
use armlet_jit::{Jit, Thread};

/// add x1, x1, x0; eor x2, x2, x1, lsr #3; subs x0, x0, #1; b.ne -12; svc #0.
const LOOP: [u32; 5] = [0x8b00_0021, 0xca41_0c42, 0xf100_0400, 0x54ff_ffa1, 0xd400_0001];
const SHORT: u64 = 20_000;
/// So much longer that what start and end cost, which is not quite the same in every run, is lost in it.
const LONG: u64 = 820_000;
/// Engine and count for [`bare`], which is this test's own binary under callgrind.
const VARIABLE: &str = "ARMLET_TEST_BARE_LOOP";

fn scratch() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cost");
    std::fs::create_dir_all(&directory).expect("a scratch directory");
    directory
}

/// The loop as a program of its own.
fn program(count: u64) -> PathBuf {
    let (source, path) = (scratch().join(format!("{count}.s")), scratch().join(count.to_string()));
    let words: Vec<String> = LOOP[..4].iter().map(|word| format!(".inst {word:#x}")).collect();
    let text = format!(
        ".global _start\n_start: ldr x0, ={count}\n{}\nmov x0, #0\nmov x8, #93\nsvc #0\n",
        words.join("\n")
    );
    std::fs::write(&source, text).expect("the source");
    let status = Command::new("aarch64-linux-gnu-gcc")
        // valgrind itself has the usual place.
        .args(["-nostdlib", "-static", "-Wl,-Ttext-segment=0x1000000", "-o"])
        .args([&path, &source])
        .status();
    assert!(status.expect("aarch64-linux-gnu-gcc").success());
    path
}

/// Host instructions of a command.
fn instructions(name: &str, command: &[&str], variable: &str) -> u64 {
    let output = scratch().join(format!("callgrind-{name}"));
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--smc-check=all"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .args(command)
        .env(VARIABLE, variable)
        .output()
        .expect("valgrind");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    count.and_then(|(_, count)| count.trim().parse().ok()).expect(&said)
}

/// Host instructions for each turn of the loop.
fn per_turn(name: &str, run: impl Fn(u64, &str) -> u64) -> f64 {
    let (short, long) = (run(SHORT, &format!("{name}-short")), run(LONG, &format!("{name}-long")));
    (long - short) as f64 / (LONG - SHORT) as f64
}

#[test]
#[ignore = "needs valgrind and aarch64-linux-gnu-gcc"]
fn what_is_off_costs_nothing() {
    let own = std::env::current_exe().expect("this test's binary");
    let own = own.to_str().expect("UTF-8");
    for engine in ["interp", "jit"] {
        let armlet = |flags: &[&str], count: u64, name: &str| {
            let program = program(count);
            let choice = ["--no-aslr", "--engine", engine];
            let words = choice.iter().chain(flags).copied();
            let command: Vec<&str> = [env!("CARGO_BIN_EXE_armlet")]
                .into_iter()
                .chain(words)
                .chain(program.to_str())
                .collect();
            instructions(name, &command, "")
        };
        let off = per_turn(&format!("off-{engine}"), |count, name| armlet(&[], count, name));
        let bare = per_turn(&format!("bare-{engine}"), |count, name| {
            let words = [own, "--exact", "bare", "--ignored", "--test-threads=1"];
            instructions(name, &words, &format!("{engine} {count}"))
        });
        let counted = per_turn(&format!("stats-{engine}"), |count, name| {
            armlet(&["--stats=/dev/null"], count, name)
        });
        println!("{engine}: {off:.3} host instructions per turn, bare {bare:.3}, with --stats {counted:.3}");
        assert!((off - bare).abs() <= 0.005 * bare, "{engine}: {off} is not {bare}");
        // The measurement can tell the difference.
        assert!(counted > off * 1.02, "{engine}: {counted} and {off}");
    }
}

/// An engine without a runtime around it.
#[test]
#[ignore = "is run by the other test"]
fn bare() {
    let Some((engine, count)) = std::env::var(VARIABLE).ok().and_then(|text| {
        let (engine, count) = text.split_once(' ')?;
        Some((engine.to_owned(), count.parse().ok()?))
    }) else {
        return;
    };
    armlet_memory::fault::prepare();
    let code = Box::leak(Box::new(LOOP));
    let mut cpu = State {
        pc: code.as_ptr() as u64,
        ..State::default()
    };
    cpu.set_x(0, count);
    let mut fetch = |address: u64| armlet_memory::load::<u32>(address);
    let attention = AtomicU32::new(0);
    match &*engine {
        "interp" => _ = run(&mut cpu, &mut BlockCache::new(), &mut fetch, &attention),
        _ => {
            let jit = Arc::new(Jit::new().expect("an arena"));
            armlet_jit::install_fault_handler(Arc::clone(&jit)).expect("a handler");
            Thread::new(jit, 0).run(&mut cpu, &mut fetch, &attention);
        }
    }
    assert_eq!(cpu.x(0), 0);
}
