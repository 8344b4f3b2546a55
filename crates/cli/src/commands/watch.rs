//! The commands and flags that watch a program while it runs: `stats`, `trace`. A view is carried over `execve` as JSON.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use armlet_observe::View;
use armlet_observe::gdb::Debugger;
use armlet_observe::trace::{self, Trace};
use armlet_runtime::{ProfileTo, StatsTo, Watch, strace};
use serde::{Deserialize, Serialize};

use super::run;
use crate::args::{ProfileArgs, RunFlags, StatsArgs, StraceArgs, TraceArgs};
use crate::words::Personality;
use crate::{USAGE, complain};

/// Which view, in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Words {
    Trace(trace::Options),
    /// gdb's session ends with the program.
    Gdb,
}

impl Words {
    fn view(&self) -> Result<Arc<dyn View>, String> {
        match self {
            Words::Gdb => Err("execve: gdb's session has ended; the new program runs without it".to_owned()),
            Words::Trace(options) => {
                let error = |error: std::io::Error| match &options.output {
                    Some(path) => format!("{}: the trace cannot be written: {error}", path.display()),
                    None => error.to_string(),
                };
                let trace = Trace::new(options.clone()).map_err(error)?;
                Ok(Arc::new(trace))
            }
        }
    }

    /// What the armlet behind an `execve` is told: it adds to files.
    fn continued(&self) -> Words {
        match self {
            Words::Trace(options) => Words::Trace(trace::Options {
                append: true,
                ..options.clone()
            }),
            Words::Gdb => Words::Gdb,
        }
    }

    fn watch(&self) -> Result<Watch, String> {
        Ok(Watch {
            view: self.view()?,
            words: serde_json::to_string(&self.continued()).map_err(|error| error.to_string())?,
        })
    }
}

/// The view of an armlet before this one.
pub fn resume(words: &str) -> Option<Arc<dyn View>> {
    let words: Words = serde_json::from_str(words).ok()?;
    match words.view() {
        Ok(view) => Some(view),
        Err(error) => {
            eprintln!("armlet: {error}");
            None
        }
    }
}

/// `-` is standard error; other paths must hold wherever the program goes.
fn output(path: &Path) -> Result<Option<PathBuf>, String> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let absolute = std::path::absolute(path);
    absolute
        .map(Some)
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// `--stats` and `--stats-json`.
pub fn stats_to(flags: &RunFlags) -> Result<Option<StatsTo>, String> {
    let place = |path: &Option<PathBuf>| match path {
        None => Ok(None),
        Some(path) => Ok::<_, String>(Some(output(path)?.unwrap_or_else(|| "-".into()))),
    };
    let to = StatsTo {
        text: place(&flags.stats)?,
        json: place(&flags.stats_json)?,
    };
    Ok((to != StatsTo::default()).then_some(to))
}

/// `-g`, `--trace` and `--trace-last`.
pub fn of_flags(flags: &RunFlags) -> Result<Option<Watch>, String> {
    if let Some(place) = &flags.gdb {
        if flags.trace.is_some() || flags.trace_last.is_some() {
            return Err("-g and --trace exclude each other: both want to go instruction by instruction".to_owned());
        }
        let debugger = Debugger::listen(place, flags.gdb_history).map_err(|error| format!("-g {place}: {error}"))?;
        return Ok(Some(Watch {
            view: Arc::new(debugger),
            words: serde_json::to_string(&Words::Gdb).map_err(|error| error.to_string())?,
        }));
    }
    let options = match (&flags.trace, flags.trace_last) {
        (Some(path), last) => trace::Options {
            output: output(path)?,
            last,
            ..trace::Options::default()
        },
        (None, Some(last)) => trace::Options {
            last: Some(last),
            only_on_crash: true,
            ..trace::Options::default()
        },
        (None, None) => return Ok(None),
    };
    Words::Trace(options).watch().map(Some)
}

/// `armlet stats`.
pub fn stats(arguments: StatsArgs, program: Vec<OsString>, personality: Personality) -> ExitCode {
    let mut flags = arguments.flags;
    let to = Some(arguments.output.unwrap_or_else(|| "-".into()));
    if arguments.as_json {
        flags.stats_json = to;
    } else {
        flags.stats = to;
    }
    run::run(flags, program, personality)
}

/// `armlet strace`.
pub fn strace(arguments: StraceArgs, program: Vec<OsString>, personality: Personality) -> ExitCode {
    let mut flags = arguments.flags;
    let options = || -> Result<(strace::Options, Option<PathBuf>), String> {
        let mut options = strace::Options {
            summary: match (arguments.summary_only, arguments.summary) {
                (true, _) => strace::Summary::Only,
                (_, true) => strace::Summary::Also,
                _ => strace::Summary::None,
            },
            stamp: match (arguments.relative, arguments.time) {
                (true, _) => strace::Stamp::Relative,
                (_, 0) => strace::Stamp::None,
                (_, 1) => strace::Stamp::Seconds,
                (_, 2) => strace::Stamp::Micros,
                _ => strace::Stamp::Epoch,
            },
            durations: arguments.durations,
            json: arguments.json,
            translation: arguments.translation,
            only_process: arguments.no_follow.then(std::process::id),
            ..strace::Options::default()
        };
        for expression in &arguments.expressions {
            options.expression(expression)?;
        }
        let file = arguments.output.as_deref().map_or(Ok(None), output)?;
        if file.as_ref().is_some_and(|path| path.to_string_lossy().contains("%p")) {
            options.numbered = file;
            return Ok((options, None));
        }
        Ok((options, file))
    };
    match options() {
        Ok((options, file)) => {
            flags.strace = true;
            flags.strace_file = file.or(flags.strace_file);
            run::run_traced(flags, options, program, personality)
        }
        Err(error) => complain(&error, USAGE.into()),
    }
}

/// `armlet profile`.
pub fn profile(arguments: ProfileArgs, program: Vec<OsString>, personality: Personality) -> ExitCode {
    let place = |path: &Option<PathBuf>| path.as_deref().map_or(Ok(None), output);
    let to = || -> Result<ProfileTo, String> {
        Ok(ProfileTo {
            text: Some(place(&arguments.output)?.unwrap_or_else(|| "-".into())),
            folded: place(&arguments.folded)?,
            callgrind: place(&arguments.callgrind)?,
            frequency: arguments.frequency,
            first: std::process::id(),
        })
    };
    match to() {
        Ok(to) => run::run_with(arguments.flags, program, personality, |launch| {
            launch.options.profile = Some(to)
        }),
        Err(error) => complain(&error, USAGE.into()),
    }
}

/// `armlet trace`.
pub fn trace(arguments: TraceArgs, program: Vec<OsString>, personality: Personality) -> ExitCode {
    let watch = arguments.output.as_deref().map_or(Ok(None), output).and_then(|output| {
        let options = trace::Options {
            output,
            append: false,
            addresses: arguments.addresses,
            symbols: arguments.symbols,
            kinds: arguments.kinds,
            skip: arguments.skip,
            count: arguments.count,
            last: arguments.last,
            only_on_crash: false,
        };
        Words::Trace(options).watch()
    });
    match watch {
        Ok(watch) => run::run_watched(arguments.flags, Some(watch), program, personality),
        Err(error) => complain(&error, USAGE.into()),
    }
}
