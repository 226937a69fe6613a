//! Parts `restore` and `sizes`: a real cluster of three nodes and a gateway, restored by everybody.
//!
//! ```text
//!  per size:  boot ─> rows as sstables on all nodes ─> backups ─> damage, hints ─> kept aside (`site`)
//!  per run:   put back ─> start ─> contender ─> the gateway writes again ─> all nodes cut off, every row read
//! ```
//!
//! Downtime is the same for all, and measured where it hurts: the gap between the last write that
//! the gateway got acknowledged before, and the first one after. A result that is wrong is told as
//! [`crate::record::Row::wrong`], whatever it took.

pub mod contender;
mod floor;
mod medusa;
mod rows;
pub mod site;

use crate::record::Row;
use crate::{Bench, Extent, Part, Result, meter};
use contender::Contender;
use site::{Damage, Site};

/// What is done at one size.
struct Work {
    contender: &'static Contender,
    part: Part,
}

/// Runs both parts, size by size.
pub fn measure(bench: &mut Bench, parts: &[Part]) -> Result<()> {
    let sizes = match (&bench.sizes[..], bench.extent) {
        ([], Extent::Small) => vec![20],
        ([], Extent::Usual) => vec![200, 1000, 0],
        ([], Extent::More) => vec![200, 1000, 0, 4000],
        (sizes, _) => sizes.to_vec(),
    };
    for size in sizes {
        let work: Vec<Work> = parts.iter().flat_map(|part| at(bench, *part, size)).collect();
        if work.is_empty() {
            continue;
        }
        let ended = at_size(bench, size, &work);
        lab::down(site::NAME)?;
        if lab::interrupt::seen() {
            return Err("interrupted".into());
        }
        if let Err(error) = ended {
            bench.store.put(Row::new("restore", &case(size), "the harness").failed(&error.to_string()))?;
        }
    }
    Ok(())
}

/// Who runs at that size. By default the slow ones only where it tells something: an empty cluster
/// is for `sizes`, and at 1 GB those that are compared there.
fn at(bench: &Bench, part: Part, size: u64) -> Vec<Work> {
    let usual = bench.extent == Extent::Usual && bench.only.is_empty();
    let runs = |contender: &&Contender| match part {
        Part::Sizes => contender.strategy.is_some() && (!usual || contender.name == contender::FAN_OUT || size == 0),
        Part::Restore => size > 0 && (!usual || size < 1000 || contender.large),
        _ => false,
    };
    let all = contender::ALL.iter().filter(runs).filter(|contender| bench.wants(contender.name));
    all.map(|contender| Work { contender, part }).collect()
}

/// How often what is compared with the floor is measured: nodes that drain together stall each other now and then.
fn repetitions(bench: &Bench, part: Part) -> usize {
    match (part, bench.extent) {
        (Part::Sizes, Extent::Usual) => 2,
        (Part::Sizes, Extent::More) => 4,
        _ => 1,
    }
}

/// How a size is called.
fn case(size: u64) -> String {
    if size >= 1000 { format!("{} GB", size as f64 / 1000.0) } else { format!("{size} MB") }
}

fn at_size(bench: &Bench, megabytes: u64, work: &[Work]) -> Result<()> {
    let case = case(megabytes);
    println!("-- {case} --");
    let with_medusa = work.iter().any(|work| work.contender.name == contender::MEDUSA);
    let (took, made) = meter::timed(|| Site::make(bench, megabytes, with_medusa));
    let site = made?;
    println!("   made in {took:.0} s");
    let floors = if work.iter().any(|work| work.part == Part::Sizes) { repetitions(bench, Part::Sizes) } else { 0 };
    for _ in 0..floors {
        let row = Row::new("sizes", &case, "the floor").with("size", megabytes as f64);
        let floor = site.put_back(Damage::NoHints).and_then(|()| floor::measure(&site));
        bench.store.put(match floor {
            Ok(floor) => floor.into_iter().fold(row, |row, (name, value)| row.with(name, value)),
            Err(error) => row.failed(&error.to_string()),
        })?;
    }
    let times = |work: &Work| if work.contender.name == contender::FAN_OUT { repetitions(bench, work.part) } else { 1 };
    for Work { contender, part } in work.iter().flat_map(|work| std::iter::repeat_n(work, times(work))) {
        let (name, damage) = match part {
            Part::Sizes => ("sizes", Damage::NoHints),
            _ => ("restore", Damage::Hints),
        };
        let row = Row::new(name, &case, contender.name).with("size", megabytes as f64);
        let missing = contender.missing(bench, &site);
        let row = match missing.map_or_else(|| run(bench, &site, contender, damage, row.clone()), |why| Err(why.into()))
        {
            Ok(row) => row.note(contender.note),
            Err(error) if lab::interrupt::seen() => return Err(error),
            Err(error) => row.failed(&error.to_string()),
        };
        bench.store.put(row)?;
    }
    Ok(())
}

/// One contender, once.
fn run(bench: &Bench, site: &Site, contender: &Contender, damage: Damage, mut row: Row) -> Result<Row> {
    site.put_back(damage)?;
    site.serve()?;
    let before = site.acked()?;
    println!("   {} …", contender.name);
    let (total, ran) = meter::timed(|| contender.run(bench, site));
    for (name, value) in ran? {
        row = row.with(&name, value);
    }
    let downtime = site.downtime(before)?;
    let (checked, wrong) = meter::timed(|| rows::wrong(site));
    row.wrong = wrong?;
    println!("   every row looked at in {checked:.0} s");
    Ok(row.with("total", total).with("downtime", downtime))
}
