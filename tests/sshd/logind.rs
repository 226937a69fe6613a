//! Jobs on a host that systemd runs and whose logind ends what a session leaves: a real one, of a lab
//! (`lab up --name NAME --nodes 1 --init systemd`). It is named by the variable `LAB`; run as
//! `LAB=/var/lib/reseed-lab/NAME lab coordinator --name NAME cargo test --test sshd -- --ignored logind`.

use std::path::PathBuf;
use std::time::Duration;

use reseed::inventory::{Become, Ssh};
use reseed::name::HostName;
use reseed::remote::Transport;
use reseed::remote::job::{self as jobs, Cancelled, Job, JobError, State};
use reseed::remote::ssh::{SshHost, SshTransport};

use crate::conformance::{exec, host, job, run};
use crate::server::limits;

fn node(user: &str, privilege: Become) -> SshTransport {
    let lab = PathBuf::from(std::env::var_os("LAB").expect("LAB names the folder of a lab with systemd"));
    let ssh =
        Ssh { user: Some(user.into()), config: Some(lab.join("ssh_config")), r#become: privilege, ..Ssh::default() };
    let host = SshHost { name: HostName::parse("h1").unwrap(), address: "cass1".into(), ssh };
    SshTransport::new(vec![host], &limits(), None).unwrap()
}

/// A directory on the node that no other test has, for the user.
async fn place(t: &SshTransport) -> PathBuf {
    PathBuf::from(exec(t, "mktemp -d /var/tmp/reseed-test.XXXXXX").await.stdout.trim())
}

/// The words of an answer about what is on the node.
async fn say(t: &SshTransport, body: &str) -> String {
    exec(t, body).await.stdout.trim().to_owned()
}

/// A job that outlives the session that started it, is found, seen and cancelled by another one.
async fn outlives_its_session(user: &str, privilege: Become, scope: &str, left: usize) {
    let first = node(user, privilege.clone());
    let dir = place(&first).await;
    // each test its own processes: they run at the same time
    let (loose, inside) = match (user, scope) {
        ("root", _) => ("717", "727"),
        (_, "") => ("737", "747"),
        _ => ("757", "767"),
    };
    // What becomes of what is merely detached.
    let begun = format!("pkill -f '^sleep {loose}[1]'; setsid sleep {loose}1 </dev/null >/dev/null 2>&1 &");
    exec(&first, &begun).await;
    let mut one = job(&dir, &format!("echo began; sleep {inside}2"));
    one.limit = Duration::from_secs(2);
    assert!(matches!(run(&first, &one).await, Err(JobError::TimedOut { .. })));
    one.limit = Duration::from_mins(1);
    first.close().await;
    tokio::time::sleep(Duration::from_secs(3)).await;

    let second = node(user, privilege);
    assert_eq!(say(&second, &format!("pgrep -c -f '^sleep {loose}[1]'")).await, left.to_string(), "detached");
    exec(&second, &format!("pkill -f '^sleep {loose}[1]'")).await;
    assert_eq!(jobs::look(&second, &host(), &one).await.unwrap(), State::Running(None));
    let unit = format!("reseed-$(printf %s {} | cksum | tr ' ' -)", one.directory());
    let unit = format!("systemctl {scope} show -p LoadState -p ActiveState {unit}");
    assert_eq!(say(&second, &unit).await, "LoadState=loaded\nActiveState=active");
    assert_eq!(jobs::cancel(&second, &host(), &one).await.unwrap(), Cancelled::Killed);
    assert_eq!(say(&second, &format!("pgrep -c -f '^sleep {inside}[2]'")).await, "0");
    assert_eq!(say(&second, &unit).await, "LoadState=not-found\nActiveState=inactive");
    let short = Job { attempt: 2, ..job(&dir, "echo \"$PATH\" >\"$RESEED_JOB/path\"; echo said; exit 6") };
    let reply = run(&second, &short).await.unwrap();
    assert_eq!((reply.rc, reply.stdout.as_str()), (6, "said\n"));
    let path = say(&second, &format!("cat {}/path; echo \"$PATH\"", short.directory())).await;
    let path: Vec<&str> = path.lines().collect();
    assert_eq!(path[0], path[1], "the login's environment");
    exec(&second, &format!("rm -rf {}", dir.display())).await;
    second.close().await;
}

#[tokio::test]
#[ignore = "needs a lab with systemd"]
async fn logind_spares_root_and_a_job_of_root_is_a_unit_all_the_same() {
    outlives_its_session("root", Become::None, "", 1).await;
}

#[tokio::test]
#[ignore = "needs a lab with systemd"]
async fn logind_ends_what_a_session_leaves_but_not_a_job_by_sudo() {
    outlives_its_session("ops", Become::Sudo("root".into()), "", 0).await;
}

#[tokio::test]
#[ignore = "needs a lab with systemd"]
async fn logind_hosts_refuse_a_user_without_root_until_it_may_linger() {
    let root = node("root", Become::None);
    exec(&root, "loginctl disable-linger ops").await;
    let ops = node("ops", Become::None);
    let dir = place(&ops).await;
    let error = run(&ops, &job(&dir, "echo ran >\"$WHERE/ran\"")).await.unwrap_err();
    println!("{error}");
    assert!(matches!(&error, JobError::Refused { why, .. } if why.ends_with("loginctl enable-linger ops")), "{error}");
    assert_eq!(say(&ops, &format!("ls {}", dir.join("jobs/run-1").display())).await, "");
    ops.close().await;
    exec(&root, "loginctl enable-linger ops; sleep 1").await;
    outlives_its_session("ops", Become::None, "--user", 0).await;
    exec(&root, "loginctl disable-linger ops").await;
    root.close().await;
}

#[tokio::test]
#[ignore = "needs a lab with systemd"]
async fn logind_hosts_keep_what_a_job_started_to_outlive_it_with_the_limits_of_the_login() {
    let transport = node("root", Become::None);
    let dir = place(&transport).await;
    let body = "RUN_AS=; start_command 'sleep 7373 & cat /proc/self/limits >'\"$RESEED_JOB\"'/limits'; sleep 0.2";
    let started = job(&dir, body);
    assert_eq!(run(&transport, &started).await.unwrap().rc, 0);
    let mut cancelled = Job { attempt: 2, ..job(&dir, &format!("{body}; sleep 7474")) };
    cancelled.limit = Duration::from_secs(2);
    assert!(matches!(run(&transport, &cancelled).await, Err(JobError::TimedOut { .. })));
    assert_eq!(jobs::cancel(&transport, &host(), &cancelled).await.unwrap(), Cancelled::Killed);
    transport.close().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = node("root", Become::None);
    assert_eq!(say(&later, "pgrep -c -f '^sleep 737[3]'; pgrep -c -f '^sleep 747[4]'").await, "2\n0");
    let wanted = "^Max (open files|processes|locked memory|address space)";
    let limits = |from: &str| format!("grep -E '{wanted}' {from}");
    let of_job = say(&later, &limits(&format!("{}/limits", started.directory()))).await;
    assert_eq!(of_job, say(&later, &limits("/proc/self/limits")).await);
    println!("{of_job}");
    exec(&later, &format!("pkill -f '^sleep 737[3]'; rm -rf {}", dir.display())).await;
    later.close().await;
}
