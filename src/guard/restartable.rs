//! `restartable`: a node that is stopped comes back as it was.
//!
//! Nodes that ran for months come back onto an upgraded package, another JDK, an edited
//! configuration, a left-over option (domain.md section 0). Whether certificates have expired is not
//! looked at: keystores have passwords.

use super::{Case, Guard, Objection, When};
use crate::facts::{NodeFacts, Process, Restart};

/// The guard.
pub const GUARD: Guard = Guard {
    name: "restartable",
    about: "what every node would start with is what it runs with",
    when: When::Restore,
    overridable: true,
    judge,
};

/// What the system puts behind the name of a file that is gone.
const GONE: &str = " (deleted)";

fn judge(case: &Case) -> Vec<Objection> {
    let of = |node| objections(node).into_iter();
    case.facts.nodes.iter().flat_map(|(host, node)| of(node).map(|objection| objection.on(host))).collect()
}

fn objections(node: &NodeFacts) -> Vec<Objection> {
    let restart = &node.restart;
    let mut found = vec![];
    if let Some(process) = &restart.process {
        // one that dies at each start may be looked at before it has opened anything; node-down tells of it
        if process.jar.is_some() || !node.is_down() {
            found.extend(jar(process, &restart.installed));
        }
        found.extend(java(process));
    }
    if !node.conf.start_native_transport {
        let message = "cassandra.yaml says start_native_transport: false: after its start it would never serve";
        found.push(Objection::fail(message, "set it to true; the port is closed when it has to be"));
    }
    for (place, option) in &restart.options {
        let message = format!("{place} says {option}, which is for one start only");
        found.push(Objection::fail(message, "take it out of what starts Cassandra there, and restart the node once"));
    }
    found.extend(changed(restart));
    for (file, _) in restart.keystores.iter().filter(|(_, readable)| !readable) {
        let user = restart.process.as_ref().map_or(node.run_as.as_str(), |process| &process.user);
        let message = format!("cassandra.yaml names {file}, which {user} cannot read");
        found.push(Objection::fail(message, "put it back, or correct the path or its owner"));
    }
    found
}

fn jar(process: &Process, installed: &[String]) -> Option<Objection> {
    let Some(jar) = &process.jar else {
        let message = "it cannot be told which apache-cassandra jar runs: no open file or class path names it";
        let cure = "let reseed run as root or as Cassandra's user there, or make sure that no package was upgraded";
        return Some(Objection::fail(message, cure));
    };
    let name = jar.rsplit('/').next().unwrap_or(jar);
    let running = name.strip_suffix(GONE).unwrap_or(name);
    let cure = "finish the upgrade first (restart every node on it, upgradesstables), or put the running version back";
    match installed {
        [only] if only == running && name == running => None,
        [only] if only == running => {
            let message = format!("{running} was replaced since the start by a file of the same name");
            Some(Objection::warn(
                message,
                "the next start takes the new one; restart a node first to see that it works",
            ))
        }
        [] => Some(Objection::fail(format!("{running} runs, and is not there any more"), cure)),
        some => Some(Objection::fail(format!("{running} runs, {} is installed", some.join(" and ")), cure)),
    }
}

fn java(process: &Process) -> Option<Objection> {
    let java = process.java.strip_suffix(GONE)?;
    let message = format!("the java that it runs, {java}, was replaced or removed since its start");
    Some(if process.java_gone {
        Objection::fail(format!("{message}, and is not there"), "install that JDK again, or restart the node first")
    } else {
        Objection::warn(message, "the next start takes the new one; restart a node first to see that it works")
    })
}

