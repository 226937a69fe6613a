//! Gathers facts: two read-only scripts per node, one per gateway host, a few on one node.
//!
//! All hosts are asked at the same time. The first failure ends it: what cannot be told is a
//! refusal, never a guess. A node that is down is no failure: see `down`. What is asked of one node
//! only (gossip, schema) is asked of the seed, else of another that is up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::parse::{self, Fields, Identity};
use super::{BackupFacts, Facts, GatewayFacts, NodeFacts, down, ondisk};
use crate::backup::layout;
use crate::backup::verify::Damage;
use crate::cassandra::conf::Conf;
use crate::cassandra::gossipinfo::Endpoint;
use crate::cassandra::schema::Schema;
use crate::cassandra::version::Version;
use crate::cassandra::{cqlsh, gossipinfo, schema, sessions};
use crate::inventory::{Gateway, Inventory, Node};
use crate::name::{HostName, Tag};
use crate::remote::{Call, Secret, Transport, TransportError};
use crate::script::{Embedded, Library, Script};

/// The scripts that gather facts.
pub const SCRIPTS: &[Embedded] = &[
    ("facts.host", concat!(include_str!("host.sh"), include_str!("clock.sh"))),
    (
        "facts.node",
        concat!(
            include_str!("node.sh"),
            include_str!("disk.sh"),
            include_str!("restart.sh"),
            include_str!("schedulers.sh"),
            include_str!("writes.sh")
        ),
    ),
    ("facts.gossip", include_str!("gossip.sh")),
    ("facts.cql", include_str!("cql.sh")),
    ("facts.backup", include_str!("backup.sh")),
    ("facts.gateway", include_str!("gateway.sh")),
    ("facts.left", include_str!("left.sh")),
    ("facts.tables", include_str!("tables.sh")),
];

/// What one question may take; nodetool on a busy node is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// What to gather besides the cluster itself.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The backup to look for.
    pub tag: Option<Tag>,
    /// Whether `DESCRIBE KEYSPACE` is needed (for a manifest).
    pub describe: bool,
    /// Whether it matters what the backed up node may have missed (for a backup).
    pub repairs: bool,
}

