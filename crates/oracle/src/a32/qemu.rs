//! qemu-arm as the judge of what instructions do: builds guest/harness_a32.c with the cross compiler and feeds it cases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::case::{Case, MAX_HALFWORDS, Observed};

/// The changed words of the data that are looked at: the first ones.
pub const MAX_CHANGES: usize = 40;
/// `sizeof (struct input)` and `sizeof (struct output)` of the harness.
const INPUT: usize = 64 + 256 + 16 + 2 * MAX_HALFWORDS;
const OUTPUT: usize = 80 + 256 + 8 + 8 * MAX_CHANGES;

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

fn decode(record: &[u8]) -> Observed {
    let word = |index: usize| {
        let bytes = record
            .get(4 * index..4 * index + 4)
            .and_then(|bytes| bytes.try_into().ok());
        u32::from_le_bytes(bytes.expect("a record has its full size"))
    };
    let double = |index: usize| u64::from(word(index + 1)) << 32 | u64::from(word(index));
    let signal = word(0);
    let changes = 20 + 64;
    Observed {
        signal,
        address: if matches!(signal, 7 | 11) { word(1) } else { 0 },
        r: std::array::from_fn(|n| word(2 + n)),
        pc: word(17),
        cpsr: word(18),
        fpscr: word(19),
        d: std::array::from_fn(|n| double(20 + 2 * n)),
        changes: (0..word(changes) as usize)
            .map(|n| (word(changes + 2 + 2 * n), word(changes + 3 + 2 * n)))
            .collect(),
    }
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

    /// What the cases do under qemu-arm, in order.
    pub fn observe(&self, cases: &[Case]) -> anyhow::Result<Vec<Observed>> {
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
