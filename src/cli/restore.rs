//! `restore`: the runbook.

use super::printer::Printer;
use super::selection::Selection;
use super::{Ended, Global, before, confirm, detach, reach, session};
use crate::name::Tag;
use crate::plan;
use crate::run::conduct::Confirm;
use crate::run::{Ask, Order};

/// Restores keyspaces of the whole cluster from a backup
///
/// Verifies and stages the backup while the cluster serves, then stops clients and nodes, swaps the
/// data by rename (what was there goes to quarantine), starts, repairs, verifies, starts clients.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct Args {
    /// The backup
    tag: Tag,
    #[command(flatten)]
    selection: Selection,
    /// Creates keyspaces, types, tables, indexes and views that the backup has and the cluster lacks
    ///
    /// From the statements in the backup's manifest, tables under the ids that they had; it is part of the plan. A
    /// rollback leaves what was created, empty: nothing is ever dropped.
    #[arg(long)]
    create_schema: bool,
    /// How the nodes are filled
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
    /// What becomes of tables that were created after the backup; without it they are a refusal
    #[arg(long, value_enum, value_name = "WHAT")]
    extra_tables: Option<ExtraTables>,
    /// Compares all rows of every replicated keyspace of users between the nodes, before clients start
    ///
    /// Of those that a repair filled it always is; with `--strategy fan-out` every node has the same files, by their hashes.
    /// Before Cassandra 4.0 that is a repair of these keyspaces, which cures what it finds.
    #[arg(long)]
    verify_rows: bool,
    /// Gateway instances that are found stopped stay so; without it all of the inventory are started at the end
    #[arg(long)]
    leave_stopped: bool,
    /// Prints the resolved plan and changes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The cluster's name, typed: data will be replaced
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    #[command(flatten)]
    detach: detach::Flag,
}

/// How the nodes are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Strategy {
    /// The seed from the backup, the others by repair: the documented way
    #[default]
    Seed,
    /// Every node from the backup, at the same time: nothing is copied or streamed during the outage
    FanOut,
}

impl Strategy {
    /// As on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::FanOut => "fan-out",
        }
    }

    /// The one that it is not.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Seed => Self::FanOut,
            Self::FanOut => Self::Seed,
        }
    }

    /// The playbook that does it.
    pub(super) fn playbook(self) -> &'static str {
        match self {
            Self::Seed => "restore",
            Self::FanOut => plan::Request::FAN_OUT,
        }
    }
}

/// What becomes of tables that were created after the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExtraTables {
    /// They are set aside like the others, and are empty afterwards
    Empty,
    /// They are left alone
    Keep,
}

impl ExtraTables {
    fn plan(self) -> plan::ExtraTables {
        match self {
            Self::Empty => plan::ExtraTables::Empty,
            Self::Keep => plan::ExtraTables::Keep,
        }
    }
}

pub(super) fn run(global: &Global, printer: Printer, args: &Args) -> Ended {
    let inventory = reach::inventory(global)?;
    let ask = Ask {
        tag: Some(args.tag.clone()),
        keyspaces: args.selection.keyspaces.clone(),
        choices: plan::Choices {
            create_schema: args.create_schema,
            extra_tables: args.extra_tables.map(ExtraTables::plan),
            verify_rows: args.verify_rows,
            leave_stopped: args.leave_stopped,
            ..plan::Choices::default()
        },
        overrides: args.selection.overrides()?,
        ..Ask::to(args.strategy.playbook())
    };
    if args.dry_run {
        return before::dry_run(printer, &inventory, &ask);
    }
    let name = confirm::asked(args.confirm.as_deref(), &inventory, "replaces data");
    if args.detach.wanted(name.as_deref() == Some(inventory.cluster.as_str())) {
        let typed = name.as_deref().filter(|_| args.confirm.is_none());
        return detach::run(global, printer, &inventory.cluster, typed);
    }
    let confirm = Some(Confirm(name));
    let order = Order { inventory, ask, command: "restore".to_owned(), args: crate::cli::command_line(), confirm };
    session::conduct(global, printer, order)
}
