//! A resolved plan for people: what will run, where, in which order, and what will be down.
//!
//! What `plan` and `--dry-run` print. Hosts of a phase that do the same are told together, since
//! "the same on cass1 and cass3" is what a reader wants to know; with `-v` each host is on its
//! own with the scripts that it will run, because there the variables differ.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Look;
use crate::event::{CLIENTS_DOWN, CLIENTS_UP};
use crate::name::HostName;
use crate::plan::{Gate, Lane, Phase, Plan};
use crate::report::words;
use crate::script::Script;
use crate::step::{Ask, Carry, ResolvedStep};

/// Writes the plan; `digest` is its digest.
pub fn write(out: &mut impl Write, plan: &Plan, digest: &str, look: Look) -> io::Result<()> {
    let steps = words::count(plan.steps().count(), "step");
    let hosts: BTreeSet<&HostName> = plan.phases.iter().flat_map(|p| p.lanes.iter().map(|l| &l.host)).collect();
    let mut phases: Vec<&str> = plan.phases.iter().map(|p| p.phase.as_str()).collect();
    phases.dedup();
    let title = format!("{} of {}", plan.playbook, plan.cluster);
    let size = format!("{steps} in {} on {}", words::count(phases.len(), "phase"), words::count(hosts.len(), "host"));
    writeln!(out, "{}: {size}", look.head(&title))?;
    for (name, value) in &plan.params {
        writeln!(out, "  {name:<10} {}", words::line(value))?;
    }
    writeln!(out, "  {:<10} {digest}", "digest")?;
    let mut printed = BTreeSet::new();
    // Stages of one phase share its number, as they do in the views of the run.
    let (mut number, mut last) = (0, "");
    for phase in &plan.phases {
        let stage = phase.phase == last;
        number += usize::from(!stage);
        last = &phase.phase;
        let heading = if stage { "    then".to_owned() } else { format!("{number:>2}  {}", look.head(&phase.phase)) };
        writeln!(out, "\n{heading}{}", order(phase))?;
        write_phase(out, phase, plan, look, &mut printed)?;
    }
    writeln!(out)?;
    what_will_be_down(out, plan, look)
}

fn write_phase<'p>(
    out: &mut impl Write,
    phase: &Phase,
    plan: &'p Plan,
    look: Look,
    printed: &mut BTreeSet<&'p str>,
) -> io::Result<()> {
    match phase.gate {
        Some(Gate::Preflight) => writeln!(out, "      all guards, before anything is changed")?,
        Some(Gate::Recheck) => {
            writeln!(out, "      all guards again on fresh facts; the last moment at which nothing has changed")?;
        }
        None if phase.lanes.is_empty() => writeln!(out, "      nothing to do")?,
        None => {}
    }
    let groups = if look.verbose() { phase.lanes.iter().map(|lane| vec![lane]).collect() } else { alike(&phase.lanes) };
    for group in groups {
        let names: Vec<&str> = group.iter().map(|lane| lane.host.as_str()).collect();
        writeln!(out, "      {}", names.join(if phase.parallel { ", " } else { ", then " }))?;
        for step in &group[0].steps {
            let subject = step.subject.as_deref().map(|s| format!(" ({s})")).unwrap_or_default();
            writeln!(out, "        {:<16} {}{}", step.step, words::line(&step.summary), look.dim(&subject))?;
            if look.verbose() {
                write_scripts(out, step, plan, look, printed)?;
            }
        }
    }
    Ok(())
}

fn order(phase: &Phase) -> &'static str {
    match (phase.lanes.len(), phase.parallel) {
        (0 | 1, _) => "",
        (_, true) => ", all at the same time",
        (_, false) => ", one host after the other",
    }
}

/// Lanes with the same steps together, in order of the first host. In a phase that goes host by
/// host only neighbours are joined: the order is what it is about, and stays readable.
fn alike(lanes: &[Lane]) -> Vec<Vec<&Lane>> {
    let mut groups: Vec<Vec<&Lane>> = vec![];
    let told = |lane: &Lane| -> Vec<(String, Option<String>, String)> {
        lane.steps.iter().map(|s| (s.step.clone(), s.subject.clone(), s.summary.clone())).collect()
    };
    for lane in lanes {
        match groups.last_mut() {
            Some(group) if told(group[0]) == told(lane) => group.push(lane),
            _ => groups.push(vec![lane]),
        }
    }
    groups
}

