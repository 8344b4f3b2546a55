//! Who runs the programs.

use armlet_tests::Target;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The name of qemu's user-mode emulator of the programs, as it is looked up in `PATH`.
fn qemu_program(target: Target) -> &'static str {
    match target {
        Target::Aarch64 => "qemu-aarch64",
        Target::Armhf | Target::Armel => "qemu-arm",
    }
}
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
pub fn all(armlet: &Path, target: Target) -> Vec<Contestant> {
    let contestant = |name: &str, emulator: Option<&Path>, engine| Contestant {
        name: name.into(),
        emulator: emulator.map(Path::to_path_buf),
        engine,
    };
    let mut all = vec![contestant(NATIVE, None, None)];
    let program = qemu_program(target);
    let qemu = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if qemu.is_ok_and(|status| status.success()) {
        all.push(contestant(QEMU, Some(Path::new(program)), None));
    }
    all.push(contestant("interp", Some(armlet), Some("interp")));
    all.push(contestant("armlet", Some(armlet), None));
    all
}
