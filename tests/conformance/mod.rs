//! What every transport must do, as functions over any [`Transport`]; [`conformance!`] makes a test
//! of each for one transport.
//!
//! Included by `tests/transport.rs` (this machine, under several shells) and by the sshd tier.

mod cancel;
mod fence;
mod jobs;
pub mod program;
mod stream;

pub use cancel::*;
pub use fence::*;
pub use jobs::*;
pub use stream::*;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use reseed::name::HostName;
use reseed::remote::job::{self, Job, JobError};
use reseed::remote::{Call, Reply, Secret, Transport, TransportError};
use reseed::script::{Library, Rendered, Script};

/// Makes a module of tests: one per case, each with a transport of its own. `$make` gives
/// `Option<(transport, keeper)>`; `None`: it has printed why the cases are skipped.
#[macro_export]
macro_rules! conformance {
    ($module:ident, $make:expr) => {
        mod $module {
            use reseed::remote::Transport;
            $crate::conformance!(@ $make;
                exit_codes_arrive
                output_arrives_byte_for_byte
                values_with_any_text_reach_the_script_unchanged
                a_script_may_set_e_and_have_its_own_trap
                a_script_that_does_not_parse_fails_and_answers
                a_script_finds_its_stdin_at_the_end
                the_run_id_and_the_secret_are_variables_that_no_child_inherits
                a_secret_is_not_seen_in_any_process
                output_over_the_cap_is_refused_and_stderr_keeps_its_end
                what_a_script_leaves_running_does_not_hold_the_answer
                a_call_over_its_limit_times_out_and_the_next_one_works
                many_calls_at_once_do_not_mix
                a_killed_shell_is_a_lost_link
                a_job_answers_with_its_output_and_code
                a_job_sees_its_run_and_its_directory_and_no_stdin
                a_job_is_never_started_twice
                what_is_asked_behind_a_script_answers_for_itself
                what_looks_at_a_job_runs_when_it_has_ended_well_and_each_time_it_is_asked
                jobs_launched_at_once_start_once
                jobs_that_are_the_first_of_their_run_do_not_hinder_each_other
                another_script_under_the_same_name_is_refused
                a_job_that_cannot_be_written_is_refused
                only_the_end_of_a_long_output_is_returned
                a_job_reports_progress_while_it_runs
                a_job_over_its_limit_is_said_to_run_still
                a_killed_job_is_lost_not_failed
                a_job_whose_supervisor_alone_was_killed_counts_as_running
                a_job_of_an_earlier_boot_is_lost
                a_claim_without_a_process_is_seen_as_claimed
                only_the_holder_of_the_epoch_starts_a_job_and_the_others_hear_whose_it_is
                an_epoch_that_cannot_be_read_fits_nobody
                while_the_epoch_changes_no_job_of_the_old_one_starts
                what_a_job_starts_does_not_hold_the_fence
                a_fence_that_is_locked_is_waited_for
                a_cancelled_job_is_gone_with_all_that_it_started
                a_job_that_ignores_the_first_signal_is_killed
                cancelling_leaves_alone_what_has_a_session_of_its_own
                what_was_started_to_outlive_its_job_does_not_make_it_seem_to_run
                a_job_that_ended_keeps_its_end_when_it_is_cancelled
                a_job_cancelled_before_its_launch_arrives_never_begins
                a_supervisor_that_finds_itself_cancelled_does_not_begin
                a_number_that_was_given_anew_is_never_signalled
                the_rest_of_a_job_whose_supervisor_died_is_cancelled_too
                a_job_that_prints_without_end_takes_little_of_the_disk
                a_job_whose_children_hold_its_output_ends_when_it_ends
                no_state_is_told_by_the_clock
                a_stream_carries_any_bytes_both_ways
                a_script_reads_lines_and_then_exactly_so_many_bytes
                what_is_not_streamed_is_the_answer
                a_script_that_ends_early_ends_the_stream_with_its_reason
                a_script_waits_for_who_listens
                a_stream_in_which_nothing_moves_times_out_and_the_next_call_works
                a_script_that_gives_may_leave_its_input_waiting
                a_stream_whose_listener_went_away_ends
            );
        }
    };
    (@ $make:expr; $($case:ident)*) => {$(
        #[tokio::test]
        async fn $case() {
            if let Some((transport, keeper)) = $make {
                $crate::conformance::$case(&transport).await;
                transport.close().await;
                drop(keeper);
            }
        }
    )*};
}

