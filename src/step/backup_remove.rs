//! `backup.remove`: backups that are not needed any more are deleted, one step for each.

use super::{
    Context, Kind, Observations, ResolvedStep, Script, Spec, Target, Unresolved, Verdict, by_exit_code, never,
};
use crate::units::bytes;

/// The step type.
pub const SPEC: Spec = Spec {
    name: "backup.remove",
    help: "Renames a backup to .pruned-TAG, then deletes it: a cut in between leaves nothing that looks whole. Refuses \
           when its manifest is not the one that was looked at. Says how much became free. May run again: it deletes \
           what is left.",
    on: Kind::Node,
    scripts: &[
        ("backup.remove.act", include_str!("backup_remove.act.sh")),
        ("backup.remove.proof", include_str!("backup_remove.proof.sh")),
    ],
    resolve,
    probe: never,
    judge,
};

fn resolve(context: &Context, target: &Target) -> Result<Vec<ResolvedStep>, Unresolved> {
    context.node(SPEC.name, target)?;
    let root = &context.inventory.backup.root;
    let each = context.request.remove.iter().map(|removal| {
        let script = |name| Script::new(name).var("ROOT", root).var("NAME", &removal.name).var("TAG", &removal.tag);
        ResolvedStep {
            id: target.id(SPEC.name, Some(&removal.name)),
            subject: Some(removal.name.clone()),
            summary: format!("delete {root}/{} for good ({})", removal.name, bytes(removal.bytes)),
            act: Some(script("backup.remove.act").var("DIGEST", &removal.digest)),
            proof: target.ask(script("backup.remove.proof")),
            idempotent: true,
            limit_s: 0,
            ..target.step(SPEC.name)
        }
    });
    Ok(each.collect())
}

fn judge(step: &ResolvedStep, observed: &Observations) -> Verdict {
    let freed = observed.act.as_ref().and_then(|act| act.last_line().strip_prefix("freed=")?.parse().ok());
    match (by_exit_code(step, observed), freed) {
        (Verdict::Holds(_), Some(freed)) => Verdict::Holds(format!("{} freed", bytes(freed))),
        (other, _) => other,
    }
}
