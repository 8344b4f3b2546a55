//! What the end-to-end tests, the benchmarks and `cargo xtask` share: the manifest of test programs, their native builds,
//! runs of a program (bare or under an emulator) and the comparison of two runs.
//!
//! The tests themselves live beside the binary that they judge, in `crates/cli/tests`. The emulator is `armlet`, unless
//! `ARMLET_TEST_EMULATOR` names another one: `ARMLET_TEST_EMULATOR=qemu-aarch64` puts the tests themselves on trial.

#![forbid(unsafe_code)]

pub mod conformance;
mod manifest;
mod native;
mod run;

pub use manifest::{Case, Manifest, Program, Target};
pub use native::build as build_native;
pub use run::{Ended, Invocation, Outcome, compare, fresh_directory, no_core_files};

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
        .to_path_buf()
}

/// The folder of the test programs: sources, manifest and prebuilt binaries.
pub fn test_binaries() -> PathBuf {
    root().join("test-binaries")
}

/// Where `cargo xtask guests` leaves real programs: `target/guests` under the workspace's root, or the folder that
/// `ARMLET_GUESTS` names.
pub fn guests() -> PathBuf {
    std::env::var_os("ARMLET_GUESTS").map_or_else(|| root().join("target/guests"), PathBuf::from)
}

/// The emulator on trial, by its path.
#[derive(Clone, Debug)]
pub struct Emulator(PathBuf);

impl Emulator {
    /// The one that the variable `ARMLET_TEST_EMULATOR` names, or else `armlet`, the path of our own binary.
    pub fn chosen(armlet: &str) -> Self {
        Self(std::env::var_os("ARMLET_TEST_EMULATOR").map_or_else(|| armlet.into(), |name| found(&name)))
    }

    /// The emulator of 32-bit programs: the one that the variable `ARMLET_TEST_EMULATOR_ARM` names, or else `armlet`.
    pub fn chosen_for_arm(armlet: &str) -> Self {
        Self(std::env::var_os("ARMLET_TEST_EMULATOR_ARM").map_or_else(|| armlet.into(), |name| found(&name)))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Is it qemu-user, whose known limits the manifest lists?
    pub fn is_qemu(&self) -> bool {
        self.path()
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("qemu-"))
    }
}

/// A program looked up in our own `PATH`, as runs have another one; what is not found stays as it is, and fails by name.
fn found(name: &OsStr) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places
        .into_iter()
        .find(|place| place.is_file())
        .unwrap_or_else(|| name.into())
}
