//! qemu-aarch64 as the judge of what instructions do: builds guest/harness.c with the cross compiler and feeds it cases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::case::{Case, MAX_WORDS, Observed};

const MAX_CHANGES: usize = 40;
/// `sizeof (struct input)` and `sizeof (struct output)` of the harness.
const INPUT: usize = 256 + 512 + 16 + 4 * MAX_WORDS + 16;
const OUTPUT: usize = 24 + 248 + 16 + 8 + 8 + 512 + 16 + 16 * MAX_CHANGES;

/// The harness, built and ready.
pub struct Qemu {
    harness: PathBuf,
}

fn put(to: &mut Vec<u8>, value: u64) {
    to.extend(value.to_le_bytes());
}

fn encode(case: &Case, to: &mut Vec<u8>) {
    let start = to.len();
    case.x.iter().for_each(|&x| put(to, x));
    put(to, case.sp);
    case.v.iter().for_each(|v| to.extend(v.to_le_bytes()));
    for word in [case.nzcv, case.fpcr, case.fpsr, case.words.len() as u32] {
        to.extend(word.to_le_bytes());
    }
    for index in 0..MAX_WORDS {
        to.extend(case.words.get(index).copied().unwrap_or(0).to_le_bytes());
    }
    put(to, case.watch.into());
    put(to, 0);
    debug_assert_eq!(to.len() - start, INPUT);
}

/// Reads the fields of an output record in order.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a record has its full size");
        self.0 = rest;
        *head
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

fn decode(record: &[u8]) -> Observed {
    let mut from = Reader(record);
    let (signal, address, pc) = (from.u64(), from.u64(), from.u64());
    let x = std::array::from_fn(|_| from.u64());
    let (sp, nzcv) = (from.u64(), from.u64() as u32);
    let (fpcr, fpsr) = (u32::from_le_bytes(from.take()), u32::from_le_bytes(from.take()));
    // The vectors are 16-aligned in the structure.
    from.take::<8>();
    let v = std::array::from_fn(|_| u128::from_le_bytes(from.take()));
    let count = from.u64() as usize;
    from.u64();
    let changes = (0..count).map(|_| (from.u64(), from.u64())).collect();
    let address = if matches!(signal, 7 | 11) { address } else { 0 };
    Observed {
        signal,
        address,
        pc,
        x,
        sp,
        v,
        nzcv,
        fpcr,
        fpsr,
        changes,
    }
}

impl Qemu {
    /// Builds the harness in `folder` (a build directory). Fails when the cross compiler or qemu is missing.
    pub fn new(folder: &Path) -> anyhow::Result<Qemu> {
        let harness = folder.join(format!("harness-{}", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/harness.c");
        let status = Command::new("aarch64-linux-gnu-gcc")
            .args(["-O2", "-static", "-Wall", "-o"])
            .args([&harness, &source])
            .status()
            .context("cannot run aarch64-linux-gnu-gcc: install gcc-aarch64-linux-gnu")?;
        ensure!(status.success(), "the harness does not compile");
        Ok(Qemu { harness })
    }

    /// What the cases do under qemu-aarch64, in order.
    pub fn observe(&self, cases: &[Case]) -> anyhow::Result<Vec<Observed>> {
        let mut input = Vec::with_capacity(cases.len() * INPUT);
        cases.iter().for_each(|case| encode(case, &mut input));
        let (path_in, path_out) = (self.harness.with_extension("in"), self.harness.with_extension("out"));
        std::fs::write(&path_in, input)?;
        // Without SVE, whose record in the signal frame would take the place of the FPSIMD registers.
        let status = Command::new("qemu-aarch64")
            .args(["-cpu", "max,sve=off,sme=off"])
            .arg(&self.harness)
            .stdin(File::open(&path_in)?)
            .stdout(File::create(&path_out)?)
            .status()
            .context("cannot run qemu-aarch64: install qemu-user")?;
        let output = std::fs::read(&path_out)?;
        ensure!(
            status.success() && output.len() == cases.len() * OUTPUT,
            "the harness ended with {status} after {} of {} cases",
            output.len() / OUTPUT,
            cases.len()
        );
        Ok(output.chunks(OUTPUT).map(decode).collect())
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        for extension in ["", "in", "out"] {
            // Nothing is lost when a temporary file cannot be removed.
            let _ = std::fs::remove_file(self.harness.with_extension(extension));
        }
    }
}
