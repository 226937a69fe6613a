//! A small language for the order of what ran: `first("guard.set.act").on_each_host_before("node.drain.act")`.

use reseed::event::{Body, Event};
use reseed::plan::Plan;
use reseed::remote::fake::Recorded;

/// What ran, in order.
pub struct Ran(Vec<(String, String)>);

impl Ran {
    pub fn of(calls: &[Recorded]) -> Self {
        // the same script repairs and compares
        let compares = |c: &Recorded| c.vars.get("PREVIEW").is_some_and(|yes| yes == "yes");
        let name = |c: &Recorded| if compares(c) { "compare.act".to_owned() } else { c.name.clone() };
        Self(calls.iter().map(|c| (c.host.to_string(), name(c))).collect())
    }

    fn at(&self, script: &str) -> Vec<usize> {
        let found: Vec<usize> = (0..self.0.len()).filter(|i| self.0[*i].1 == script).collect();
        assert!(!found.is_empty(), "{script} never ran");
        found
    }

    /// Every run of `a`, on whatever host, comes before any run of `b`.
    pub fn all_before(&self, a: &str, b: &str) -> &Self {
        let (last, first) = (*self.at(a).last().unwrap(), self.at(b)[0]);
        assert!(last < first, "{b} on {} ran before the last {a}", self.0[first].0);
        self
    }

    /// On every host where `b` ran, `a` ran before it.
    pub fn each_host_before(&self, a: &str, b: &str) -> &Self {
        for i in self.at(b) {
            let host = &self.0[i].0;
            let before = self.0[..i].iter().any(|(h, s)| h == host && s == a);
            assert!(before, "{b} ran on {host} without {a} before it");
        }
        self
    }

    /// On every host, the act before each `b` (no probes, no proofs) is `a`.
    pub fn last_act_before(&self, a: &str, b: &str) -> &Self {
        for i in self.at(b) {
            let host = &self.0[i].0;
            let last = self.0[..i].iter().rev().find(|(h, s)| h == host && s.ends_with(".act"));
            assert_eq!(last.map(|(_, s)| s.as_str()), Some(a), "on {host} before {b}");
        }
        self
    }

    /// The hosts on which it ran, in order.
    pub fn hosts(&self, script: &str) -> Vec<&str> {
        self.at(script).into_iter().map(|i| self.0[i].0.as_str()).collect()
    }

    /// The first act of all (and its host).
    pub fn acts(&self) -> Vec<&str> {
        self.0.iter().map(|(_, s)| s.as_str()).filter(|s| s.ends_with(".act")).collect()
    }

    /// Up to the first `done` on `host`, `script` ran there only.
    pub fn one_at_a_time_until(&self, done: &str, host: &str, script: &str) -> &Self {
        let until = self.0.iter().position(|(h, s)| h == host && s == done).expect("it ran");
        let others = self.0[..until].iter().filter(|(h, s)| h != host && s == script);
        assert_eq!(others.count(), 0, "{script} ran elsewhere before {done} on {host}");
        self
    }

    /// Nothing of `script` ran on `b` before its last on `a` was over: one host at a time.
    pub fn one_at_a_time(&self, scripts: &[&str]) -> &Self {
        let mut seen: Vec<&str> = vec![];
        for (host, script) in &self.0 {
            if !scripts.contains(&script.as_str()) {
                continue;
            }
            match seen.last() {
                Some(last) if last == host => {}
                _ => {
                    assert!(!seen.contains(&host.as_str()), "{script} on {host} after another host had begun");
                    seen.push(host);
                }
            }
        }
        self
    }
}

/// No step starts before all steps of earlier entries of the plan ended well.
pub fn assert_barriers(plan: &Plan, events: &[Event]) {
    let stage_of =
        |id: &str| plan.phases.iter().position(|p| p.lanes.iter().flat_map(|l| &l.steps).any(|s| s.id == id));
    let mut done = std::collections::BTreeSet::new();
    for event in events {
        match &event.body {
            Body::StepStarted { id, .. } => {
                let stage = stage_of(id).expect("a step of the plan");
                let earlier = plan.phases[..stage].iter().flat_map(|p| &p.lanes).flat_map(|l| &l.steps);
                for step in earlier {
                    assert!(done.contains(&step.id), "{id} started before {} was proven", step.id);
                }
            }
            Body::StepFinished { id, outcome, .. } if outcome.good() => drop(done.insert(id.clone())),
            _ => {}
        }
    }
}
