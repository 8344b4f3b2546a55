//! `armlet PROGRAM` and `armlet run PROGRAM`: from flags and variables to a started program.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use armlet_runtime::{EngineKind, Launch, Options, Settings, Watch, host_environment, launch, strace};
use clap::CommandFactory;

use super::watch;
use crate::args::{Isolate, Plain, RunFlags};
use crate::isolate;
use crate::words::Personality;
use crate::{INTERNAL_ERROR, USAGE, complain};

/// Where programs are looked for in an isolated guest.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the program; comes back only if it cannot be started.
pub fn run(flags: RunFlags, words: Vec<OsString>, personality: Personality) -> ExitCode {
    run_watched(flags, None, words, personality)
}

/// Runs the program with what `armlet strace` wants to see.
pub fn run_traced(
    flags: RunFlags,
    options: strace::Options,
    words: Vec<OsString>,
    personality: Personality,
) -> ExitCode {
    run_with(flags, words, personality, |launch| {
        launch.options.strace_options = options
    })
}

/// Runs the program with somebody who watches it.
pub fn run_watched(flags: RunFlags, watch: Option<Watch>, words: Vec<OsString>, personality: Personality) -> ExitCode {
    run_with(flags, words, personality, |launch| {
        if watch.is_some() {
            launch.options.watch = watch;
        }
    })
}

/// Runs the program, and changes what the flags say before.
pub fn run_with(
    mut flags: RunFlags,
    words: Vec<OsString>,
    personality: Personality,
    change: impl FnOnce(&mut Launch),
) -> ExitCode {
    if personality == Personality::Qemu {
        qemu_variables(&mut flags);
    }
    let Some(program) = words.first().cloned() else {
        eprintln!("armlet: no program given: armlet [FLAGS] PROGRAM [ARGUMENTS]...; `armlet --help` lists the flags");
        return USAGE.into();
    };
    if let Some(mode) = flags.isolate {
        // With a root of its own, the program is named by its path there.
        if flags.rootfs.is_none()
            && armlet_isolation::stage() == armlet_isolation::Stage::Outer
            && !Path::new(&program).exists()
        {
            let hint = path_hint(&program, 127);
            return complain(&format_args!("{}: not found{hint}", Path::new(&program).display()), 127);
        }
        return isolated(mode, flags, words, change);
    }
    start(flags, words, change)
}

/// Starts it in the sandbox of `--isolate`.
fn isolated(
    mode: Isolate,
    mut flags: RunFlags,
    mut words: Vec<OsString>,
    change: impl FnOnce(&mut Launch),
) -> ExitCode {
    let rootfs = flags.rootfs.take();
    let plan = armlet_isolation::Plan {
        mode: match mode {
            Isolate::Usual => armlet_isolation::Mode::Usual,
            Isolate::Strict => armlet_isolation::Mode::Strict,
        },
        program: words[0].clone().into(),
        rootfs: rootfs.clone(),
        sysroot: flags.sysroot.clone(),
    };
    let guest = || {
        // The root directory is in its place; a bare name is looked up in it.
        if rootfs.is_some() && !words[0].as_bytes().contains(&b'/') {
            let found = env::split_paths(PATH).map(|directory| directory.join(&words[0]));
            if let Some(path) = found.into_iter().find(|path| path.is_file()) {
                words[0] = path.into();
            }
        }
        start(flags, words, change)
    };
    isolate::enter(&plan, guest).unwrap_or_else(|error| complain(&format_args!("{error:#}"), INTERNAL_ERROR.into()))
}

fn start(flags: RunFlags, words: Vec<OsString>, change: impl FnOnce(&mut Launch)) -> ExitCode {
    let program = words[0].clone();
    let mut launched = match prepare(flags, words) {
        Ok(launched) => launched,
        Err(error) => {
            eprintln!("armlet: {error}");
            return USAGE.into();
        }
    };
    change(&mut launched);
    let error = launch(launched);
    let hint = path_hint(&program, error.exit_code());
    complain(&format_args!("{error}{hint}"), error.exit_code())
}

/// A directory that holds wherever the program goes.
fn directory(path: &Path) -> Result<PathBuf, String> {
    let absolute = fs::canonicalize(path).and_then(|path| fs::read_dir(&path).map(|_| path));
    absolute.map_err(|error| format!("--jitdump {}: {error}", path.display()))
}

