//! `schema-stays`: what the earlier run created is not dropped. Only warns.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "schema-stays",
    about: "the earlier run created no tables",
    when: When::Rollback,
    overridable: false,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let Some(past) = case.past else { return vec![] };
    let told = |made: &crate::facts::Creation| {
        let what = if made.whole { "keyspace and its tables" } else { "tables" };
        let tables: Vec<String> = made.tables.iter().map(|table| format!("{}.{table}", made.keyspace)).collect();
        let message = format!("the {what} that run {} created stay, empty: {}", past.run, tables.join(", "));
        Objection::warn(message, "drop them if nobody needs them")
    };
    case.facts.creation.iter().map(told).collect()
}
