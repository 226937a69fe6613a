//! Programs that a test makes up.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program, and the directories that it is in. Another process does it: while this one has it open for writing, a
/// process that another test starts just then inherits that, and nobody can run the program until that one has begun its
/// own ("text file busy").
pub fn write(file: &Path, text: &str) {
    let mut writer = Command::new("sh");
    writer
        .args(["-c", r#"mkdir -p -- "${0%/*}" && rm -f -- "$0" && cat >"$0" && chmod 755 -- "$0""#])
        .arg(file)
        .stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success(), "{}", file.display());
}
