//! `client.stop`: another client of the cluster is stopped by its own command.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code};
use crate::inventory::Client;
use crate::script::Embedded;

/// Whether a client runs. `EXPECT`: `running` or `stopped`.
pub const STATUS: Embedded =
    ("client.status", concat!(include_str!("client_user.sh"), include_str!("client_status.sh")));

/// The step type.
pub const SPEC: Spec = Spec {
    name: "client.stop",
    help: "Runs the inventory's stop command of the client; proven by its status command (rc 1-4). May run again.",
    on: Kind::Client,
    scripts: &[
        STATUS,
        ("client.stop.act", concat!(include_str!("client_user.sh"), include_str!("client_stop.act.sh"))),
    ],
    resolve,
    probe: by_exit_code,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let client = client(context, target, SPEC.name)?;
    Ok(vec![ResolvedStep {
        summary: format!("stop client {}", target.host),
        probe: target.ask(status(client, "stopped")),
        act: Some(command("client.stop.act", client).var("STOP", &client.stop)),
        proof: target.ask(status(client, "stopped")),
        idempotent: true,
        patience_s: 60,
        ..target.step(SPEC.name)
    }])
}

/// The client of a target.
pub fn client<'a>(context: &Context<'a>, target: &Target, step: &'static str) -> Result<&'a Client, Unresolved> {
    let found = context.inventory.clients.iter().find(|c| c.name == *target.host);
    found.ok_or_else(|| target.unresolved(step, "it is not a client of the inventory"))
}

/// A script that runs one of the client's commands.
pub fn command(name: &str, client: &Client) -> Script {
    Script::new(name).var("RUN_AS", client.run_as.as_deref().unwrap_or(""))
}

/// Asks whether the client runs.
pub fn status(client: &Client, expect: &str) -> Script {
    command(STATUS.0, client).var("STATUS", &client.status).var("EXPECT", expect)
}
