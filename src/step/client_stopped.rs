//! `client.stopped`: proves that no other client has come back.

use super::client_stop::{STATUS, client, status};
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, by_exit_code, never};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "client.stopped",
    help: "Only a proof: the client's status command says that it is stopped (rc 1-4).",
    on: Kind::Client,
    scripts: &[STATUS],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let client = client(context, target, SPEC.name)?;
    Ok(vec![ResolvedStep {
        summary: format!("see client {} still stopped", target.host),
        proof: target.ask(status(client, "stopped")),
        idempotent: true,
        ..target.step(SPEC.name)
    }])
}
