//! The sshd tier: the conformance suite and the faults of real connections, over a real sshd that
//! each test starts for itself. Run as root: `cargo test --test sshd`.

#![expect(clippy::print_stdout, reason = "tests tell what they skip and what they measured")]

mod archive;
mod catalogue;
mod config;
#[path = "../conformance/mod.rs"]
mod conformance;
mod disaster;
mod faults;
mod killed;
mod logind;
mod operator;
mod ports;
mod relay;
mod server;
mod standin;

use std::path::Path;
use std::time::{Duration, Instant};

use conformance::{appears, call, exec, host, job, rendered, run, until};
use reseed::inventory::Become;
use reseed::name::HostName;
use reseed::remote::job::{self as jobs, State};
use reseed::remote::ssh::SshTransport;
use reseed::remote::{Transport, TransportError};
use server::{Login, Server, limits};

conformance!(over_ssh, super::Server::start("").map(|server| (server.transport(), server)));

/// Until the job has a process.
async fn started(job: &jobs::Job) {
    while !Path::new(&job.directory()).join("pid").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn fails(transport: &SshTransport, marker: &Path) -> TransportError {
    let mut call = call("");
    call.script = rendered(": >\"$MARKER\"", &[("MARKER", marker.to_str().unwrap())]);
    let error = transport.exec(&host(), call).await.unwrap_err();
    assert!(!marker.exists(), "the script ran");
    println!("{error}");
    error
}

#[tokio::test]
async fn an_unknown_host_key_is_refused_and_nothing_runs() {
    let Some(server) = Server::start("") else { return };
    std::fs::write(server.dir.path().join("known_hosts"), "").unwrap();
    let error = fails(&server.transport(), &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::HostKey { why, .. } if why.contains("known")), "{error:?}");
    assert_eq!(std::fs::read_to_string(server.dir.path().join("known_hosts")).unwrap(), "", "the key was added");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_and_nothing_runs() {
    let Some(server) = Server::start("") else { return };
    server.trust("stranger");
    let error = fails(&server.transport(), &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::HostKey { why, .. } if why.contains("has changed")), "{error:?}");
}

#[tokio::test]
async fn a_refused_port_is_unreachable() {
    let Some(mut server) = Server::start("") else { return };
    server.stop();
    let error = fails(&server.transport(), &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::Unreachable { why, .. } if why.contains("refused")), "{error:?}");
}

#[tokio::test]
async fn a_refused_login_is_denied_and_asked_once_for_all_who_wait() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport_as("root", |h| h.ssh.identity_file = Some(server.dir.path().join("stranger")));
    let marker = server.dir.path().join("ran");
    let (a, b, c) = tokio::join!(fails(&transport, &marker), fails(&transport, &marker), fails(&transport, &marker));
    for error in [a, b, c] {
        assert!(matches!(error, TransportError::Denied { .. }), "{error:?}");
    }
    // the server may write it down after we were told
    let told = || {
        let log = std::fs::read_to_string(server.dir.path().join("sshd.log")).unwrap();
        (log.matches("Connection closed by authenticating user").count(), log)
    };
    for _ in 0..50 {
        if told().0 > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (times, log) = told();
    assert_eq!(times, 1, "{log}");
}

#[tokio::test]
async fn noisy_and_foreign_login_shells_run_scripts_as_sh_does() {
    let Some(server) = Server::start("SetEnv SHLVL=0") else { return };
    let noisy =
        "#!/bin/sh\necho Welcome; printf 'no newline'; echo noise >&2\n/bin/sh \"$@\"\nrc=$?\necho bye; exit $rc\n";
    let mut logins = vec![("a noisy script", Login::with_script(noisy))];
    for shell in ["/bin/bash", "/bin/csh", "/usr/bin/tcsh", "/usr/bin/fish", "/usr/bin/zsh"] {
        if Path::new(shell).exists() {
            let login = Login::with_shell(Path::new(shell));
            for rc in [".bashrc", ".cshrc", ".zshenv"] {
                std::fs::write(login.home.path().join(rc), "echo noise of a startup file\n").unwrap();
            }
            logins.push((shell, login));
        } else {
            println!("skipped {shell}: it is not here");
        }
    }
    for (shell, login) in logins {
        let transport = server.transport_as(&login.name, |_| {});
        let reply = exec(&transport, "id -un; echo \"it's\" '$HOME!' >&2; printf '%s' \"$RESEED_RUN\"; exit 5").await;
        assert_eq!((reply.rc, reply.stdout), (5, format!("{}\nrun-1", login.name)), "{shell}");
        assert!(reply.stderr.contains("it's $HOME!\n"), "{shell}: {}", reply.stderr);
        conformance::values_with_any_text_reach_the_script_unchanged(&transport).await;
        conformance::a_stream_carries_any_bytes_both_ways(&transport).await;
        println!("{shell}: as sh");
        transport.close().await;
    }
}

