//! Judging by `qemu-aarch64`: real instructions run on given registers. A test is a list of [`Case`]s: the text of an
//! instruction beside the function that must do the same.

use armlet_cpu::fp::FpEnv;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

/// What an instruction sees. Instructions are written with d = 0, n = 1, m = 2, a = 3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input {
    pub fpcr: u32,
    pub fpsr: u32,
    /// V0 to V3.
    pub v: [u128; 4],
    /// X1.
    pub x: u64,
}

/// What an instruction leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// V0.
    pub v: u128,
    /// X0, which was zero before.
    pub x: u64,
    pub fpsr: u32,
    /// N, Z, C, V in bits 3 to 0; they were zero before.
    pub nzcv: u8,
}

/// What the function under test returns; registers that it does not name keep their value.
pub enum Result {
    Vector(u128),
    General(u64),
    Nzcv(u8),
    GeneralAndZ(u64, bool),
}

/// An instruction and its meaning.
pub struct Case {
    pub text: String,
    pub inputs: Rc<[Input]>,
    pub ours: Box<Ours>,
}

/// The function under test.
pub type Ours = dyn Fn(&Input, &mut FpEnv) -> Result;

/// Runs all cases in the judge and in our functions; panics with a list of the differences.
pub fn judge(name: &str, cases: &[Case]) {
    let program = build(name, cases);
    let mut report = String::new();
    for (index, case) in cases.iter().enumerate() {
        let outputs = run(&program, index, &case.inputs);
        assert_eq!(outputs.len(), case.inputs.len(), "{}: the judge ended early", case.text);
        let differences: Vec<_> = case
            .inputs
            .iter()
            .zip(outputs)
            .filter(|(input, theirs)| ours(case, input) != *theirs)
            .collect();
        if let Some((input, theirs)) = differences.first() {
            let count = differences.len();
            let ours = ours(case, input);
            writeln!(
                report,
                "{}: {count} of {}, first {input:x?}",
                case.text,
                case.inputs.len()
            )
            .unwrap();
            writeln!(report, "    ours   {ours:x?}\n    theirs {theirs:x?}").unwrap();
        }
    }
    assert!(report.is_empty(), "differences:\n{report}");
}

fn ours(case: &Case, input: &Input) -> Output {
    let mut env = FpEnv::new(input.fpcr, input.fpsr);
    let mut output = Output {
        v: input.v[0],
        ..Output::default()
    };
    match (case.ours)(input, &mut env) {
        Result::Vector(v) => output.v = v,
        Result::General(x) => output.x = x,
        Result::Nzcv(nzcv) => output.nzcv = nzcv,
        Result::GeneralAndZ(x, z) => (output.x, output.nzcv) = (x, u8::from(z) << 2),
    }
    output.fpsr = env.fpsr;
    output
}

/// Assembles and links the judge with one stub per case.
fn build(name: &str, cases: &[Case]) -> PathBuf {
    let mut source = include_str!("judge.s").to_owned();
    for case in cases {
        writeln!(source, "        {}\n        ret", case.text).unwrap();
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (assembly, program) = (directory.join(format!("{name}.s")), directory.join(name));
    std::fs::write(&assembly, source).unwrap();
    let status = Command::new("aarch64-linux-gnu-gcc")
        .args(["-nostdlib", "-static", "-o"])
        .args([&program, &assembly])
        .status()
        .expect("aarch64-linux-gnu-gcc is installed");
    assert!(status.success(), "the judge does not assemble");
    program
}

/// Executes one stub on all inputs.
fn run(program: &Path, index: usize, inputs: &[Input]) -> Vec<Output> {
    let mut records = Vec::with_capacity(96 * inputs.len());
    for input in inputs {
        for word in [index as u32, input.fpcr, input.fpsr, 0] {
            records.extend(word.to_le_bytes());
        }
        for vector in input.v {
            records.extend(vector.to_le_bytes());
        }
        records.extend(u128::from(input.x).to_le_bytes());
    }
    let mut child = Command::new("qemu-aarch64")
        .args(["-cpu", "max"])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("qemu-aarch64 is installed");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let writer = std::thread::spawn(move || stdin.write_all(&records));
    let mut bytes = Vec::with_capacity(32 * inputs.len());
    stdout.read_to_end(&mut bytes).unwrap();
    writer.join().unwrap().expect("the judge reads all records");
    assert!(child.wait().unwrap().success(), "the judge failed");
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let output = |record: &[u8]| Output {
        v: u128::from_le_bytes(record[..16].try_into().unwrap()),
        x: u64::from_le_bytes(record[16..24].try_into().unwrap()),
        fpsr: word(&record[24..28]),
        nzcv: (word(&record[28..]) >> 28) as u8,
    };
    bytes.chunks_exact(32).map(output).collect()
}
