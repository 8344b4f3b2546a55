//! Who runs the programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The name of qemu's user-mode emulator of AArch64, as it is looked up in `PATH`.
const QEMU_PROGRAM: &str = "qemu-aarch64";
/// The native build's name in reports.
pub const NATIVE: &str = "native";
/// qemu's name in reports.
pub const QEMU: &str = "qemu";

/// One way to run a program.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// Its name in reports.
    pub name: String,
    /// The emulator; none for the native build.
    pub emulator: Option<PathBuf>,
    /// The value of `ARMLET_ENGINE`, if it matters.
    pub engine: Option<&'static str>,
}

/// The native build, which comes first as the judge of all others; qemu-user, if it is installed; armlet's interpreter;
/// armlet as it comes.
pub fn all(armlet: &Path) -> Vec<Contestant> {
    let contestant = |name: &str, emulator: Option<&Path>, engine| Contestant {
        name: name.into(),
        emulator: emulator.map(Path::to_path_buf),
        engine,
    };
    let mut all = vec![contestant(NATIVE, None, None)];
    let qemu = Command::new(QEMU_PROGRAM)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if qemu.is_ok_and(|status| status.success()) {
        all.push(contestant(QEMU, Some(Path::new(QEMU_PROGRAM)), None));
    }
    all.push(contestant("interp", Some(armlet), Some("interp")));
    all.push(contestant("armlet", Some(armlet), Some("auto")));
    all
}