fn write_scripts<'p>(
    out: &mut impl Write,
    step: &ResolvedStep,
    plan: &'p Plan,
    look: Look,
    printed: &mut BTreeSet<&'p str>,
) -> io::Result<()> {
    let ask = |role: &'static str, asks: &[Ask]| -> Vec<(String, Script)> {
        let role = |ask: &Ask| if ask.host == step.host { role.to_owned() } else { format!("{role} on {}", ask.host) };
        asks.iter().map(|ask| (role(ask), ask.script.clone())).collect()
    };
    let mut all = ask("already so?", &step.probe);
    all.extend(step.act.iter().map(|script| ("act".to_owned(), script.clone())));
    if let Some(relay) = &step.relay {
        all.extend(ask("from", std::slice::from_ref(&relay.from)));
        all.extend(ask("to", &relay.to));
    }
    let carried = step.carry.iter().flat_map(Carry::scripts);
    all.extend(carried.map(|script| ("files".to_owned(), script.clone())));
    all.extend(ask("proof", &step.proof));
    all.extend(step.undo.iter().map(|script| ("undo".to_owned(), script.clone())));
    for (role, script) in all {
        let Some((name, body)) = plan.scripts.iter().find(|(name, _)| *name == script.name) else {
            writeln!(out, "          {role}: {} (not in this plan)", script.name)?;
            continue;
        };
        let above = if printed.insert(name) { "" } else { ", text as above" };
        writeln!(out, "          {role}: {name}{above}")?;
        let header = crate::script::header(&script.vars);
        let body = if above.is_empty() { body } else { "" };
        for text in header.lines().chain(body.lines()) {
            writeln!(out, "{}", look.dim(format!("            | {}", words::clean(text)).trim_end()))?;
        }
    }
    Ok(())
}