#[tokio::test]
async fn an_account_without_a_shell_gives_no_proper_answer_and_says_so() {
    let Some(server) = Server::start("") else { return };
    let login = Login::with_shell(Path::new("/usr/sbin/nologin"));
    let error = fails(&server.transport_as(&login.name, |_| {}), &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::Garbled { why, .. } if why.contains("not available")), "{error:?}");
    let login = Login::with_script("#!/bin/sh\necho \"sh: not found\" >&2; exit 127\n");
    let error = fails(&server.transport_as(&login.name, |_| {}), &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::Garbled { why, .. } if why.contains("not found")), "{error:?}");
}

#[tokio::test]
async fn become_switches_the_user_and_a_sudo_that_asks_is_denied() {
    let Some(server) = Server::start("") else { return };
    if !Path::new("/usr/bin/sudo").exists() {
        println!("skipped: no sudo here");
        return;
    }
    let login = Login::with_shell(Path::new("/bin/sh"));
    let transport = server.transport_as("root", |h| h.ssh.r#become = Become::Sudo(login.name.clone()));
    assert_eq!(exec(&transport, "id -un").await.stdout, format!("{}\n", login.name));
    transport.close().await;
    let transport = server.transport_as(&login.name, |h| h.ssh.r#become = Become::Sudo("root".into()));
    let error = fails(&transport, &server.dir.path().join("ran")).await;
    assert!(matches!(&error, TransportError::Denied { why, .. } if why.contains("password")), "{error:?}");
}

#[tokio::test]
async fn a_server_killed_during_a_call_is_a_lost_link_and_the_next_call_reconnects() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    exec(&transport, "true").await;
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let begun = dir.path().join("begun");
    let kill = async {
        appears(&begun).await;
        server.signal("KILL");
    };
    let body = format!("echo >{}; sleep 5", begun.display());
    let (answer, ()) = tokio::join!(transport.exec(&host, call(&body)), kill);
    assert!(matches!(answer, Err(TransportError::LinkLost { .. })), "{answer:?}");
    println!("{}", answer.unwrap_err());
    assert_eq!(exec(&transport, "echo again").await.stdout, "again\n");
    transport.close().await;
}

#[tokio::test]
async fn a_link_lost_between_calls_is_made_anew_unnoticed() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    exec(&transport, "true").await;
    server.signal("KILL");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(exec(&transport, "echo again").await.stdout, "again\n");
    transport.close().await;
}

#[tokio::test]
async fn a_frozen_server_is_a_lost_link_within_the_silence_limit() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    exec(&transport, "true").await;
    let host = host();
    let freeze = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.signal("STOP");
        Instant::now()
    };
    let (answer, frozen) = tokio::join!(transport.exec(&host, call("sleep 30")), freeze);
    let after = frozen.elapsed();
    assert!(matches!(answer, Err(TransportError::LinkLost { .. })), "{answer:?}");
    println!("{} after {after:?}", answer.unwrap_err());
    assert!(after < limits().silence + Duration::from_secs(10), "{after:?}");
    assert_eq!(exec(&transport, "echo again").await.stdout, "again\n");
    transport.close().await;
}

#[tokio::test]
async fn a_job_survives_the_loss_of_its_connection_and_is_found_again() {
    let Some(mut server) = Server::start("") else { return };
    let transport = server.transport();
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), "echo ran >>\"$WHERE/count\"; sleep 2; echo printed after the loss");
    let cut = async {
        started(&job).await;
        server.signal("KILL");
        server.stop();
        tokio::time::sleep(Duration::from_millis(700)).await;
        server.resume();
    };
    let (reply, ()) = tokio::join!(run(&transport, &job), cut);
    assert_eq!(reply.unwrap().stdout, "printed after the loss\n");
    assert_eq!(std::fs::read_to_string(dir.path().join("count")).unwrap(), "ran\n");
    transport.close().await;
}

