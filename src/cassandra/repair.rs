//! Judges what `nodetool repair` printed. The exit code alone proves nothing: 2.2 exits 0 after a
//! failed repair, lost notifications exit 0, and so does a repair of nothing.
//!
//! Rule: every command that started must say `Repair completed successfully`, no text of failure
//! anywhere, exit code 0. (5.0 prints its success line twice.)

use super::excerpt;

/// What a repair came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Proven.
    Repaired,
    /// It failed; the line that says so.
    Failed(String),
    /// Notifications were lost, so what the output says is incomplete; the line.
    Lost(String),
    /// Nothing was repaired although the exit code is 0, for instance with one replica; the line.
    Nothing(String),
    /// It ended without saying how; why this proves nothing.
    Unproven(String),
}

/// Texts of failure, from `RepairRunner`, `RepairRunnable` and `RepairCoordinator`.
const FAILURES: &[&str] = &[
    " failed with error",
    "Some repair failed",
    "Repair job has failed",
    "finished with error",
    "Endpoint not alive",
    "Did not get replies from all endpoints",
    "Repair failed",
    "repair failed",
];

const NOTHING: &[&str] = &["No repair is needed", "Nothing to repair"];

/// Judges the output (both streams) and the exit code.
pub fn judge(output: &str, rc: i32) -> Verdict {
    judge_by(output, rc, "Repair completed successfully")
}

/// The same with other words of success.
pub fn judge_by(output: &str, rc: i32, success: &str) -> Verdict {
    let lines = || output.lines().filter(|line| !line.contains(START));
    let find = |texts: &[&str]| lines().find(|line| texts.iter().any(|text| line.contains(text))).map(excerpt);
    if let Some(line) = find(FAILURES).or_else(|| lines().find(|line| is_error(line)).map(excerpt)) {
        return Verdict::Failed(line);
    }
    if let Some(line) = find(&["lost notification"]) {
        return Verdict::Lost(line);
    }
    if rc != 0 {
        let last = output.lines().rev().find(|line| !line.trim().is_empty()).map_or_else(String::new, excerpt);
        return Verdict::Failed(format!("exit code {rc}: {last}"));
    }
    if let Some(line) = find(NOTHING) {
        return Verdict::Nothing(line);
    }
    unfinished(output, success).map_or(Verdict::Repaired, Verdict::Unproven)
}

const START: &str = "Starting repair command";

/// Lines of nodetool itself.
fn is_error(line: &str) -> bool {
    line.starts_with("error:") || line.starts_with("nodetool:")
}

/// The first command that did not report success.
fn unfinished(output: &str, success: &str) -> Option<String> {
    let mut open: Option<&str> = None;
    let mut done = false;
    for line in output.lines() {
        if line.contains(START) {
            if let Some(line) = open {
                return Some(format!("no success was reported for: {}", excerpt(line)));
            }
            open = Some(line);
        } else if line.contains(success) {
            open = None;
            done = true;
        }
    }
    match open {
        Some(line) => Some(format!("no success was reported for: {}", excerpt(line))),
        None if !done => Some(format!("the output holds no `{success}`")),
        None => None,
    }
}

/// Percent done of the newest command, from `(progress: 42%)`.
pub fn progress(output: &str) -> Option<u8> {
    let newest = output.rfind(START).map_or(output, |at| &output[at..]);
    let (_, rest) = newest.rsplit_once("(progress: ")?;
    let percent: u32 = rest.split_once('%')?.0.trim().parse().ok()?;
    u8::try_from(percent.min(100)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
[2024-07-01 10:00:00,001] Starting repair command #1 (5a1c), repairing keyspace failed_jobs with repair options (parallelism: parallel, primary range: true)
[2024-07-01 10:00:02,113] Repair session 5b2d for range [(-1,2]] finished (progress: 45%)
[2024-07-01 10:00:03,001] Repair completed successfully
[2024-07-01 10:00:03,002] Repair command #1 finished in 3 seconds
";

    #[test]
    fn success_needs_its_line_and_rc_0() {
        assert_eq!(judge(GOOD, 0), Verdict::Repaired);
        assert_eq!(
            judge(&GOOD.replace("Repair completed", "Repair completed successfully\n[x] Repair completed"), 0),
            Verdict::Repaired
        );
        assert!(matches!(judge(GOOD, 2), Verdict::Failed(line) if line.contains("exit code 2")));
        assert!(matches!(judge("", 0), Verdict::Unproven(_)));
        assert!(matches!(judge(&GOOD.replace("Repair completed successfully", "x"), 0), Verdict::Unproven(_)));
    }

    #[test]
    fn every_keyspace_must_succeed() {
        let first_silent = GOOD.replace("Repair completed successfully", "x") + GOOD;
        let Verdict::Unproven(why) = judge(&first_silent, 0) else { panic!() };
        assert!(why.contains("repairing keyspace failed_jobs"), "{why}");
        assert_eq!(judge(&(GOOD.to_owned() + GOOD), 0), Verdict::Repaired);
    }

    #[test]
    fn each_text_of_failure_is_found_even_with_rc_0() {
        for line in [
            "[x] Repair session 5b2d for range [(-1,2]] failed with error [repair #5b2d on ks/t] Validation failed in /10.0.0.2",
            "[x] Some repair failed",
            "[x] Repair command #1 failed with error Endpoint not alive: /10.0.0.2:7000",
            "[x] Repair command #1 failed with error Did not get replies from all endpoints.",
            "[x] Repair command #1 finished with error",
            "error: Repair job has failed with the error message: [x] Some repair failed",
            "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.",
        ] {
            assert_eq!(judge(&format!("{GOOD}{line}\n"), 0), Verdict::Failed(line.to_owned()));
        }
    }

    #[test]
    fn rc_0_without_a_repair_is_not_success() {
        let lost =
            "[x] There were some lost notification(s). You should check server log for repair status of keyspace k";
        assert_eq!(judge(&format!("{GOOD}{lost}\n"), 0), Verdict::Lost(lost.into()));
        let single = "[x] Replication factor is 1. No repair is needed for keyspace 'k'";
        assert_eq!(judge(single, 0), Verdict::Nothing(single.into()));
        assert!(matches!(judge("[x] Nothing to repair for keyspace 'k'", 0), Verdict::Nothing(_)));
    }

    #[test]
    fn progress_is_that_of_the_newest_command() {
        assert_eq!(progress(GOOD), Some(45));
        assert_eq!(progress(&format!("{GOOD}[x] {START} #2\n")), None);
        assert_eq!(progress("x (progress: 300%)"), Some(100));
        assert_eq!(progress(""), None);
    }
}
