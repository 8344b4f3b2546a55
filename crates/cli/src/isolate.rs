//! `--isolate`: takes the three stages of confinement in their turn (see `armlet_isolation`).

use std::process::ExitCode;

use armlet_isolation::{Plan, Stage};

/// Comes back in the outer process and in process 1 inside, when all is over; in the third, `guest` is run in the sandbox.
///
/// # Errors
///
/// A sentence about what could not be done.
pub fn enter(plan: &Plan, guest: impl FnOnce() -> ExitCode) -> anyhow::Result<ExitCode> {
    match armlet_isolation::stage() {
        Stage::Outer => {
            let status = armlet_isolation::outer(plan)?;
            if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
                // So that a shell sees what it would see without the processes in between.
                armlet_runtime::end_by_signal(signal);
            }
            Ok(status
                .code()
                .map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)))
        }
        Stage::Init => Ok(ExitCode::from(armlet_isolation::init(plan)?)),
        Stage::Inner => {
            armlet_isolation::inner(plan)?;
            Ok(guest())
        }
    }
}
