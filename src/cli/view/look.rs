//! How text looks on one stream. Words carry the meaning; colour only helps the eye.

use std::borrow::Cow;

use crate::cli::printer::Verbosity;

/// How text looks on one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether colour is used.
    pub colour: bool,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Columns, when it is a terminal.
    pub width: Option<u16>,
}

impl Look {
    /// Whether the operator asked for everything.
    pub fn verbose(self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether the operator asked for next to nothing.
    pub fn quiet(self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Columns to fill; a log gets 110.
    pub fn columns(self) -> usize {
        self.width.map_or(110, usize::from).max(40)
    }

    /// The same with `by` columns less, for text that is indented by the caller.
    #[must_use]
    pub fn narrowed(self, by: u16) -> Self {
        Self { width: self.width.map(|width| width.saturating_sub(by)), ..self }
    }

    /// What went well.
    pub fn good(self, text: &str) -> Cow<'_, str> {
        self.paint("32", text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> Cow<'_, str> {
        self.paint("1;31", text)
    }

    /// What to look at.
    pub fn warn(self, text: &str) -> Cow<'_, str> {
        self.paint("33", text)
    }

    /// What can be skipped.
    pub fn dim(self, text: &str) -> Cow<'_, str> {
        self.paint("2", text)
    }

    /// What begins.
    pub fn head(self, text: &str) -> Cow<'_, str> {
        self.paint("1", text)
    }

    /// A sign, or its ASCII stand-in.
    pub fn sign<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.ascii { ascii } else { unicode }
    }

    /// A bar of `share` (0 to 1) of `width` columns, in eighths of a column where the terminal
    /// can draw them; never empty when there is anything at all.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "columns")]
    pub fn bar(self, share: f64, width: usize) -> String {
        let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
        let eighths = eighths.max(usize::from(share > 0.0));
        if self.ascii {
            return "#".repeat(eighths.div_ceil(8));
        }
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        "█".repeat(eighths / 8) + part
    }

    fn paint<'a>(self, code: &str, text: &'a str) -> Cow<'a, str> {
        if self.colour { Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m")) } else { Cow::Borrowed(text) }
    }
}
