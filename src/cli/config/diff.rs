//! `config diff`: two backups of configuration, or one and what is there now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::screen::Screen;
use super::super::view::Look;
use super::super::{Ended, Global, reach};
use super::Place;
use crate::config::diff::{self, Change, Difference, TEXT};
use crate::config::{self, ConfigError, Entry, Kept, Listing, Porter, Store};
use crate::inventory::Inventory;
use crate::name::{HostName, Tag};
use crate::remote::Transport;
use crate::remote::ssh::SshTransport;
use crate::report::words;

/// Shows what differs between two backups of configuration, or between one and what is there now
///
/// Which files, and of text which lines; whatever looks like a secret is ***. Exit code 0 also when something differs:
/// --output json says `differs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A backup [default: the newest]
    tag: Option<Tag>,
    /// A later one [default: the hosts as they are now]
    other: Option<Tag>,
    /// Only this host; may be given several times
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<HostName>,
    #[command(flatten)]
    place: Place,
}

/// One of the two states.
struct Side {
    kept: BTreeMap<HostName, Kept>,
    /// Hosts that could not be asked, and why.
    silent: BTreeMap<HostName, ConfigError>,
    from: From,
}

enum From {
    Tag(Tag),
    Now(Arc<Porter<SshTransport>>),
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let store = args.place.store(global, &inventory)?;
    let newest = || {
        let none =
            || Failure::new(ExitCode::Invalid, format!("there is no backup of configuration in {}", store.dir()));
        store.newest()?.ok_or_else(|| none().hint("reseed config backup"))
    };
    let tag = args.tag.clone().map_or_else(newest, Ok)?;
    let old = kept(&store, &inventory, &tag)?;
    if let Some(host) = args.hosts.iter().find(|host| !old.kept.contains_key(host)) {
        return Err(Failure::new(ExitCode::Usage, format!("backup {tag} holds nothing of host {host}")));
    }
    let screen = Screen::new(printer);
    let transport = Arc::new(reach::transport(&inventory)?);
    let compared = reach::look_on(async {
        let new = if let Some(other) = &args.other {
            kept(&store, &inventory, other)
        } else {
            screen.pulse("looking at what configures the hosts");
            Ok(now(&transport, &inventory, &args.hosts).await)
        };
        let compared = match new {
            Ok(new) => compare(&store, &old, &new, &args.hosts).await.map(|found| (found, new.silent)),
            Err(error) => Err(error),
        };
        transport.close().await;
        compared
    });
    screen.finish();
    let (found, silent) = compared??;
    let right = args.other.as_ref().map_or_else(|| "now".to_owned(), ToString::to_string);
    let mut out = io::stdout().lock();
    let _ = if printer.json {
        let silent: BTreeMap<_, _> = silent.iter().map(|(host, error)| (host, error.to_string())).collect();
        let document = json!({"v": 1, "kind": "config-diff", "cluster": inventory.cluster, "from": tag, "to": right,
            "differs": !found.is_empty(), "unanswered": silent, "differences": found});
        writeln!(out, "{document}")
    } else {
        out.write_all(shown(tag.as_str(), &right, &found, printer.out).as_bytes())
    };
    match silent.into_iter().next() {
        None => Ok(ExitCode::Done),
        Some((_, error)) => Err(error.into()),
    }
}

fn kept(store: &Store, inventory: &Inventory, tag: &Tag) -> Result<Side, Failure> {
    let manifest = store.read(tag)?;
    if manifest.cluster != inventory.cluster {
        return Err(ConfigError::Foreign { tag: tag.clone(), cluster: manifest.cluster.to_string() }.into());
    }
    Ok(Side { kept: manifest.hosts, silent: BTreeMap::new(), from: From::Tag(tag.clone()) })
}

/// All hosts at the same time. One that does not answer does not hide what the others say.
async fn now(transport: &Arc<SshTransport>, inventory: &Inventory, hosts: &[HostName]) -> Side {
    let porter = Arc::new(Porter::new(transport, inventory.limits.silence, ""));
    let mut asking = JoinSet::new();
    for (host, address) in config::hosts(inventory).filter(|(host, _)| hosts.is_empty() || hosts.contains(host)) {
        let Some(list) = config::list(inventory, host, true) else { continue };
        let (porter, host, address) = (Arc::clone(&porter), host.clone(), address.to_owned());
        let transport = Arc::clone(transport);
        asking.spawn(async move {
            let listing = match transport.connect(&host).await {
                Ok(()) => porter.list(&host, &address, &list).await.and_then(|listing| readable(&host, listing)),
                Err(error) => Err(error.into()),
            };
            (host, listing)
        });
    }
    let mut side = Side { kept: BTreeMap::new(), silent: BTreeMap::new(), from: From::Now(porter) };
    for (host, listing) in asking.join_all().await {
        match listing {
            Ok(listing) => drop(side.kept.insert(host, listing.kept)),
            Err(error) => drop(side.silent.insert(host, error)),
        }
    }
    side
}

