//! `docs/benchmarks.md`: the text between its two marks is made from the results; what is around
//! them is written by hand. And the plot.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::plot::{self, Line};
use crate::record::{Row, Session, Store};
use crate::restore::contender::{FAN_OUT, SEED};

const BEGIN: &str = "<!-- results: begin (made by `make bench`) -->\n";
const END: &str = "<!-- results: end -->\n";

/// What Cassandra itself takes.
const FLOOR: &str = "the floor";

type Rows = Vec<(Row, Session)>;

/// Writes both.
pub fn write(store: &Store, root: &Path) -> Result<()> {
    let rows = store.newest()?;
    let path = root.join("docs/benchmarks.md");
    let page = fs::read_to_string(&path)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("docs/benchmarks.md has no begin mark")?;
    let (_, after) = rest.split_once(END).ok_or("docs/benchmarks.md has no end mark")?;
    fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", block(&rows)))?;
    println!("\nwritten: {}", path.display());
    let lines = lines(&rows);
    if lines.iter().any(|line| line.points.len() > 1) {
        fs::write(root.join("docs/downtime.svg"), plot::svg(&lines))?;
    }
    Ok(())
}

fn block(rows: &Rows) -> String {
    let mut text = String::new();
    for (part, title, table) in [
        ("restore", "Restores of three real nodes", restore as fn(&Rows) -> String),
        ("sizes", "Downtime against size", sizes),
        ("scale", "Many hosts", scale),
        ("io", "Backup and verify", io),
        ("startup", "Start-up, planning, journal", startup),
    ] {
        let mut of: Rows = rows.iter().filter(|(row, _)| row.part == part).cloned().collect();
        // parts are run, and run again, in any order
        of.sort_by(|(a, _), (b, _)| a.get("size").partial_cmp(&b.get("size")).unwrap_or(Ordering::Equal));
        let _ = write!(text, "\n### {title}\n\n");
        if of.is_empty() {
            text.push_str("Not measured yet.\n");
            continue;
        }
        text.push_str(&table(&of));
        text.push_str(&troubles(&of));
        text.push_str(&sessions(&of));
    }
    text + "\n"
}

/// Where and when.
fn sessions(rows: &Rows) -> String {
    let all: BTreeMap<&str, &Session> = rows.iter().map(|(_, session)| (session.began.as_str(), session)).collect();
    let line = |session: &Session| {
        format!(
            "\n<sub>{} · commit {} · `{}` · {} · load before {}</sub>\n",
            session.began, session.commit, session.command, session.machine, session.load
        )
    };
    all.into_values().map(line).collect()
}

/// What is wrong, and what could not run.
fn troubles(rows: &Rows) -> String {
    let mut text = String::new();
    for (row, _) in rows {
        let lead = format!("- **{}**, {}", row.who, row.case);
        if !row.wrong.is_empty() {
            let _ = writeln!(text, "{lead}: WRONG: {}", row.wrong);
        }
        if !row.failed.is_empty() {
            let _ = writeln!(text, "{lead}: no result: {}", row.failed.replace('\n', " "));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The rows of each case and contender, in their order.
fn grouped(rows: &Rows) -> Vec<(&Row, Vec<&Row>)> {
    let mut groups: Vec<(&Row, Vec<&Row>)> = vec![];
    for (row, _) in rows {
        match groups.iter_mut().find(|(first, _)| (&first.case, &first.who) == (&row.case, &row.who)) {
            Some((_, all)) => all.push(row),
            None => groups.push((row, vec![row])),
        }
    }
    groups
}

/// The best of several, as text.
fn best(rows: &[&Row], name: &str, digits: usize) -> String {
    least(rows, name).map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

fn verdict(rows: &[&Row]) -> &'static str {
    if rows.iter().any(|row| !row.wrong.is_empty()) {
        "**WRONG**"
    } else if rows.iter().all(|row| !row.failed.is_empty()) {
        "no result"
    } else {
        "right"
    }
}

fn restore(rows: &Rows) -> String {
    let mut text =
        "| data | who | downtime, s | total, s | own share, s | every row on every node | where the time goes, s |\n\
         |---|---|---|---|---|---|---|\n"
            .to_owned();
    for (first, all) in grouped(rows) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            first.case,
            first.who,
            best(&all, "downtime", 1),
            best(&all, "total", 1),
            best(&all, "own_share", 1),
            verdict(&all),
            split(&all)
        );
    }
    text
}

/// The phases or steps of the quickest run that took noticeably long.
fn split(rows: &[&Row]) -> String {
    let total = |row: &&&Row| row.get("total").unwrap_or(f64::MAX);
    let Some(row) = rows.iter().min_by(|a, b| total(a).total_cmp(&total(b))) else { return String::new() };
    let parts = row.figures.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("phase ").or_else(|| name.strip_prefix("step "))?;
        (*value >= 0.1).then_some((name, *value))
    });
    let mut parts: Vec<_> = parts.collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    parts.into_iter().map(|(name, value)| format!("{name} {value:.1}")).collect::<Vec<_>>().join(", ")
}