pub fn host() -> HostName {
    HostName::parse("h1").unwrap()
}

pub fn rendered(body: &str, vars: &[(&str, &str)]) -> Rendered {
    let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
    let library: Library = serde_json::from_value(serde_json::json!({ "test": body })).unwrap();
    library.render(&Script { name: "test".into(), vars }).unwrap()
}

pub fn call(body: &str) -> Call {
    Call::new(rendered(body, &[]), "run-1", Duration::from_mins(1))
}

pub async fn exec<T: Transport>(t: &T, body: &str) -> Reply {
    t.exec(&host(), call(body)).await.unwrap()
}

pub fn job(root: &Path, body: &str) -> Job {
    Job {
        root: root.join("jobs").to_str().unwrap().to_owned(),
        run: "run-1".into(),
        step: "test.step".into(),
        attempt: 1,
        epoch: 0,
        script: rendered(body, &[("WHERE", root.to_str().unwrap())]),
        then: None,
        limit: Duration::from_mins(1),
        channel: Duration::from_secs(20),
        silence: Duration::from_mins(1),
    }
}

pub async fn run<T: Transport>(t: &T, job: &Job) -> Result<Reply, JobError> {
    job::run(t, &host(), job, |_| {}).await
}

/// Starts a job that goes on, and gives its supervisor's process id.
pub async fn running<T: Transport>(t: &T, job: &mut Job) -> String {
    job.limit = Duration::from_millis(300);
    assert!(matches!(run(t, job).await, Err(JobError::TimedOut { .. })));
    job.limit = Duration::from_secs(20);
    let file = format!("{}/pid", job.directory());
    let pid = || std::fs::read_to_string(&file).unwrap_or_default();
    // who only polls may have been told before it began
    until(|| !pid().is_empty(), "its process").await;
    pid().split(' ').next().unwrap().to_owned()
}

/// Processes that have `path` on their command line: a job's supervisor, and what names a file there.
pub fn alive(path: &Path) -> usize {
    let with = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
    let lines = std::fs::read_dir("/proc").unwrap().flatten().map(with);
    lines.filter(|line| String::from_utf8_lossy(line).contains(path.to_str().unwrap())).count()
}

/// Until it is so: half a minute at most.
pub async fn until(so: impl Fn() -> bool, what: &str) {
    for _ in 0..1500 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within half a minute");
}

