//! What Ctrl-C does: the first pauses the run, the second cancels what runs, the third leaves.
//!
//! ```text
//!  1  steps that run now end by themselves, then the run is paused        exit 130, resumable
//!  2  their jobs are cancelled on the hosts, proven gone, then paused     exit 130, resumable
//!  3  this process leaves at once; jobs go on, `resume` finds them        exit 130, resumable
//! ```
//!
//! Commands that only look are ended by the first one, with 130, too ([`unless_told`]).
//!
//! SIGTERM and SIGHUP count like Ctrl-C: a terminal that is lost pauses the run, unless it was
//! started with `--detach`. Each says what still runs where, and how to go on.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{ExitCode, Failure};
use super::screen::Screen;
use crate::engine::stop::StopFlag;
use crate::event::RunState;

/// Listens for signals, and lets the clock tick. Ends only with the process.
pub(super) async fn watch(stop: StopFlag, screen: Screen) {
    let Some(mut signals) = listen() else { return };
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    let mut count = 0;
    loop {
        tokio::select! {
            () = any(&mut signals) => {}
            _ = clock.tick() => { screen.tick(); continue; }
        }
        count += 1;
        let state = screen.state();
        screen.say(&words(count, &state));
        if count > 2 {
            leave(&screen);
        }
        stop.raise();
    }
}

fn listen() -> Option<Vec<Signal>> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    kinds.into_iter().map(signal).collect::<Result<_, _>>().ok()
}

/// What only looks leaves nothing to go on with: any of these signals ends it at once.
pub(super) async fn unless_told<F: Future>(look: F) -> Result<F::Output, Failure> {
    let Some(mut signals) = listen() else { return Ok(look.await) };
    tokio::select! {
        output = look => Ok(output),
        () = any(&mut signals) => Err(Failure::new(ExitCode::Interrupted, "interrupted; this command only looks")),
    }
}

async fn any(signals: &mut [Signal]) {
    std::future::poll_fn(|cx| {
        if signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

fn words(count: u32, state: &RunState) -> String {
    let running: Vec<_> = state.running().map(|step| format!("{} on {}", step.step, step.host)).collect();
    let what = if running.is_empty() { "nothing".to_owned() } else { running.join(", ") };
    let again = state.run.as_ref().map_or_else(String::new, |run| format!("; to go on: reseed resume {run}"));
    match count {
        1 => format!("pausing when this has ended: {what} (again: cancel it){again}"),
        2 => format!("cancelling: {what} (again: leave it running and go){again}"),
        _ => format!("leaving; on the hosts goes on: {what}{again}"),
    }
}

#[expect(clippy::exit, reason = "the operator asked three times; what is on disk is what resume needs")]
fn leave(screen: &Screen) -> ! {
    screen.finish();
    std::process::exit(ExitCode::Interrupted.number().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture;

    #[test]
    fn each_signal_says_what_runs_where_and_how_to_go_on() {
        let state = fixture::mid_drain();
        let step = state.running().next().unwrap();
        let (what, run) = (format!("{} on {}", step.step, step.host), state.run.clone().unwrap());
        for (count, begin) in [(1, "pausing"), (2, "cancelling"), (3, "leaving")] {
            let text = words(count, &state);
            assert!(text.starts_with(begin) && text.contains(&what), "{text}");
            assert!(text.ends_with(&format!("reseed resume {run}")), "{text}");
        }
    }
}
