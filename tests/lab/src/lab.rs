//! A lab: making it, attaching to it, and what tests do with it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Consistency, Error, Gateway, Host, Options, Phase, Result, Role, cluster, cql, data,
    files::{self, PASSWORD},
    golden, interrupt, jars,
    layout::{self, Common},
    network, paths,
    progress::say,
    state::State,
    teardown, version,
};

/// A running lab. Dropping it leaves it running.
#[derive(Debug)]
pub struct Lab {
    state: State,
    dir: PathBuf,
}

impl Lab {
    /// Boots a lab; attaches to it when it runs already with the same options.
    ///
    /// # Errors
    /// When the options cannot be built, when the lab runs with others, when
    /// something fails. Whatever was booted by then is ended again; unless this
    /// was an interruption, the folder with the logs stays until the next `up`.
    pub fn up(options: &Options) -> Result<Self> {
        options.check()?;
        let name = &options.name;
        let _lock = teardown::lock(name)?;
        if let Some(state) = State::load(name)?.filter(State::running) {
            if state.options == *options {
                say(format!("lab {name} runs already"));
                return Self::of(state);
            }
            let running = state.options.summary();
            return Err(Error::OtherOptions { name: name.clone(), running });
        }
        teardown::down_locked(name)?;
        let mut state = plan(options)?;
        let made = make(&mut state);
        if let Err(error) = made {
            if interrupt::seen() {
                teardown::down_locked(name)?;
                return Err(Error::Interrupted);
            }
            teardown::stop_locked(name)?;
            state.phase = Phase::Failed;
            state.save()?;
            return Err(error);
        }
        Self::of(state)
    }

    /// Attaches to a lab that another process booted.
    ///
    /// # Errors
    /// When no such lab runs.
    pub fn attach(name: &str) -> Result<Self> {
        match State::load(name)?.filter(State::usable) {
            Some(state) => Self::of(state),
            None => Err(Error::NoLab(name.to_owned())),
        }
    }

    /// The labs of this machine that have a folder, with how far they are.
    ///
    /// # Errors
    /// When a state cannot be read.
    pub fn list() -> Result<Vec<(Options, Phase, bool)>> {
        let states = crate::state::names()?.into_iter().map(|name| State::load(&name));
        let found = states.filter_map(Result::transpose);
        found.map(|state| state.map(|state| (state.options.clone(), state.phase, state.alive()))).collect()
    }

    fn of(state: State) -> Result<Self> {
        Ok(Self { dir: paths::lab(&state.options.name)?, state })
    }

    /// Ends the lab: no process, mount, namespace or file of it is left.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn down(self) -> Result<()> {
        teardown::down(&self.state.options.name).map(drop)
    }

    /// What it is made of.
    pub fn options(&self) -> &Options {
        &self.state.options
    }

    /// Its folder: inventories, ssh's files, `env`, and the hosts' folders in `hosts/`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The inventory for logins as root.
    pub fn inventory(&self) -> PathBuf {
        self.dir.join("inventory.yaml")
    }

    /// The inventory for logins as ops, with sudo.
    pub fn inventory_sudo(&self) -> PathBuf {
        self.dir.join("inventory-sudo.yaml")
    }

    /// An `ssh_config` that reaches every host, by name or address.
    pub fn ssh_config(&self) -> PathBuf {
        self.dir.join("ssh_config")
    }

    /// A command that runs on the machine, but in the lab's network: where the
    /// coordinator is. It has the password of the role `lab` and the inventory
    /// in its environment.
    pub fn coordinator(&self, program: &str) -> Command {
        let world = network::namespace_path(&network::world(&self.state.options.name));
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", world.display())).args(["--", program]);
        command.env(PASSWORD.0, PASSWORD.1).env("RESEED_INVENTORY", self.inventory());
        command
    }

    /// The Cassandra nodes.
    pub fn nodes(&self) -> &[Host] {
        &self.state.hosts[..self.state.options.nodes]
    }

    /// All hosts: nodes, then gateways.
    pub fn hosts(&self) -> &[Host] {
        &self.state.hosts
    }

    /// The host of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn host(&self, name: &str) -> Result<&Host> {
        let hosts = &self.state.hosts;
        hosts.iter().find(|host| host.name == name).ok_or_else(|| Error::NoHost {
            lab: self.state.options.name.clone(),
            host: name.to_owned(),
            known: hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// The gateway of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn gateway(&self, name: &str) -> Result<Gateway<'_>> {
        self.host(name).map(|host| Gateway { host })
    }

    /// Starts Cassandra on a node and waits until it serves clients.
    ///
    /// # Errors
    /// When it does not.
    pub fn start_node(&self, host: &Host) -> Result<()> {
        cluster::start(host)?;
        cluster::wait_port(host, cluster::NATIVE)
    }

    /// Stops Cassandra on a node (SIGTERM, no drain) and waits for its end.
    ///
    /// # Errors
    /// When it does not end within a minute.
    pub fn stop_node(&self, host: &Host) -> Result<()> {
        cluster::stop(host)
    }

    /// Kills Cassandra on a node (SIGKILL).
    ///
    /// # Errors
    /// When it does not end.
    pub fn kill_node(&self, host: &Host) -> Result<()> {
        cluster::kill(host)
    }

    /// Waits until all nodes serve clients and are UN to each other.
    ///
    /// # Errors
    /// When that takes minutes, or a node's Cassandra ended.
    pub fn wait_un(&self) -> Result<()> {
        cluster::wait_un(&nodes(&self.state.hosts))
    }

    /// Takes a node's link down and waits until it sees all others DN: from
    /// then on, what a query through it finds is its own data.
    ///
    /// # Errors
    /// When that takes more than three minutes.
    pub fn cut_off_alone(&self, host: &Host) -> Result<()> {
        host.cut_off()?;
        let what = "waiting until all others are DN";
        cluster::wait_ring(what, &[host], Duration::from_mins(3), |host, members| {
            !members.is_empty()
                && members.iter().all(|member| (member.address == host.address) == member.state.starts_with('U'))
        })
    }

    /// Takes a node's link up and waits until all nodes are UN to each other.
    ///
    /// # Errors
    /// As [`Lab::wait_un`].
    pub fn rejoin(&self, host: &Host) -> Result<()> {
        host.reconnect()?;
        self.wait_un()
    }

    /// Runs one statement through a node and nothing but that node, as role
    /// `lab`; the rows, each value as text (`null`; bytes as `0x…`).
    ///
    /// A node may still ask another replica: see [`Lab::each_alone`].
    ///
    /// # Errors
    /// When the statement fails.
    pub fn cql(&self, host: &Host, statement: &str, at: Consistency) -> Result<Vec<Vec<String>>> {
        cql::execute(host, cql::LAB, &[statement], at, 1)
    }

    /// Runs statements one after the other, in one session; the rows of all.
    ///
    /// # Errors
    /// When one fails; those after it are not run.
    pub fn cql_all(&self, host: &Host, statements: &[impl AsRef<str>], at: Consistency) -> Result<Vec<Vec<String>>> {
        cql::execute(host, cql::LAB, statements, at, 1)
    }

    /// Runs many statements at once, in no order: for loading rows.
    ///
    /// # Errors
    /// When one fails; the others may have run.
    pub fn cql_batch(&self, host: &Host, statements: &[impl AsRef<str>], at: Consistency) -> Result<()> {
        cql::execute(host, cql::LAB, statements, at, 64).map(drop)
    }
}

