//! What one armlet tells the next across `execve`, in one environment variable that the guest never sees.
//!
//! The host's argument vector is the guest's own, so that `ps` shows the guest's, and the environment is the guest's too, but for this
//! variable at its end.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use armlet_cpu::a32_features::Model;
use armlet_observe::View;
use armlet_syscall::fs::{self, HANDOVER};
use armlet_syscall::task::Settings;

use crate::engine::EngineKind;
use crate::options::{Options, Watch};
use crate::profiler::ProfileTo;
use crate::signal::SignalSet;
use crate::statistics::StatsTo;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    /// The true path of the program's file: by it, other processes know who this one is going to be.
    pub executable: PathBuf,
    /// The open program. Closed once it is loaded.
    pub program: i32,
    /// The path that the program was started by, for AT_EXECFN.
    pub path: CString,
    /// The guest's signal mask.
    pub mask: SignalSet,
    /// Where system calls are printed.
    pub strace: Option<i32>,
    /// armlet's own binary, if `/proc/self/exe` does not lead to it.
    pub binary: Option<i32>,
    /// A file with what the thread has promised by seccomp(2), if anything.
    pub seccomp: Option<i32>,
    /// The resource limits that the host does not know: resource, soft, hard.
    pub limits: Vec<(u32, u64, u64)>,
    /// The options of the command line.
    pub options: Options,
}

impl Handover {
    /// As an environment string.
    pub fn encode(&self) -> CString {
        let options = &self.options;
        let optional = |value: Option<Vec<u8>>| value.map_or(b"-".to_vec(), |value| [b"+".to_vec(), value].concat());
        let number = |value: u64| value.to_string().into_bytes();
        let path = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let sysroot = options
            .settings
            .sysroot
            .as_ref()
            .map(|path| path.as_os_str().as_bytes().to_vec());
        let release = options.settings.release.as_ref().map(|text| text.as_bytes().to_vec());
        let fields = [
            path(&self.executable),
            number(self.program as u64),
            self.path.as_bytes().to_vec(),
            number(self.mask),
            optional(self.strace.map(|descriptor| number(descriptor as u64))),
            optional(self.binary.map(|descriptor| number(descriptor as u64))),
            optional(self.seccomp.map(|descriptor| number(descriptor as u64))),
            serde_json::to_vec(&self.limits).unwrap_or_default(),
            serde_json::to_vec(&options.strace_options).unwrap_or_default(),
            optional(sysroot),
            optional(release),
            options.settings.model.name().as_bytes().to_vec(),
            options.engine.name().as_bytes().to_vec(),
            number(options.accelerate.into()),
            number(options.aslr.into()),
            optional(options.stack_size.map(number)),
            number(options.quiet_faults.into()),
            optional(options.stats.as_ref().and_then(|stats| stats.text.as_deref()).map(path)),
            optional(options.stats.as_ref().and_then(|stats| stats.json.as_deref()).map(path)),
            serde_json::to_vec(&(&options.profile, options.perf_map, &options.jitdump)).unwrap_or_default(),
            optional(options.watch.as_ref().map(|watch| watch.words.clone().into_bytes())),
        ];
        let mut text = HANDOVER.to_vec();
        for field in fields {
            text.extend_from_slice(format!("{}:", field.len()).as_bytes());
            text.extend_from_slice(&field);
        }
        CString::new(text).unwrap_or_default()
    }

    /// Takes the variable out of an environment; `build` makes the view of a [`Watch`]. `None` if it is not there, or not armlet's work.
    pub fn take(environment: &mut Vec<CString>, build: impl FnOnce(&str) -> Option<Arc<dyn View>>) -> Option<Handover> {
        let index = environment
            .iter()
            .position(|string| string.as_bytes().starts_with(HANDOVER))?;
        let string = environment.remove(index);
        let mut fields = fs::fields(string.as_bytes().get(HANDOVER.len()..)?);
        let mut next = || fields.next();
        let (perf_map, jitdump);
        Some(Handover {
            executable: OsStr::from_bytes(next()?).into(),
            program: parse(next()?)?,
            path: CString::new(next()?).ok()?,
            mask: parse(next()?)?,
            strace: descriptor(next()?)?,
            binary: descriptor(next()?)?,
            seccomp: descriptor(next()?)?,
            limits: serde_json::from_slice(next()?).ok()?,
            options: Options {
                strace_options: serde_json::from_slice(next()?).ok()?,
                settings: Settings {
                    sysroot: optional(next()?)?.map(|bytes| OsString::from_vec(bytes).into()),
                    release: match optional(next()?)? {
                        Some(bytes) => Some(CString::new(bytes).ok()?),
                        None => None,
                    },
                    model: Model::from_name(std::str::from_utf8(next()?).ok()?)?,
                },
                rootfs: None,
                engine: EngineKind::from_name(std::str::from_utf8(next()?).ok()?)?,
                strace: false,
                strace_file: None,
                accelerate: parse::<u8>(next()?)? != 0,
                aslr: parse::<u8>(next()?)? != 0,
                stack_size: match optional(next()?)? {
                    Some(bytes) => Some(parse(&bytes)?),
                    None => None,
                },
                quiet_faults: parse::<u8>(next()?)? != 0,
                stats: {
                    let path = |bytes: Option<Vec<u8>>| bytes.map(|bytes| OsString::from_vec(bytes).into());
                    let (text, json) = (path(optional(next()?)?), path(optional(next()?)?));
                    (text.is_some() || json.is_some()).then_some(StatsTo { text, json })
                },
                profile: {
                    let profile: Option<ProfileTo>;
                    (profile, perf_map, jitdump) = serde_json::from_slice(next()?).ok()?;
                    profile
                },
                perf_map,
                jitdump,
                watch: match optional(next()?)? {
                    Some(bytes) => {
                        let words = String::from_utf8(bytes).ok()?;
                        build(&words).map(|view| Watch { words, view })
                    }
                    None => None,
                },
            },
        })
    }
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn descriptor(field: &[u8]) -> Option<Option<i32>> {
    match optional(field)? {
        Some(number) => Some(Some(parse(&number)?)),
        None => Some(None),
    }
}

fn optional(field: &[u8]) -> Option<Option<Vec<u8>>> {
    match field.split_first()? {
        (b'-', []) => Some(None),
        (b'+', value) => Some(Some(value.to_vec())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_taken() {
        let handover = Handover {
            executable: "/usr/bin/b".into(),
            program: 950,
            path: c"./a:b=c\n".into(),
            mask: u64::MAX,
            strace: Some(901),
            binary: None,
            seccomp: Some(902),
            limits: vec![(9, 1 << 30, u64::MAX)],
            options: Options {
                settings: Settings {
                    sysroot: Some("/srv/arm:64".into()),
                    release: None,
                    model: Model::CortexA9,
                },
                accelerate: false,
                aslr: false,
                stack_size: Some(1 << 20),
                quiet_faults: true,
                stats: Some(StatsTo {
                    text: Some("-".into()),
                    json: None,
                }),
                ..Options::default()
            },
        };
        let mut environment = vec![c"A=1".into(), handover.encode(), c"B=2".into()];
        let taken = Handover::take(&mut environment, |_| None).expect("it is there");
        assert_eq!(environment, [c"A=1".into(), CString::from(c"B=2")]);
        assert_eq!(format!("{taken:?}"), format!("{handover:?}"));
        assert!(Handover::take(&mut environment, |_| None).is_none());
        let mut forged = vec![CString::from(c"ARMLET_HANDOVER=99999999999999999999:x")];
        assert!(Handover::take(&mut forged, |_| None).is_none());
    }
}