/// Until `file` is there.
pub async fn appears(file: &Path) {
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn exit_codes_arrive<T: Transport>(t: &T) {
    for rc in [0, 1, 2, 126, 127, 254, 255] {
        assert_eq!(exec(t, &format!("exit {rc}")).await.rc, rc);
    }
    assert_eq!(exec(t, "die 'no way'").await.stderr.lines().last(), Some("no way"));
    let reply = exec(t, "sleep 0.3").await;
    assert!(reply.remote >= Duration::from_millis(250) && reply.remote < Duration::from_secs(5), "{reply:?}");
}

pub async fn output_arrives_byte_for_byte<T: Transport>(t: &T) {
    for text in ["", "x", "x\n", "\n", "\n\nx", "a\\b%s end 0\n", "ü\t\u{1}\n\n"] {
        let mut call = call("printf %s \"$V\"");
        call.script = rendered("printf %s \"$V\"", &[("V", text)]);
        assert_eq!(t.exec(&host(), call).await.unwrap().stdout, text);
    }
}

pub async fn values_with_any_text_reach_the_script_unchanged<T: Transport>(t: &T) {
    let all: String = (1_u8..128).map(char::from).collect();
    let long = "it's \"long\" $HOME `id` \\ !x\n".repeat(11_000);
    for text in [all.as_str(), "'", "''\\''", "$(id)\n", "-n", "日本 é", &long] {
        let mut call = call("");
        call.script = rendered("printf %s. \"$V\"", &[("V", text)]);
        let reply = t.exec(&host(), call).await.unwrap();
        assert!(reply.stdout == format!("{text}."), "{} of {} bytes", reply.stdout.len(), text.len());
    }
}

pub async fn a_script_may_set_e_and_have_its_own_trap<T: Transport>(t: &T) {
    let reply = exec(t, "set -e; trap 'echo cleaned' EXIT; echo one; false; echo two").await;
    assert_eq!((reply.rc, reply.stdout.as_str()), (1, "one\ncleaned\n"));
    let reply = exec(t, "trap 'echo cleaned; exit 9' EXIT; exit 3").await;
    assert_eq!((reply.rc, reply.stdout.as_str()), (9, "cleaned\n"));
    assert_eq!(exec(t, "set -u; : \"$not_set\"; echo no").await.stdout, "");
    assert_eq!(exec(t, "exec true").await.rc, 0);
}

pub async fn a_script_that_does_not_parse_fails_and_answers<T: Transport>(t: &T) {
    for body in ["if", "echo 'open", "( echo x; } )"] {
        assert_ne!(exec(t, body).await.rc, 0, "{body}");
    }
}

pub async fn a_script_finds_its_stdin_at_the_end<T: Transport>(t: &T) {
    assert_eq!(exec(t, "if read -r x; then echo \"got $x\"; else echo none; fi; cat").await.stdout, "none\n");
}

pub async fn the_run_id_and_the_secret_are_variables_that_no_child_inherits<T: Transport>(t: &T) {
    let body = "printf '%s|%s|' \"$RESEED_RUN\" \"$RESEED_SECRET\"; env | grep -c '^RESEED_'; true";
    assert_eq!(exec(t, body).await.stdout, "run-1||0\n");
    let mut call = call(body);
    call.secret = Secret::new("  pa$$'\"\\word ");
    assert_eq!(t.exec(&host(), call).await.unwrap().stdout, "run-1|  pa$$'\"\\word |0\n");
}

pub async fn a_secret_is_not_seen_in_any_process<T: Transport>(t: &T) {
    let secret = format!("hush-{}-{}", std::process::id(), "nobody-may-read-this");
    let mut call = call("sleep 0.7; env; echo \"${#RESEED_SECRET}\"");
    call.secret = Secret::new(secret.clone());
    let spy = async {
        tokio::time::sleep(Duration::from_millis(450)).await;
        let mut looked_at = 0;
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            for file in ["cmdline", "environ"] {
                let Ok(bytes) = std::fs::read(entry.path().join(file)) else { continue };
                looked_at += 1;
                assert!(!String::from_utf8_lossy(&bytes).contains(&secret), "{} {file}", entry.path().display());
            }
        }
        assert!(looked_at > 4);
    };
    let host = host();
    let (reply, ()) = tokio::join!(t.exec(&host, call), spy);
    let reply = reply.unwrap();
    assert!(!reply.stdout.contains(&secret) && reply.stdout.ends_with(&format!("{}\n", secret.len())), "{reply:?}");
}

pub async fn output_over_the_cap_is_refused_and_stderr_keeps_its_end<T: Transport>(t: &T) {
    let error = t.exec(&host(), call("head -c 17000000 /dev/zero")).await.unwrap_err();
    assert!(matches!(error, TransportError::Garbled { .. }), "{error:?}");
    let reply = exec(t, "head -c 1000000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/zero >&2; echo end >&2").await;
    assert_eq!((reply.stdout.len(), reply.stderr.len()), (1_000_000, 256 << 10));
    assert!(reply.stderr.ends_with("end\n"));
}

pub async fn what_a_script_leaves_running_does_not_hold_the_answer<T: Transport>(t: &T) {
    let started = Instant::now();
    assert_eq!(exec(t, "sleep 9 & echo started").await.stdout, "started\n");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}

pub async fn a_call_over_its_limit_times_out_and_the_next_one_works<T: Transport>(t: &T) {
    t.connect(&host()).await.unwrap();
    for _ in 0..2 {
        let started = Instant::now();
        let mut call = call("sleep 8");
        call.limit = Duration::from_millis(300);
        let error = t.exec(&host(), call).await.unwrap_err();
        assert!(matches!(error, TransportError::Timeout { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(4));
    }
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}

pub async fn many_calls_at_once_do_not_mix<T: Transport>(t: &T) {
    let one = async |n: usize| {
        let text = exec(t, &format!("sleep 0.0{}; echo {n}; echo {n} >&2", n % 10)).await;
        assert_eq!(text.stdout, format!("{n}\n"));
    };
    tokio::join!(
        async { tokio::join!(one(1), one(2), one(3), one(4)) },
        async { tokio::join!(one(5), one(6), one(7), one(8)) },
        async { tokio::join!(one(9), one(10), one(11), one(12)) },
    );
}

pub async fn a_killed_shell_is_a_lost_link<T: Transport>(t: &T) {
    let error = t.exec(&host(), call("kill -9 $$")).await.unwrap_err();
    assert!(matches!(error, TransportError::LinkLost { .. }), "{error:?}");
    assert_eq!(exec(t, "echo next").await.stdout, "next\n");
}
