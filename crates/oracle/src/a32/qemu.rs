//! qemu-arm as the judge of what instructions do: builds guest/harness_a32.c with the cross compiler and feeds it cases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::case::{Case, MAX_HALFWORDS, Observed};

/// `sizeof (struct input)` and `sizeof (struct output)` of the harness. Behind an output are the changed words.
const INPUT: usize = 64 + 256 + 16 + 2 * MAX_HALFWORDS;
const OUTPUT: usize = 80 + 256 + 8;

/// The harness, built and ready.
pub struct Qemu {
    harness: PathBuf,
}

fn encode(case: &Case, to: &mut Vec<u8>) {
    let start = to.len();
    case.r
        .iter()
        .chain([&case.cpsr])
        .for_each(|word| to.extend(word.to_le_bytes()));
    case.d.iter().for_each(|d| to.extend(d.to_le_bytes()));
    for word in [case.fpscr, case.halfwords.len() as u32, case.watch.into(), 0] {
        to.extend(word.to_le_bytes());
    }
    for index in 0..MAX_HALFWORDS {
        to.extend(case.halfwords.get(index).copied().unwrap_or(0).to_le_bytes());
    }
    debug_assert_eq!(to.len() - start, INPUT);
}

/// Takes an output off the front of what the harness has written; `None` if it is not all there.
fn take(output: &mut &[u8]) -> Option<Observed> {
    let bytes = *output;
    let word = |index: usize| {
        let bytes = bytes.get(4 * index..4 * index + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let changes = 20 + 64;
    let count = word(changes)? as usize;
    *output = bytes.get(OUTPUT + 8 * count..)?;
    let word = |index: usize| word(index).unwrap_or_default();
    let double = |index: usize| u64::from(word(index + 1)) << 32 | u64::from(word(index));
    let signal = word(0);
    Some(Observed {
        signal,
        address: if matches!(signal, 7 | 11) { word(1) } else { 0 },
        r: std::array::from_fn(|n| word(2 + n)),
        pc: word(17),
        cpsr: word(18),
        fpscr: word(19),
        d: std::array::from_fn(|n| double(20 + 2 * n)),
        changes: (0..count)
            .map(|n| (word(changes + 2 + 2 * n), word(changes + 3 + 2 * n)))
            .collect(),
    })
}

impl Qemu {
    /// Builds the harness in `folder` (a build directory). Fails when the cross compiler or qemu is missing.
    pub fn new(folder: &Path) -> anyhow::Result<Qemu> {
        let harness = folder.join(format!("harness-a32-{}", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/harness_a32.c");
        let status = Command::new("arm-linux-gnueabihf-gcc")
            .args([
                "-O2",
                "-static",
                "-Wall",
                "-marm",
                "-Wl,-Ttext-segment=0x70000000",
                "-o",
            ])
            .args([&harness, &source])
            .status()
            .context("cannot run arm-linux-gnueabihf-gcc: install gcc-arm-linux-gnueabihf")?;
        ensure!(status.success(), "the harness does not compile");
        Ok(Qemu { harness })
    }

    /// What the cases do under qemu-arm, in order; `None` for a case that ends the harness.
    pub fn observe(&self, cases: &[Case]) -> anyhow::Result<Vec<Option<Observed>>> {
        let mut observed = Vec::with_capacity(cases.len());
        while observed.len() < cases.len() {
            observed.extend(self.run(&cases[observed.len()..])?.into_iter().map(Some));
            if observed.len() < cases.len() {
                observed.push(None);
            }
        }
        Ok(observed)
    }

    /// The same of the first cases, up to one that ends the harness.
    fn run(&self, cases: &[Case]) -> anyhow::Result<Vec<Observed>> {
        let mut input = Vec::with_capacity(cases.len() * INPUT);
        cases.iter().for_each(|case| encode(case, &mut input));
        let (path_in, path_out) = (self.harness.with_extension("in"), self.harness.with_extension("out"));
        std::fs::write(&path_in, input)?;
        let status = Command::new("qemu-arm")
            .args(["-cpu", "max"])
            .arg(&self.harness)
            .stdin(File::open(&path_in)?)
            .stdout(File::create(&path_out)?)
            .status()
            .context("cannot run qemu-arm: install qemu-user")?;
        let output = std::fs::read(&path_out)?;
        let mut rest = output.as_slice();
        let observed: Vec<_> = std::iter::from_fn(|| take(&mut rest)).collect();
        ensure!(
            observed.len() < cases.len() || status.success() && rest.is_empty(),
            "the harness ended with {status} after its last case"
        );
        Ok(observed)
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