/// Everything that the runtime has to know.
fn prepare(flags: RunFlags, words: Vec<OsString>) -> Result<Launch, String> {
    let string = |text: OsString| CString::new(text.into_vec()).map_err(|_| "a NUL byte in an argument".to_owned());
    let (stats, watch) = (watch::stats_to(&flags)?, watch::of_flags(&flags)?);
    let environment = environment(&flags)?;
    let jitdump = flags.jitdump.as_deref().map(directory).transpose()?;
    let program = words.first().cloned().unwrap_or_default().into();
    let mut arguments = words.into_iter().map(string).collect::<Result<Vec<_>, _>>()?;
    if let (Some(name), Some(first)) = (flags.argv0, arguments.first_mut()) {
        *first = string(name)?;
    }
    Ok(Launch {
        program,
        arguments,
        environment,
        options: Options {
            settings: Settings {
                sysroot: flags.sysroot,
                release: flags.uname.map(string).transpose()?,
                model: flags.cpu,
            },
            rootfs: flags.rootfs,
            engine: if flags.check { EngineKind::Check } else { flags.engine },
            strace: flags.strace,
            strace_file: flags.strace_file,
            strace_options: strace::Options::default(),
            accelerate: !flags.no_accelerate,
            aslr: !flags.no_aslr,
            stack_size: flags.stack_size,
            quiet_faults: flags.quiet_faults,
            stats,
            profile: None,
            perf_map: flags.perf_map,
            jitdump,
            watch,
        },
    })
}

/// The guest's environment: ours, without the variables that are armlet's flags, as `-U` and `-E` want it.
fn environment(flags: &RunFlags) -> Result<Vec<CString>, String> {
    let mut environment = host_environment();
    let any = environment.iter().any(|string| crate::is_variable(string.as_bytes()));
    let command = any.then(Plain::command);
    let own = command
        .iter()
        .flat_map(|command| command.get_arguments().filter_map(|flag| flag.get_env()));
    let remove = |environment: &mut Vec<CString>, name: &OsStr| {
        environment.retain(|string| name_of(string.as_bytes()) != name.as_bytes());
    };
    if flags.isolate.is_some() {
        environment.retain(|string| armlet_isolation::keeps_variable(name_of(string.as_bytes())));
        environment
            .extend([format!("PATH={PATH}"), "HOME=/".to_owned()].map(|text| CString::new(text).unwrap_or_default()));
    }
    let inside = armlet_isolation::VARIABLES.map(OsStr::new);
    for name in own.chain(inside).chain(flags.unset_env.iter().map(OsString::as_os_str)) {
        remove(&mut environment, name);
    }
    for setting in &flags.set_env {
        let bytes = setting.as_bytes();
        if !bytes.contains(&b'=') {
            return Err(format!("-E {}: give VAR=VALUE", setting.to_string_lossy()));
        }
        remove(&mut environment, OsStr::from_bytes(name_of(bytes)));
        environment.push(CString::new(bytes).map_err(|_| "a NUL byte in a variable".to_owned())?);
    }
    Ok(environment)
}

/// What stands before the equals sign.
fn name_of(string: &[u8]) -> &[u8] {
    string.split(|&byte| byte == b'=').next().unwrap_or_default()
}

/// The variables of qemu-user count where no flag was given.
fn qemu_variables(flags: &mut RunFlags) {
    let list = |name: &str| -> Vec<OsString> {
        let value = env::var_os(name).unwrap_or_default();
        let parts = value
            .as_bytes()
            .split(|&byte| byte == b',')
            .filter(|part| !part.is_empty());
        parts.map(|part| OsStr::from_bytes(part).to_owned()).collect()
    };
    flags.sysroot = flags
        .sysroot
        .take()
        .or_else(|| env::var_os("QEMU_LD_PREFIX").map(Into::into));
    flags.uname = flags.uname.take().or_else(|| env::var_os("QEMU_UNAME"));
    flags.gdb = flags.gdb.take().or_else(|| env::var("QEMU_GDB").ok());
    flags.argv0 = flags.argv0.take().or_else(|| env::var_os("QEMU_ARGV0"));
    flags.stack_size = flags
        .stack_size
        .or_else(|| env::var("QEMU_STACK_SIZE").ok()?.parse().ok());
    flags.strace |= env::var_os("QEMU_STRACE").is_some();
    if flags.set_env.is_empty() {
        flags.set_env = list("QEMU_SET_ENV");
    }
    if flags.unset_env.is_empty() {
        flags.unset_env = list("QEMU_UNSET_ENV");
    }
}

/// The shell would have searched PATH for a bare name; armlet does not.
fn path_hint(program: &OsStr, code: i32) -> String {
    if code != 127 || program.as_bytes().contains(&b'/') {
        return String::new();
    }
    let directories = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&directories)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file());
    match found {
        Some(path) => format!(" (PATH is not searched: did you mean {}?)", path.display()),
        None if Path::new(program).extension().is_none() => {
            " (PATH is not searched: give the program's path)".to_owned()
        }
        None => String::new(),
    }
}
