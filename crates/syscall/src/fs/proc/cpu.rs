//! /proc/cpuinfo: the cores that the guest believes in.

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64_features::{CPUINFO_FEATURES, MIDR_EL1};

use crate::abi::Abi;
use crate::call::Call;

/// The text of /proc/cpuinfo for one core.
fn processor(number: usize, kind: &Processor) -> String {
    let midr = kind.midr;
    format!(
        "processor\t: {number}\n{}BogoMIPS\t: 100.00\nFeatures\t: {}\nCPU implementer\t: {:#04x}\n\
         CPU architecture: {}\nCPU variant\t: {:#x}\nCPU part\t: {:#05x}\nCPU revision\t: {}\n\n",
        kind.name,
        kind.features,
        midr >> 24 & 0xff,
        kind.architecture,
        midr >> 20 & 0xf,
        midr >> 4 & 0xfff,
        midr & 0xf,
    )
}

/// What the file says of every core.
struct Processor {
    /// The line "model name", which only 32-bit kernels have.
    name: String,
    features: String,
    architecture: &'static str,
    midr: u64,
}

/// Every core that is online, as the kernel has it. A kernel for AArch32 adds the machine.
pub(super) fn cpuinfo(call: &Call<'_>) -> String {
    let cores = online().unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    if call.abi == Abi::A64 {
        let processor = Processor {
            name: String::new(),
            features: CPUINFO_FEATURES.to_owned(),
            architecture: "8",
            midr: MIDR_EL1,
        };
        return (0..cores).map(|core| self::processor(core, &processor)).collect();
    }
    let model = call.task.settings().model;
    let (name, architecture) = match model {
        Model::Arm926 => ("ARM926EJ-S rev 5 (v5l)", "5TEJ"),
        Model::CortexA9 => ("ARMv7 Processor rev 0 (v7l)", "7"),
        Model::Max => ("ARMv8 Processor rev 0 (v8l)", "8"),
    };
    let features: Vec<&str> = model.features().collect();
    let processor = Processor {
        name: format!("model name\t: {name}\n"),
        features: features.join(" ") + " ",
        architecture,
        midr: model.midr().into(),
    };
    let cores: String = (0..cores).map(|core| self::processor(core, &processor)).collect();
    format!("{cores}Hardware\t: armlet\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n")
}

/// How many cores the host has online; `None` without /sys.
fn online() -> Option<usize> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    let ranges = text.trim().split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some((last + 1).saturating_sub(first))
    });
    ranges.sum()
}