fn sizes(rows: &Rows) -> String {
    let mut text =
        "| data | who | downtime, s | over the floor | over its parts | drain alone, s | every row on every node |\n\
                    |---|---|---|---|---|---|---|\n"
            .to_owned();
    let groups = grouped(rows);
    for (first, all) in &groups {
        // another run's floor says nothing: the machine is not the same from hour to hour
        let beside = |floor: &Row| floor.case == first.case && floor.session == first.session;
        let floor = groups.iter().find(|(floor, _)| floor.who == FLOOR && beside(floor));
        let over = |name: &str| {
            let (took, floor) = (least(all, "downtime")?, least(&floor?.1, name)?);
            (first.who != FLOOR).then(|| format!("{:+.0} %", 100.0 * (took / floor - 1.0)))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            first.case,
            first.who,
            each(all, "downtime"),
            over("downtime").unwrap_or_default(),
            over("parts").unwrap_or_default(),
            each(all, if first.who == FLOOR { "drain" } else { "phase drain" }),
            if first.who == FLOOR { split_floor(all) } else { verdict(all).to_owned() }
        );
    }
    text + "\n![downtime against size](downtime.svg)\n"
}

/// The least of several.
fn least(rows: &[&Row], name: &str) -> Option<f64> {
    rows.iter().filter_map(|row| row.get(name)).min_by(f64::total_cmp)
}

/// All of several.
fn each(rows: &[&Row], name: &str) -> String {
    rows.iter().filter_map(|row| row.get(name)).map(|value| format!("{value:.1}")).collect::<Vec<_>>().join(" · ")
}

fn split_floor(rows: &[&Row]) -> String {
    let figure = |name: &str| best(rows, name, 1);
    let mut text = format!(
        "stop {}, start {} (the seed's storage port after {})",
        figure("stop"),
        figure("start"),
        figure("seed_port")
    );
    if least(rows, "parts").is_some() {
        let _ = write!(
            text,
            "; parts: {} in all, the seed's start {}, the slowest other one's {}",
            figure("parts"),
            figure("seed_serves"),
            figure("slowest")
        );
    }
    text
}

fn scale(rows: &Rows) -> String {
    let mut text = "| who | connect, ms a host | step, ms a host | of it the coordinator's processor, ms | its ssh's, ms | memory, MB | open files |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for (first, all) in grouped(rows) {
        let megabytes = all.iter().filter_map(|row| row.get("memory")).min_by(f64::total_cmp);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            if first.note.is_empty() {
                first.who.clone()
            } else {
                format!("{}<br><sub>{}</sub>", first.who, first.note)
            },
            best(&all, "connect_ms", 1),
            best(&all, "step_ms", 2),
            best(&all, "step_cpu_ms", 2),
            best(&all, "masters_cpu_ms", 2),
            megabytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.1}", bytes / 1e6)),
            best(&all, "files", 0)
        );
    }
    text
}

fn io(rows: &Rows) -> String {
    let mut text = "| data | what | s | MB/s | steps, s |\n|---|---|---|---|---|\n".to_owned();
    for (first, all) in grouped(rows) {
        let rate = all.iter().filter_map(|row| row.get("mb_per_s")).max_by(f64::total_cmp);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            first.case,
            first.who,
            best(&all, "seconds", 2),
            rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.0}")),
            split(&all)
        );
    }
    text
}

fn startup(rows: &Rows) -> String {
    let mut text = "| what | who | figures |\n|---|---|---|\n".to_owned();
    for (first, _) in grouped(rows) {
        let figures: Vec<String> =
            first.figures.iter().map(|(name, value)| format!("{} {value:.1}", name.replace('_', " "))).collect();
        let _ = writeln!(text, "| {} | {} | {} |", first.case, first.who, figures.join(", "));
    }
    text
}

/// The lines of the plot: restores of a cluster that holds hints, and dashed what it takes without any.
fn lines(rows: &Rows) -> Vec<Line> {
    let who = [
        ("restore", "by hand", "by hand", "#8250df"),
        ("restore", SEED, SEED, "#bf8700"),
        ("restore", FAN_OUT, FAN_OUT, "#1a7f37"),
        ("sizes", FAN_OUT, "fan-out, no hints", "#1a7f37"),
        ("sizes", FLOOR, "the floor, no hints", "#57606a"),
    ];
    let points = |part: &str, name: &str| {
        let of =
            rows.iter().map(|(row, _)| row).filter(|row| row.part == part && row.who == name && row.failed.is_empty());
        let points = of.filter_map(|row| Some((row.get("size")?, row.get("downtime")?)));
        // in tenths of a megabyte, to have a key that can be ordered
        points.fold(BTreeMap::new(), |mut best: BTreeMap<String, (f64, f64)>, (size, took)| {
            let known = best.entry(format!("{size:012.1}")).or_insert((size, took));
            known.1 = known.1.min(took);
            best
        })
    };
    let line = |(part, who, name, colour): (&str, &str, &str, &'static str)| {
        let dashed = part == "sizes";
        Line { name: name.to_owned(), colour, dashed, points: points(part, who).into_values().collect() }
    };
    who.into_iter().map(line).collect()
}
