//! `roles.save`: roles, hashes of passwords and grants beside a backup, encrypted by the operator's own
//! command (`backup --with-roles`, docs/adr/0020). A backup's directory alone discloses nothing of them.

use super::{Context, Kind, ResolvedStep, Script, Spec, Target, Unresolved, by_exit_code, never};
use crate::backup::layout;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "roles.save",
    help: "Only with --with-roles COMMAND: reads roles, hashes of passwords and grants by cqlsh and pipes them through \
           COMMAND, which encrypts, to roles.encrypted of the backup; tried before with a text that is no secret. \
           May run again.",
    on: Kind::Node,
    scripts: &[
        ("roles.save.act", include_str!("roles_save.act.sh")),
        ("roles.save.proof", include_str!("roles_save.proof.sh")),
    ],
    resolve,
    probe: never,
    judge: by_exit_code,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    let (node, facts) = context.node(SPEC.name, target)?;
    let Some(command) = &context.request.choices.with_roles else { return Ok(vec![]) };
    let script = |name| Script::new(name).var("ROLES", layout::roles(&context.partial()));
    Ok(vec![ResolvedStep {
        summary: format!("save roles and grants of {}, encrypted by: {command}", target.host),
        act: Some(context.cqlsh(script("roles.save.act").var("ENCRYPT", command), node, facts)),
        proof: target.ask(script("roles.save.proof")),
        idempotent: true,
        secret: true,
        ..target.step(SPEC.name)
    }])
}
