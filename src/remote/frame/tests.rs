use std::process::{Command, Stdio};

use super::*;

fn call(text: &str) -> Call {
    let script = Rendered { name: "t".into(), vars: BTreeMap::new(), body: text.into() };
    Call::new(script, "run-1", Duration::from_secs(5))
}

fn host() -> HostName {
    HostName::parse("h1").unwrap()
}

fn sh(input: &[u8]) -> Heard {
    use std::io::Write;
    let mut child = Command::new("sh")
        .args(["-c", LOADER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    let out = child.wait_with_output().unwrap();
    Heard { stdout: out.stdout, stderr: out.stderr, ..Heard::default() }
}

#[test]
fn a_transfer_cut_short_at_any_byte_never_runs_a_part_of_the_script() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
    let behind = call(&format!(": >'{}'", c.display())).script;
    let script = format!(": >'{}'\necho it\\'s\n: >'{}'\n", a.display(), b.display());
    let frame = Frame::of(&Call { then: Some(behind), ..call(&script) });
    let all = frame.input.len();
    for cut in (0..all).step_by(97).chain(all - 300..all) {
        sh(&frame.input[..cut]);
        assert!(a.exists() == b.exists() && b.exists() == c.exists(), "cut at {cut}");
        assert!(!a.exists() || cut > frame.input.len() - 3, "ran when cut at {cut} of {}", frame.input.len());
    }
    sh(&frame.input);
    assert!(a.exists() && b.exists() && c.exists());
}

#[test]
fn noise_around_the_marks_is_dropped() {
    let frame = Frame::of(&call("printf %s \"$RESEED_RUN\""));
    let mut heard = sh(&frame.input);
    heard.stdout.splice(0..0, *b"Welcome! reseed- begin no newline");
    heard.stdout.extend(b"bye\n");
    let reply = frame.read(&host(), &heard, Ended::Exit(0)).unwrap();
    assert_eq!((reply.rc, reply.stdout.as_str()), (0, "run-1"));
}

#[test]
fn what_sudo_refuses_is_denied_and_what_no_shell_answers_is_garbled() {
    let frame = Frame::of(&call("true"));
    let heard = Heard { stderr: b"sudo: a password is required\n".to_vec(), ..Heard::default() };
    assert!(matches!(frame.read(&host(), &heard, Ended::Exit(1)), Err(TransportError::Denied { .. })));
    let heard = Heard { stdout: b"This account is currently not available.\n".to_vec(), ..Heard::default() };
    let error = frame.read(&host(), &heard, Ended::Exit(1)).unwrap_err().to_string();
    assert!(error.contains("not available"), "{error}");
}

#[test]
fn a_missing_end_mark_is_a_lost_link_and_a_flood_is_refused() {
    let frame = Frame::of(&call("kill -9 $$"));
    let heard = sh(&frame.input);
    let broken = Ended::Broken("signal".into());
    assert!(matches!(frame.read(&host(), &heard, broken), Err(TransportError::LinkLost { .. })));
    let heard = Heard { flooded: true, ..Heard::default() };
    assert!(matches!(frame.read(&host(), &heard, Ended::Exit(0)), Err(TransportError::Garbled { .. })));
}

#[test]
fn the_command_quotes_the_user_and_holds_no_value() {
    assert_eq!(command(&Become::None, LOADER), format!("exec sh -c '{LOADER}'"));
    assert!(command(&Become::Sudo("o'x".into()), STREAM_LOADER).starts_with("exec sudo -n -u 'o'\\''x' -- sh -c '"));
}
