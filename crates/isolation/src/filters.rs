//! What the inner process gives up before it looks at the program: capabilities, resources, paths, system calls.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::{Missing, Plan, calls};

/// Limits: resource, most, name.
const LIMITS: [(Resource, u64, &str); 3] = [
    (Resource::Core, 0, "limit of core files"),
    (Resource::Nofile, 4096, "limit of descriptors"),
    (Resource::Nproc, 1024, "limit of processes"),
];

/// Gives up everything. The order matters: system calls last, since the other steps need some that are refused then.
pub fn close(plan: &Plan, missing: &mut Missing) {
    for (resource, most, name) in LIMITS {
        let most = rustix::process::getrlimit(resource)
            .maximum
            .map_or(most, |now| now.min(most));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        missing.note(name, setrlimit(resource, limit));
    }
    missing.note("no new privileges", rustix::thread::set_no_new_privs(true));
    capabilities(missing);
    landlock(plan, missing);
    if let Err(error) = calls::filter(plan.mode) {
        missing.add("filter of system calls", error);
    }
}

/// Root inside, but without any of root's powers.
fn capabilities(missing: &mut Missing) {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    // From the bounding set first: an execve of root would bring them back.
    for capability in CapabilitySet::all().iter() {
        if rustix::thread::capability_is_in_bounding_set(capability).unwrap_or(false) {
            let removed = rustix::thread::remove_capability_from_bounding_set(capability);
            missing.note("giving up of capabilities", removed);
        }
    }
    let _ = rustix::thread::clear_ambient_capability_set();
    missing.note(
        "giving up of capabilities",
        rustix::thread::set_capabilities(None, none),
    );
}

/// The second lock on the file system: in a root of its own, only /tmp and devices can be written; no TCP; no signals and no abstract
/// sockets to the outside.
fn landlock(plan: &Plan, missing: &mut Missing) {
    let abi = ABI::V6;
    let beneath = |path: &str, access| Some(PathBeneath::new(PathFd::new(Path::new(path)).ok()?, access));
    let restrict = || -> Result<RulesetStatus, landlock::RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?;
        let all = AccessFs::from_all(abi);
        let read = AccessFs::from_read(abi);
        let granted = match plan.rootfs {
            Some(_) => vec![beneath("/", all)],
            None => vec![
                beneath("/", read),
                beneath("/tmp", all),
                beneath("/dev", all),
                beneath("/proc", read | AccessFs::WriteFile),
            ],
        };
        // armlet itself, which is behind no path of the guest's, starts again at every execve of an ARM program.
        let own = beneath("/proc/self/exe", AccessFs::Execute | AccessFs::ReadFile);
        for rule in granted.into_iter().chain([own]).flatten() {
            rules = rules.add_rule(rule)?;
        }
        Ok(rules.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => missing.add("a part of Landlock", "this kernel has an older version"),
        Ok(RulesetStatus::NotEnforced) => missing.add("Landlock", "this kernel has none"),
        Err(error) => missing.add("Landlock", error),
    }
}