#[tokio::test]
async fn a_job_survives_its_coordinator_and_another_one_adopts_its_result() {
    let Some(server) = Server::start("") else { return };
    let dir = tempfile::tempdir().unwrap();
    let job = job(dir.path(), "until [ -e \"$WHERE/go\" ]; do sleep 0.1; done; echo done");
    let first = server.transport();
    let host = host();
    tokio::select! {
        answer = run(&first, &job) => panic!("{answer:?}"),
        () = started(&job) => {}
    }
    first.close().await;
    let second = server.transport();
    assert_eq!(jobs::look(&second, &host, &job).await.unwrap(), State::Running(None));
    std::fs::write(dir.path().join("go"), "").unwrap();
    assert_eq!(run(&second, &job).await.unwrap().stdout, "done\n");
    second.close().await;
}

#[tokio::test]
async fn a_server_that_drops_connections_when_busy_is_knocked_at_again() {
    let Some(server) = Server::start("MaxStartups 2:70:8") else { return };
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    let hosts = names.iter().map(|name| server.host(name, "root")).collect();
    let transport = std::sync::Arc::new(SshTransport::new(hosts, &limits(), None).unwrap());
    let mut tasks = Vec::new();
    for name in names {
        let (transport, name) = (transport.clone(), HostName::parse(name).unwrap());
        tasks.push(tokio::spawn(async move { transport.connect(&name).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let log = std::fs::read_to_string(server.dir.path().join("sshd.log")).unwrap();
    println!("{} connections were dropped", log.matches("past MaxStartups").count());
    assert!(log.contains("MaxStartups"), "the fault did not happen: {log}");
    transport.close().await;
}

#[tokio::test]
async fn a_server_that_allows_one_session_gets_calls_one_by_one() {
    let Some(server) = Server::start("MaxSessions 1") else { return };
    let transport = server.transport();
    let one = || exec(&transport, "sleep 0.1; echo x");
    tokio::join!(one(), one(), one());
    transport.close().await;
}

#[tokio::test]
async fn closing_ends_every_process_and_removes_every_file() {
    let Some(server) = Server::start("") else { return };
    let run_dir = tempfile::tempdir().unwrap();
    let make = || SshTransport::new(vec![server.host("h1", "root")], &limits(), Some(run_dir.path())).unwrap();
    let directory = || std::fs::read_to_string(run_dir.path().join("ssh-directory")).unwrap();
    let masters = |directory: &str| {
        let with = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let lines = std::fs::read_dir("/proc").unwrap().flatten().map(with);
        lines.filter(|line| String::from_utf8_lossy(line).contains(directory)).count()
    };
    let first = make();
    exec(&first, "true").await;
    let left = directory();
    assert_eq!(masters(&left), 1);
    // A coordinator that was killed: nothing of it runs, not even a destructor.
    std::mem::forget(first);
    let second = make();
    until(|| masters(&left) == 0 && !Path::new(&left).exists(), "what the first one left").await;
    exec(&second, "true").await;
    second.close().await;
    until(|| masters(&directory()) == 0 && !Path::new(&directory()).exists(), "what the second one left").await;
}

#[tokio::test]
async fn the_overhead_of_a_call_and_of_a_job_is_printed() {
    let Some(server) = Server::start("") else { return };
    let transport = server.transport();
    let started = Instant::now();
    transport.connect(&host()).await.unwrap();
    println!("connect: {:?}", started.elapsed());
    // What the others are to be measured by, on a machine that does other things too.
    let started = Instant::now();
    for _ in 0..100 {
        std::process::Command::new("sh").args(["-c", "/bin/true; :"]).status().unwrap();
    }
    println!("two local processes: {:?} each", started.elapsed() / 100);
    let started = Instant::now();
    for _ in 0..100 {
        exec(&transport, "true").await;
    }
    println!("exec: {:?} each, mean of 100 one after another", started.elapsed() / 100);
    let dir = tempfile::tempdir().unwrap();
    let mut job = job(dir.path(), "true");
    let started = Instant::now();
    for attempt in 1..=30 {
        job.attempt = attempt;
        assert_eq!(run(&transport, &job).await.unwrap().rc, 0);
    }
    println!("job: {:?} each, mean of 30 one after another", started.elapsed() / 30);
    transport.close().await;
}
