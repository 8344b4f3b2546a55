//! Colours on a terminal. `NO_COLOR` (any value but the empty one) turns them off; so does an output that is no terminal.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::IsTerminal;

use clap::ValueEnum;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether output is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colours: bool,
}

/// What fields of an instruction are painted with, in turn.
const FIELDS: [&str; 6] = ["36", "33", "32", "35", "34", "31"];

impl Style {
    /// For stdout.
    pub fn stdout(when: When) -> Style {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == OsStr::new("dumb"));
        Style {
            colours: match when {
                When::Always => true,
                When::Never => false,
                When::Auto => set("NO_COLOR").is_none() && !dumb && std::io::stdout().is_terminal(),
            },
        }
    }

    /// Without colours.
    #[cfg(test)]
    pub fn plain() -> Style {
        Style { colours: false }
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// A heading, or what matters most.
    pub fn bold(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    /// The field of that index.
    pub fn field(self, index: usize, text: impl Display) -> String {
        self.paint(FIELDS[index % FIELDS.len()], text)
    }
}
