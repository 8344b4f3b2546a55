//! The list of conformance programs (`crates/cli/tests/real/conformance.txt`): which sources of Debian's packages they are built
//! from, and where they fail, with the reason. `cargo xtask guests` builds them, `crates/cli/tests/conformance.rs` runs them.

use std::path::{Path, PathBuf};

/// One line of the list.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The source below the folder of all sources, without `.c`: `selftests/clone3/clone3`.
    pub source: String,
    /// The only machine that it is for; none if it is for every machine.
    pub only: Option<String>,
    /// What the compiler is told besides: further sources of the same folder, options.
    pub with: Vec<String>,
    /// The machines on which it fails, and why.
    pub fails: Option<(Vec<String>, String)>,
}

impl Program {
    /// Whether it is built for that machine. Linux's own tests that are for every machine are built for this one too, to compare with;
    /// those of qemu say by themselves whether they pass.
    pub fn is_for(&self, machine: &str) -> bool {
        match &self.only {
            Some(only) => only == machine,
            None => machine != "native" || self.is_compared(),
        }
    }

    /// Whether there is a native run to compare with.
    pub fn is_compared(&self) -> bool {
        self.only.is_none() && self.source.starts_with("selftests/")
    }

    /// Whether the list says that it fails on that machine.
    pub fn is_to_fail(&self, machine: &str) -> bool {
        let fails = self.fails.as_ref();
        fails.is_some_and(|(machines, _)| machines.iter().any(|other| other == machine))
    }

    /// Where the program is, below the folder of all guests.
    pub fn path(&self, machine: &str) -> PathBuf {
        Path::new(machine)
            .join("conformance")
            .join(self.source.replace('/', "-"))
    }
}

/// Reads the list: a line is `SOURCE [@MACHINE] [+SOURCE] [-OPTION] [! MACHINE[,MACHINE]: REASON]`.
pub fn programs(text: &str) -> Vec<Program> {
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let program = |line: &str| {
        let (built, fails) = match line.split_once('!') {
            Some((built, fails)) => {
                let (machines, reason) = fails.split_once(':').expect("a reason after the machines");
                let machines = machines.trim().split(',').map(str::to_owned).collect();
                (built, Some((machines, reason.trim().to_owned())))
            }
            None => (line, None),
        };
        let mut words = built.split_whitespace();
        let mut program = Program {
            source: words.next().expect("a source").to_owned(),
            fails,
            ..Program::default()
        };
        for word in words {
            match word.strip_prefix('@') {
                Some(machine) => program.only = Some(machine.to_owned()),
                None => program.with.push(word.to_owned()),
            }
        }
        program
    };
    lines.map(program).collect()
}