/// What cannot be read cannot be compared: nothing is said of such a host, rather than that all of it is the same.
fn readable(host: &HostName, listing: Listing) -> Result<Listing, ConfigError> {
    let Some(first) = listing.unreadable.first() else { return Ok(listing) };
    let why = format!("cannot read {first}; let a user who may read it connect, or set ssh.become");
    Err(ConfigError::Host { host: host.clone(), why })
}

async fn compare(store: &Store, old: &Side, new: &Side, hosts: &[HostName]) -> Result<Vec<Difference>, Failure> {
    let mut all = vec![];
    let none = Kept::default();
    let mut names: Vec<&HostName> = old.kept.keys().chain(new.kept.keys()).collect();
    names.sort();
    names.dedup();
    for host in names {
        if new.silent.contains_key(host) || !(hosts.is_empty() || hosts.contains(host)) {
            continue;
        }
        let (a, b) = (old.kept.get(host).unwrap_or(&none), new.kept.get(host).unwrap_or(&none));
        for mut difference in diff::of(host, a, b) {
            let file = |kept: &Kept| {
                let entry = kept.entries.iter().find(|entry| entry.path == difference.path).cloned();
                entry.filter(|entry| entry.file().is_some_and(|(size, _)| size <= TEXT))
            };
            if let (Change::Changed, Some(a), Some(b)) = (difference.change, file(a), file(b)) {
                let (a, b) = (bytes(store, old, host, &a).await?, bytes(store, new, host, &b).await?);
                if let (Some(a), Some(b)) = (a, b) {
                    diff::add_lines(&mut difference, &a, &b);
                }
            }
            all.push(difference);
        }
    }
    Ok(all)
}

async fn bytes(store: &Store, side: &Side, host: &HostName, entry: &Entry) -> Result<Option<Vec<u8>>, ConfigError> {
    match &side.from {
        From::Tag(tag) => store.bytes(tag, host, entry).map(Some),
        From::Now(porter) => porter.bytes(host, entry).await,
    }
}

fn shown(left: &str, right: &str, found: &[Difference], look: Look) -> String {
    if found.is_empty() {
        return format!("{left} and {right}: no difference\n");
    }
    let mut text = String::new();
    let mut last = None;
    for Difference { host, path, change, what, lines, more } in found {
        if last != Some(host) {
            let _ = writeln!(text, "{}{host}: {left} → {right}", if last.is_some() { "\n" } else { "" });
            last = Some(host);
        }
        let _ = writeln!(text, "  {:<10} {}  {}", change.word(), words::line(path), words::line(&what.join(", ")));
        for line in lines.iter().flatten() {
            let told = format!("{} {:>4}  {}", line.sign, line.number, words::line(&line.text));
            let _ = writeln!(text, "    {}", if line.sign == '-' { look.bad(&told) } else { look.good(&told) });
        }
        if *more > 0 {
            let _ = writeln!(text, "    … and {}", words::count(*more, "more line"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::diff::Shown;

    #[test]
    fn a_host_with_a_file_that_cannot_be_read_is_not_compared() {
        let host = HostName::parse("cass1").unwrap();
        let listing = Listing { unreadable: vec!["/c/.keystore".into()], ..Listing::default() };
        assert!(readable(&host, listing).unwrap_err().to_string().contains("cannot read /c/.keystore"));
        assert!(readable(&host, Listing::default()).is_ok());
    }

    #[test]
    fn differences_are_shown_host_by_host_with_what_became_of_each_file() {
        let one = |host: &str, path: &str, change, what: &str| Difference {
            host: HostName::parse(host).unwrap(),
            path: path.into(),
            change,
            what: vec![what.into()],
            lines: None,
            more: 0,
        };
        let line = |sign, number, text: &str| Shown { sign, number, text: text.into() };
        let changed = Difference {
            lines: Some(vec![
                line('-', 12, "  password: ***"),
                line('+', 12, "  password: ***"),
                line('+', 40, "b: 2"),
            ]),
            more: 7,
            ..one("cass1", "/opt/cassandra/conf/cassandra.yaml", Change::Changed, "65 KiB sha256 ab → 65 KiB sha256 cd")
        };
        let found = [
            changed,
            one("cass1", "/opt/cassandra/conf/old", Change::Gone, "12 B sha256 00"),
            one("gw1", "/opt/Axway/apigateway/ext/lib/a b.jar", Change::New, "3.0 MiB sha256 11"),
            one("gw1", "/opt/Axway/apigateway/conf", Change::Attributes, "mode 755 → 700"),
        ];
        insta::assert_snapshot!(shown("t1", "now", &found, Look::default()));
        assert_eq!(shown("t1", "t2", &[], Look::default()), "t1 and t2: no difference\n");
    }
}
