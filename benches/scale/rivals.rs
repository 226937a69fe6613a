//! What a user would run on many hosts instead.
//!
//! Each contender is one shell script beside this file: `SCRIPT connect` makes the connections,
//! `SCRIPT steps N` runs N steps that do nothing, each on all hosts, `SCRIPT close` ends the
//! connections. `SCRIPT missing` names what is not installed. They find the fleet's files in `$FLEET`.

use std::path::Path;
use std::process::Command;

use super::fleet::Fleet;
use crate::{Result, meter, venv};

/// A contender.
pub struct Rival {
    /// Its name.
    pub name: &'static str,
    script: &'static str,
    /// Steps that are measured: slow ones get fewer.
    steps: usize,
    /// How it is used.
    pub note: &'static str,
}

/// All of them.
pub const ALL: &[Rival] = &[
    Rival {
        name: "ssh ControlMaster",
        script: "controlmaster.sh",
        steps: 10,
        note: "a master per host, then xargs -P 32 ssh HOST true",
    },
    Rival {
        name: "clush",
        script: "clush.sh",
        steps: 10,
        note: "ClusterShell, fan-out 64, over ssh with ControlMaster",
    },
    Rival { name: "parallel-ssh", script: "pssh.sh", steps: 10, note: "pssh -p 64, over ssh with ControlMaster" },
    Rival {
        name: "Ansible",
        script: "ansible.sh",
        steps: 2,
        note: "forks 50, pipelining, no fact gathering, ControlPersist; `command: true`; 2 tasks measured",
    },
];

/// Seconds.
pub struct Times {
    /// To connect to all.
    pub connect: f64,
    /// For one step on all.
    pub step: f64,
}

/// Runs one.
pub fn measure(rival: &Rival, fleet: &Fleet) -> Result<Times> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scale").join(rival.script);
    let call = |words: &[&str]| -> Result<(f64, String)> {
        let mut command = Command::new("sh");
        command.arg(&script).args(words).current_dir(&fleet.dir).env("FLEET", &fleet.dir).env("VENV", venv());
        let (time, output) = meter::timed(|| meter::output(&mut command));
        Ok((time, String::from_utf8(output?.stdout)?))
    };
    let (_, missing) = call(&["missing"])?;
    if !missing.trim().is_empty() {
        return Err(format!("{} is not installed (benches/setup.sh)", missing.trim()).into());
    }
    let measured = call(&["connect"]).and_then(|(connect, _)| {
        let (all, _) = call(&["steps", &rival.steps.to_string()])?;
        Ok(Times { connect, step: all / rival.steps as f64 })
    });
    call(&["close"])?;
    measured
}
