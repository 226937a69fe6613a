//! `clients-served`: nobody loses what clients wrote without having been told.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "clients-served",
    about: "no client was served since the earlier run set the old data aside",
    when: When::Rollback,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let served = past.served.map(|since| {
        format!("clients have been served since {}: all that they wrote from then on will be lost", time(since))
    });
    let abandoned = past.abandoned.map(|since| {
        let run = &past.run;
        format!("run {run} was abandoned at {}: nodes that it had not emptied may hold other rows by now", time(since))
    });
    let cure = "if the old data is worth more: --override clients-served --reason TEXT";
    served.into_iter().chain(abandoned).map(|message| Objection::fail(message, cure)).collect()
}
