//! `client.start`: another client of the cluster is started by its own command.

use super::client_stop::{STATUS, client, command, status};
use super::{Context, Kind, ResolvedStep, Spec, Target, Unresolved, by_exit_code};

/// The step type.
pub const SPEC: Spec = Spec {
    name: "client.start",
    help: "Runs the inventory's start command of the client; proven by its status command (rc 0). May run again.",
    on: Kind::Client,
    scripts: &[
        STATUS,
        ("client.start.act", concat!(include_str!("client_user.sh"), include_str!("client_start.act.sh"))),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let client = client(context, target, SPEC.name)?;
    Ok(vec![ResolvedStep {
        summary: format!("start client {}", target.host),
        probe: target.ask(status(client, "running")),
        act: Some(command("client.start.act", client).var("START", &client.start)),
        proof: target.ask(status(client, "running")),
        idempotent: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}
