//! What translation itself costs: code size and time per guest instruction, as `armlet stats` counts them.

use crate::job::Job;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What the translation of one program came to. It is counted in a run of its own, which is in no time: the code then has
/// the counters of `stats` at the head of each block, some 20 bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Translation {
    /// Guest instructions that were translated; one counts as often as it was.
    pub instructions: u64,
    /// Bytes of x86-64 code per guest instruction.
    pub bytes_per_instruction: f64,
    /// Nanoseconds of translation per guest instruction.
    pub nanoseconds_per_instruction: f64,
}

impl Translation {
    /// Runs the program under `armlet stats` in `directory`. None if nothing of it was hot enough to be translated.
    pub fn count(armlet: &Path, job: &Job, directory: &Path, limit: Duration) -> Result<Option<Self>> {
        armlet_tests::fresh_directory(directory)?;
        // Beside the working directory, in which programs want to find nothing.
        let report = directory.with_extension("json");
        let mut command = Command::new(armlet);
        command.args(["stats", "--json", "--output"]).arg(&report);
        if let Some(sysroot) = &job.sysroot {
            command.arg("--sysroot").arg(sysroot);
        }
        command.arg(&job.arm).args(&job.args).current_dir(directory);
        let ended = armlet_measure::run(&mut command, directory, limit)?;
        ensure!(ended.status.success(), "armlet stats: {}", ended.status);
        let text = std::fs::read_to_string(&report).with_context(|| format!("{}", report.display()))?;
        Self::read(&text)
    }

    /// Reads a report of `armlet stats --json`: one document per process, the program's own comes last.
    fn read(text: &str) -> Result<Option<Self>> {
        let mut last = Value::Null;
        for document in serde_json::Deserializer::from_str(text).into_iter() {
            last = document?;
        }
        let figure = |pointer: &str| {
            last.pointer(pointer)
                .and_then(Value::as_f64)
                .with_context(|| format!("the report of armlet stats has no {pointer}"))
        };
        let instructions = figure("/counts/translated_instructions")?;
        if instructions == 0.0 {
            return Ok(None);
        }
        Ok(Some(Self {
            instructions: instructions as u64,
            bytes_per_instruction: figure("/counts/host_bytes")? / instructions,
            nanoseconds_per_instruction: figure("/times/translate")? / instructions,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Translation;

    #[test]
    fn a_report_gives_figures_per_instruction() {
        let report = r#"{"times":{"translate":5000},"counts":{"translated_instructions":50,"host_bytes":1000}}"#;
        let read = Translation::read(report).unwrap().unwrap();
        assert_eq!(read.instructions, 50);
        assert_eq!(
            (read.bytes_per_instruction, read.nanoseconds_per_instruction),
            (20.0, 100.0)
        );
    }

    #[test]
    fn nothing_translated_is_no_figure_and_no_report_is_an_error() {
        let nothing = r#"{"times":{"translate":0},"counts":{"translated_instructions":0,"host_bytes":0}}"#;
        assert!(Translation::read(nothing).unwrap().is_none());
        assert!(Translation::read("").is_err());
    }
}
