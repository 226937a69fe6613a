//! `make bench`: how fast, how large, and beside it what a user would do instead, on the same
//! machine in the same run.
//!
//! ```text
//!  parts (restore sizes scale io startup) ─> rows ─> target/bench/results.jsonl ─┬─> docs/benchmarks.md (between its marks)
//!                                                                                └─> docs/downtime.svg
//! ```
//!
//! One file per part or contender. Whoever cannot run gets a row that says why; a restore that is
//! fast and wrong gets one that says what is wrong. Nothing is timed while another part runs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]
#![expect(clippy::cast_precision_loss, reason = "figures of this size are exact enough in an f64")]

mod io;
mod meter;
mod page;
mod plot;
mod record;
mod restore;
mod scale;
mod startup;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use record::Store;

/// Why a part cannot go on.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Part {
    /// Restores of a real cluster, by everybody.
    Restore,
    /// Downtime against the size of the data.
    Sizes,
    /// 200 hosts.
    Scale,
    /// Backup and verify against cp and sha256sum.
    Io,
    /// Start-up, planning, the journal.
    Startup,
}

#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
struct Args {
    /// What to measure; nothing: all
    parts: Vec<Part>,
    /// Larger: more sizes, every contender at every size, more repetitions
    #[arg(long)]
    more: bool,
    /// Small data, one repetition: to see that the harness works
    #[arg(long, conflicts_with = "more")]
    small: bool,
    /// Only writes the page from the results that are there
    #[arg(long)]
    page: bool,
    /// Only these contenders, as their rows name them
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Sizes of the data in MB
    #[arg(long, value_delimiter = ',')]
    sizes: Vec<u64>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// What `scale` starts: the coordinator as a process of its own
    #[arg(long, hide = true, num_args = 2)]
    coordinator: Vec<PathBuf>,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// To try the harness.
    Small,
    /// The default: about 25 minutes.
    Usual,
    /// An hour and more.
    More,
}

/// What all parts share.
pub struct Bench {
    /// Where results go.
    pub store: Store,
    /// Scratch space: `target/bench`.
    pub dir: PathBuf,
    /// The release build of `reseed`.
    pub reseed: PathBuf,
    /// How much.
    pub extent: Extent,
    only: Vec<String>,
    sizes: Vec<u64>,
}

impl Bench {
    /// Whether that contender is wanted.
    pub fn wants(&self, who: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| who.contains(only.as_str()))
    }
}

/// Where things are kept that are made once (`LAB_CACHE`).
fn cache() -> PathBuf {
    std::env::var_os("LAB_CACHE").map_or_else(|| "/var/cache/reseed-lab".into(), PathBuf::from)
}

/// The contenders' Python environment, made by `benches/setup.sh`.
pub fn venv() -> PathBuf {
    cache().join("bench-venv")
}

/// The lab's Python environment, with the Cassandra driver.
pub fn lab_venv() -> PathBuf {
    cache().join("venv")
}

fn main() -> ExitCode {
    let args = Args::parse();
    let told = match &args.coordinator[..] {
        [inventory, dir] => scale::coordinator::main(inventory, dir),
        _ => run(args),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = root.join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let store = Store::open(dir.join("results.jsonl"));
    let extent = match (args.small, args.more) {
        (true, _) => Extent::Small,
        (_, true) => Extent::More,
        _ => Extent::Usual,
    };
    let reseed = PathBuf::from(env!("CARGO_BIN_EXE_reseed"));
    let mut bench = Bench { store, dir, reseed, extent, only: args.only, sizes: args.sizes };
    if !args.page {
        if !rustix::process::geteuid().is_root() {
            return Err("it makes hosts of namespaces and mounts: run it as root".into());
        }
        lab::interrupt::install()?;
        let all = [Part::Startup, Part::Io, Part::Scale, Part::Restore, Part::Sizes];
        let wanted = |part: &Part| args.parts.is_empty() || args.parts.contains(part);
        let wanted: Vec<Part> = all.into_iter().filter(wanted).collect();
        for part in &wanted[..] {
            one(&mut bench, *part, &wanted)?;
        }
    }
    page::write(&bench.store, root)
}

/// One part; when it fails, that is a result, too, and the others go on.
fn one(bench: &mut Bench, part: Part, wanted: &[Part]) -> Result<()> {
    // both at once, size by size
    let restores: Vec<Part> =
        wanted.iter().copied().filter(|part| matches!(part, Part::Restore | Part::Sizes)).collect();
    let name = format!("{part:?}").to_lowercase();
    println!("\n== {name} ==");
    let ended = match part {
        Part::Startup => startup::measure(bench),
        Part::Io => io::measure(bench),
        Part::Scale => scale::measure(bench),
        Part::Restore | Part::Sizes if restores.first() == Some(&part) => restore::measure(bench, &restores),
        Part::Restore | Part::Sizes => return Ok(()),
    };
    if lab::interrupt::seen() {
        return Err("interrupted".into());
    }
    if let Err(error) = ended {
        bench.store.put(record::Row::new(&name, "", "the harness").failed(&error.to_string()))?;
    }
    Ok(())
}