/// From when to when clients are not served, and Cassandra is stopped where.
fn what_will_be_down(out: &mut impl Write, plan: &Plan, look: Look) -> io::Result<()> {
    let phase_of = |wanted: &[&str]| {
        plan.phases.iter().find(|p| p.lanes.iter().any(|l| l.steps.iter().any(|s| wanted.contains(&s.step.as_str()))))
    };
    let hosts_of = |wanted: &[&str]| {
        let mut hosts: Vec<&str> = vec![];
        for (_, step) in plan.steps().filter(|(_, step)| wanted.contains(&step.step.as_str())) {
            if !hosts.contains(&step.host.as_str()) {
                hosts.push(step.host.as_str());
            }
        }
        hosts.join(", ")
    };
    let until = |phase: Option<&Phase>| match phase {
        Some(phase) => format!("until {}", phase.phase),
        None => "and the plan does not start it again".to_owned(),
    };
    let (down, stop) = (phase_of(CLIENTS_DOWN), phase_of(&["node.stop"]));
    if down.is_none() && stop.is_none() {
        return writeln!(out, "Nothing will be down: no client and no node is stopped.");
    }
    writeln!(out, "{}", look.head("What will be down"))?;
    if let Some(phase) = down {
        let who = hosts_of(&["gateway.stop", "client.stop"]);
        let who = if who.is_empty() { String::new() } else { format!(" ({who})") };
        writeln!(out, "  clients{who} from {} {}", phase.phase, until(phase_of(CLIENTS_UP)))?;
    }
    if let Some(phase) = stop {
        let who = hosts_of(&["node.stop"]);
        writeln!(out, "  Cassandra on {who} from {} {}", phase.phase, until(phase_of(&["node.start"])))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::printer::Verbosity;
    use crate::name::ClusterName;
    use crate::script::Library;

    fn step(phase: &str, step: &str, host: &str, summary: &str) -> ResolvedStep {
        let host = HostName::parse(host).unwrap();
        let proof = vec![Ask { host: host.clone(), script: Script::new("mode.proof") }];
        let act = Script::new(&format!("{step}.act")).var("NODETOOL", "nodetool -h 'x'");
        let known = step == "node.drain";
        ResolvedStep {
            id: format!("{phase}/{step}/{host}"),
            step: step.to_owned(),
            host,
            subject: step.starts_with("table").then(|| "ks1".to_owned()),
            summary: summary.to_owned(),
            probe: vec![],
            act: known.then_some(act),
            relay: None,
            carry: None,
            undo: None,
            proof: if known { proof } else { vec![] },
            idempotent: true,
            secret: false,
            limit_s: 0,
            patience_s: 0,
        }
    }

    fn phase(name: &str, parallel: bool, gate: Option<Gate>, lanes: &[(&str, &[(&str, &str)])]) -> Phase {
        let lane = |(host, steps): &(&str, &[(&str, &str)])| Lane {
            host: HostName::parse(*host).unwrap(),
            steps: steps.iter().map(|(kind, summary)| step(name, kind, host, summary)).collect(),
        };
        Phase { phase: name.to_owned(), parallel, always: false, lanes: lanes.iter().map(lane).collect(), gate }
    }

    fn plan() -> Plan {
        const DRAIN: &[(&str, &str)] = &[("node.drain", "flush and leave the ring"), ("node.stop", "stop Cassandra")];
        const START: &[(&str, &str)] = &[("node.start", "start and wait until ready")];
        Plan {
            format: 1,
            cluster: ClusterName::parse("Lab Cluster").unwrap(),
            playbook: "restore".to_owned(),
            params: [("backup", "Group2-20261121"), ("keyspaces", "ks1")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            binding: serde_json::Value::Null,
            phases: vec![
                phase("preflight", true, Some(Gate::Preflight), &[]),
                phase("recheck", true, Some(Gate::Recheck), &[]),
                phase("stop-clients", true, None, &[("gw1", &[("gateway.stop", "stop Instance1")])]),
                phase("drain", false, None, &[("cass2", DRAIN), ("cass1", DRAIN)]),
                phase("restore", true, None, &[("cass1", &[("table.swap", "9 tables: stage to live")])]),
                phase("wipe", true, None, &[("cass2", &[("table.aside", "9 tables to quarantine")])]),
                phase("start", true, None, &[("cass1", START)]),
                phase("start", false, None, &[("cass2", START), ("cass3", START)]),
                phase("start-clients", true, None, &[("gw1", &[("gateway.start", "start Instance1")])]),
            ],
            scripts: Library::of(&[("node.drain.act", "$NODETOOL drain\n"), ("mode.proof", "$NODETOOL netstats\n")]),
        }
    }

    fn shown(plan: &Plan, verbosity: Verbosity) -> String {
        let mut out = vec![];
        write(&mut out, plan, "sha256:8f2c41d0", Look { verbosity, ..Look::default() }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_says_what_runs_where_in_which_order_and_what_will_be_down() {
        insta::assert_snapshot!(shown(&plan(), Verbosity::Normal), @"
        restore of Lab Cluster: 11 steps in 8 phases on 4 hosts
          backup     Group2-20261121
          keyspaces  ks1
          digest     sha256:8f2c41d0

         1  preflight
              all guards, before anything is changed

         2  recheck
              all guards again on fresh facts; the last moment at which nothing has changed

         3  stop-clients
              gw1
                gateway.stop     stop Instance1

         4  drain, one host after the other
              cass2, then cass1
                node.drain       flush and leave the ring
                node.stop        stop Cassandra

         5  restore
              cass1
                table.swap       9 tables: stage to live (ks1)

         6  wipe
              cass2
                table.aside      9 tables to quarantine (ks1)

         7  start
              cass1
                node.start       start and wait until ready

            then, one host after the other
              cass2, then cass3
                node.start       start and wait until ready

         8  start-clients
              gw1
                gateway.start    start Instance1

        What will be down
          clients (gw1) from stop-clients until start-clients
          Cassandra on cass2, cass1 from drain until start
        ");
    }

    #[test]
    fn verbose_shows_each_script_once_and_its_variables_every_time() {
        let mut plan = plan();
        plan.phases.retain(|phase| phase.phase == "drain");
        insta::assert_snapshot!(shown(&plan, Verbosity::Verbose), @r"
        restore of Lab Cluster: 4 steps in 1 phase on 2 hosts
          backup     Group2-20261121
          keyspaces  ks1
          digest     sha256:8f2c41d0

         1  drain, one host after the other
              cass2
                node.drain       flush and leave the ring
                  act: node.drain.act
                    | NODETOOL='nodetool -h '\''x'\'''
                    | $NODETOOL drain
                  proof: mode.proof
                    | $NODETOOL netstats
                node.stop        stop Cassandra
              cass1
                node.drain       flush and leave the ring
                  act: node.drain.act, text as above
                    | NODETOOL='nodetool -h '\''x'\'''
                  proof: mode.proof, text as above
                node.stop        stop Cassandra

        What will be down
          Cassandra on cass2, cass1 from drain and the plan does not start it again
        ");
    }

    #[test]
    fn a_plan_that_stops_nothing_says_so() {
        let mut plan = plan();
        plan.phases.truncate(2);
        assert!(shown(&plan, Verbosity::Normal).ends_with("no client and no node is stopped.\n"));
    }
}
