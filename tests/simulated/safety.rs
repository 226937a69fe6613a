//! One test or more per safety rule of docs/design.md, section 2, by its number.

use reseed::event::Body;
use reseed::journal::Entry;
use reseed::remote::Secret;
use reseed::report;
use reseed::run::StateError;
use reseed::run::conduct::ConductError;

use crate::sim::node::Process;
use crate::sim::{Data, Sim, TAG, WHOLE, What};

/// Acts of a restore that change data, a service or a client.
const CHANGING: [&str; 10] = [
    "gateway.stop.act",
    "client.stop.act",
    "native.disable.act",
    "guard.set.act",
    "node.drain.act",
    "node.stop.act",
    "node.clear.act",
    "table.swap.act",
    "table.aside.act",
    "hints.settle.act",
];

fn ann() -> reseed::run::lease::Owner {
    let me = reseed::run::lease::Owner::me();
    reseed::run::lease::Owner { who: "ann@box".to_owned(), ..me }
}

#[tokio::test(start_paused = true)]
async fn rule_1_nothing_changes_while_any_host_could_still_object() {
    // every host's facts, and every byte of the stage, come before the first change; twice
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0);
    let calls = sim.calls();
    let first = calls.iter().position(|c| CHANGING.contains(&c.name.as_str())).unwrap();
    for node in ["cass1", "cass2", "cass3"] {
        let looks = calls[..first].iter().filter(|c| c.name == "facts.node" && c.host.as_str() == node).count();
        assert_eq!(looks, 2, "preflight and recheck look at {node}");
    }
    let staged = calls[..first].iter().filter(|c| c.name == "backup.stage.proof").count();
    assert_eq!(staged, 2, "both keyspaces are proven on the stage");
    assert!(calls[first..].iter().all(|c| c.name != "backup.stage.act"));
}