fn changed(restart: &Restart) -> Option<Objection> {
    let message = || {
        let verb = if restart.changed.len() == 1 { "was" } else { "were" };
        format!("{} {verb} written after Cassandra started: it does not run with that yet", restart.changed.join(", "))
    };
    let cure = "make sure that it starts with these; restart a node first to see it";
    (!restart.changed.is_empty()).then(|| Objection::warn(message(), cure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;
    use crate::facts::fixture;

    fn found(change: impl Fn(&mut Restart)) -> Vec<(Level, String)> {
        let mut node = fixture::node();
        node.restart.process = Some(Process {
            user: "cassandra".to_owned(),
            java: "/usr/lib/jvm/17/bin/java".to_owned(),
            java_gone: false,
            jar: Some("/opt/cassandra/lib/apache-cassandra-5.0.8.jar".to_owned()),
        });
        node.restart.installed = vec!["apache-cassandra-5.0.8.jar".to_owned()];
        change(&mut node.restart);
        objections(&node).into_iter().map(|o| (o.level, o.message)).collect()
    }

    #[test]
    fn a_node_that_dies_at_each_start_may_have_opened_no_jar_yet_but_not_another_one() {
        let mut node = fixture::node();
        let process = |jar: Option<&str>| {
            let jar = jar.map(str::to_owned);
            Some(Process { user: "cassandra".to_owned(), java: "java".to_owned(), java_gone: false, jar })
        };
        node.restart.installed = vec!["apache-cassandra-5.0.8.jar".to_owned()];
        node.restart.process = process(None);
        assert_eq!(objections(&node).len(), 1);
        node.down = Some("it starts again and again".to_owned());
        assert_eq!(objections(&node), []);
        node.restart.process = process(Some("/opt/cassandra/lib/apache-cassandra-4.1.10.jar"));
        assert_eq!(objections(&node).len(), 1);
    }

    #[track_caller]
    fn one(found: &[(Level, String)], level: Level, words: &str) {
        assert!(found.len() == 1 && found[0].0 == level && found[0].1.contains(words), "{found:?}");
    }

    #[test]
    fn nothing_changed_holds() {
        assert_eq!(found(|_| ()), []);
        assert_eq!(objections(&fixture::node()), [], "whether a node that is down starts is told by its start");
    }

    #[test]
    fn another_version_than_the_running_one_is_refused() {
        let name = "apache-cassandra-5.0.9.jar".to_owned();
        one(&found(|r| r.installed = vec![name.clone()]), Level::Fail, "5.0.8.jar runs, apache-cassandra-5.0.9.jar is");
        one(&found(|r| r.installed.push(name.clone())), Level::Fail, "5.0.8.jar and apache-cassandra-5.0.9.jar is");
        one(&found(|r| r.installed.clear()), Level::Fail, "not there any more");
        let replaced = |r: &mut Restart| r.process.as_mut().unwrap().jar.as_mut().unwrap().push_str(GONE);
        one(&found(replaced), Level::Warn, "a file of the same name");
        one(&found(|r| r.process.as_mut().unwrap().jar = None), Level::Fail, "cannot be told");
    }

    #[test]
    fn a_java_that_is_gone_is_refused_and_one_that_was_replaced_is_told() {
        let deleted = |r: &mut Restart| r.process.as_mut().unwrap().java.push_str(GONE);
        one(&found(deleted), Level::Warn, "replaced or removed");
        let gone = |r: &mut Restart| {
            deleted(r);
            r.process.as_mut().unwrap().java_gone = true;
        };
        one(&found(gone), Level::Fail, "is not there");
    }

    #[test]
    fn left_over_options_and_unreadable_keystores_are_refused_and_edited_files_told() {
        let option = ("/etc/cassandra/jvm.options".to_owned(), "-Dcassandra.join_ring=false".to_owned());
        one(&found(|r| r.options = vec![option.clone()]), Level::Fail, "for one start only");
        let keystore = |readable| found(|r| r.keystores = vec![("/c/conf/.keystore".to_owned(), readable)]);
        one(&keystore(false), Level::Fail, "/c/conf/.keystore, which cassandra cannot read");
        assert_eq!(keystore(true), []);
        one(
            &found(|r| r.changed = vec!["/c/conf/cassandra.yaml".to_owned()]),
            Level::Warn,
            "cassandra.yaml was written",
        );
    }
}