/// Why facts could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The host gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A script on the host failed.
    #[error("{host}: {why}")]
    Script {
        /// The host.
        host: HostName,
        /// Its last words.
        why: String,
    },
    /// An answer was not understood.
    #[error("{host}: cannot understand {what}: {why}")]
    Answer {
        /// The host.
        host: HostName,
        /// What was asked.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// Passwords for CQL, per node.
pub type Secrets = BTreeMap<HostName, Secret>;

pub(super) struct Asker<T> {
    transport: Arc<T>,
    library: Library,
    secrets: Secrets,
}

/// Gathers everything that a plan and its guards need.
pub async fn gather<T: Transport>(
    transport: &Arc<T>,
    inventory: &Inventory,
    wanted: &Wanted,
    secrets: &Secrets,
) -> Result<Facts, FactsError> {
    let asker = Arc::new(Asker::new(transport, secrets.clone()));
    let mut nodes = JoinSet::new();
    for node in inventory.present() {
        let (asker, node, root) = (Arc::clone(&asker), node.clone(), inventory.backup.root.clone());
        let backup = wanted.tag.as_ref().map(|tag| layout::dir(&root, tag)).unwrap_or_default();
        let repairs = wanted.repairs;
        nodes.spawn(async move { asker.node(&node, &root, &backup, repairs).await });
    }
    let mut gateways = JoinSet::new();
    for gateway in &inventory.gateways {
        let (asker, gateway) = (Arc::clone(&asker), gateway.clone());
        gateways.spawn(async move { Ok::<_, FactsError>((gateway.name.clone(), asker.gateway(&gateway).await?)) });
    }
    let mut facts = Facts::default();
    let mut said = vec![];
    while let Some(done) = nodes.join_next().await {
        said.push(done.expect("gathering does not panic")?);
    }
    asker.ring(inventory, said, &mut facts).await?;
    while let Some(done) = gateways.join_next().await {
        let (name, gateway) = done.expect("gathering does not panic")?;
        facts.gateways.insert(name, gateway);
    }
    asker.cluster(inventory, wanted, &mut facts).await?;
    Ok(facts)
}

/// What a node's two scripts answered.
struct Said {
    host: HostName,
    conf: Conf,
    files: Fields,
    live: Fields,
}

/// What a node that is up is in the ring: its own word, and its version as another heard it.
fn up(endpoints: &[Endpoint], said: &Said) -> Result<Identity, (&'static str, String)> {
    let (host_id, datacenter) = if let Some(info) = parse::said(&said.live)? {
        (info.host_id, info.datacenter)
    } else {
        let rows = parse::ring(&said.live)?;
        let row = down::row_of(&rows, &down::addresses(&said.conf, &said.files));
        let row = row.and_then(|row| Some((row.host_id.clone()?, row.datacenter.clone())));
        row.ok_or_else(|| ("its own ring", "it holds no host id of this node".to_owned()))?
    };
    let own = endpoints.iter().find(|endpoint| endpoint.host_id.as_ref() == Some(&host_id));
    let version = own.and_then(|endpoint| Version::parse(endpoint.release_version.as_deref()?).ok());
    let unheard = || ("its version", format!("gossip does not tell of host id {host_id}"));
    Ok(Identity { version: version.ok_or_else(unheard)?, host_id, datacenter })
}

impl<T: Transport> Asker<T> {
    pub(super) fn new(transport: &Arc<T>, secrets: Secrets) -> Self {
        Self { transport: Arc::clone(transport), library: Library::of(SCRIPTS), secrets }
    }

    pub(super) async fn ask(&self, host: &HostName, script: Script, secret: bool) -> Result<String, FactsError> {
        let script = self.library.render(&script).expect("facts scripts are in their own library");
        let secret = if secret { self.secrets.get(host).cloned() } else { None };
        let call = Call { secret, ..Call::new(script, "", PATIENCE) };
        let reply = self.transport.exec(host, call).await?;
        if reply.rc == 0 {
            return Ok(reply.stdout);
        }
        Err(FactsError::Script { host: host.clone(), why: reply.reason() })
    }

    async fn node(&self, node: &Node, backup_root: &str, backup: &str, repairs: bool) -> Result<Said, FactsError> {
        let host = &node.name;
        let cassandra = &node.cassandra;
        let (files, conf) = self.files(node).await?;
        let dirs = parse::directories(&conf);
        let live = cassandra
            .nodetool
            .vars(Script::new("facts.node"))
            .list("ADDRESSES", down::addresses(&conf, &files))
            .var("NATIVE_PORT", conf.native_transport_port)
            .list("DIRS", dirs.iter().map(|(label, path)| format!("{label}\t{path}")))
            .var("BACKUP_ROOT", backup_root)
            .var("BACKUP", backup)
            .var("MISSED", if repairs { "yes" } else { "" })
            .var("LOG", files.get("log").unwrap_or(""))
            .var("CONF", &cassandra.conf)
            .var("HOME_DIR", &cassandra.home)
            .list("KEYSTORES", &conf.keystores)
            .list("SEEDS", conf.seed_names())
            .var("RUN_AS", cassandra.run_as.as_deref().unwrap_or(""));
        let live = Fields::parse(&self.ask(host, live, false).await?);
        Ok(Said { host: host.clone(), conf, files, live })
    }

    /// What a node's files say, also when Cassandra is down.
    pub(super) async fn files(&self, node: &Node) -> Result<(Fields, Conf), FactsError> {
        let home = &node.cassandra.home;
        let script = Script::new("facts.host").var("CONF", &node.cassandra.conf).var("HOME_DIR", home);
        let script = script.var("CQLSH", &node.cassandra.cqlsh.command);
        let asked = Timestamp::now();
        let mut files = Fields::parse(&self.ask(&node.name, script, false).await?);
        files.put("asked", &asked);
        files.put("answered", &Timestamp::now());
        let bad = |why: String| FactsError::Answer { host: node.name.clone(), what: "cassandra.yaml", why };
        let yaml = files.decoded("yaml").map_err(bad)?;
        let conf = match files.get("storagedir") {
            None => Conf::from_yaml(&yaml, home),
            Some(storage) => Conf::with_storage_dir(&yaml, storage),
        };
        let conf = conf.map_err(|why| bad(why.to_string()))?;
        Ok((files, conf))
    }

    async fn gateway(&self, gateway: &Gateway) -> Result<GatewayFacts, FactsError> {
        let script = Script::new("facts.gateway")
            .var("INSTALL_DIR", &gateway.install_dir)
            .list("INSTANCES", gateway.instances.iter().map(|i| format!("{}\t{}", i.name, i.group)))
            .var("RUN_AS", gateway.run_as.as_deref().unwrap_or(""));
        let fields = Fields::parse(&self.ask(&gateway.name, script, false).await?);
        Ok(GatewayFacts {
            startinstance: fields.get("startinstance").map(str::to_owned),
            owner: fields.get("owner").unwrap_or("").to_owned(),
            run_as: fields.get("run_as").unwrap_or("").to_owned(),
            foreign: fields.all("foreign").map(str::to_owned).collect(),
            running: fields
                .all("running")
                .map(|answer| match answer {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                })
                .collect(),
        })
    }

    /// Versions, which one node knows of all, and with them what each node's answers mean.
    async fn ring(&self, inventory: &Inventory, said: Vec<Said>, facts: &mut Facts) -> Result<(), FactsError> {
        let bad = |host: &HostName, what, why: String| FactsError::Answer { host: host.clone(), what, why };
        let downs: BTreeMap<_, _> =
            said.iter().filter_map(|s| Some((s.host.clone(), down::why(&s.files, &s.live)?))).collect();
        let mut nodes = std::iter::once(inventory.seed()).chain(inventory.present());
        let Some(voice) = nodes.find(|node| !downs.contains_key(&node.name)) else {
            for said in said {
                let identity = down::alone(&said.conf, &said.files, &said.live);
                let identity = identity.map_err(|why| bad(&said.host, "a node that is down", why))?;
                let addresses = down::addresses(&said.conf, &said.files);
                let down = downs.get(&said.host).cloned();
                let node = parse::node(said.conf, &said.files, &said.live, identity, down);
                let node = node.map_err(|(what, why)| bad(&said.host, what, why))?;
                facts.nodes.insert(said.host, NodeFacts { addresses, ..node });
            }
            return Ok(());
        };
        let heard = said.iter().find(|s| s.host == voice.name).expect("every node was asked");
        let run_as = heard.live.get("run_as").unwrap_or("");
        let script = voice.cassandra.nodetool.vars(Script::new("facts.gossip")).var("RUN_AS", run_as);
        let text = self.ask(&voice.name, script, false).await?;
        let endpoints = gossipinfo::parse(&text).map_err(|why| bad(&voice.name, "gossip", why.to_string()))?;
        let rows = parse::ring(&heard.live).map_err(|(what, why)| bad(&voice.name, what, why))?;
        let mut live = BTreeSet::new();
        for said in &said {
            let down = downs.get(&said.host).cloned();
            let identity = match &down {
                None => up(&endpoints, said),
                Some(_) => down::identity(&said.conf, (&said.files, &said.live), &rows, &endpoints)
                    .map_err(|why| ("a node that is down", why)),
            };
            let identity = identity.map_err(|(what, why)| bad(&said.host, what, why))?;
            if down.is_none() {
                live.insert(identity.host_id.clone());
            }
            let own = endpoints.iter().find(|endpoint| endpoint.host_id.as_ref() == Some(&identity.host_id));
            let started = own.and_then(|endpoint| Timestamp::from_second(endpoint.generation?.try_into().ok()?).ok());
            let node = parse::node(said.conf.clone(), &said.files, &said.live, identity, down);
            let mut node = node.map_err(|(what, why)| bad(&said.host, what, why))?;
            node.writes.started = started;
            facts.nodes.insert(said.host.clone(), node);
        }
        // what is not up holds the version of when it was
        let up = |endpoint: &Endpoint| endpoint.host_id.as_ref().is_none_or(|id| live.contains(id));
        let mut versions: Vec<String> = endpoints.into_iter().filter(up).filter_map(|e| e.schema).collect();
        versions.sort();
        versions.dedup();
        facts.schema_versions = versions;
        Ok(())
    }

    /// What only one node needs to be asked: the schema, the backup.
    async fn cluster(&self, inventory: &Inventory, wanted: &Wanted, facts: &mut Facts) -> Result<(), FactsError> {
        if let Some(tag) = &wanted.tag {
            (facts.backup, facts.backup_flaws) = self.backup(inventory, tag).await?;
        }
        let Some(voice) = facts.voice(inventory) else { return self.on_disk(inventory, facts).await };
        let host = &voice.name;
        let bad = |what, why: String| FactsError::Answer { host: host.clone(), what, why };
        let known = facts.nodes[host].clone();
        if let Some(why) = &known.no_cqlsh {
            let why = format!("cqlsh runs on no node that is up, so the schema cannot be told: {why}");
            return Err(FactsError::Script { host: host.clone(), why });
        }
        let version = known.version.clone();
        let mut queries = schema::queries(&version).to_vec();
        let has_sessions = version.has_repair_sessions();
        if has_sessions {
            queries.push(sessions::QUERY);
        }
        let text =
            self.cql(voice, &known, &queries.iter().map(|q| format!("{q};")).collect::<Vec<_>>().join("\n")).await?;
        let mut rows = cqlsh::json(&text).map_err(|why| bad("the schema", why.to_string()))?;
        if has_sessions {
            let last = rows.pop().unwrap_or_default();
            let open = sessions::open(&last).map_err(|why| bad("system.repairs", why.to_string()))?;
            facts.repair_sessions = Some(open);
        }
        facts.schema = Schema::from_rows(&version, &rows).map_err(|why| bad("the schema", why.to_string()))?;
        if wanted.repairs {
            self.missed_writes(inventory, voice, facts).await?;
        }
        if wanted.describe {
            let names: Vec<_> = facts.schema.user_keyspaces().map(|k| k.name.clone()).collect();
            for name in names {
                let said = self.cql(voice, &known, &format!("DESCRIBE KEYSPACE \"{name}\";")).await;
                // cqlsh may warn on stdout before it
                let found = |text: &String| Some(text[text.find("CREATE KEYSPACE")?..].trim().to_owned() + "\n");
                let cql = match said.as_ref().map(found) {
                    Ok(Some(cql)) => cql,
                    _ if !version.describes() => facts.schema.keyspace(&name).expect("it is one of these").to_cql(),
                    Ok(None) => return Err(bad("DESCRIBE KEYSPACE", said?.trim().to_owned())),
                    Err(_) => return Err(said.expect_err("it failed")),
                };
                facts.schema_cql.insert(name.to_string(), cql);
            }
        }
        Ok(())
    }

    /// The schema from all nodes' directories, when no node can be asked.
    async fn on_disk(&self, inventory: &Inventory, facts: &mut Facts) -> Result<(), FactsError> {
        let mut all = vec![];
        for (host, node) in &facts.nodes {
            let script = Script::new("facts.tables").list("DATA_DIRS", node.data().map(|dir| &dir.path));
            let fields = Fields::parse(&self.ask(host, script, false).await?);
            all.extend(fields.all("table").filter_map(ondisk::listed));
        }
        let manifest = match &facts.backup {
            BackupFacts::Whole(manifest, _) => Some(&**manifest),
            _ => None,
        };
        let bad =
            |why| FactsError::Answer { host: inventory.seed().name.clone(), what: "the schema on the disks", why };
        facts.schema = ondisk::schema(&all, manifest).map_err(bad)?;
        Ok(())
    }

    pub(super) async fn cql(&self, node: &Node, facts: &NodeFacts, cql: &str) -> Result<String, FactsError> {
        let script = node.cassandra.cqlsh.vars(Script::new("facts.cql").var("CQL", cql), facts.cql_address());
        self.ask(&node.name, script, true).await
    }

    async fn backup(&self, inventory: &Inventory, tag: &Tag) -> Result<(BackupFacts, Vec<Damage>), FactsError> {
        let root = &inventory.backup.root;
        let script = Script::new("facts.backup")
            .var("FINAL", layout::dir(root, tag))
            .var("PARTIAL", layout::partial_dir(root, tag))
            .var("LISTED", "yes");
        let fields = Fields::parse(&self.ask(&inventory.backup.node, script, false).await?);
        let backup = parse::backup(&fields);
        let flaws = match &backup {
            BackupFacts::Whole(manifest, _) => parse::flaws(manifest, &fields),
            _ => vec![],
        };
        Ok((backup, flaws))
    }
}
