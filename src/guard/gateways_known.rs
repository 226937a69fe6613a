//! `gateways-known`: the gateways can be stopped and started.

use super::{Case, Guard, Objection, When};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "gateways-known",
    about: "every gateway instance can be asked for its state",
    when: When::Restore,
    overridable: true,
    judge,
};

fn judge(case: &Case) -> Vec<Objection> {
    let mut objections = vec![];
    for gateway in &case.inventory.gateways {
        let Some(facts) = case.facts.gateways.get(&gateway.name) else { continue };
        if facts.startinstance.is_none() {
            let message = format!("no startinstance below {}", gateway.install_dir);
            objections.push(Objection::fail(message, "correct install_dir").on(&gateway.name));
        }
        for (instance, running) in gateway.instances.iter().zip(&facts.running) {
            match running {
                Some(true) => {}
                Some(false) => {
                    let end =
                        if case.request.choices.leave_stopped { "stays so" } else { "it will be started at the end" };
                    let message = format!("instance {} is stopped; {end}", instance.name);
                    objections.push(Objection::warn(message, "").on(&gateway.name));
                }
                None => {
                    let message = format!("startinstance -s gave no clear answer about instance {}", instance.name);
                    objections.push(Objection::fail(message, "check its name and group").on(&gateway.name));
                }
            }
        }
    }
    objections
}
