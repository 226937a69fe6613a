//! `backups import`: what the written scripts left becomes a backup.

use super::super::exit::{ExitCode, Failure};
use super::super::printer::Printer;
use super::super::selection::Overriding;
use super::super::{Ended, Global, before, reach, session};
use crate::inventory::Inventory;
use crate::journal::Errand;
use crate::name::{Keyspace, Tag};
use crate::run::{Ask, Order};

/// Makes a backup of what the written scripts left: <snapshot>/<table>/<files>, without a manifest
///
/// Copies the files (theirs stay as they are), checks that every sstable is whole, and makes the manifest from the
/// cluster's schema as it is now. Also takes the layout of the vendor's tool, <name>/<snapshot>/<table>/<files>. Index
/// files, which the written scripts leave out, are rebuilt at the restore.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The snapshot's directory on the backup node; when not absolute, below `backup.root`
    #[arg(value_name = "DIR")]
    dir: String,
    /// The keyspace that it is of
    #[arg(short, long, value_name = "KEYSPACE")]
    keyspace: Keyspace,
    /// The backup's name [default: the directory's, with `-imported` when it lies below `backup.root` itself]
    #[arg(long)]
    tag: Option<Tag>,
    #[command(flatten)]
    overriding: Overriding,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let usage = |why: String| Failure::new(ExitCode::Usage, why);
    let dir = absolute(&inventory, &args.dir).map_err(|why| usage(why.to_owned()))?;
    let tag = match &args.tag {
        Some(tag) => tag.clone(),
        None => named(&inventory, &dir).map_err(|why| usage(why).hint("give one with --tag"))?,
    };
    let ask = Ask {
        tag: Some(tag),
        keyspaces: vec![args.keyspace.clone()],
        overrides: args.overriding.overrides()?,
        errand: Some(Errand::Import(dir)),
        ..Ask::to("import")
    };
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let order = Order { inventory, ask, command: "import".to_owned(), args: crate::cli::command_line(), confirm: None };
    session::conduct(global, printer, order)
}

fn absolute(inventory: &Inventory, dir: &str) -> Result<String, &'static str> {
    let dir = dir.trim_end_matches('/');
    if dir.is_empty() {
        return Err("the directory to import is missing");
    }
    if dir.contains(['\n', '\r', '\0', '\t']) || dir.split('/').any(|part| part == "..") {
        return Err("the directory to import must be one line without `..`");
    }
    Ok(if dir.starts_with('/') { dir.to_owned() } else { format!("{}/{dir}", inventory.backup.root) })
}

/// The directory's own name; beside itself it needs another one.
fn named(inventory: &Inventory, dir: &str) -> Result<Tag, String> {
    let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
    let own = parent == inventory.backup.root;
    Tag::parse(if own { format!("{name}-imported") } else { name.to_owned() }).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_called_like_its_directory_and_never_takes_its_place() {
        let text = "cluster: Lab\nnodes:\n  - {name: n, host: h, seed: true}\nbackup: {root: /backup}\n";
        let inventory = Inventory::parse(text, std::path::Path::new("i.yaml")).unwrap();
        let of = |dir: &str| named(&inventory, &absolute(&inventory, dir).unwrap()).map(|tag| tag.to_string());
        assert_eq!(of("Group2-20181127_2144_28").unwrap(), "Group2-20181127_2144_28-imported");
        assert_eq!(of("/archive/Group2-20181127/").unwrap(), "Group2-20181127");
        assert_eq!(of("nightly/snap").unwrap(), "snap");
        assert!(of("/archive/a b").is_err());
        assert!(absolute(&inventory, "../x").is_err() && absolute(&inventory, "/").is_err());
    }
}
