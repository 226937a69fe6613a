//! Who may print what, where and how: decided once from flags, environment and terminals.
//!
//! ```text
//!  flags (--output --color -q -v) ─┐
//!  environment (NO_COLOR TERM LANG)├─ decide ─> Printer ─> view for a run, Look per stream
//!  is stdout / stderr a terminal?  ─┘
//! ```
//!
//! Data goes to standard output, everything else to standard error. Flags beat the environment:
//! `--color always` colours in spite of `NO_COLOR`. `decide` is pure, so the table can be tested.

use std::env;
use std::io::{self, IsTerminal};

use super::view::{self, Look, View};

/// `--output`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Live on a terminal, plain elsewhere
    #[default]
    Auto,
    /// One line per fact, for logs
    Plain,
    /// One JSON event per line, or one document
    Json,
}

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even into a pipe
    Always,
    /// Not at all
    Never,
}

/// `-q` and `-v`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only what went wrong, and how it ended.
    Quiet,
    /// What an operator wants to see.
    #[default]
    Normal,
    /// Attempts, remote seconds, step ids, scripts.
    Verbose,
}

/// What the operator asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--output`.
    pub output: Output,
    /// `--color`.
    pub color: Color,
    /// `-q`, `-v`.
    pub verbosity: Verbosity,
}

/// What the process was started in.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the process, not states")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether standard output is a terminal.
    pub stdout_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM=dumb`, or none: no colour, no cursor movement.
    pub dumb: bool,
    /// The locale is not UTF-8, so nothing but ASCII is drawn.
    pub ascii: bool,
    /// Columns of the terminal, when there is one.
    pub width: Option<u16>,
}

impl Surroundings {
    /// Reads environment and terminals of this process.
    pub fn of_process() -> Self {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        let size = rustix::termios::tcgetwinsize(io::stderr()).or_else(|_| rustix::termios::tcgetwinsize(io::stdout()));
        Self {
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal: io::stderr().is_terminal(),
            no_color: set("NO_COLOR").is_some(),
            dumb: set("TERM").is_none_or(|term| term == "dumb"),
            // No locale at all is what cron and bare containers have; their logs are UTF-8 today.
            ascii: locale.is_some_and(|l| !l.to_ascii_lowercase().replace('-', "").contains("utf8")),
            width: size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0),
        }
    }
}

/// The decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Printer {
    /// Whether data is printed as JSON.
    pub json: bool,
    /// Whether lines may be redrawn on standard error.
    pub live: bool,
    /// How text looks on standard output.
    pub out: Look,
    /// How text looks on standard error.
    pub err: Look,
}

impl Printer {
    /// Decides.
    pub fn decide(flags: Flags, around: Surroundings) -> Self {
        let Surroundings { stdout_terminal, stderr_terminal, no_color, dumb, ascii, width } = around;
        let look = |terminal: bool| Look {
            colour: match flags.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && !no_color && !dumb,
            },
            ascii,
            verbosity: flags.verbosity,
            width: width.filter(|_| terminal),
        };
        Self {
            json: flags.output == Output::Json,
            live: flags.output == Output::Auto && stderr_terminal && !dumb && flags.verbosity > Verbosity::Quiet,
            out: look(stdout_terminal),
            err: look(stderr_terminal),
        }
    }

    /// Decides for this process.
    pub fn of_process(flags: Flags) -> Self {
        Self::decide(flags, Surroundings::of_process())
    }

    /// The view for a run.
    pub fn view(&self) -> Box<dyn View> {
        view::make(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Surroundings = Surroundings {
        stdout_terminal: true,
        stderr_terminal: true,
        no_color: false,
        dumb: false,
        ascii: false,
        width: Some(80),
    };

    #[test]
    fn a_terminal_gets_the_live_view_and_a_pipe_does_not() {
        assert!(Printer::decide(Flags::default(), TERMINAL).live);
        let piped = Surroundings { stderr_terminal: false, ..TERMINAL };
        let printer = Printer::decide(Flags::default(), piped);
        assert!(!printer.live && !printer.err.colour && printer.err.width.is_none());
        assert!(printer.out.colour, "standard output is judged on its own");
    }

    #[test]
    fn plain_json_quiet_and_dumb_terminals_are_never_redrawn() {
        for output in [Output::Plain, Output::Json] {
            assert!(!Printer::decide(Flags { output, ..Flags::default() }, TERMINAL).live);
        }
        let quiet = Flags { verbosity: Verbosity::Quiet, ..Flags::default() };
        assert!(!Printer::decide(quiet, TERMINAL).live);
        assert!(!Printer::decide(Flags::default(), Surroundings { dumb: true, ..TERMINAL }).live);
    }

    #[test]
    fn flags_beat_no_color_and_no_color_beats_the_terminal() {
        let around = Surroundings { no_color: true, ..TERMINAL };
        let colour = |color| Printer::decide(Flags { color, ..Flags::default() }, around).err.colour;
        assert_eq!([Color::Auto, Color::Always, Color::Never].map(colour), [false, true, false]);
    }
}
