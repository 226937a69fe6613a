//! Publishes what is a run's own and no step's: its start, its findings, its end and its report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::conduct::{ConductError, Ended};
use super::end::End;
use super::lease::{self, Lease};
use super::share;
use super::state::{RunDir, StateError};
use crate::engine::bus::Bus;
use crate::engine::seconds;
use crate::event::Body;
use crate::guard::Finding;
use crate::inventory::Inventory;
use crate::journal::JournalError;
use crate::plan::Plan;
use crate::remote::Transport;
use crate::remote::metered::Metered;
use crate::report;

/// Publishes a run's own events.
pub(super) struct Show<'a> {
    pub bus: &'a Arc<Bus>,
    pub dir: &'a RunDir,
    pub command: &'a str,
    pub inventory: &'a Inventory,
    /// Since when the run that this one is about has clients stopped.
    pub down: Option<Timestamp>,
}

impl Show<'_> {
    pub fn started(&self, asked: Timestamp, plan: Option<&Plan>) -> Result<(), ConductError> {
        let mut phases: Vec<String> = plan.map_or(vec![], |p| p.phases.iter().map(|p| p.phase.clone()).collect());
        phases.dedup();
        self.bus.publish_at(
            asked,
            Body::RunStarted {
                run: self.dir.id.clone(),
                plan_digest: plan.map(Plan::digest),
                command: self.command.to_owned(),
                cluster: self.inventory.cluster.clone(),
                phases,
                steps: plan.map_or(0, |plan| plan.steps().count()),
                down_since: self.down,
            },
        )?;
        if self.bus.state(|state| state.phases.is_empty()) {
            self.bus.publish_at(asked, Body::PhaseStarted { phase: "preflight".to_owned() })?;
        }
        Ok(())
    }

    pub fn findings(&self, findings: &[Finding]) -> Result<(), ConductError> {
        publish_findings(self.bus, findings)?;
        Ok(())
    }

    pub async fn finish<T: Transport>(
        &self,
        mut end: End,
        plan: Option<&Plan>,
        began: Instant,
        transport: &Arc<Metered<T>>,
        lease: Option<&Lease>,
    ) -> Result<Ended, ConductError> {
        let over = end.outcome.is_over();
        if let Some(lease) = lease {
            let keep = !over && plan.is_some_and(Plan::takes_down);
            let fenced = lease.end(transport, if keep { lease::End::Paused } else { lease::End::Free }).await;
            // what was proven before stays so, whoever has the cluster now
            if let Some((host, by)) = fenced.filter(|_| !over) {
                end = End::fenced(&host, &by);
            }
        }
        transport.close().await;
        let total = began.elapsed();
        let total_s = total.as_secs_f64();
        let steps = self.bus.state(|state| share::steps(state, Timestamp::now(), total_s));
        let own = share::own(total_s, &transport.busy(began), &steps);
        let finished = |report: Option<String>, downtime_s| Body::RunFinished {
            run: self.dir.id.clone(),
            outcome: end.outcome,
            exit: end.exit,
            reason: end.reason.clone(),
            downtime_s,
            total_s: seconds(total),
            own_share_s: (own * 1000.0).round() / 1000.0,
            report,
            next: end.next.clone(),
        };
        let downtime = self.bus.state(|state| state.downtime.seconds()).map(|s| (s * 1000.0).round() / 1000.0);
        let path = self.dir.path.join("report.html");
        self.bus.publish(finished(plan.map(|_| path.display().to_string()), downtime))?;
        if let Some(plan) = plan {
            self.report(plan)?;
        }
        Ok(Ended { outcome: end.outcome, exit: end.exit })
    }

    fn report(&self, plan: &Plan) -> Result<PathBuf, ConductError> {
        let history = self.dir.history()?;
        let events: Vec<_> = history.events().cloned().collect();
        let io = |source| StateError::Io { path: self.dir.path.clone(), source };
        Ok(self.bus.state(|state| report::write(&self.dir.path, Some(plan), &events, state)).map_err(io)?)
    }
}

pub(super) fn publish_findings(bus: &Bus, findings: &[Finding]) -> Result<(), JournalError> {
    for finding in findings {
        bus.publish(Body::Finding {
            guard: finding.guard.to_owned(),
            host: finding.host.clone(),
            level: finding.level,
            message: finding.message.clone(),
            cure: finding.cure.clone(),
        })?;
    }
    Ok(())
}