#[tokio::test(start_paused = true)]
async fn rule_2_all_that_was_live_is_in_quarantine_and_nothing_was_deleted() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0);
    for (name, node) in &sim.world().nodes {
        assert!(node.quarantine.len() == 4 && node.quarantine.values().all(|d| *d == Data::Old), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_2_scripts_of_the_restore_delete_nothing_but_guard_and_stage() {
    let sim = Sim::new(WHOLE);
    sim.keep_calls();
    assert_eq!(sim.restore().await, 0);
    let plan = sim.history();
    let (plan, _) = plan.plan().unwrap();
    for (name, body) in plan.scripts.iter().filter(|(name, _)| CHANGING.contains(name) || *name == "node.start.act") {
        let deleting = body.lines().filter(|l| !l.trim_start().starts_with('#'));
        let deleting = deleting
            .filter(|l| ["rm ", "rmdir ", "unlink", "-delete", "truncate", "shred"].iter().any(|w| l.contains(w)));
        assert_eq!(deleting.count(), 0, "{name} deletes");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_3_a_node_that_is_started_by_someone_else_in_between_does_not_come_up() {
    // at every script that runs, somebody tries to start every node that is down
    let sim = Sim::new(WHOLE);
    sim.hook(|_, script, world| {
        let names: Vec<String> = world.nodes.keys().cloned().collect();
        for name in names.into_iter().filter(|_| script != "guard.clear.act" && script != "guard.clear.proof") {
            if world.nodes[&name].process == Process::Stopped {
                assert!(world.nodes[&name].guarded, "{name} is down without a guard after {script}");
                assert!(world.start(&name).is_err(), "{name} came up after {script}");
            }
        }
    });
    assert_eq!(sim.restore().await, 0, "{:?}", sim.end());
    sim.world().assert_restored();
}

#[tokio::test(start_paused = true)]
async fn rule_4_an_act_that_says_it_succeeded_but_did_nothing_is_not_believed() {
    // the act's effect is taken back before the proof looks
    type Undo = fn(&mut crate::sim::World, &str);
    let lies: [(&str, Undo); 9] = [
        ("gateway.stop.act", |w, h| *w.gateways.get_mut(h).unwrap().get_mut("Instance1").unwrap() = 0),
        ("client.stop.act", |w, h| *w.clients.get_mut(h).unwrap() = true),
        ("native.disable.act", |w, h| w.node(h).native_open = true),
        ("guard.set.act", |w, h| w.node(h).guarded = false),
        ("node.drain.act", |w, h| w.node(h).process = Process::Normal),
        ("node.stop.act", |w, h| w.node(h).process = Process::Normal),
        ("node.clear.act", |w, h| w.node(h).litter = true),
        ("table.aside.act", |w, h| w.node(h).live.values_mut().for_each(|d| *d = Data::Old)),
        ("node.start.act", |w, h| w.node(h).process = Process::Stopped),
    ];
    for (act, undo) in lies {
        let sim = Sim::new(WHOLE);
        sim.hook(move |host, script, world| {
            if script == act {
                undo(world, host);
            }
        });
        assert_eq!(sim.restore().await, 5, "{act}: {:?}", sim.end());
        let step = act.trim_end_matches(".act");
        assert!(sim.end().2.contains(&format!("/{step}/")), "{act}: {:?}", sim.end());
    }
}

/// The cure is taken back behind its proof: the run ends well, and the data is not the backup's. No later proof can tell
/// (all nodes agree), so nothing but the cure keeps these traps away.
#[tokio::test(start_paused = true)]
async fn without_its_cure_each_trap_spoils_what_was_restored_and_everything_exits_0() {
    type Undo = fn(&mut crate::sim::World, &str);
    let cures: [(&str, Undo); 3] = [
        // hints that stay are delivered
        ("node.clear.proof", |w, h| w.node(h).hints = 3),
        // a commit log that stays is replayed
        ("node.clear.proof", |w, h| w.node(h).unflushed = true),
        // a node that is not emptied wins the repair
        ("table.aside.proof", |w, h| w.node(h).live.values_mut().for_each(|data| *data = Data::Old)),
    ];
    for (proof, undo) in cures {
        let sim = Sim::new(WHOLE);
        sim.hook(move |host, script, world| {
            if script == proof {
                undo(world, host);
            }
        });
        assert_eq!(sim.restore().await, 0, "{proof}: {:?}", sim.end());
        let world = sim.world();
        assert!(world.nodes.values().flat_map(|node| node.live.values()).all(|data| *data == Data::Spoilt), "{proof}");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_4_a_node_is_ready_only_when_its_peers_see_it() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0);
    let plan = sim.history();
    let (plan, _) = plan.plan().unwrap();
    let starts: Vec<_> = plan.steps().filter(|(_, s)| s.step == "node.start").map(|(_, s)| s).collect();
    let asked = |n: usize| starts[n].proof.iter().map(|a| a.host.as_str()).collect::<Vec<_>>();
    assert_eq!(
        (asked(0), asked(1), asked(2)),
        (vec!["cass1"], vec!["cass2", "cass1"], vec!["cass3", "cass1", "cass2"])
    );
    let ready: Vec<_> = plan.steps().filter(|(_, s)| s.step == "ring.ready").collect();
    assert_eq!(ready.len(), 3, "in the end every node is asked for its view");
}

#[tokio::test(start_paused = true)]
async fn rule_5_one_failure_stops_the_next_phase_and_the_rest_of_an_ordered_one() {
    let sim = Sim::new(WHOLE);
    sim.fault("node.drain.act", Some("cass2"), What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    assert!(
        !sim.acts().iter().any(|a| a.contains("cass3 guard.set") || a.contains("node.stop") || a.contains("clear"))
    );
    // of a parallel phase, what runs goes on to its end
    let sim = Sim::new(WHOLE);
    sim.fault("node.clear.act", Some("cass1"), What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    assert_eq!(sim.acts().iter().filter(|a| a.ends_with("node.clear.act")).count(), 3);
    assert!(!sim.acts().iter().any(|a| a.contains("table.")));
}

#[tokio::test(start_paused = true)]
async fn rule_6_an_act_whose_answer_was_lost_is_not_done_again() {
    for act in ["node.drain.act", "table.swap.act", "table.aside.act", "node.start.act", "repair.act"] {
        let sim = Sim::new(WHOLE);
        sim.fault(act, None, What::LoseAfter);
        assert_eq!(sim.restore().await, 0, "{act}: {:?}", sim.end());
        sim.assert_faults_fired();
        sim.world().assert_restored();
        let twice =
            sim.calls().iter().filter_map(|c| c.job.clone()).fold(std::collections::BTreeMap::new(), |mut n, job| {
                *n.entry(job).or_insert(0) += 1;
                n
            });
        // one directory name may exist on several hosts, never twice on one: step ids name the host
        assert!(twice.values().all(|n| *n == 1), "{act}: {twice:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rule_7_a_second_run_is_refused_with_who_holds_the_cluster_and_leaves_no_trace() {
    let sim = Sim::new(WHOLE);
    let second = Sim::new(WHOLE);
    let mut lock = reseed::run::RunLock::take(&sim.state.cluster(&sim.inventory.cluster), &ann()).unwrap();
    lock.tell(&"r1".parse().unwrap()).unwrap();
    let ended = sim.try_run(sim.order("restore", TAG)).await.unwrap();
    let Err(ConductError::State(StateError::Busy { holder })) = ended else { panic!("{ended:?}") };
    assert!(
        holder.contains("run r1 of ann@box") && holder.contains(&format!("process {}", std::process::id())),
        "{holder}"
    );
    assert_eq!(sim.connections(), 0);
    assert!(
        sim.state.runs(&sim.inventory.cluster).unwrap().is_empty(),
        "the refused run is no run: `resume` must not find it"
    );
    drop(lock);
    assert_eq!(sim.restore().await, 0);
    // another cluster is another matter
    assert_eq!(second.restore().await, 0);
}

#[tokio::test(start_paused = true)]
async fn rule_7_a_run_that_is_resumed_twice_at_once_is_refused_the_second_time() {
    let sim = Sim::new(WHOLE);
    sim.fault("repair.act", None, What::FailBefore);
    assert_eq!(sim.restore().await, 5);
    let lock = reseed::run::RunLock::take(&sim.state.cluster(&sim.inventory.cluster), &ann()).unwrap();
    assert!(matches!(sim.try_resume().await.unwrap(), Err(ConductError::State(StateError::Busy { .. }))));
    drop(lock);
    assert_eq!(sim.resume().await, Some(0));
}

#[tokio::test(start_paused = true)]
async fn rule_8_the_typed_name_must_also_be_that_of_every_node() {
    let sim = Sim::new(WHOLE);
    sim.world().node("cass3").cluster_name = "Other".to_owned();
    assert_eq!(sim.restore_over(&[]).await, 4, "the inventory's name was typed, but one node has another");
    assert!(reseed::guard::check_override("cluster-name").is_err(), "and nobody can override that");
}

const PASSWORD: &str = "s3cr3t-Zwanzig'\"\\$(x)";

#[tokio::test(start_paused = true)]
async fn rule_10_the_password_is_in_no_script_variable_journal_report_or_event() {
    for exit in [0, 7] {
        let home = crate::sim::scratch();
        let file = home.path().join("pw");
        std::fs::write(&file, PASSWORD).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let more = format!(
            "cassandra: {{cqlsh: {{username: ops, password_file: {}}}}}\nacceptance:\n  - {{keyspace: ks1, query: \"SELECT x FROM t\", expect: Backup}}\n",
            file.display()
        );
        let sim = Sim::with(WHOLE, &more);
        sim.world().password = Some(PASSWORD.to_owned());
        sim.keep_calls();
        if exit == 7 {
            sim.fault("index.query.proof", None, What::LoseBefore);
            sim.hook(|_, script, world| {
                world.password = if script == "repair.act" { Some("changed".into()) } else { world.password.take() }
            });
        }
        assert_eq!(sim.restore().await, exit, "{:?}", sim.end());
        let sent = sim.sent();
        assert!(sent.iter().any(|call| call.contains("secret: Some(Secret(…))")), "it was needed");
        let mut texts = sent;
        texts.extend(sim.events().iter().map(|e| serde_json::to_string(e).unwrap()));
        for entry in std::fs::read_dir(sim.dir().path).unwrap() {
            texts.push(String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned());
        }
        let history = sim.history();
        let events: Vec<_> = history.events().cloned().collect();
        let state = reseed::event::RunState::of(&events);
        texts.push(report::html(history.plan().map(|p| p.0), &events, &state).unwrap());
        texts.push(format!("{:?}", Secret::new(PASSWORD)));
        for text in texts {
            assert!(!text.contains("s3cr3t") && !text.contains("Zwanzig"), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rule_10_the_secret_goes_only_to_scripts_that_ask_cql() {
    let home = crate::sim::scratch();
    let file = home.path().join("pw");
    std::fs::write(&file, PASSWORD).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let sim =
        Sim::with(WHOLE, &format!("cassandra: {{cqlsh: {{username: ops, password_file: {}}}}}\n", file.display()));
    sim.world().password = Some(PASSWORD.to_owned());
    sim.keep_calls();
    assert_eq!(sim.restore().await, 0);
    for call in sim.sent().iter().filter(|call| call.contains("secret: Some")) {
        let cql = ["name: \"facts.cql\"", "name: \"index.query.proof\"", "name: \"acceptance.query.proof\""];
        assert!(cql.iter().any(|name| call.contains(name)), "{}", &call[..200]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_on_disk_first_and_whole() {
    let sim = Sim::new(WHOLE);
    assert_eq!(sim.restore().await, 0);
    let history = sim.history();
    let kept: Vec<_> = history.events().cloned().collect();
    let told: Vec<_> = sim.events().into_iter().filter(|e| e.body.is_record()).collect();
    assert_eq!(kept, told);
    assert!(matches!(history.records[0].body, Entry::Header(_)));
    assert!(matches!(kept.last().unwrap().body, Body::RunFinished { .. }));
}
