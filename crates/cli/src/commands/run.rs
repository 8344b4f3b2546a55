//! `armlet PROGRAM` and `armlet run PROGRAM`: from flags and variables to a started program.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;

use armlet_runtime::{Launch, Options, Settings, host_environment, launch};
use clap::CommandFactory;

use crate::args::{Cli, RunFlags};
use crate::words::Personality;
use crate::{USAGE, complain};

/// Runs the program; comes back only if it cannot be started.
pub fn run(mut flags: RunFlags, words: Vec<OsString>, personality: Personality) -> ExitCode {
    if personality == Personality::Qemu {
        qemu_variables(&mut flags);
    }
    let Some(program) = words.first().cloned() else {
        eprintln!("armlet: no program given: armlet [FLAGS] PROGRAM [ARGUMENTS]...; `armlet --help` lists the flags");
        return USAGE.into();
    };
    let launched = match prepare(flags, words) {
        Ok(launched) => launched,
        Err(error) => {
            eprintln!("armlet: {error}");
            return USAGE.into();
        }
    };
    let error = launch(launched);
    let hint = path_hint(&program, error.exit_code());
    complain(&format_args!("{error}{hint}"), error.exit_code())
}

/// Everything that the runtime has to know.
fn prepare(flags: RunFlags, words: Vec<OsString>) -> Result<Launch, String> {
    let string = |text: OsString| CString::new(text.into_vec()).map_err(|_| "a NUL byte in an argument".to_owned());
    let environment = environment(&flags)?;
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
            engine: flags.engine,
            strace: flags.strace,
            strace_file: flags.strace_file,
            aslr: !flags.no_aslr,
            stack_size: flags.stack_size,
            quiet_faults: flags.quiet_faults,
            watch: None,
        },
    })
}

/// The guest's environment: ours, without the variables that are armlet's flags, as `-U` and `-E` want it.
fn environment(flags: &RunFlags) -> Result<Vec<CString>, String> {
    let command = Cli::command();
    let own: Vec<&OsStr> = command.get_arguments().filter_map(|flag| flag.get_env()).collect();
    let mut environment = host_environment();
    let remove = |environment: &mut Vec<CString>, name: &OsStr| {
        environment.retain(|string| name_of(string.as_bytes()) != name.as_bytes());
    };
    for name in own.into_iter().chain(flags.unset_env.iter().map(OsString::as_os_str)) {
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
