//! The plan: its digest, its scripts, its shape on any small cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use reseed::plan::Plan;
use reseed::run::prepare;

use crate::sim::world::Shape;
use crate::sim::{Sim, TAG, WHOLE};

async fn plan(sim: &Sim, command: &str, tag: &str) -> Plan {
    let prepared = prepare(&Arc::new(sim.link()), &sim.inventory, &sim.ask(command, tag), &|_| {}).await.unwrap();
    let findings = prepared.findings;
    prepared.plan.unwrap_or_else(|| panic!("{findings:?}"))
}

#[tokio::test]
async fn the_same_cluster_and_request_give_the_same_digest_whatever_passes() {
    let digest = plan(&Sim::new(WHOLE), "restore", TAG).await.digest();
    let sim = Sim::new(WHOLE);
    assert_eq!(plan(&sim, "restore", TAG).await.digest(), digest);
    sim.world().nodes.values_mut().for_each(|n| (n.free, n.hints) = (n.free / 2, 9));
    *sim.world().gateways.get_mut("gw1").unwrap().get_mut("Instance1").unwrap() = 1;
    assert_eq!(plan(&sim, "restore", TAG).await.digest(), digest, "free space, hints, a stopped gateway");
}

#[tokio::test]
async fn an_instance_found_stopped_is_started_unless_it_is_to_stay_so() {
    for (stays, wanted) in [(false, 1), (true, 0)] {
        let sim = Sim::new(WHOLE);
        *sim.world().gateways.get_mut("gw1").unwrap().get_mut("Instance1").unwrap() = 1;
        let mut ask = sim.ask("restore", TAG);
        ask.choices.leave_stopped = stays;
        let plan = prepare(&Arc::new(sim.link()), &sim.inventory, &ask, &|_| {}).await.unwrap().plan.unwrap();
        let steps = || plan.phases.iter().flat_map(|phase| &phase.lanes).flat_map(|lane| &lane.steps);
        assert_eq!(steps().filter(|step| step.step == "gateway.start").count(), wanted);
        assert!(steps().any(|step| step.step == "gateway.stop"), "it is kept from being started meanwhile");
        assert_eq!(plan.params.contains_key("leave_stopped"), stays);
    }
}

#[tokio::test]
async fn another_decision_or_binding_fact_gives_another_digest() {
    let mut digests = BTreeSet::from([plan(&Sim::new(WHOLE), "restore", TAG).await.digest()]);
    let sim = Sim::new(WHOLE);
    let other = sim.world().manifest("other", "nb-1-big");
    sim.world().backups.insert("/backup/other".to_owned(), other);
    assert!(digests.insert(plan(&sim, "restore", "other").await.digest()), "another tag");
    let sim = Sim::new(WHOLE);
    sim.world().tables[0].id = "aaaaaaaa-c9a6-11e7-a9d0-b5b6a2d0a010".to_owned();
    assert!(digests.insert(plan(&sim, "restore", TAG).await.digest()), "another table id");
    let sim = Sim::new(WHOLE);
    sim.world().nodes.values_mut().for_each(|n| n.version = "4.1.11".to_owned());
    assert!(digests.insert(plan(&sim, "restore", TAG).await.digest()), "another version");
    let sim = Sim::with(WHOLE, "cassandra: {start: systemctl start cassandra}\n");
    assert!(digests.insert(plan(&sim, "restore", TAG).await.digest()), "another command");
    assert!(digests.insert(plan(&sim, "backup", "new").await.digest()), "another playbook");
}

#[tokio::test(start_paused = true)]
async fn looking_acts_on_no_host() {
    let sim = Sim::new(WHOLE);
    plan(&sim, "restore", TAG).await;
    plan(&sim, "backup", "new").await;
    assert!(sim.calls().iter().all(|c| c.name.starts_with("facts.")), "{:?}", sim.acts());
}

#[tokio::test(start_paused = true)]
async fn every_script_of_a_plan_renders_and_holds_no_run_id() {
    for (command, tag) in [("restore", TAG), ("backup", "new")] {
        let sim = Sim::new(WHOLE);
        assert_eq!(sim.run(sim.order(command, tag)).await, Some(0));
        let (run, history) = (sim.dir().id.to_string(), sim.history());
        let (plan, digest) = history.plan().unwrap();
        assert_eq!(plan.digest(), digest, "the journal's plan is the one that was approved");
        assert!(!serde_json::to_string(plan).unwrap().contains(&run));
        for (_, step) in plan.steps() {
            for script in step.scripts() {
                assert!(!plan.scripts.render(script).unwrap().text().contains(&run), "{}", script.name);
            }
        }
    }
}

fn check(plan: &Plan, sim: &Sim) {
    let hosts: BTreeSet<String> = sim.inventory.hosts().map(|(name, ..)| name.to_string()).collect();
    let mut ids = BTreeSet::new();
    for (phase, step) in plan.steps() {
        assert!(ids.insert(step.id.clone()), "{} is there twice", step.id);
        assert!(reseed::step::spec(&step.step).is_some(), "{}", step.step);
        assert!(step.id.starts_with(&format!("{}/{}/{}", phase.phase, step.step, step.host)), "{}", step.id);
        assert!(step.act.is_some() || !step.proof.is_empty(), "{} does nothing", step.id);
        assert!(!step.summary.is_empty() && !step.summary.contains('\n'), "{}", step.id);
        for ask in step.probe.iter().chain(&step.proof) {
            assert!(hosts.contains(ask.host.as_str()));
        }
        assert!(hosts.contains(step.host.as_str()));
    }
    let turns = |step: &str| -> Vec<String> {
        plan.steps().filter(|(_, s)| s.step == step).map(|(_, s)| s.host.to_string()).collect()
    };
    let nodes = sim.inventory.nodes.len();
    if plan.playbook == "restore" {
        assert_eq!((turns("node.drain").len(), turns("node.start").len()), (nodes, nodes));
        assert_eq!(turns("node.drain").last().unwrap(), "cass1", "the seed is drained last");
        assert_eq!(turns("node.start")[0], "cass1", "and started first");
        assert!(turns("table.swap").iter().all(|h| h == "cass1"));
        assert!(turns("table.aside").iter().all(|h| h != "cass1"));
    }
    if plan.playbook == "restore-fan-out" {
        for step in ["node.drain", "node.launch", "node.start", "ring.ready"] {
            assert_eq!(turns(step).len(), nodes, "{step}");
        }
        assert_eq!(turns("node.launch")[0], "cass1", "the seed is launched first");
        assert_eq!(turns("table.swap").len(), turns("backup.stage").len());
        assert!(turns("table.aside").is_empty() && turns("keyspace.repair").is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_plan_for_any_small_cluster_is_sound(
        nodes in 1_usize..=5, keyspaces in 1_usize..=3, gateways in 0_usize..=2, clients in 0_usize..=2, backs_up: bool,
        fan_out: bool,
    ) {
        let sim = Sim::new(Shape { nodes, gateways, clients, keyspaces, fan_out });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (command, tag) = if backs_up { ("backup", "new") } else { ("restore", TAG) };
        check(&runtime.block_on(plan(&sim, command, tag)), &sim);
    }
}