/// The hosts that a lab of these options has.
fn plan(options: &Options) -> Result<State> {
    let dir = paths::lab(&options.name)?;
    let host = |name: String, last: usize, role: Role| Host {
        address: format!("10.77.0.{last}"),
        lab: options.name.clone(),
        dir: dir.join("hosts").join(&name),
        name,
        role,
        init: options.init,
        disk: options.disk,
    };
    let nodes = (0..options.nodes).map(|index| {
        let dc = options.dc(index);
        let seed = index == 0 || options.dc(index - 1) != dc;
        host(format!("cass{}", index + 1), 11 + index, Role::Node { dc, seed })
    });
    let gateways = (0..options.gateways).map(|index| host(format!("gw{}", index + 1), 21 + index, Role::Gateway));
    let hosts = nodes.chain(gateways).collect();
    Ok(State { phase: Phase::Starting, options: options.clone(), hosts })
}

fn nodes(hosts: &[Host]) -> Vec<&Host> {
    hosts.iter().filter(|host| host.is_node()).collect()
}

/// Makes all of a lab. The state is saved before anything that `down` must find.
fn make(state: &mut State) -> Result<()> {
    let options = state.options.clone();
    let version = version::find(&options.version)?;
    state.save()?;
    if !paths::venv().join(".complete").exists() {
        let why = format!("{} is not there; run tests/lab/setup.sh", paths::venv().display());
        return Err(Error::broken("the lab's Python environment", why));
    }
    let jars = jars::ensure(version)?;
    interrupt::check()?;

    boot(state, version, &jars)?;
    interrupt::check()?;
    let image = golden::image(&options, version);
    let nodes = nodes(&state.hosts);
    if image.exists() {
        say("starting Cassandra from the golden image");
        golden::restore(&image, &options, &nodes)?;
    } else {
        say(format!("first boot of {}: a golden image is made", options.summary()));
        cluster::first_boot(&options, &nodes)?;
        cluster::drain_all(&nodes)?;
        golden::save(&image, &options, &nodes)?;
        say("starting Cassandra again");
    }
    data::arrange(&options, &nodes)?;
    cluster::start_all(&nodes)?;
    nodes.iter().try_for_each(|node| cluster::enable(node))?;
    if options.start_gateways {
        for host in state.hosts.iter().filter(|host| !host.is_node()) {
            Gateway { host }.start()?;
        }
    }
    state.phase = Phase::Running;
    state.save()
}

/// The hosts with their network, up to sshd, and the files to reach them.
fn boot(state: &mut State, version: &'static version::Version, jars: &Path) -> Result<()> {
    let name = &state.options.name;
    let dir = paths::lab(name)?;
    say(format!("booting {} hosts", state.hosts.len()));
    let public_key = files::make_key(&dir)?;
    let init = dir.join("host-init.sh");
    paths::write(&init, include_str!("sh/host-init.sh"), 0o755)?;
    let common = Common { options: &state.options, version, hosts: &state.hosts, jars, public_key: &public_key };
    network::make_world(name)?;
    for host in &state.hosts {
        interrupt::check()?;
        network::plug(name, host)?;
        layout::make(&common, host)?;
    }
    for host in &state.hosts {
        host.boot(&init)?;
    }
    files::write_all(&dir, &state.hosts)?;
    state.save()
}
